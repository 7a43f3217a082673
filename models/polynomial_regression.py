"""A polynomial of a known degree, whose evidence says how many powers are worth it (PML1 11.7).

    lam       ~ Gamma(alpha, rate beta)                 precision of the noise
    w_k       ~ Normal(0, tau / sqrt(lam))              k = 0..degree, in units of the noise
    y_i       ~ Normal(level + sum_k w_k L_k(z_i), 1 / sqrt(lam))     i = 1..n rows not held back
    sigma     = 1 / sqrt(lam)

z is x, moved and scaled so that all rows lie between -1 and 1; L_k is the k-th Legendre polynomial
times sqrt(2 k + 1), so that its mean square there is 1. In powers of x the columns would be nearly
the same from degree 6 or so on. The prior depends on the basis: it is about these weights.
Exact: conjugate, as the prior of w is in units of sigma; w and a new y are Student t, lam Gamma.
MLE: least squares (the shortest where x has too few values); lam with divisor n.
"""

from typing import Optional

import numpy as np
import pandera.pandas as pa
import pymc as pm
from pandera.typing import Series
from scipy import stats

from models import _legendre
from models._exact import Exact, NoMaximum
from models._weights import Weights

MOST = 40  # degrees: beyond it equally spaced rows leave few digits
PERFECT = 1e-11  # residual / size of y below which a fit is nothing but rounding error


class Data(pa.DataFrameModel):
    """One row a case. Rows held back are not fitted: they say how well the curve foretells."""

    x: float = pa.Field(coerce=True, description="where (any unit)")
    y: float = pa.Field(coerce=True, description="what was measured there (any unit)")
    held: Optional[Series[int]] = pa.Field(  # noqa: UP045
        isin=[0, 1], coerce=True, description="1: held back for validation; absent: none is"
    )

    @pa.dataframe_check(error="`x` must not be the same in every row")
    def some_spread(cls, frame):
        return bool(frame["x"].max() > frame["x"].min())

    @pa.dataframe_check(error="some row must not be held back (`held` is 1 in every row)")
    def some_row(cls, frame):
        return "held" not in frame or bool((frame["held"] == 0).any())


def tidy(frame):
    """Without a column `held` every row is fitted."""
    return frame if "held" in frame else frame.assign(held=0)


PRIOR = {"tau": 2.0, "alpha": 1.5, "beta": 1.2}
KNOWN = {"degree": 3.0, "level": 23.0}  # level: where the prior expects y, on average


def basis(data, x, degree):
    """Legendre polynomials 0..degree at x (m,), mean square 1 where `data` lie: (m, degree + 1)."""
    if degree not in range(MOST + 1):
        raise ValueError(f"`degree` must be a whole number from 0 to {MOST}; it is {degree:g}")
    return _legendre.columns(x, data["x"].min(), data["x"].max(), int(degree))


def least_squares(columns, y):
    """The shortest of the weights with the least sum of squares, (k,)."""
    return np.linalg.pinv(columns, rcond=1e-11) @ y


def fitted(data):
    """The rows that are not held back."""
    return data[data["held"] == 0] if "held" in data else data


def design(data, degree):
    """The basis at the fitted rows (n, degree + 1), and their y (n,)."""
    rows = fitted(data)
    return basis(data, rows["x"], degree), rows["y"].to_numpy(float)


def model(data, *, degree, level, tau, alpha, beta):
    columns, y = design(data, degree)
    coords = {"row": fitted(data).index, "power": np.arange(columns.shape[1])}
    with pm.Model(coords=coords) as built:
        seen = pm.Data("y_data", y, dims="row")
        at = pm.Data("basis_data", columns, dims=("row", "power"))
        lam = pm.Gamma("lam", alpha, beta)
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5))
        w = pm.Normal("w", np.float64(0), tau * sigma, dims="power")
        pm.Normal("y", level + pm.math.dot(at, w), sigma, observed=seen, dims="row")
    return built


def posterior(data, *, degree, level, tau, alpha, beta):
    """What is known of (w, lam) after the rows."""
    columns, y = design(data, degree)
    return Weights(columns, y - level, tau, alpha, beta)


def exact(data, *, degree, level, tau, alpha, beta):
    after = posterior(data, degree=degree, level=level, tau=tau, alpha=alpha, beta=beta)
    return Exact(
        marginals={"lam": after.lam(), "w": after.along(np.eye(after.m.size))},
        derived={"sigma": after.sigma()},
        log_evidence=after.log_evidence,
        by="algebra",
        joint=lambda theta: after.logpdf(theta["w"], theta["lam"]),
    )


def mle(data, *, degree, level):
    columns, y = design(data, degree)
    w = least_squares(columns, y - level)
    rss = np.sum((y - level - columns @ w) ** 2)
    if rss <= PERFECT**2 * np.sum((y - level) ** 2):
        raise NoMaximum("no maximum: the curve goes through every row, so the noise shrinks to 0")
    return {"lam": y.size / rss, "w": w}


def predict(data, x, *, noise=True, **settings):
    """A new y at each of x (m,): weights and noise integrated out; without noise, the curve."""
    law = posterior(data, **settings).along(basis(data, x, settings["degree"]), noise=noise)
    df, middle, scale = law.args
    return stats.t(df, settings["level"] + middle, scale)


def suggest(data):
    """Settings for other units: the mean of y, and its spread."""
    y = fitted(data)["y"]
    beta = 1.5 * float(y.var(ddof=0) or 1.0) / 4  # half the standard deviation is noise
    return {"level": float(f"{y.mean():.3g}"), "beta": float(f"{beta:.2g}")}
