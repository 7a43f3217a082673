"""Planted for the tests: Neal's funnel, whose neck no step size suits.

    v        ~ Normal(0, v_sd)
    x_j      ~ Normal(0, exp(v / 2))     j = 1..n
    y_j      ~ Normal(x_j, noise)        noise so large that the data say little

Exact: given v all is Gaussian; v is summed out on a grid.  MLE: none is looked for.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats
from scipy.special import logsumexp

from models._distributions import Density, Mixture
from models._exact import Exact, NoMaximum


class Data(pa.DataFrameModel):
    """One row an observation of one x."""

    y: float = pa.Field(coerce=True, description="the measurement")


PRIOR = {"v_sd": 3.0}
KNOWN = {"noise": 20.0}


def model(data, *, v_sd, noise):
    zero = np.float64(0)
    with pm.Model(coords={"row": data.index}) as built:
        y_data = pm.Data("y_data", data["y"], dims="row")
        v = pm.Normal("v", zero, v_sd)
        x = pm.Normal("x", zero, pm.math.exp(v / 2), dims="row")
        pm.Normal("y", x, noise, observed=y_data, dims="row")
    return built


def exact(data, *, v_sd, noise):
    y = data["y"].to_numpy(float)

    def log_joint(v):  # of v and y, x integrated out
        total = np.sqrt(np.exp(np.asarray(v)[..., None]) + noise**2)
        return stats.norm(0, v_sd).logpdf(v) + stats.norm(0, total).logpdf(y).sum(axis=-1)

    grid = np.linspace(-10 * v_sd, 10 * v_sd, 801)
    share = log_joint(grid) + np.log(grid[1] - grid[0])
    log_evidence = logsumexp(share)
    of_v = Density(lambda v: log_joint(v) - log_evidence, "identity", around=0.0)

    def x_given(v):
        kept = np.exp(v) / (np.exp(v) + noise**2)  # of y; the rest is pulled to zero
        return {"loc": kept * y[:, None], "scale": np.sqrt(kept) * noise}

    def joint(theta):
        v = float(theta["v"])
        given = {k: np.ravel(p) for k, p in x_given(np.array([v])).items()}
        return of_v.logpdf(v) + stats.norm(**given).logpdf(theta["x"]).sum()

    weights = np.exp(share - log_evidence)
    return Exact(
        marginals={"v": of_v, "x": Mixture(weights, stats.norm, **x_given(grid))},
        log_evidence=float(log_evidence),
        by="quadrature over v",
        joint=joint,
        masses={"v": of_v.mass},
    )


def mle(data, *, noise):
    raise NoMaximum("no maximum: at x = 0 the density of x grows without bound as v falls")
