"""Do patients with high cholesterol two days after a heart attack still have it two days later?

Pearson's r answers with a point, Fisher with an interval and a test with a p-value; the posterior
is one curve from which all such questions are answered.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from analyses._crowd import dot
from models.correlation import design, pearson, prior

QUESTION = "How closely do the two measurements go together?"
SHOW = ["rho", "slope", "sigma_x", "sigma_y"]  # first on the page


def answer(run) -> str:
    low, middle, high = run.exact.derived["rho"].ppf([0.025, 0.5, 0.975])
    slope = run.exact.marginals["slope"]
    below, above = slope.cdf(0), slope.sf(0)
    other = min(below, above)
    few = "1 in 100" if other > 0.001 else "1 in 1,000"  # draws alone could not tell more
    chance = f"{other:.0%}" if other > 0.01 else f"less than {few}"
    return (
        f"The correlation is about {middle:.2f} (95 % interval {low:.2f} to {high:.2f}); the chance that it is "
        f"{'negative' if below < above else 'positive'} after all is {chance}."
    )


def discrepancy(y, run) -> float:
    """Largest squared distance of a pair from the middle, in units of the pairs' own covariance."""
    away = y - y.mean(axis=0)
    return float(np.einsum("ni,ij,nj->n", away, np.linalg.pinv(away.T @ away / len(y)), away).max())


def story(run):
    pairs, rho = design(run.data), run.exact.derived["rho"]
    yield from _scatter(run, pairs)
    if run.mle and len(pairs) > 3:  # where r has a test and an interval
        yield from ("### Pearson's r, an interval, a p-value, and the posterior", *_four(run, rho))
    if run.shipped:
        yield from ("### A p-value is not a density", _hundred())
        yield from ("### A correlation that can be computed", _delivery())
    if run.mle:
        yield from ("### Two other measures of likeness", _likeness(pairs))


def _scatter(run, pairs):
    after, turn = prior(**run.settings).given(pairs), np.linspace(0, 2 * np.pi, 200)
    ring = np.linalg.cholesky(after.S / (after.nu - 1)) @ [np.cos(turn), np.sin(turn)]
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    axis.plot(*(after.m[:, None] + stats.chi2(2).ppf(0.95) ** 0.5 * ring), color="exact")
    axis.plot(*pairs.T, "o", color="ink", markersize=dot(len(pairs)))
    across = np.array(axis.get_xlim())
    line = after.m[1] + after.slope().mean() * (across - after.m[0])
    axis.plot(across, line, "--", color="exact")
    axis.set(xlabel="x, day 2" if run.shipped else "x", ylabel="y, day 4" if run.shipped else "y")
    caption = "The pairs; the line of y on x at its posterior mean (dashed); and the ellipse that holds 95 % of pairs of a normal distribution with the posterior's typical means and covariance."
    yield figure, caption
    if run.mle:
        (xx, xy), (_, yy) = np.cov(pairs.T)
        yield (
            f"The covariance of the {len(pairs):,} pairs is {xy:,.5g} (divisor n - 1), in units of x times units of y: with x in "
            f"thousandths of its unit it would be {1000 * xy:,.5g}. Over both standard deviations it is r = {xy / np.sqrt(xx * yy):.4f}, "
            f"which has no unit; over the variance of x it is the slope of y on x, {xy / xx:.4g}. Turning x and y around gives another "
            "slope and the same correlation; the prior, too, treats both alike."
        )


