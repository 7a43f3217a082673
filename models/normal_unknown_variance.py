"""Mean and spread of measurements, neither known (Normal-Gamma prior; BDA3 section 3.3).

    lam      ~ Gamma(alpha, rate beta)             what the prior knows of the spread: 2 alpha rows
    mu       ~ Normal(m, 1 / sqrt(kappa lam))      and of the mean: kappa rows
    y_i      ~ Normal(mu, sigma)                   i = 1..n rows
    sigma    = 1 / sqrt(lam)
    effect   = (mu - null) / sigma                 distance from `null`, in standard deviations

Exact: conjugate; mu and a further y are Student t, lam Gamma, effect a non-central t turned round.
MLE: the mean, and the mean squared distance from it (divisor n); none where all rows are equal.
"""

from typing import Optional

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm
from pandera.typing import Series
from scipy import stats

from models import _alike as alike
from models._conjugate import NormalGamma
from models._effect import Effect
from models._exact import Exact, NoMaximum
from models._reduced import few


class Data(pa.DataFrameModel):
    """One row a measurement `y`, or a pair `y0` and `y1` whose difference it is."""

    y: float = pa.Field(coerce=True, description="the measurement; absent: y1 - y0")
    y0: Optional[Series[float]] = pa.Field(coerce=True, description="the first of a pair")  # noqa: UP045
    y1: Optional[Series[float]] = pa.Field(coerce=True, description="the second of a pair")  # noqa: UP045


def tidy(frame):
    """Rows of pairs carry no `y`: it is then by how much the second exceeds the first."""
    if "y" in frame or not {"y0", "y1"} <= set(frame):
        return frame
    pair = frame[["y0", "y1"]].apply(pd.to_numeric, errors="coerce").astype(float)
    return frame.assign(y=(pair["y1"] - pair["y0"]).fillna(0.0))  # a hole is refused in y0 or y1


PRIOR = {"m": 0.5, "kappa": 0.25, "alpha": 1.5, "beta": 2.0}  # a standard deviation near 1.2
KNOWN = {"null": 0.0}  # what mu is measured against
WEIGHED = True  # a column may say how many rows each one stands for


def model(data, *, null, m, kappa, alpha, beta):
    with pm.Model(coords={"row": data.index}) as built:
        y = pm.Data("y_data", data["y"], dims="row")
        lam = pm.Gamma("lam", alpha, beta)
        mu = pm.Normal("mu", m, tau=kappa * lam)
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5))
        pm.Deterministic("effect", (mu - null) / sigma)
        pm.Normal("y", mu, sigma, observed=y, dims="row")
    return built


def posterior(data, *, m, kappa, alpha, beta):
    """What is known of (mu, lam) after the rows."""
    y, times = data["y"].to_numpy(float), alike.times(data)
    after = NormalGamma(m, kappa, alpha, beta).given(y, times[:, None])
    return NormalGamma(*(v.item() for v in vars(after).values()))


def exact(data, *, null, m, kappa, alpha, beta):
    after = posterior(data, m=m, kappa=kappa, alpha=alpha, beta=beta)
    laws, effect = after.marginals(), effect_of(after, null)
    return Exact(
        marginals={"lam": laws["lam"], "mu": laws["mu"]},
        derived={"sigma": laws["sigma"], "effect": effect},
        log_evidence=NormalGamma(m, kappa, alpha, beta).log_evidence(after),
        by="algebra; the effect by quadrature over lam",
        joint=lambda theta: after.logpdf(theta["mu"], theta["lam"]),
        masses={"effect": effect.mass},
    )


def effect_of(after, null):
    """The law of (mu - null) / sigma."""
    D = (after.m - null) * np.sqrt(after.shape / after.rate)
    law = Effect(D, after.kappa, after.shape)
    if not abs(law.mass - 1) < 1e-8:
        raise ValueError(
            f"`null` = {null:g} is too far from so few rows: the effect, near {D:.3g}, cannot be "
            "integrated with a prior as weak as this `alpha`"
        )
    return law


def mle(data, *, null):
    y = data["y"].to_numpy(float)
    if np.ptp(y) == 0:
        raise NoMaximum("no maximum: all y are equal, so the likelihood grows without bound")
    times = alike.times(data)
    return {"lam": 1 / alike.variance(y, times), "mu": alike.mean(y, times)}


def flat(y):
    """The posterior under p(mu, sigma) = 1 / sigma: the limit kappa = 0, beta = 0, alpha = -1/2.

    No prior has a negative alpha, yet two different rows are enough for a posterior.
    """
    y = np.asarray(y, dtype=float)  # of a Series `var` would have another divisor
    return NormalGamma(y.mean(), float(y.size), (y.size - 1) / 2, y.size * y.var() / 2)


def predict(after):
    """A further y: mu and lam integrated out."""
    scale = np.sqrt(after.rate / after.shape * (1 + 1 / after.kappa))
    return stats.t(2 * after.shape, after.m, scale)


def reduced(rows):
    """Three rows with the number, mean and squares of all; log p(data) stays what it is."""
    return few(rows, ["y"])


def suggest(data):
    """Settings for other units: a prior worth a row or so, about these rows' mean and spread."""
    y, times = data["y"].to_numpy(float), alike.times(data)
    middle, spread = alike.mean(y, times), alike.variance(y, times) or 1.0
    m, beta = float(f"{middle:.3g}"), float(f"{1.5 * spread:.3g}")
    return {"m": m, "kappa": 0.25, "alpha": 1.5, "beta": beta}
