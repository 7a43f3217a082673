"""Spread of measurements around a known true value (Gamma prior on a precision; BDA3 ch. 2).

    lam      ~ Gamma(alpha, rate beta)       the prior is worth 2 alpha measurements
    y_i      ~ Normal(mu, 1 / sqrt(lam))     mu is known; i = 1..S rows
    sigma    = 1 / sqrt(lam)

Exact: conjugate; lam stays Gamma, so sigma is a generalised Gamma with exponent -2.
MLE: the mean squared distance from mu (divisor n, since mu is not estimated), inverted.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats
from scipy.special import gammaln

from models import _alike as alike
from models._exact import Exact, NoMaximum
from models._reduced import few


class Data(pa.DataFrameModel):
    """One row a measurement of a quantity whose true value is known."""

    y: float = pa.Field(coerce=True, description="the measurement, in the unit of mu")


PRIOR = {"alpha": 2.0, "beta": 10_000.0}  # expects a standard deviation near 70
KNOWN = {"mu": 734.5}
WEIGHED = True  # a column may say how many rows each one stands for


def model(data, *, mu, alpha, beta):
    with pm.Model(coords={"row": data.index}) as built:
        y_data = pm.Data("y_data", data["y"], dims="row")
        lam = pm.Gamma("lam", alpha, beta)
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5))
        pm.Normal("y", mu, sigma, observed=y_data, dims="row")
    return built


def exact(data, *, mu, alpha, beta):
    times = alike.times(data)
    squares, n = (times * (data["y"] - mu) ** 2).sum(), times.sum()
    a, b = alpha + n / 2, beta + squares / 2
    log_evidence = (
        alpha * np.log(beta)
        - gammaln(alpha)
        + gammaln(a)
        - a * np.log(b)
        - n / 2 * np.log(2 * np.pi)
    )
    return Exact(
        marginals={"lam": stats.gamma(a, scale=1 / b)},
        derived={"sigma": stats.gengamma(a, -2, scale=np.sqrt(b))},
        log_evidence=log_evidence,
        by="algebra",
    )


def mle(data, *, mu):
    mean_square = alike.mean((data["y"] - mu) ** 2, alike.times(data))
    if mean_square == 0:
        raise NoMaximum("no maximum: every y equals mu, so the likelihood grows without bound")
    return {"lam": 1 / mean_square}


def reduced(rows):
    """Three rows with the number, mean and squares of all; log p(data) stays what it is."""
    return few(rows, ["y"])


def suggest(data):
    """Settings for other units, from the data themselves: mu in the middle, a weak prior."""
    y, times = data["y"].to_numpy(float), alike.times(data)
    spread = float(alike.variance(y, times)) or 1.0
    return {"mu": float(alike.mean(y, times)), "alpha": 2.0, "beta": 2 * spread}
