"""Planted for the tests: two modes, of which every chain sees the same one.

    theta    ~ Normal(mean, sd)
    y_i      ~ Normal(theta, sigma) or Normal(-theta, sigma), even odds      i = 1..n rows

Exact: a mixture of normals, one for each choice of signs.  MLE: none, as -theta fits like theta.
"""

from models._signs import Data as Data
from models._signs import exact as exact
from models._signs import mle as mle
from models._signs import model as model

PRIOR = {"mean": 3.0, "sd": 2.5}  # chains start within 1 of 3, where one mode is
KNOWN = {"sigma": 0.5}
