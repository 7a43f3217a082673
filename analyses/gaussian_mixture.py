"""Which groups are hidden in one list of numbers, and which row belongs to which?"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import logsumexp, ndtr, softmax

from models.gaussian_mixture import em_step, log_parts, priors

QUESTION = "Which groups are hidden in these measurements, and how large is each?"


def answer(run) -> str:
    unit, groups = " minutes" if run.shipped else "", []
    for w, mu in zip(_ranges(run, "w"), _ranges(run, "mu"), strict=True):
        share = "{1:.0f} % of the rows (95 % interval {0:.0f} % to {2:.0f} %)".format(*100 * w)
        groups.append(share + " around {1:.3g}{unit} ({0:.3g} to {2:.3g})".format(*mu, unit=unit))
    return f"Taken as {len(groups)} groups: {', and '.join(groups)}."


def discrepancy(y, run) -> float:
    """Correlation of each row with the row before it, whatever its sign."""
    if y.size < 3 or min(np.ptp(y[1:]), np.ptp(y[:-1])) == 0:
        return 0.0
    return float(abs(np.corrcoef(y[1:], y[:-1])[0, 1]))


def story(run):
    n, K, y = len(run.data), run.posterior.sizes["group"], run.data["y"].to_numpy(float)
    yield (
        f"{n:,} rows are described by {K} bell curves. Who belongs where is summed over: exactly, by "
        f"{run.exact.by}, on the first {len(run.exact_data)} rows. On all rows there are {K}^{n}, a"
        f" number of {int(n * np.log10(K)) + 1} digits, and two independent samplers are compared."
    )
    theta = [run.draws.posterior[k].values.reshape(-1, K)[::10] for k in ("w", "mu", "lam")]
    yield from _belonging(run, y, *theta)
    if run.mle:
        yield from _climbing(y, run.mle)
    yield from _spike(run, y)
    yield _order(run, y, *theta)


def _ranges(run, name):
    """Lower end, middle and upper end of the 95 % interval for each group, (K, 3)."""
    every = run.posterior[name].transpose("chain", "draw", "group").values
    return np.quantile(every, [0.025, 0.5, 0.975], axis=(0, 1)).T


def _belonging(run, y, w, mu, lam):
    x = np.linspace(y.min() - 0.1 * np.ptp(y), y.max() + 0.1 * np.ptp(y), 241)
    parts = log_parts(x, w, mu, lam)
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.2), layout="constrained")
    left.hist(y, bins=min(30, max(8, y.size // 15)), density=True, color="muted", alpha=0.3)
    shares = np.moveaxis(softmax(parts, axis=-1), -1, 0)
    for axis, c in [(left, np.exp(parts).sum(-1)), *((right, share) for share in shares)]:
        axis.fill_between(x, *np.quantile(c, [0.025, 0.975], axis=0), color="draws", alpha=0.3)
        axis.plot(x, c.mean(0), color="draws")
    if run.mle:
        left.plot(x, np.exp(log_parts(x, **run.mle)).sum(-1), "--", color="mle", linewidth=1.1)
    name = "waiting time (minutes)" if run.shipped else "y"
    left.set(xlabel=name, ylabel="density", yticks=[])
    right.set(xlabel=name, ylabel="probability of each group")
    yield figure, "The mixture, its 95 % band (dashed: MLE, if any); each group's probability."
    r = softmax(log_parts(y, w, mu, lam), axis=-1).mean(0)
    doubt = r.max(-1).argmin()
    yield (
        f"{(r.max(-1) < 0.95).sum()} of {y.size} rows cannot be placed with 95 % probability. "
        f"The least certain, {y[doubt]:g}, belongs to group {r[doubt].argmax() + 1} with "
        f"probability {r[doubt].max():.2f}, and counts there as that fraction of a row."
    )


def _climbing(y, mle):
    K, top = len(mle["w"]), logsumexp(log_parts(y, **mle), axis=-1).sum()
    level, width = np.meshgrid(np.quantile(y, [0.02, 0.25, 0.5, 0.75, 0.98]), [0.02, 0.1, 0.2])
    S, others = level.size, np.quantile(y, (np.arange(K - 1) + 0.5) / (K - 1))
    w = np.array([0.9 / (K - 1)] * (K - 1) + [0.1])
    mu = np.column_stack([np.tile(others, (S, 1)), level.ravel()])
    lam = np.column_stack([np.ones((S, K - 1)), width.ravel() ** -2]) / y.var()
    heights = np.empty((500, S))
    with np.errstate(all="ignore"):  # those that shrink onto a few rows overflow
        for step in range(500):
            heights[step] = logsumexp(log_parts(y, w, mu, lam), axis=-1).sum(-1)
            w, mu, lam = em_step(y, w, mu, lam)
        few = ~(lam.max(-1) * y.var() < 1e6)
        there = ~few & (np.abs(heights[-1] - top) < 1e-3)
    other = ~few & ~there
    kinds = {"reaches the maximum": there, "ends elsewhere": other, "shrinks onto rows": few}
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    for (label, kind), dash in zip(kinds.items(), ("-", "--", ":"), strict=True):
        axis.plot(heights[:60, kind][:, :1], dash, color="ink", label=label)
    axis.axhline(top, color="mle", linewidth=1)
    axis.set(xlabel="steps of EM", ylabel="log likelihood")
    axis.set_ylim(heights[0].min(), top + 0.3 * (top - heights[0].min()))
    axis.legend()
    yield figure, "EM from one start of each kind; the line is the maximum-likelihood answer."
    yield (
        "Each step of EM shares the rows out in fractions and fits every group to its fractions; "
        "the likelihood cannot fall, but where it ends depends on the start. Of "
        f"{S} starts with one narrow group, {there.sum()} reach the log likelihood "
        f"{top:.3f}; elsewhere after 500 steps: {other.sum()}; shrunk onto a few rows: {few.sum()}."
        " The answer here is the best of twenty other starts."
    )
    for i, k in zip(np.flatnonzero(other)[:1], lam[other].argmax(-1)[:1], strict=True):
        yield (
            f"One that ends elsewhere, at {heights[-1, i]:.3f}, has a group with {100 * w[i, k]:.1f} % "
            f"of the rows around {mu[i, k]:.4g}, with standard deviation {lam[i, k] ** -0.5:.2g}."
        )


def _spike(run, y):
    (values, counts), group = np.unique(y, return_counts=True), priors(**run.settings)[1]
    at, K, unit = values[counts.argmax()], group.m.size, y.std() or 1.0
    sigma = np.geomspace(1e-8, 1, 300) * unit
    w, mu = np.array([0.9 / (K - 1)] * (K - 1) + [0.1]), np.array([y.mean()] * (K - 1) + [at])
    lam = np.column_stack([np.full((sigma.size, K - 1), unit**-2), sigma**-2])
    height = logsumexp(log_parts(y, w, mu, lam), axis=-1).sum(-1)
    prior, span = group.marginals()["lam"].logpdf(lam)[:, -1], np.ptp(height)
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.semilogx(sigma, height, color="mle", label="likelihood")
    axis.semilogx(sigma, height + prior - prior[-1], color="prior", label="times the prior")
    axis.set(xlabel=f"standard deviation of a group that sits on the value {at:g}", ylabel="log")
    axis.set_ylim(height.min() - span, height.max() + 0.5 * span)
    axis.legend(loc="lower left")
    yield figure, "As one group shrinks, the likelihood grows without end; the prior forbids it."
    times = f"{counts.max():,} times" if counts.max() > 1 else "once"
    yield (
        f"Put a group on the value {at:g}, found in the data {times}, and let its "
        "standard deviation go to zero: the likelihood passes every bound, on any data. Strictly "
        "there is no maximum; what is meant is the highest one with no standard deviation below a "
        "tenth of another. The Gamma prior on the precision ends the trouble: it falls faster."
    )


def _order(run, y, w, mu, lam):
    replicas = run.draws.posterior_predictive["y"].values.reshape(-1, y.size)
    points = np.linspace(min(y.min(), replicas.min()), max(y.max(), replicas.max()), 800)
    law = (w[:, None] * ndtr((points[:, None] - mu[:, None]) * lam[:, None] ** 0.5)).sum(-1).mean(0)

    def gap(rows):
        return np.abs(np.searchsorted(np.sort(rows), points, side="right") / y.size - law).max()

    p = np.mean([gap(rows) >= gap(y) for rows in replicas])
    verdict = ("more than", "are not") if run.misfit else ("no more than", "may well be")
    return (
        f"As a heap, the rows differ from the model's distribution by at most {gap(y):.3f}; "
        f"{100 * p:.0f} % of replicated data differ by as much. In their order, each row correlates "
        f"with the one before by {discrepancy(y, run):.2f} in size, {verdict[0]} replicated data "
        f"do, so the rows {verdict[1]} independent."
        + (" Long waits tend to follow short ones; this model cannot say so." * run.shipped)
    )
