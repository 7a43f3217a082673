"""Planted for the tests: chains that end in one of two modes and never leave it.

    theta    ~ Normal(mean, sd)
    y_i      ~ Normal(theta, sigma) or Normal(-theta, sigma), even odds      i = 1..n rows

Exact: a mixture of normals, one for each choice of signs.  MLE: none, as -theta fits like theta.
"""

from models._signs import Data as Data
from models._signs import exact as exact
from models._signs import mle as mle
from models._signs import model as model

PRIOR = {"mean": 0.2, "sd": 2.0}  # chains start within 1 of 0.2: some fall left and some right
KNOWN = {"sigma": 0.5}
