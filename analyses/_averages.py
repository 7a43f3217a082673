"""Averages: what is expected, three ways, and how fast sums become normal, exactly."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats

from analyses._three_ways import DOUBLE, DRAWS
from models import _sums
from models._law import QUICK

DICE = np.full(6, 1 / 6)
STARS = np.array([0.05, 0.08, 0.15, 0.42, 0.30])  # chances of one to five
BOTH = {"dice": DICE, "ratings": STARS}
COUNTS = 2 ** np.arange(11)  # how many are added: 1 to 1,024
MANY = int(COUNTS[-1])


def expected_stars(seed: int) -> dict:
    drawn = 1 + pm.draw(pm.Categorical.dist(STARS, size=DRAWS), random_seed=seed, mode=QUICK)
    return {
        "each number of stars times its chance, summed": STARS @ np.arange(1, 6),
        "the chances of at least 1, 2, 3, 4, 5 stars, summed": STARS[::-1].cumsum().sum(),
        f"the average of {DRAWS:,} of PyMC's draws": drawn.mean(),
    }


def z_of_stars(seed: int) -> float:
    exact, _, drawn = expected_stars(seed).values()
    return (drawn - exact) / (_sums.moments(STARS)[1] / np.sqrt(DRAWS))


def lines(seed: int):
    """What is checked of averages."""
    exact, by_tails, _ = expected_stars(seed).values()
    yield {"group": "averages, exactly", "line": "expected stars, by tails", "ours": by_tails,
           "reference": exact, "error": abs(by_tails - exact), "allowed": DOUBLE}  # fmt: skip
    for name, p in BOTH.items():
        pmf, sd = _sums.total(p, MANY), _sums.moments(p)[1]
        mean_of = np.arange(pmf.size) / MANY
        variance = pmf @ (mean_of - pmf @ mean_of) ** 2
        error = np.array([_sums.distance(p, int(n)) for n in COUNTS]) * np.sqrt(COUNTS)
        bound, limit = _sums.most(p), _sums.limit(p)
        for line, ours, reference, off, allowed in (
            (f"variance of the mean of {MANY:,}, sigma² / n", variance, sd**2 / MANY,
             abs(variance * MANY / sd**2 - 1), DOUBLE),
            (f"sqrt(n) times the error at n = {MANY:,}, against its limit (Esseen)", error[-1], limit,
             abs(error[-1] - limit), 1 / MANY),
            ("sqrt(n) times the error at its worst, against the bound (Berry and Esseen)", error.max(),
             bound, error.max(), bound),
        ):  # fmt: skip
            yield {"group": "averages, exactly", "line": f"{name}: {line}", "ours": ours,
                   "reference": reference, "error": off, "allowed": allowed}  # fmt: skip


def shape(axis, p, n: int):
    """The law of a sum of n, moved and scaled to mean 0 and sd 1, under the normal density."""
    mean, sd, _ = _sums.moments(p)
    pmf, k = _sums.total(p, n), np.arange(n * (len(p) - 1) + 1)
    step = 1 / (sd * np.sqrt(n))
    x = (k - n * mean) * step
    seen = np.abs(x) < 3.6
    axis.bar(x[seen], pmf[seen] / step, width=step, color="exact", alpha=0.4)
    z = np.linspace(-3.6, 3.6, 160)
    axis.plot(z, stats.norm.pdf(z), color="ink", linewidth=1.2)
    axis.set(yticks=[], xticks=[-3, 0, 3], xlim=(-3.7, 3.7), ylim=(0, None))
    axis.spines["left"].set_visible(False)


def story(seed: int):
    rows = expected_stars(seed)
    yield (
        f"Ratings of one to five stars have the chances {', '.join(f'{p:g}' for p in STARS)}. Their "
        f"expectation, {STARS @ np.arange(1, 6):g} stars, is no rating anybody gave; there are several ways to it."
    )
    yield pd.DataFrame({"way": rows.keys(), "stars": [f"{x:.4f}" for x in rows.values()]})
    yield "### How fast sums become normal"
    figure, axes = plt.subplots(2, 5, figsize=(9, 3.6), layout="constrained")
    for row, (name, p) in zip(axes, BOTH.items(), strict=True):
        for axis, n in zip(row, (1, 2, 4, 16, 64), strict=True):
            shape(axis, p, n)
            axis.set_title(f"n = {n}" if p is DICE else "")
        row[0].set_ylabel(name)
    yield (
        figure,
        "The exact law of a sum of n = 1, 2, 4, 16 and 64 throws of a die, and of as many ratings (blue), "
        "and the normal density of the same mean and sd (line). The lopsided ratings take longer.",
    )
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    for (name, p), mark in zip(BOTH.items(), "os", strict=True):
        error = [_sums.distance(p, int(n)) for n in COUNTS]
        middle = [_sums.distance(p, int(n), between=True) for n in COUNTS]
        axis.loglog(COUNTS, error, mark, color="exact", markersize=5)
        axis.loglog(COUNTS, middle, mark, color="muted", markersize=4)
        axis.loglog(COUNTS, _sums.limit(p) / np.sqrt(COUNTS), color="ink", linewidth=1)
        for y, word in ((error[-1], name), (middle[-1], f"{name}, corrected")):
            axis.annotate(
                word, (MANY, y), (8, 0), textcoords="offset points", va="center", fontsize=9
            )
    axis.set(
        xlabel="how many are added, n", ylabel="largest error of a probability", xlim=(0.8, 9_000)
    )
    yield (
        figure,
        "The largest error that the normal distribution makes in any probability (blue), the line "
        "that Esseen's theorem says it tends to, and what is left after the continuity correction (grey).",
    )
    die, rating = (np.sqrt(MANY) * _sums.distance(p, MANY) for p in BOTH.values())
    corrected = [_sums.distance(DICE, n, between=True) for n in (256, 1_024)]
    yield (
        f"No draws are needed for this: the law of a sum is a convolution. The error falls like 1 / sqrt(n), "
        f"no faster: times sqrt(n) it has become {die:.4f} for dice and {rating:.4f} for ratings at n = {MANY:,}, "
        f"where the theorem says {_sums.limit(DICE):.4f} and {_sums.limit(STARS):.4f}. Most of it is that "
        "a sum moves in steps. Comparing the steps in their middles leaves an error that for dice falls "
        f"like 1 / n ({corrected[0] / corrected[1]:.2f} times smaller for 4 times as many), and for the "
        "lopsided ratings still only like 1 / sqrt(n)."
    )
