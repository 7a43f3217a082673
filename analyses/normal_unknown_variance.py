"""Does one drug give more sleep than another? Student's ten patients of 1908.

Mean and spread are both unknown, so a normal becomes a t; without a prior it is Student's test.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models._conjugate import NormalGamma
from models._effect import by_inversion
from models.normal_unknown_variance import effect_of, flat, posterior, predict

QUESTION = "How far is the mean from the reference value, and how surely?"
SHOW = ["mu", "effect", "sigma"]
TIMES = np.array([28.0, 31, 35, 42, 38, 29, 45, 33, 36, 41])  # minutes, in the teaching text


def answer(run) -> str:
    mu, null = run.exact.marginals["mu"], run.settings["null"]
    low, middle, high = mu.ppf([0.025, 0.5, 0.975])
    d = max(0, 1 - int(np.floor(np.log10(high - low))))  # decimals that tell the ends apart
    what = "Hours of sleep gained with drug 2 over drug 1:" if run.shipped else "The mean is"
    side, sure = max(("above", mu.sf(null)), ("below", mu.cdf(null)), key=lambda each: each[1])
    return (
        f"{what} about {middle:,.{d}f} (95 % interval {low:,.{d}f} to {high:,.{d}f}); it is {side} {null:g} "
        f"with a probability of {f'{sure:.4f}' if sure < 0.9999 else 'more than 0.9999'}."
    )


def discrepancy(y, run) -> float:
    """Distance from normality: one minus Shapiro and Wilk's W."""
    y = y[:5_000]  # SciPy vouches for no more
    return float(1 - stats.shapiro(y).statistic) if y.size > 2 and np.ptp(y) else 0.0


def story(run):
    y, null = run.data["y"].to_numpy(), run.settings["null"]
    after = posterior(run.data, **{k: v for k, v in run.settings.items() if k != "null"})
    yield (
        f"{y.size:,} {'differences' if 'y0' in run.data else 'measurements'} with a mean of {y.mean():.6g}. "
        "Were the spread known, mu would be normal; as it is not, mu is a Student t with "
        f"{2 * after.shape:g} degrees of freedom about {after.m:.4g}."
    )
    yield from _both(run, after)
    if np.ptp(y) > 0:
        yield "### The t-test is what is left when the prior is let go"
        yield from _t_test(run, y, null)
        yield "### n, or n - 1"
        yield from _divisors(run, y)
    yield "### One more measurement"
    yield from _next(run, y, predict(after), null)
    yield from _couriers() if run.shipped else ()


def _both(run, after):
    laws, names = run.exact.distributions, ("mu", "sigma")
    x, s = (np.linspace(*laws[name].ppf([1e-3, 0.999]), 150) for name in names)
    grid = np.exp(after.logpdf(x[:, None], s**-2) - 3 * np.log(s))
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    dots = (run.draws.posterior[name].values.ravel()[::4] for name in names)
    axis.plot(*dots, ".", color="draws", markersize=2)
    order = np.sort(grid.ravel())[::-1]
    levels = order[np.searchsorted(np.cumsum(order) / order.sum(), [0.95, 0.5])]
    axis.contour(x, s, grid.T, levels=levels, colors=["exact"])
    if run.mle:
        axis.plot(run.mle["mu"], run.mle["lam"] ** -0.5, "^", color="mle", markersize=9)
    axis.set(xlabel="mu", ylabel="sigma", xlim=x[[0, -1]], ylim=s[[0, -1]])
    words = "Half of the posterior is within the inner line, 95 % within the outer. Dots: draws. "
    yield figure, words + "Triangle: maximum likelihood. A wide spread leaves mu less known."


