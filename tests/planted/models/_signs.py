"""The size of a quantity whose sign was lost in every row: two modes, and the answer known.

theta    ~ Normal(mean, sd)
y_i      ~ Normal(theta, sigma) or Normal(-theta, sigma), even odds      i = 1..n rows
"""

import itertools

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats
from scipy.special import logsumexp

from models._distributions import Mixture
from models._exact import Exact, NoMaximum


class Data(pa.DataFrameModel):
    """One row a measurement; at most a dozen, as their signs are enumerated."""

    y: float = pa.Field(coerce=True, description="the measurement, its sign by chance")


def model(data, *, mean, sd, sigma):
    with pm.Model(coords={"row": data.index}) as built:
        y_data = pm.Data("y_data", data["y"], dims="row")
        theta = pm.Normal("theta", mean, sd)
        even = np.full(2, np.float64(0.5))
        either = pm.math.stack([theta, -theta])
        pm.NormalMixture("y", even, either, sigma, observed=y_data, dims="row")
    return built


def exact(data, *, mean, sd, sigma):
    n = len(data)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=n)))
    true = signs * data["y"].to_numpy(float)
    spread = sigma**2 * np.eye(n) + sd**2
    log_joint = stats.multivariate_normal(np.full(n, mean), spread).logpdf(true) - n * np.log(2)
    log_evidence = logsumexp(log_joint)
    precision = sd**-2 + n * sigma**-2
    middle = (mean / sd**2 + true.sum(axis=1) / sigma**2) / precision
    weights, scale = np.exp(log_joint - log_evidence), np.array([precision**-0.5])

    def joint(theta):  # between the modes parts count that a Mixture leaves out
        given = stats.norm(middle, scale).logpdf(theta["theta"])
        return logsumexp(log_joint + given) - log_evidence

    return Exact(
        marginals={"theta": Mixture(weights, stats.norm, loc=middle, scale=scale)},
        log_evidence=float(log_evidence),
        by=f"enumeration of {len(signs):,} signs",
        joint=joint,
    )


def mle(data, *, sigma):
    raise NoMaximum("no single maximum: theta and -theta fit alike")
