"""How often did a horse kick kill a soldier in a Prussian army corps?

The oldest Poisson data of all, and the question every rate comes with: when is a high count news?
The answer depends on how well the rate is known, and the posterior says how well that is.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models._classes import chi_square, frequencies
from models.poisson_gamma import predict

QUESTION = "How often does it happen, and which count would be news?"


def answer(run) -> str:
    low, middle, high = run.exact.marginals["lam"].ppf([0.025, 0.5, 0.975])
    unit = "deaths a year in a corps" if run.shipped else "events per unit of exposure"
    d = max(0, 2 - int(np.floor(np.log10(high - low))))  # decimals that tell the ends apart
    return f"About {middle:,.{d}f} {unit} (95 % interval {low:,.{d}f} to {high:,.{d}f})."


def discrepancy(y, run) -> float:
    """Chi-square of the rows against one common rate."""
    exposure = run.data["exposure"].to_numpy(float)
    expected = exposure * y.sum() / exposure.sum()
    return float(np.sum((y - expected) ** 2 / expected)) if y.sum() else 0.0


def story(run):
    events, exposure = run.data["count"].sum(), run.data["exposure"].sum()
    (alpha, beta), unit = run.settings.values(), " corps-years" if run.shipped else ""
    yield (
        f"{events:,} events in an exposure of {exposure:,.9g}{unit}: {events / exposure:,.6g} per unit is "
        f"the maximum-likelihood answer. The prior adds {alpha:g} events in {beta:g}, so the posterior "
        f"is a Gamma with {alpha + events:,.9g} events and rate {beta + exposure:,.9g}. Turned round, an "
        f"event comes once in {run.exact.derived['gap'].ppf(0.5):.3g}{unit} (median). Rows add up: one "
        "by one, in any order or all at once, they end in the same Gamma."
    )
    if not events:
        below, rule = run.exact.marginals["lam"].ppf(0.95), 3 / exposure
        words = f"No event is not a rate of zero: with probability 95 % it is below {below:.3g}."
        yield f"{words} The rule of three, 3 over the exposure, says {rule:.3g} (a flat prior)."
    if len(run.data) > 1:
        yield "### What a Poisson count would look like"
        yield from _classes(run)
    yield "### When is a high count news?"
    yield from _orders() if run.shipped else ()
    yield from _next(run)
    if len(run.data) > 2 and events:
        yield "### The rows that stand out"
        yield from _outstanding(run)


def _classes(run):
    k, t, n = run.data["count"].to_numpy(), run.data["exposure"].to_numpy(float), len(run.data)
    laws = {
        "expected, Poisson": lambda e: stats.poisson(k.sum() / t.sum() * e),
        "expected, negative binomial": lambda e: predict(run.data, e, **run.settings),
    }
    table = frequencies(k, t, laws)
    if table is not None:
        figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
        at, wide = np.arange(len(table)), table["events"].str.len().max()
        axis.bar(at, table["rows"], color="muted", alpha=0.5)
        axis.plot(at, table.iloc[:, 2], "^", color="mle", markersize=8)
        axis.plot(at, table.iloc[:, 3], "o", color="exact", markersize=4)
        shown = slice(None, None, -(-at.size * wide // 60))
        axis.set_xticks(at[shown], table["events"][shown])
        axis.set(xlabel="events in a row", ylabel="rows")
        words = "Rows with so many events (bars), as a Poisson with the rate of maximum likelihood "
        yield figure, words + "expects them (triangles), and as a negative binomial does (dots)."
        if len(table) < 9:
            yield table
        apart, freedom, p = chi_square(table)
        if freedom > 0 and np.ptp(t) == 0:
            words = "A chi-square of these frequencies against the Poisson's is"
            yield f"{words} {apart:.4g} on {freedom} degrees of freedom, p {p:.4g}."
    found, simulated = discrepancy(k, run), run.fit["simulated"]
    alike = "Here" if np.ptp(t) == 0 else "Rows of unequal exposure vary more; here"
    yield (
        f"A Poisson count has a variance equal to its mean. {alike} the mean is {k.mean():,.6g}, the "
        f"sample variance {k.var(ddof=1):,.6g}. Each row against its own expectation, chi-square is "
        f"{found:,.4g} on {n - 1:,} degrees of freedom, reached by {np.sum(simulated >= found)} of "
        f"{simulated.size} data sets replicated from the posterior: that "
        f"{'contradicts' if run.misfit else 'does not contradict'} one rate for all rows."
    )


def _orders():
    known, minutes = stats.poisson(4.5), np.array([1, 2, 5, 10, 30, 60, 480])
    yield (
        "A shop takes 4.5 orders a minute. If that rate is *known*, the chance of 15 orders or more is "
        f"{known.sf(14):.4g}, one minute in {1 / known.sf(14):,.0f}; of *more than* 15 it is "
        f"{known.sf(15):.4g}, since exactly 15 alone has {known.pmf(15):.4g}. Counts of 0 to 9 have "
        + ", ".join(f"{p:.4f}" for p in known.pmf(np.arange(10)))
        + f"; mean and variance are both {known.var():g}. But a rate is only known from counts:"
    )
    laws = [stats.nbinom(4.5 * m + 0.5, m / (m + 1)) for m in minutes]  # Jeffreys' prior
    names = [*(f"{m} min, {4.5 * m:g} orders" for m in minutes), "known"]
    columns = {"rate from": names, "variance": [law.var() for law in [*laws, known]]}
    for what, k in (("15 or more", 14), ("more than 15", 15)):
        columns[what] = [f"{law.sf(k):.4g}" for law in [*laws, known]]
    yield pd.DataFrame(columns)
    yield (
        "With the rate integrated out (Jeffreys' prior) a count is negative binomial, its tail "
        f"heavier: after ten minutes the alarm at 15 must be expected to ring "
        f"{laws[3].sf(14) / known.sf(14):.3g} times as often as if the rate were known to be 4.5."
    )


def _next(run):
    exposure = float(run.data["exposure"].median())
    law = predict(run.data, exposure, **run.settings)
    plugged = stats.poisson(run.exact.marginals["lam"].mean() * exposure)
    x = np.unique(np.linspace(law.ppf(0.5), law.isf(1e-6) + 1, 60).astype(int))
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.semilogy(x, plugged.sf(x - 1), "^-", color="mle", markersize=6)
    axis.semilogy(x, law.sf(x - 1), "o-", color="exact", markersize=3)
    axis.set(xlabel=f"events in an exposure of {exposure:g}", ylabel="chance of so many or more")
    axis.locator_params(axis="x", integer=True)
    words = (
        "The chance of so many or more in a row to come: Poisson, as if the posterior mean were "
    )
    yield (
        figure,
        words + "the rate (triangles), and negative binomial, the rate integrated out (dots).",
    )
    news = int(law.isf(1e-3)) + 1
    yield (
        f"After these rows {news:,} or more in an exposure of {exposure:g} would be news, with a chance "
        f"of {law.sf(news - 1):.3g}; were the rate known to be the posterior mean, it would be "
        f"{plugged.sf(news - 1):.3g}."
    )


def _outstanding(run):
    count, exposure = run.data["count"], run.data["exposure"]
    a = run.settings["alpha"] + count.sum() - count
    b = run.settings["beta"] + exposure.sum() - exposure
    tail = pd.Series(stats.nbinom(a, b / (b + exposure)).sf(count - 1), index=run.data.index)
    chosen = run.data.loc[tail.nsmallest(5).index]
    yield (
        "Each row against all the others: the chance of its count or more, the rate integrated out "
        f"given those others. Of {len(tail):,} such chances the smallest is {tail.min():.2g}; where "
        f"nothing is wrong it is below {0.05 / len(tail):.2g} once in twenty data sets at most."
    )
    yield chosen.assign(chance=tail.map("{:.3g}".format)).reset_index(allow_duplicates=True)