def _t_test(run, y, null):
    limit, laws = flat(y), {"this report's": (mu := run.exact.marginals["mu"])}
    for size in (0.1, 1e-3, 1e-6):
        near = {"kappa": size, "alpha": size, "beta": size * y.var()}
        law = posterior(run.data, m=run.settings["m"], **near).marginals()["mu"]
        laws[", ".join(f"{k} = {v:.2g}" for k, v in near.items())] = law
    laws["kappa = beta = 0, alpha = -1/2"] = limit.marginals()["mu"]
    rows = {w: [law.kwds["df"], *law.ppf([0.025, 0.975]), law.cdf(null)] for w, law in laws.items()}
    two, one = (stats.ttest_1samp(y, null, alternative=a) for a in ("two-sided", "greater"))
    test = [y.size - 1, *two.confidence_interval(), one.pvalue]
    shown = [[w, *(f"{v:.8g}" for v in row)] for w, row in {**rows, "Student's test": test}.items()]
    yield pd.DataFrame(shown, columns=["prior", "df", "2.5 %", "97.5 %", f"mu below {null:g}"])
    apart, half = np.max(np.abs(np.subtract([*rows.values()][-1], test))), (y.mean() + null) / 2
    beyond = mu.sf(half) if y.mean() > null else mu.cdf(half)
    yield (
        "As kappa, alpha and beta go to 0, mu tends to a t with n degrees of freedom. Student's has n - 1: the "
        "same formulas at alpha = -1/2, half a row less: p(mu, sigma) = 1/sigma, which is no distribution. "
        f"Credible and confidence interval, and the chance of a mu below {null:g} and the one-sided p-value, "
        f"are then the same numbers, to within {max(apart, 1e-16):.0e}."
    )
    yield (
        f"Student's t is {two.statistic:.4f}, its two-sided p {two.pvalue:.4g}: so often would so large a t come "
        f"up if mu *were* {null:g}. How far mu is from there it does not say; the posterior does: beyond "
        f"{half:.4g}, half-way to the mean seen, with probability {beyond:.4g}."
    )
    law, also = effect_of(limit, null), by_inversion(two.statistic, y.size)
    words = "In standard deviations (`effect`) the limit's interval is {:.7g} to {:.7g}"
    words += "; the classical one, a non-central t inverted, {:.7g} to {:.7g}." if also else "."
    yield words.format(*law.ppf([0.025, 0.975]), *(also or ()))


def _divisors(run, y):
    samples = {"rows": y} | ({"a text's ten times": TIMES} if run.shipped else {})
    rows = [[w, x.var(), x.var(ddof=1), x.std(), x.std(ddof=1)] for w, x in samples.items()]
    yield pd.DataFrame(rows, columns=["", "variance, n", "variance, n - 1", "sd, n", "sd, n - 1"])
    low, high = flat(y).marginals()["sigma"].ppf([0.025, 0.975])
    yield (
        "Divisor n is maximum likelihood. Rows lie nearer to their own mean than to the true one, so it is too "
        f"small, on average by the factor (n - 1) / n = {1 - 1 / y.size:.4g}; n - 1 puts that right. Either is "
        f"one point of many: with the flat prior sigma lies in {low:.4g} to {high:.4g} (95 %)."
    )


def _next(run, y, law, null):
    x, k = np.linspace(*law.ppf([0.002, 0.998]), 300), np.array([1, 2, 3])
    figure, axis = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    axis.plot(x, law.pdf(x), color="exact")
    if run.mle:
        axis.plot(x, stats.norm(y.mean(), y.std()).pdf(x), color="mle", linestyle="--")
    axis.plot(y[:2_000], np.zeros(y[:2_000].size), "|", color="ink", markersize=12)
    axis.set(xlabel="y", ylabel="density", ylim=(0, None))
    words = "A further measurement: Student t, mu and sigma integrated out (line), and normal with both "
    yield figure, words + "at their maximum-likelihood values (dashed). Strokes: the rows."
    known, away = stats.norm.cdf(k) - stats.norm.cdf(-k), k * y.std()
    inside = law.cdf(y.mean() + away) - law.cdf(y.mean() - away)
    yield (
        f"A normal has {' %, '.join(f'{100 * p:.2f}' for p in known)} % within 1, 2 and 3 standard deviations of "
        "its mean. A further measurement lies within as many of the sample's with "
        f"{' %, '.join(f'{100 * p:.2f}' for p in inside)} %, as the sample's are not the true ones; above "
        f"{null:g} with {100 * law.sf(null):.2f} %."
    )


def _couriers():
    yield "### Two couriers with one mean"
    table = {"standard deviation": ["5 min", "15 min"], "known": stats.norm(35, [5, 15]).cdf(45)}
    for n in (100, 10, 5):
        seen = (NormalGamma(35, n, (n - 1) / 2, (n - 1) * s**2 / 2) for s in (5, 15))
        table[f"from {n}"] = [predict(after).cdf(45) for after in seen]
    yield pd.DataFrame(table)
    yield (
        "Both take 35 minutes on average; a customer meets the spread. In the table, the chance of less than "
        "45 minutes: mean and sd known, or those of so many deliveries (flat prior). After the text's ten "
        f"times it is {predict(flat(TIMES)).cdf(45):.4f}."
    )