def _four(run, rho):
    r, p, fisher = pearson(run.data)
    n, slope, x = len(run.data), run.exact.marginals["slope"], np.linspace(-1, 1, 801)[1:-1]
    null = stats.beta(n / 2 - 1, n / 2 - 1, -1, 2)
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.fill_between(x, rho.pdf(x), color="exact", alpha=0.3, linewidth=0)
    axis.plot(x, prior(**run.settings).rho().pdf(x), color="prior")
    axis.plot(x, null.pdf(x), "--", color="ink", linewidth=1.2)
    axis.plot(r, 0, "^", color="mle", markersize=9, clip_on=False)
    top = max(rho.pdf(x).max(), null.pdf(0))
    axis.set(xlabel="correlation", ylabel="density", ylim=(0, 1.08 * top))
    caption = f"Posterior of rho (filled) and its prior; r as a triangle. Dashed, another thing: where the r of {n} pairs would fall were rho 0, which is all a p-value looks at."
    yield figure, caption
    (low, high), other = rho.ppf([0.025, 0.975]), slope.cdf(0) if r > 0 else slope.sf(0)
    rows = {
        "Pearson's r, the maximum-likelihood answer": f"{r:.4f}",
        "Fisher's 95 % interval: arctanh r, give or take 1.96 / sqrt(n - 3)": f"{fisher.low:.4f} to {fisher.high:.4f}",
        "posterior mean of rho": f"{rho.mean():.4f}",
        "posterior 95 % interval of rho": f"{low:.4f} to {high:.4f}",
        "p-value: an r as far from 0 as this, were rho 0": f"{p:.3g}",
        "posterior probability that rho < 0": f"{slope.cdf(0):.3g}",
        "posterior probability that rho > 0.5": f"{1 - rho.cdf(0.5):.3f}",
    }
    yield pd.DataFrame({"what": rows.keys(), "value": rows.values()})
    yield (
        "The p-value says how rare such an r were if there were no correlation at all; it cannot say how probable a strong one "
        f"is. Half of it, {p / 2:.3g}, may stand beside the posterior probability {other:.3g} of the other sign: both come from a t about a "
        f"slope, there with {n - 2} degrees of freedom and least squares, here with {slope.args[0]:g} and a prior."
    )


def _hundred():
    n, r = 100, -0.25
    null, t = stats.beta(n / 2 - 1, n / 2 - 1, -1, 2), r * np.sqrt((n - 2) / (1 - r**2))
    z, wide = np.arctanh(r), 1 / np.sqrt(n - 3)
    low, high = np.tanh(z + 1.959964 * wide * np.array([-1, 1]))
    below = stats.norm(z, wide).cdf(np.arctanh(-0.2))
    return (
        f"An article gives a correlation of {r} in {n} pairs a *PDF of 0.012*. That number, {2 * null.cdf(r):.4f}, is the two-sided "
        f"p-value (t = {t:.3f} on {n - 2} degrees of freedom), an area; the density of r at {r}, were rho 0, is {null.pdf(r):.4f} "
        f"({stats.norm(0, 0.1).pdf(r):.4f} by a normal of standard deviation 0.1). An r below -0.2 has probability "
        f"{null.cdf(-0.2):.4f} then, not 2.5 %, which is that of r below {null.ppf(0.025):.4f}. And none of these is about rho: given "
        f"r = {r}, Fisher's interval for rho is {low:.4f} to {high:.4f}, and by the same approximation rho < -0.2 has probability {below:.3f}."
    )


def _delivery():
    distance, traffic, noise = 7.3**2 * 7.5**2 / 12, 1.5**2 * 9**2 / 12, 3.0**2
    total = distance + traffic + noise
    one, two = np.sqrt(distance / total), np.sqrt(traffic / total)
    return (
        "A delivery takes 8.6 + 7.3 distance + 1.5 traffic minutes, give or take 3, distance uniform from 0.5 to 8 and traffic from 1 "
        f"to 10. Variances of independent parts add up, {distance:.4f} + {traffic:.4f} + {noise:.0f} = {total:.4f}, and a squared correlation "
        f"is a part's share: {one:.4f} with distance, {two:.4f} with traffic, 0 between the two. In 100 deliveries r scatters about these "
        f"by {(1 - one**2) / 10:.4f}, {(1 - two**2) / 10:.3f} and 0.1, so 0.94, 0.25 and 0.01 in one such sample are no surprise, but none is the correlation."
    )


def _likeness(pairs):
    x, y = pairs.T
    cosine, centred = (
        a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in ((x, y), (x - x.mean(), y - y.mean()))
    )
    high = pairs > np.median(pairs, axis=0)
    both, either = int(high.all(axis=1).sum()), int(high.any(axis=1).sum())
    low, top = stats.beta(1 + both, 1 + either - both).ppf([0.025, 0.975])
    return (
        f"**Cosine:** the angle between x and y as arrows in {len(pairs):,} dimensions has cosine {cosine:.4f}; with their means taken "
        f"off it is {centred:.4f}, which *is* r. Raw, it depends on where zero lies. **Jaccard:** of the {either} rows above the median "
        f"in x or in y, {both} are so in both, a Jaccard index of {both / max(either, 1):.3f}. It is a rate, and one of few rows: under a "
        f"flat prior a Beta({1 + both}, {1 + either - both}), with 95 % interval {low:.3f} to {top:.3f}."
    )
