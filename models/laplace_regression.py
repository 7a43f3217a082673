"""A line under Laplace noise: absolute error, with an L1 penalty (Koenker and Bassett 1978).

    scale      ~ InverseGamma(alpha, beta)       mean size of an error, in units of y
    b          ~ Laplace(b_mean, b_reach scale)  y where x is average
    w          ~ Laplace(0, tau scale)           change of y per standard deviation of x
    y_i        ~ Laplace(b + w z_i, scale)       i = 1..n; z = (x - mean) / sd, divisor n
    w_raw      = w / sd                          change of y per unit of x

Given scale, the density is exp(-S / scale) but for constants: S sums beta, the absolute errors,
|b - b_mean| / b_reach and |w| / tau, and is least at the same line for every scale.
Exact: scale integrates to a power of S, then b (or w) piece by piece, the last one by quadrature.
MLE: the least absolute deviations, by linear programming; scale is their mean; none if all are 0.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy.special import gammaln

from models import _linear as linear
from models._absolute import Fold, least
from models._exact import Exact, NoMaximum

PERFECT = 1e-11  # mean error / range of y below which a fit is nothing but rounding error


class Data(pa.DataFrameModel):
    """One row a case: what is to be explained, and the one number that is to explain it."""

    x: float = pa.Field(coerce=True, description="the predictor (any unit)")
    y: float = pa.Field(coerce=True, description="what is to be explained (any unit)")

    @pa.dataframe_check(error="`x` must not be the same in every row: it would explain nothing")
    def some_spread(cls, frame):
        return bool(frame["x"].max() > frame["x"].min())


PRIOR = {"tau": 4.0, "b_mean": 600.0, "b_reach": 5.0, "alpha": 3.0, "beta": 200.0}


def design(data):
    """x standardised (n,), y (n,), and the mean and sd of x."""
    z, mean, sd = linear.standardise(data[["x"]])
    return z.ravel(), data["y"].to_numpy(float), mean.item(), sd.item()


def model(data, *, tau, b_mean, b_reach, alpha, beta):
    _, y, mean, sd = design(data)
    with pm.Model(coords={"row": data.index}) as built:
        x = pm.Data("x_data", data["x"], dims="row")
        mean, sd = pm.Data("mean_data", mean), pm.Data("sd_data", sd)  # new rows keep them
        seen = pm.Data("y_data", y, dims="row")
        scale = pm.InverseGamma("scale", alpha, beta)
        b = pm.Laplace("b", b_mean, b_reach * scale)
        w = pm.Laplace("w", np.float64(0), tau * scale)
        w_raw = pm.Deterministic("w_raw", w / sd)
        pm.Laplace("y", b + w_raw * (x - mean), scale, observed=seen, dims="row")
    return built


def fold(data, *, tau, b_mean, b_reach, beta):
    """S of b - b_mean and w, with beta for the prior of scale: absolute errors and penalties."""
    if not min(tau, b_reach, beta) > 0:
        raise ValueError("`tau`, `b_reach` and `beta` must be positive")
    z, y, _, _ = design(data)
    return Fold(z, y - b_mean, beta, b_reach, tau)


def exact(data, *, tau, b_mean, b_reach, alpha, beta):
    if not alpha > 0:
        raise ValueError("`alpha` must be positive")
    S = fold(data, tau=tau, b_mean=b_mean, b_reach=b_reach, beta=beta)
    n = len(data)
    N = alpha + n + 2  # scale given b and w is InverseGamma(N, S)
    constant = alpha * np.log(beta) - gammaln(alpha) - np.log(4 * tau * b_reach) - n * np.log(2)
    b, w = S.marginal(0, N, shift=b_mean), S.marginal(1, N)
    total = w.log_mass  # log of the integral of S^-N
    b, w, scale = b.over(total), w.over(total), S.scale(N, total)
    constant -= (log_evidence := constant + gammaln(N) + total)
    return Exact(
        marginals={"scale": scale, "b": b, "w": w},
        derived={"w_raw": w.times(1 / design(data)[3])},
        log_evidence=log_evidence,
        by="algebra for scale and one weight, quadrature over the other",
        joint=lambda at: (
            constant - (N + 1) * np.log(at["scale"]) - S(at["b"] - b_mean, at["w"]) / at["scale"]
        ),
        masses={"scale": scale.mass, "b": b.mass},
        second_log_evidence=log_evidence + b.log_mass - total,
    )


def mle(data):
    (z, y, _, _), (b, w) = design(data), quantile(data, 0.5)
    scale = np.abs(y - b - w * z).mean()
    if scale <= PERFECT * np.ptp(y):
        raise NoMaximum("no maximum: a line goes through every row, so scale shrinks to 0")
    return {"scale": scale, "b": b, "w": w}


def quantile(data, q):
    """The line (b, w) with a share q of the rows below: errors above count q / (1 - q) fold."""
    z, y, _, _ = design(data)
    return least(np.column_stack([np.ones(len(z)), z]), y, np.ones(len(z)), q)


def suggest(data):
    """Settings for data in other units: the middle of y, and its mean distance from there."""
    middle = float(data["y"].median())
    spread = float((data["y"] - middle).abs().mean()) or 1.0
    return {"b_mean": float(f"{middle:.2g}"), "beta": float(f"{spread:.2g}")}
