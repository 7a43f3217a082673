"""How sure a softmax regression is of rows held out of its fit, and how sure it should be."""

from contextlib import suppress

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from scipy.stats import beta

from models.softmax_regression import classes, design, most_probable, predictors

FOLDS = 10
BINS = 8
FEWEST = 20


def _held_out(run, tau):
    """Scores of every row against the first class, by weights fitted without its tenth of rows."""
    n = len(run.data)
    places = np.random.default_rng(0).permutation(n)
    scores = np.full((n, len(classes(run.data)) - 1), np.nan)
    for part in np.array_split(places, min(FOLDS, n)):
        rows = run.data.iloc[np.setdiff1d(places, part)]
        with suppress(ValueError, np.linalg.LinAlgError):  # without them a column may be constant
            theta, (_, _, mean, sd) = (
                most_probable(rows, tau=tau, b_sd=run.settings["b_sd"]),
                design(rows),
            )
            x = (predictors(run.data).iloc[part].to_numpy(float) - mean) / sd
            scores[part] = np.column_stack([np.ones(len(part)), x]) @ theta
    return scores


def _entropy(scores, label, temperature=1.0):
    """Mean cross-entropy of chances whose log-odds are divided by a temperature."""
    chance = _chance(scores / temperature)
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(chance[np.arange(len(label)), label]))


def _chance(scores):
    return softmax(np.column_stack([np.zeros(len(scores)), scores]), axis=1)


def temperature(run, label):
    tau = run.settings["tau"]
    every = {t: _held_out(run, t) for t in (tau / 10, tau, 10 * tau)}
    known = np.isfinite(every[tau]).all(axis=1)
    if known.sum() < FEWEST:
        yield f"So few rows cannot tell: at least {FEWEST} have to be held out."
        return
    every, label = {t: scores[known] for t, scores in every.items()}, label[known]
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.2), layout="constrained")
    _reliability(left, _chance(every[tau]), label)
    grid, rows = np.geomspace(0.05, 20, 120), []
    for (t, scores), style in zip(every.items(), (":", "-", "--"), strict=True):
        found = minimize_scalar(lambda u, s=scores: _entropy(s, label, np.exp(u)), (-0.5, 0.5))
        right.plot(grid, [_entropy(scores, label, g) for g in grid], style, color="exact",
                   label=f"tau = {t:g}")  # fmt: skip
        chance, cooled = _chance(scores), _entropy(scores, label, np.exp(found.x))
        brier = ((chance - np.eye(chance.shape[1])[label]) ** 2).sum(axis=1).mean() / 2
        rows.append({
            "tau": f"{t:g}", "cross-entropy": f"{_entropy(scores, label):.4f}",
            "Brier score": f"{brier:.4f}",
            "right": f"{100 * np.mean(chance.argmax(axis=1) == label):.1f} %",
            "best temperature": f"{np.exp(found.x):.2f}", "cross-entropy there": f"{cooled:.4f}",
        })  # fmt: skip
    right.axvline(1, color="muted", linewidth=1)
    top = max(_entropy(s, label) for s in every.values())
    right.set(xscale="log", xlabel="temperature", ylim=(0, 1.3 * top))
    right.set_ylabel("cross-entropy of rows held out")
    right.legend(frameon=False)
    yield (
        figure,
        f"Left: how often a class came true against the chance it had been given, by weights fitted "
        f"without the row, tau = {tau:g}, with 95 % intervals; on the diagonal chances are what they "
        "say. Right: the loss of rows held out when log-odds are divided by a temperature.",
    )
    yield pd.DataFrame(rows)
    warm = float(rows[1]["best temperature"])
    sure = "less sure than it could be" if warm < 0.9 else "surer than it should be"
    yield (
        f"A temperature above 1 makes every chance more cautious, one below 1 bolder, and none "
        f"changes which class is likeliest. Under tau = {tau:g} the best is {warm:.2f}: the most "
        f"probable point is {'about as sure as it should be' if 0.9 <= warm <= 1.1 else sure}. A wider "
        "prior does what a lower temperature does, but for each weight as the rows allow. (The best "
        "temperature is chosen on the rows it is judged by, one number from "
        f"{len(label):,} rows.)"
    )


def _reliability(axis, chance, label):
    """Shares that came true by chance given, every class of every row a case."""
    given = chance.ravel()
    came = (label[:, None] == np.arange(chance.shape[1])).ravel()
    edges = np.unique(np.quantile(given, np.linspace(0, 1, BINS + 1)))
    inside = np.clip(np.searchsorted(edges, given, side="right") - 1, 0, max(len(edges) - 2, 0))
    axis.plot([0, 1], [0, 1], color="muted", linewidth=1)
    for k in np.unique(inside):
        n, hits = np.sum(inside == k), came[inside == k].sum()
        share = beta(hits + 0.5, n - hits + 0.5)
        at = given[inside == k].mean()
        axis.vlines(at, *share.ppf([0.025, 0.975]), color="exact", linewidth=2)
        axis.plot(at, hits / n, "o", color="exact", clip_on=False)
    axis.set(
        xlabel="chance given", ylabel="share that came true", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02)
    )
