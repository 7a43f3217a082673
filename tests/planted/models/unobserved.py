"""Planted for the tests: the word `observed=` was forgotten, so nothing is learnt from the data.

    theta    ~ Normal(0, sd)
    y_i      ~ Normal(theta, sigma)      i = 1..n rows

Exact: conjugate.  MLE: the mean.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats

from models._exact import Exact


class Data(pa.DataFrameModel):
    """One row a measurement."""

    y: float = pa.Field(coerce=True, description="the measurement")


PRIOR = {"sd": 2.0}
KNOWN = {"sigma": 0.5}


def model(data, *, sd, sigma):
    with pm.Model(coords={"row": data.index}) as built:
        theta = pm.Normal("theta", np.float64(0), sd)
        pm.Normal("y", theta, sigma, dims="row")
    return built


def exact(data, *, sd, sigma):
    y = data["y"].to_numpy(float)
    variance = 1 / (sd**-2 + y.size * sigma**-2)
    spread = sigma**2 * np.eye(y.size) + sd**2
    return Exact(
        marginals={"theta": stats.norm(variance * y.sum() / sigma**2, np.sqrt(variance))},
        log_evidence=float(stats.multivariate_normal(np.zeros(y.size), spread).logpdf(y)),
        by="algebra",
    )


def mle(data, *, sigma):
    return {"theta": data["y"].mean()}
