"""Holes filled from draws, filled once, or by EM again and again; and a change under three priors."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import missing_data as topic
from models._monotone import em

ENOUGH, STEPS = 1e-9, 500  # of the log likelihood still to gain; of EM, at most
BATCHES = 40  # of draws, for the Monte Carlo error of their mean


def fill(rows, draws, rng):
    """The holes of rows (n, 3) filled once for each draw of the unknowns: (draws, n, 3).

    A hole is normal about the line of its column in what stands before it, seen or filled.
    """
    mu = np.column_stack([draws[name] for name in topic.MEANS])
    filled = np.repeat(rows[None], len(mu), axis=0)
    for k, slopes in ((1, slice(0, 1)), (2, slice(1, 3))):
        hole = np.isnan(rows[:, k])
        away = filled[:, hole, :k] - mu[:, None, :k]
        line = mu[:, k, None] + np.einsum("tij,tj->ti", away, draws["slope"][:, slopes])
        noise = rng.standard_normal(line.shape) / np.sqrt(draws["lam"][:, k, None])
        filled[:, hole, k] = line + noise
    return filled


def imputed(run, rows, few):
    """Third numbers that rows `few` lack, as PyMC's draws fill them and by their exact law."""
    every = {name: run.posterior[name].values for name in (*topic.MEANS, "slope", "lam")}
    draws = {name: v.reshape(-1, *v.shape[2:]) for name, v in every.items()}
    x = fill(rows[few], draws, np.random.default_rng(run.seed))[..., 2]
    law = topic.posterior(run.data, **run.settings).foretold(rows[few, :2], 2)
    batches = x[: len(x) // BATCHES * BATCHES].reshape(BATCHES, -1, len(few)).mean(axis=1)
    error, ends = batches.std(axis=0, ddof=1) / np.sqrt(BATCHES), [[0.025], [0.975]]
    found, exact = np.quantile(x, np.ravel(ends), axis=0).T, law.ppf(ends).T
    yield pd.DataFrame({
        "row": [str(i)[:24] for i in run.data.index[few]],
        "imputed mean": [f"{m:.5g} ± {e:.2g}" for m, e in zip(x.mean(axis=0), error, strict=True)],
        "exact mean": [f"{m:.5g}" for m in law.mean()],
        "imputed sd": [f"{s:.4g}" for s in x.std(axis=0)],
        "exact sd": [f"{s:.4g}" for s in law.std()],
        "imputed 95 %": ["{:.4g} to {:.4g}".format(*pair) for pair in found],
        "exact 95 %": ["{:.4g} to {:.4g}".format(*pair) for pair in exact],
    })  # fmt: skip
    bound = stats.t(BATCHES - 1).isf(1e-4 / (2 * len(few)))
    far = np.abs((x.mean(axis=0) - law.mean()) / error).max()
    yield (
        f"PyMC samples no hole: what is not there is left out of the likelihood. Each of its {len(x):,} draws then fills a hole once: the "
        "line of that draw at what the row does have, and a normal scatter about it. What is unknown of line and scatter is thereby in the "
        f"imputations. Their means are within {far:.1f} Monte Carlo errors (±) of the exact ones; chance alone exceeds {bound:.1f} once in 10,000 runs."
    )


def once(run, rows):
    """A third column filled with its mean, or from the line: too little spread."""
    best, covariance = run.mle, topic.covariance(run.data)
    mean, hole = np.array([best[name] for name in topic.MEANS]), np.isnan(rows)
    middle, line = rows.copy(), rows.copy()
    middle[hole] = np.broadcast_to(np.nanmean(rows, axis=0), rows.shape)[hole]
    line[hole[:, 1], 1] = mean[1] + best["slope"][0] * (line[hole[:, 1], 0] - mean[0])
    line[hole[:, 2], 2] = mean[2] + (line[hole[:, 2], :2] - mean[:2]) @ best["slope"][1:]
    table = {"third column": ["holes filled with its mean", "from the line", "maximum likelihood"]}
    full = [np.cov(filled.T, ddof=0) for filled in (middle, line)] + [covariance]
    table["mean"] = [f"{x:.3f}" for x in (middle[:, 2].mean(), line[:, 2].mean(), mean[2])]
    table["sd"] = [f"{np.sqrt(c[2, 2]):.3f}" for c in full]
    table["correlation with the second"] = [
        f"{c[1, 2] / np.sqrt(c[1, 1] * c[2, 2]):.3f}" for c in full
    ]
    yield pd.DataFrame(table)
    yield (
        "Filled with a column's mean, a table has too little spread and too little correlation. Filled from the line it has the right "
        "mean, yet its filled cells lie on the line exactly, as no measurement does: too little spread, too much correlation, and "
        "whoever then computes an interval believes that nothing was missing. What a hole leaves open belongs into the answer: one "
        "fills it many times, each time from another draw, as above, or sums over all it may hold, as the exact answer does."
    )


def climb(run, rows):
    """EM step by step, and how far it came to the closed form."""
    names, best = topic.MEANS, run.mle
    heights, third = [], []
    for mu, _, height in em(rows, STEPS):
        heights.append(height)
        third.append(mu[2])
        if done := len(heights) > 1 and heights[-1] < heights[-2] + ENOUGH:
            break
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.8), layout="constrained")
    left.plot(heights, "o-", color="mle", markersize=3)
    left.set(xlabel="step", ylabel="log likelihood")
    right.plot(third, "o-", color="mle", markersize=3)
    right.axhline(float(best[names[2]]), color="ink", linestyle=":")
    right.set(xlabel="step", ylabel="mean of the third column")
    yield (
        figure,
        "EM from the means of what is there: its log likelihood, and the mean of the third column, with the closed form (dotted).",
    )
    there = (~np.isnan(rows)).sum(axis=0)
    top = -there @ (np.log(2 * np.pi / best["lam"]) + 1) / 2  # of lines by least squares
    end = (
        f"rose in each of {len(heights) - 2} steps, and by less than {ENOUGH:g} in the next"
        if done
        else f"rose, and was stopped after {STEPS} steps, {top - heights[-1]:.2g} short of the closed form"
    )
    yield (
        "EM fills each hole with what is expected of it, squares included, and computes means and covariances anew. The log likelihood "
        f"{end}; it ends at {heights[-1]:.6f} (closed form: {top:.6f}), with a mean of {third[-1]:.6f} (closed form: {float(best[names[2]]):.6f}). "
        "Where holes come only at the end of a row EM is not needed; for other patterns there is no closed form."
    )


def change(run):
    """The change of the means under three priors."""
    q, ours = np.array([0.025, 0.975]), run.exact.derived["change"]
    rows = [["this prior", ours]]
    if run.mle and run.data["x3"].count() > 6:
        rows.append(
            ["a reference prior, improper", topic.vague(run.data).mean(2, less_first=True)[0]]
        )
    found = [
        [
            name,
            f"{law.mean():.2f}",
            "{:.2f} to {:.2f}".format(*law.ppf(q)),
            f"{100 * law.cdf(0.0):.1f} %",
        ]
        for name, law in rows
    ]
    if run.shipped:
        found.append(
            [
                "uniform in covariances, as published (10,000 draws)",
                "-31.53",
                "-57.19 to -5.20",
                "98.9 %",
            ]
        )
    yield pd.DataFrame(found, columns=["prior", "change", "95 % interval", "below 0"])
    yield (
        "The change of the means has no named law: given the first two means the third is Student t, and these are summed over. The "
        "reference prior, improper, is Jeffreys' for the first two columns and 1 / variance for the scatter of the third about its line; "
        "one uniform in covariances favours wide ones, and so a wider interval. The difference is the prior, and has to be told."
    )
