"""Degrees compared: evidence, leaving rows out, rows held back."""

import warnings

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models.polynomial_regression import basis, design, fitted, least_squares, posterior

TOP = 12  # the highest degree compared
DRAWS = 4_000  # of each posterior at most, for PSIS-LOO
CELLS = 4_000_000  # draws times rows


def degrees(run):
    """0 to the highest the rows can tell from lower ones, and at least the one that is set."""
    most = min(TOP, fitted(run.data)["x"].nunique() - 1)
    return np.arange(max(most, int(run.settings["degree"])) + 1)


def at(run, degree):
    """The posterior under another degree."""
    return posterior(run.data, **run.settings | {"degree": np.float64(degree)})


def evidences(run):
    return np.array([at(run, d).log_evidence for d in degrees(run)])


def held(data):
    """The rows held back."""
    return data[data["held"] == 1] if "held" in data else data.iloc[:0]


def compared(run):
    """A row a degree: how it fits, and four ways to say how well it foretells."""
    rng, level, found = np.random.default_rng(run.seed), run.settings["level"], []
    rest, draws = held(run.data), int(np.clip(CELLS // len(fitted(run.data)), 500, DRAWS))
    for degree in degrees(run):
        (columns, y), after = design(run.data, degree), at(run, degree)
        w, lam = after.rvs(draws, rng)
        noise = stats.norm(level + w @ columns.T, lam[:, None] ** -0.5)
        made = {"posterior": {"lam": lam[None]}, "log_likelihood": {"y": noise.logpdf(y)[None]}}
        with warnings.catch_warnings(action="ignore"):  # of large k, which the table shows
            psis = az.loo(az.from_dict(made), reff=1.0, pointwise=True)
        line = least_squares(columns, y - level)
        densities, off = left_out(columns, y - level, after)
        row = {
            "degree": int(degree),
            "log evidence": after.log_evidence,
            "leave one out": densities.sum(),
            "PSIS-LOO": float(psis.elpd),
            "largest k": float(np.max(psis.pareto_k)),
            "error, fitted": np.sqrt(np.mean((y - level - columns @ line) ** 2)),
        }
        if len(rest):
            off = rest["y"] - level - basis(run.data, rest["x"], degree) @ line
        row["error, held back" if len(rest) else "error, left out"] = np.sqrt(np.mean(off**2))
        found.append(row)
    return pd.DataFrame(found)


def left_out(columns, y, after):
    """log density of each y (n,) given all the others, and its distance from their mean.

    Taking out a row that pulls its own fitted value by h divides its error by 1 - h.
    """
    own = np.sum(columns * after.hat.T, axis=1)
    off = (y - columns @ after.m) / (1 - own)
    shape, rate = after.shape - 0.5, after.rate - off**2 * (1 - own) / 2
    law = stats.t(2 * shape, scale=np.sqrt(rate / shape / (1 - own)))
    return law.logpdf(off), off


def choice(run):
    table = compared(run)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    d = table["degree"]
    left.plot(d, table["log evidence"], "o-", color="exact")
    left.plot(d, table["leave one out"], "s-", color="ink", markersize=4)
    left.plot(d, table["PSIS-LOO"], "x", color="draws", markersize=7)
    left.set(xlabel="degree", ylabel="nats")
    right.plot(d, table["error, fitted"], "o-", color="mle")
    right.plot(d, last := table.iloc[:, -1], "s--", color="ink", markersize=4)
    right.set(xlabel="degree", ylabel="root mean squared error", ylim=(0, None))
    some = len(held(run.data))
    which = f"the {some} rows held back" if some else "each row, fitted without it"
    yield (
        figure,
        (
            "Left: log evidence (circles), log predictive density leaving each row out, exactly (squares) and by PSIS-LOO (crosses). "
            "Right: error of the least-squares curve on the rows it was fitted to (circles), and "
            f"that on {which}{', of the curve at the posterior mean' * (not some)} (squares)."
        ),
    )
    yield table.assign(**{k: table[k].map("{:.3f}".format) for k in table.columns[1:]})
    best = {k: int(d[table[k].idxmax()]) for k in ("log evidence", "leave one out", "PSIS-LOO")}
    gap = (table["PSIS-LOO"] - table["leave one out"]).abs()
    fit = table["error, fitted"]
    yield (
        f"The evidence is highest for degree {best['log evidence']}, leaving one out says {best['leave one out']}, and PSIS-LOO, which "
        f"reweights draws of one posterior instead of computing {len(fitted(run.data))}, says {best['PSIS-LOO']}; it is off by {gap.min():.2g} to {gap.max():.2g} nats, and "
        f"its own warning, a k above 0.7, comes for {int((table['largest k'] > 0.7).sum())} of the {len(d)} degrees. The error on the "
        f"fitted rows falls from {fit.iloc[0]:.3g} to {fit.iloc[-1]:.3g}, as it must with every power added; that on {which} is least, "
        f"{last.min():.4g}, at degree {d[last.idxmin()]}, and {last.iloc[-1]:.4g} at degree {d.iloc[-1]}."
    )
