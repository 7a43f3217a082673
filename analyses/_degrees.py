"""Degrees compared: evidence, leaving rows out, rows held back."""

import warnings

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models._weights import Weights
from models.polynomial_regression import basis, design, fitted, least_squares, posterior

TOP = 12  # the highest degree compared
DRAWS = 4_000  # of each posterior, for PSIS-LOO


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
    rest = held(run.data)
    for degree in degrees(run):
        (columns, y), after = design(run.data, degree), at(run, degree)
        w, lam = after.rvs(DRAWS, rng)
        noise = stats.norm(level + w @ columns.T, lam[:, None] ** -0.5)
        made = {"posterior": {"lam": lam[None]}, "log_likelihood": {"y": noise.logpdf(y)[None]}}
        with warnings.catch_warnings(action="ignore"):  # of large k, which the table shows
            psis = az.loo(az.from_dict(made), reff=1.0, pointwise=True)
        line = least_squares(columns, y - level)
        row = {
            "degree": int(degree),
            "log evidence": after.log_evidence,
            "leave one out": left_out(columns, y - level, run.settings).sum(),
            "PSIS-LOO": float(psis.elpd),
            "largest k": float(np.max(psis.pareto_k)),
            "error, fitted": np.sqrt(np.mean((y - level - columns @ line) ** 2)),
        }
        if len(rest):
            ahead = level + basis(run.data, rest["x"], degree) @ line
            row["error, held back"] = np.sqrt(np.mean((rest["y"] - ahead) ** 2))
        found.append(row)
    return pd.DataFrame(found)


def left_out(columns, y, settings):
    """log density of each y (n,) given all the others, by algebra."""
    prior, found = [settings[k] for k in ("tau", "alpha", "beta")], []
    for i in range(y.size):
        others = np.arange(y.size) != i
        law = Weights(columns[others], y[others], *prior).along(columns[i : i + 1], noise=True)
        found.append(law.logpdf(y[i]).item())
    return np.array(found)


def choice(run):
    table = compared(run)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    d = table["degree"]
    left.plot(d, table["log evidence"], "o-", color="exact")
    left.plot(d, table["leave one out"], "s-", color="ink", markersize=4)
    left.plot(d, table["PSIS-LOO"], "x", color="draws", markersize=7)
    left.set(xlabel="degree", ylabel="nats")
    right.plot(d, table["error, fitted"], "o-", color="mle")
    last = table.columns[-1]
    if last != "error, fitted":
        right.plot(d, table[last], "s--", color="ink", markersize=4)
    right.set(xlabel="degree", ylabel="root mean squared error", ylim=(0, None))
    yield (
        figure,
        (
            "Left: log evidence (circles), log predictive density leaving each row out, exactly (squares) and by PSIS-LOO (crosses). "
            "Right: error of the least-squares curve on the rows it was fitted to (circles) and on those held back (squares)."
        ),
    )
    yield table.assign(**{k: table[k].map("{:.3f}".format) for k in table.columns[1:]})
    best = {k: int(d[table[k].idxmax()]) for k in ("log evidence", "leave one out", "PSIS-LOO")}
    gap = (table["PSIS-LOO"] - table["leave one out"]).abs()
    fit = table["error, fitted"]
    words = (
        f"The evidence is highest for degree {best['log evidence']}, leaving one out says {best['leave one out']}, and PSIS-LOO, which "
        f"reweights {DRAWS:,} draws of one posterior instead of computing {len(fitted(run.data))}, says {best['PSIS-LOO']}; it is off by {gap.min():.2g} to {gap.max():.2g} nats, and "
        f"its own warning, k above 0.7, comes for {int((table['largest k'] > 0.7).sum())} of the {len(d)} degrees. The error on the "
        f"fitted rows falls from {fit.iloc[0]:.3g} to {fit.iloc[-1]:.3g}, as it must with every power added"
    )
    if last != "error, fitted":
        low = int(table[last].idxmin())
        words += f"; on the {len(held(run.data))} rows held back it is least, {table[last][low]:.4g}, at degree {d[low]}, and {table[last].iloc[-1]:.4g} at degree {d.iloc[-1]}"
    yield words + "."
