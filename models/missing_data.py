"""Measurements that end early for some: missing data (Little and Rubin ch. 7; Schafer ch. 5).

    lam_k    ~ Gamma(alpha, rate alpha s_k^2)      precision of column k about its line, k = 1, 2, 3
    slope_kj ~ Normal(0, tau / (s_j sqrt(lam_k)))  change of column k with an earlier one, j < k
    mu_k     ~ Normal(m_k + sum_j slope_kj (mu_j - m_j), tau / sqrt(lam_k))    its mean over all
    x_ik     ~ Normal(mu_k + sum_j slope_kj (x_ij - mu_j), 1 / sqrt(lam_k))    i = 1..n rows
    sigma_k  = 1 / sqrt(lam_k)
    change   = mu_3 - mu_1

A row may lack x3, or x2 and x3: a hole is followed by holes alone (a monotone pattern). Missing at
random is assumed: given what was seen before, whether a value is missing must not depend on it.
Exact: the likelihood is a product of three lines, each conjugate; the means of columns 2 and 3, and
their change, by a sum over the means before them, given which they are Student t.
MLE: each line by least squares on the rows that have it, in closed form; no EM is needed.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm

from models._cells import Cells
from models._exact import Exact, NoMaximum
from models._monotone import Flat, Lines, least_squares
from models._weights import Weights

COLUMNS, MEANS = ["x1", "x2", "x3"], ["mu_1", "mu_2", "mu_3"]


class Data(pa.DataFrameModel):
    """One row a thing measured up to three times, in this order; an empty cell was not measured."""

    x1: float = pa.Field(coerce=True, description="the first measurement (any unit); never missing")
    x2: float = pa.Field(
        coerce=True, nullable=True, description="the second; may be missing where the third is"
    )
    x3: float = pa.Field(coerce=True, nullable=True, description="the third; may be missing")

    @pa.dataframe_check(error="`x2` must be present where `x3` is: holes only at the end of a row")
    def holes_at_the_end(cls, frame):
        return frame["x2"].notna() | frame["x3"].isna()


PRIOR = {"m": [240.0, 230.0, 220.0], "s": [60.0, 45.0, 50.0], "tau": 1.5, "alpha": 2.0}


def design(data):
    """The measurements (n, 3), NaN where there is none."""
    return data[COLUMNS].to_numpy(float)


def model(data, *, m, s, tau, alpha):
    _refuse(m, s, tau, alpha)
    cells = Cells(design(data))
    later, earlier = cells.later, cells.earlier
    names = [f"{COLUMNS[k]} on {COLUMNS[j]}" for k, j in zip(later, earlier, strict=True)]
    labels = [
        f"{COLUMNS[k]}: {data.index[i]}" for i, k in zip(cells.row, cells.column, strict=True)
    ]
    with pm.Model(coords={"column": COLUMNS, "line": names, "cell": labels}) as built:
        x = pm.Data("x_data", cells.values, dims="cell")
        lam = pm.Gamma("lam", alpha, alpha * s**2, dims="column")
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5), dims="column")
        slope = pm.Normal("slope", np.float64(0), tau * sigma[later] / s[earlier], dims="line")
        mu_1 = pm.Normal("mu_1", m[0], tau * sigma[0])
        mu_2 = pm.Normal("mu_2", m[1] + slope[0] * (mu_1 - m[0]), tau * sigma[1])
        line = m[2] + slope[1] * (mu_1 - m[0]) + slope[2] * (mu_2 - m[1])
        mu_3 = pm.Normal("mu_3", line, tau * sigma[2])
        pm.Deterministic("change", mu_3 - mu_1)
        pm.CustomDist(
            "x", pm.math.stack([mu_1, mu_2, mu_3]), slope, lam, cells.column, dtype="float64",
            signature="(k),(j),(k),(t)->(t)", logp=cells.log_density, random=cells.draw,
            observed=x, dims="cell",
        )  # fmt: skip
    return built


def posterior(data, *, m, s, tau, alpha):
    """What is known of the three lines, each from the rows that have its column."""
    _refuse(m, s, tau, alpha)

    def line(X, y, k):
        return Weights(X, y, tau, alpha, alpha * s[k] ** 2)

    return Lines.given(design(data), m, s, line)


def exact(data, *, m, s, tau, alpha):
    known = posterior(data, m=m, s=s, tau=tau, alpha=alpha)
    means = {name: known.mean(k) for k, name in enumerate(MEANS)}
    change, mass = known.mean(2, less_first=True)
    laws = {"lam": known.precisions(), "slope": known.slopes()}
    return Exact(
        marginals=laws | {name: law for name, (law, _) in means.items()},
        derived={"sigma": known.sds(), "change": change},
        log_evidence=sum(line.log_evidence for line in known.lines),
        by="algebra, line by line; later means by a sum over earlier ones",
        joint=lambda at: known.logpdf([at[name] for name in MEANS], at["slope"], at["lam"]),
        masses={name: total for name, (_, total) in means.items()} | {"change": mass},
    )


def mle(data):
    found = least_squares(design(data))
    if found is None:
        raise NoMaximum(
            "no maximum: a column has no rows, or its line reproduces them and sigma shrinks to 0"
        )
    mu, slopes, variance = found
    means = dict(zip(MEANS, mu, strict=True))
    return {"lam": 1 / variance, "slope": np.concatenate(slopes)} | means


def covariance(data):
    """The covariance (3, 3) of the columns at the maximum of the likelihood."""
    best, root = mle(data), np.eye(3)
    root[[1, 2, 2], [0, 0, 1]] = -best["slope"]  # root (x - mu) has independent parts
    inverse = np.linalg.inv(root)
    return inverse @ np.diag(1 / best["lam"]) @ inverse.T


def vague(data):
    """The lines under a reference prior, improper.

    It is Jeffreys' for columns 1 and 2 and 1 / variance for 3, flat in means and slopes; it does
    not integrate to one, so it gives no evidence.
    """
    rows = design(data)

    def line(X, y, k):
        return Flat(X, y, (0, 2, 1)[k])

    return Lines.given(rows, np.nanmean(rows, axis=0), np.nanstd(rows, axis=0), line)


def suggest(data):
    """Settings for other units: means and sds of what is there, rounded."""
    there = data[COLUMNS]
    middle, sd = there.mean().fillna(there["x1"].mean()), there.std(ddof=0).replace(0, np.nan)
    sd = sd.fillna(sd.mean()).fillna(1.0)
    return {k: [float(f"{x:.2g}") for x in v] for k, v in (("m", middle), ("s", sd))}


def _refuse(m, s, tau, alpha):
    if np.shape(m) != (3,) or np.shape(s) != (3,):
        raise ValueError("`m` and `s` need a number for each of the three columns")
    if not (min(s) > 0 and tau > 0 and alpha > 0):
        raise ValueError("`s`, `tau` and `alpha` must be positive")
