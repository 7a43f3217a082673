"""A line fitted to one range of x and asked about another (Normal-Gamma; Shimodaira 2000).

    lam        ~ Gamma(alpha, rate beta)           precision of y about the line: 2 alpha rows
    level      ~ Normal(m, 1 / sqrt(kappa lam))    the line at the mean training x: kappa rows
    slope      ~ Normal(0, 1 / sqrt(tau lam))      its rise for each sd of the training x
    y_i        ~ Normal(level + slope z_i, sigma)  i = 1..n training rows; z = (x - mean) / sd
    sigma      = 1 / sqrt(lam)
    slope_raw  = slope / sd                        the rise for each unit of x
    at_target  = level + slope z*                  the line at the mean x of the target rows

Exact: conjugate; level, slope, at_target and a further y are Student t. The variance of a further y
grows with z^2: the model knows how far from its data it is asked, not whether it still holds there.
MLE: least squares on the training rows; none where these lie on a line.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats

from models import _linear as linear
from models._conjugate import NormalGamma
from models._exact import Exact, NoMaximum

PLACES = ["train", "target"]


class Data(pa.DataFrameModel):
    """One row a case; the line is fitted to the training rows and asked about the target rows."""

    x: float = pa.Field(coerce=True, description="what is known beforehand (any unit)")
    y: float = pa.Field(
        coerce=True, nullable=True, description="the outcome (any unit); a target row may lack it"
    )
    where: str = pa.Field(isin=PLACES, description="train or target; absent: train where y is")

    @pa.dataframe_check(error="`y` must be present in every row where `where` is train")
    def trained_on_outcomes(cls, frame):
        return frame["y"].notna() | (frame["where"] == "target")

    @pa.dataframe_check(error="`x` must take two values at least in the training rows")
    def some_spread(cls, frame):
        return frame.loc[frame["where"] == "train", "x"].nunique() > 1

    @pa.dataframe_check(error="there must be a target row to ask about")
    def some_target(cls, frame):
        return bool((frame["where"] == "target").any())


def tidy(frame):
    """Rows that do not say where they belong: those without `y` are the target."""
    if "where" in frame or "y" not in frame:
        return frame
    return frame.assign(where=np.where(frame["y"].notna(), "train", "target"))


PRIOR = {"m": 30.0, "kappa": 0.5, "tau": 0.25, "alpha": 1.5, "beta": 300.0}


def design(data):
    """z and y of the training rows (n,), mean and sd of their x, and the target rows' x (k,)."""
    train = data[data["where"] == "train"]
    z, mean, sd = linear.standardise(train["x"])
    return z, train["y"].to_numpy(float), mean, sd, data.loc[data["where"] == "target", "x"]


def model(data, *, m, kappa, tau, alpha, beta):
    z, seen, mean, sd, target = design(data)
    with pm.Model(coords={"row": data.index[data["where"] == "train"]}) as built:
        z = pm.Data("z_data", z, dims="row")
        y = pm.Data("y_data", seen, dims="row")
        lam = pm.Gamma("lam", alpha, beta)
        level = pm.Normal("level", m, tau=kappa * lam)
        slope = pm.Normal("slope", np.float64(0), tau=tau * lam)
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5))
        pm.Deterministic("slope_raw", slope / sd)
        pm.Deterministic("at_target", level + slope * (target.mean() - mean) / sd)
        pm.Normal("y", level + slope * z, sigma, observed=y, dims="row")
    return built


def posterior(data, *, m, kappa, tau, alpha, beta):
    """The prior's settings after the training rows, and `slope`, the middle of its law."""
    if not min(kappa, tau, alpha, beta) > 0:
        raise ValueError("`kappa`, `tau`, `alpha` and `beta` must be positive")
    z, y, *_ = design(data)
    n, turned = len(y), linear.turn(z[:, None], y)
    off, rise = y.mean() - m, linear.least_squares(turned)[1]
    after = {"m": m + n * off / (kappa + n), "slope": n * rise / (tau + n)}
    after |= {"kappa": kappa + n, "tau": tau + n, "alpha": alpha + n / 2}
    pulled = kappa * n / (kappa + n) * off**2 + tau * n / (tau + n) * rise**2
    return after | {"beta": beta + (turned.rss + pulled) / 2}


def along(after, z, noise=0.0):
    """The line at z, Student t; with `noise` = 1 a further y there."""
    variance = noise + 1 / after["kappa"] + z**2 / after["tau"]
    return about(after, after["m"] + after["slope"] * z, 1 / variance).marginals()["mu"]


def about(after, middle, rows):
    """What is known of lam, and of something normal about `middle`, with precision lam `rows`."""
    return NormalGamma(middle, rows, after["alpha"], after["beta"])


def exact(data, *, m, kappa, tau, alpha, beta):
    after = posterior(data, m=m, kappa=kappa, tau=tau, alpha=alpha, beta=beta)
    *_, mean, sd, target = design(data)
    level = about(after, after["m"], after["kappa"])
    slope = about(after, after["slope"], after["tau"])
    raw = about(after, after["slope"] / sd, after["tau"] * sd**2)
    log_evidence = NormalGamma(m, kappa, alpha, beta).log_evidence(level)
    laws = level.marginals()

    def joint(theta):
        given = stats.norm(after["slope"], (after["tau"] * theta["lam"]) ** -0.5)
        return level.logpdf(theta["level"], theta["lam"]) + given.logpdf(theta["slope"])

    return Exact(
        marginals={"lam": laws["lam"], "level": laws["mu"], "slope": slope.marginals()["mu"]},
        derived={
            "sigma": laws["sigma"],
            "slope_raw": raw.marginals()["mu"],
            "at_target": along(after, (target.mean() - mean) / sd),
        },
        log_evidence=log_evidence + np.log(tau / after["tau"]) / 2,
        by="algebra",
        joint=joint,
    )


def mle(data):
    z, y, *_ = design(data)
    turned = linear.turn(z[:, None], y)
    if linear.fits_perfectly(turned):
        raise NoMaximum("no maximum: the training rows lie on a line, so the scatter shrinks to 0")
    slope = linear.least_squares(turned)[1]
    return {"lam": turned.n / turned.rss, "level": y.mean(), "slope": slope}


def suggest(data):
    """Settings for other units: a prior worth a row or so, about the training rows' mean and sd."""
    _, y, *_ = design(data)
    m, beta = float(f"{y.mean():.3g}"), float(f"{1.5 * (y.var() or 1.0):.3g}")
    return {"m": m, "kappa": 0.5, "tau": 0.25, "alpha": 1.5, "beta": beta}
