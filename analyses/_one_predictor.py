"""Pictures of a logistic regression with one predictor: its curve, and its two weights."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from models.logistic_regression import asked, design, known, predictors


def curve(run, name, draws):
    (_, outcome, mean, sd), x = design(run.data), predictors(run.data).to_numpy(float)[:, 0]
    at = asked(run.data, run.settings["ask"])
    ends = [*x] + ([run.settings["ask"]] if at is not None else [])
    grid = np.linspace(min(ends) - sd[0] / 4, max(ends) + sd[0] / 4, 200)
    A = np.column_stack([np.ones(200), (grid - mean[0]) / sd[0]])
    chance = expit(A @ draws.T)
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    low, high = np.quantile(chance, [0.025, 0.975], axis=1)
    axis.fill_between(grid, low, high, color="draws", alpha=0.25, linewidth=0)
    axis.plot(grid, chance.mean(axis=1), color="draws")
    if run.mle:
        axis.plot(grid, expit(A @ np.r_[run.mle["b"], run.mle["w"]]), "--", color="mle")
    spots, number = np.unique(np.column_stack([x, outcome]), axis=0, return_counts=True)
    axis.scatter(*spots.T, s=14 * number, color="ink", zorder=3, clip_on=False)
    if at is not None:
        laws = run.exact.derived["chance"]
        axis.vlines(run.settings["ask"], *laws.ppf([0.025, 0.975]), color="exact", linewidth=3)
        axis.plot(run.settings["ask"], laws.mean(), "o", color="exact")
    axis.set(xlabel=name, ylabel="chance of the outcome", ylim=(-0.03, 1.03))
    caption = "Every row (dots, larger where several coincide), the mean chance and its 95 % band"
    caption += "; dashed: maximum likelihood" if run.mle else ""
    yield (
        figure,
        caption + ("; blue: the exact answer where it was asked." if at is not None else "."),
    )
    if at is not None and run.mle:
        best = expit(run.mle["b"] + run.mle["w"][0] * at)
        gap = np.clip(run.settings["ask"], x.min(), x.max()) - run.settings["ask"]
        yield (
            f"{run.settings['ask']:g} lies "
            + (f"{abs(gap):g} beyond the nearest row" if gap else "among the rows")
            + f". The best-fitting curve puts the chance there at {best:.4f}, as if it were known; "
            f"averaged over all curves that the rows leave possible it is {laws.mean():.4f}, and "
            f"with a probability of 2.5 % below {laws.ppf(0.025):.3f}. The average of curves is no "
            "such curve."
        )


def together(run, name):
    settings = {k: run.settings[k] for k in ("tau", "b_mean", "b_sd")}
    found = known(run.data, **settings)
    b, w = (run.exact.marginals[k] for k in ("b", "w"))
    sides = [np.linspace(law.ppf(1e-4), law.ppf(1 - 1e-4), 90).ravel() for law in (b, w)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1)
    height = np.exp(found.joint(points) - found.joint(found.centre + found.mode))
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.contour(*sides, height.T, levels=[0.01, 0.05, 0.2, 0.5, 0.8], colors="exact", linewidths=1)
    mode, mean = found.centre + found.mode, [b.mean(), w.mean()[0]]
    axis.plot(*mode, "o", color="exact")
    axis.plot(*mean, "D", color="exact")
    if run.mle:
        axis.plot(run.mle["b"], run.mle["w"][0], "^", color="mle")
    axis.set(xlabel="b, log-odds at the average", ylabel=f"w, per sd of {name}")
    yield (
        figure,
        "The exact joint density, in shares of its peak; its peak (dot), its mean (diamond)"
        + (
            " and maximum likelihood (triangle)." if run.mle else "; the likelihood has no maximum."
        ),
    )
    leans = abs(mean[1]) > abs(mode[1]) + 0.02 * w.std()[0]
    yield (
        f"The joint density peaks at w = {mode[1]:.3f}; the mean of w is {mean[1]:.3f}"
        + (f", and the likelihood peaks at {run.mle['w'][0]:.3f}. " if run.mle else ". ")
        + (
            "It leans away from 0: rows exclude too small a weight sooner than too large a one, as "
            "a steep curve and a steeper one hardly differ where there are rows. That is what few "
            "rows look like, and no error of either number."
            if leans
            else "Peak and mean hardly differ, as with many rows or a narrow prior."
        )
    )
