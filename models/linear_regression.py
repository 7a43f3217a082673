"""Linear regression with a Gaussian prior on the weights: ridge, L2 (BDA3 ch. 14; PML1 11.7).

    b            ~ Normal(b_mean, b_sd)         outcome of a row whose predictors are all average
    w_j          ~ Normal(0, tau)               j = 1..p; change in outcome per sd of predictor j
    sigma        ~ HalfNormal(sigma_scale)      scatter about the line, in units of outcome
    outcome_i    ~ Normal(b + sum_j w_j x_ij, sigma)      i = 1..n; x has mean 0, sd 1 (divisor n)
    w_raw_j      = w_j / sd_j                   change in outcome per original unit of predictor j

Exact: given sigma all is Gaussian; sigma is integrated out by a sum over 400 values of log sigma.
MLE: least squares through the pseudoinverse; sigma with divisor n; none if the fit is perfect.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm
from scipy import stats

from models import _alike as alike
from models import _linear as linear
from models import _predictors as columns
from models._exact import Exact, NoMaximum
from models._integrated import Integrated
from models._reduced import few


def predictors(frame):
    """Every numeric column but `outcome`."""
    return columns.predictors(frame, "outcome")


class Data(pa.DataFrameModel):
    """One row a case; every numeric column but `outcome` is a predictor, in its own unit."""

    outcome: float = pa.Field(coerce=True, description="what is to be explained (any unit)")

    @pa.dataframe_check(error="there must be at least one numeric column besides `outcome`")
    def some_predictor(cls, frame):
        return predictors(frame).shape[1] > 0

    @pa.dataframe_check(error="every predictor and `outcome` must be present and finite")
    def all_finite(cls, frame):
        numbers = frame.select_dtypes("number").astype(float)
        return pd.Series(np.isfinite(numbers).all(axis=1), index=frame.index)

    @pa.dataframe_check(error="no predictor may be constant: it explains nothing")
    def none_constant(cls, frame):
        return bool((predictors(frame).max() > predictors(frame).min()).all())


def tidy(frame):
    """True and false as 1 and 0; labels such as names or dates ride along."""
    return columns.tidied(frame, ["outcome"])


PRIOR = {"tau": 25.0, "b_mean": 150.0, "b_sd": 100.0, "sigma_scale": 80.0}
WEIGHED = True  # a column may say how many rows each one stands for


def design(data):
    """X (n, p) standardised, outcome (n,), and the predictors' means and sds (p,)."""
    X, mean, sd = linear.standardise(predictors(data), alike.times(data))
    return X, data["outcome"].to_numpy(float), mean, sd


def model(data, *, tau, b_mean, b_sd, sigma_scale):
    _refuse(tau=tau, b_sd=b_sd, sigma_scale=sigma_scale)
    _, _, mean, sd = design(data)
    coords = {"row": data.index, "predictor": predictors(data).columns}
    with pm.Model(coords=coords) as built:
        x = pm.Data("x_data", predictors(data).astype(float), dims=("row", "predictor"))
        mean = pm.Data("mean_data", mean, dims="predictor")  # of these rows: new rows keep them
        sd = pm.Data("sd_data", sd, dims="predictor")
        outcome = pm.Data("outcome_data", data["outcome"], dims="row")
        b = pm.Normal("b", b_mean, b_sd)
        w = pm.Normal("w", np.float64(0), tau, dims="predictor")
        sigma = pm.HalfNormal("sigma", sigma_scale)
        w_raw = pm.Deterministic("w_raw", w / sd, dims="predictor")
        line = b + pm.math.dot(x - mean, w_raw)
        pm.Normal("outcome", line, sigma, observed=outcome, dims="row")
    return built


def integrated(data, *, tau, b_mean, b_sd, sigma_scale):
    """All that is known about sigma and the weights (b - b_mean, w)."""
    _refuse(tau=tau, b_sd=b_sd, sigma_scale=sigma_scale)
    X, outcome, _, _ = design(data)
    d = np.r_[b_sd, np.full(X.shape[1], tau)]
    prior = stats.halfnorm(scale=sigma_scale).logpdf
    return Integrated(X, outcome - b_mean, d, prior, alike.times(data))


def exact(data, *, tau, b_mean, b_sd, sigma_scale):
    _, _, _, sd = design(data)
    known = integrated(data, tau=tau, b_mean=b_mean, b_sd=b_sd, sigma_scale=sigma_scale)
    pick_b, *pick_w = np.eye(1 + len(sd))
    return Exact(
        marginals={
            "b": known.along(pick_b, b_mean),
            "w": known.along(np.array(pick_w)),
            "sigma": known.sigma,
        },
        derived={"w_raw": known.along(np.array(pick_w) / sd[:, None])},
        log_evidence=known.log_evidence,
        by="quadrature over sigma",
        joint=lambda theta: known.joint(theta["sigma"], np.r_[theta["b"] - b_mean, theta["w"]]),
        masses={"sigma": known.sigma.mass},
        second_log_evidence=known.second_log_evidence,
    )


def mle(data):
    X, outcome, _, _ = design(data)
    turned = linear.turn(X, outcome, alike.times(data))
    if linear.fits_perfectly(turned):
        raise NoMaximum("no maximum: the predictors reproduce `outcome`, so sigma shrinks to 0")
    b, *w = linear.least_squares(turned)
    return {"b": b, "w": np.array(w), "sigma": np.sqrt(turned.rss / turned.n)}


def predict(data, new, *, tau, b_mean, b_sd, sigma_scale, noise=True):
    """The outcomes of `new` rows (m,), standardised as `data`; `noise=False`: without scatter."""
    _, _, mean, sd = design(data)
    x = (predictors(new)[predictors(data).columns].to_numpy(float) - mean) / sd
    known = integrated(data, tau=tau, b_mean=b_mean, b_sd=b_sd, sigma_scale=sigma_scale)
    return known.along(np.column_stack([np.ones(len(x)), x]), b_mean, noise=noise)


def taken(others):  # every numeric column is a predictor
    return dict.fromkeys(predictors(others), float)


def reduced(rows):
    """Few rows with the number, means, squares and products of all; log p(data) stays."""
    return few(rows, rows.collect_schema().names())


def suggest(data):
    """Settings for data in other units: the outcome's own mean and spread, rounded."""
    y, times = data["outcome"].to_numpy(float), alike.times(data)
    mean, sd = alike.mean(y, times), np.sqrt(alike.variance(y, times))
    tau, b_mean, b_sd, scale = (float(f"{v:.2g}") for v in (sd / 3, mean, 1.3 * sd, sd))
    return {"tau": tau, "b_mean": b_mean, "b_sd": b_sd, "sigma_scale": scale}


def _refuse(**positive):
    for name, value in positive.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` is a standard deviation: it must be above 0, not {value}")
