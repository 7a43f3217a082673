"""What share of the tests aboard the Diamond Princess was positive, and how sure can one be?

The simplest model of a rate: every test is an independent draw with the same chance of being
positive. The answer is exact, and on these data it is exactly wrong about its own certainty.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

QUESTION = "What share of the tests is positive?"


def answer(run) -> str:
    low, middle, high = run.exact.marginals["theta"].ppf([0.025, 0.5, 0.975])
    return (
        f"About {100 * middle:.1f} % of tests are positive "
        f"(95 % interval {100 * low:.1f} % to {100 * high:.1f} %)."
    )


def discrepancy(y, run) -> float:
    """Chi-square of the rows against one common rate."""
    tested = run.data["tested"].to_numpy(float)
    some = tested > 0
    rate = y.sum() / max(tested.sum(), 1)
    if rate in (0.0, 1.0):
        return 0.0
    return float(np.sum((y - tested * rate)[some] ** 2 / (tested[some] * rate * (1 - rate))))


def story(run):
    data, prior = run.data, run.settings
    tested, positive = data["tested"].sum(), data["positive"].sum()
    posterior = run.exact.marginals["theta"]
    yield (
        f"{positive:,} of {tested:,} tests were positive, a share of {positive / tested:.4f}: that is "
        f"the maximum-likelihood answer. The prior counts like {prior['alpha'] + prior['beta']:g} more "
        f"tests, {prior['alpha']:g} of them positive, so the posterior is a Beta again, with "
        f"{prior['alpha'] + positive:g} positive and {prior['beta'] + tested - positive:g} negative, "
        f"and its mean is {posterior.mean():.4f}."
    )
    if len(data) > 1:
        yield f"### {'Day by day' if run.shipped else 'Row by row'}, or all at once"
        yield from _updating(run)
    yield "### How much data it takes to forget a prior"
    yield from _forgetting(run)
    if len(data) > 1:
        yield "### One rate for every row?"
        yield from _homogeneity(run)
    if run.shipped:
        yield "### What these numbers are not"
        yield (
            "The tests went first to people with symptoms and to those at high risk, so the share of "
            "positive *tests* is not the share of infected *people*. In the end 712 of the 3,711 people "
            f"aboard were found infected, {712 / 3711:.1%}. The published table also counts "
            "asymptomatic cases differently from the ministry's release of 17 February, so no share of "
            "asymptomatic infections is given here."
        )


def _updating(run):
    a, b = run.settings["alpha"], run.settings["beta"]
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.0), sharey=True, layout="constrained")
    k, n = run.data["positive"].cumsum(), run.data["tested"].cumsum()
    rows = np.arange(1, len(run.data) + 1)
    for axis, (label, alpha, beta) in zip(axes, [("flat", 1, 1), ("this", a, b)], strict=True):
        law = stats.beta(alpha + k, beta + n - k)
        axis.fill_between(
            rows, *law.ppf([[0.025], [0.975]]), color="exact", alpha=0.25, linewidth=0
        )
        axis.plot(rows, law.median(), color="exact")
        axis.plot(rows, k / n.clip(lower=1), ".", color="mle")
        axis.set(title=f"{label} prior: Beta({alpha:g}, {beta:g})", xlabel="rows seen")
        axis.locator_params(axis="x", integer=True)
    axes[0].set(ylabel="share positive", ylim=(0, None))
    yield (
        figure,
        "The posterior after each row: median and 95 % interval. The dots are the share of all tests "
        "so far. The prior matters for the first rows only.",
    )
    for _, row in run.data.iterrows():  # yesterday's posterior is today's prior
        a, b = a + row["positive"], b + row["tested"] - row["positive"]
    batch = run.exact.marginals["theta"]
    yield (
        f"Each row's posterior is the prior of the next. Taken one by one, the {len(run.data):,} rows end "
        f"in Beta({a:g}, {b:g}); taken together, in Beta({batch.args[0]:g}, {batch.args[1]:g}). The "
        "order of the rows, and whether one looks in between, makes no difference at all."
    )


def _forgetting(run):
    share = float(run.mle["theta"]) if run.mle else 0.5
    tests = np.array([0, 10, 100, 1_000, 10_000])
    rows = {}
    for alpha, beta in ((1, 1), (1, 9), (10, 90), (100, 900)):
        name = f"Beta({alpha}, {beta}), worth {alpha + beta:,} tests"
        rows[name] = (alpha + tests * share) / (alpha + beta + tests)
    yield (
        f"Suppose tests kept coming back positive at the observed share, {share:.3f}. The posterior "
        "mean moves from the prior's mean to that share, and is halfway when there are as many tests "
        "as the prior is worth."
    )
    table = pd.DataFrame(rows, index=[f"{t:,} tests" for t in tests]).T.map("{:.3f}".format)
    yield table.reset_index(names="prior")


def _homogeneity(run):
    some = run.data[run.data["tested"] > 0]
    y, tested = some["positive"].to_numpy(float), some["tested"].to_numpy(float)
    found, freedom = discrepancy(run.data["positive"].to_numpy(float), run), len(some) - 1
    own = stats.beta(y + 0.5, tested - y + 0.5)
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    at = np.arange(len(some))
    low, high = run.exact.marginals["theta"].ppf([0.025, 0.975])
    axis.axhspan(low, high, color="exact", alpha=0.35, linewidth=0)
    axis.vlines(at, own.ppf(0.025), own.ppf(0.975), color="muted")
    axis.plot(at, y / tested, "o", color="ink", markersize=4)
    step = max(1, len(some) // 7)
    axis.set_xticks(at[::step], [str(label).removeprefix("2020-") for label in some.index[::step]])
    axis.set(ylabel="share positive", xlabel=some.index.name, ylim=(0, None))
    yield (
        figure,
        "Each row's own share with the 95 % interval that row alone would give (Jeffreys prior), and "
        "in blue the 95 % interval of the one rate the model believes in.",
    )
    yield (
        f"The model claims one rate for all rows. A chi-square of {found:.1f} on {freedom} degrees of "
        f"freedom, reached by {np.sum(run.fit['simulated'] >= found)} of {run.fit['simulated'].size} "
        "data sets replicated from the posterior, says that these data "
        + ("contradict it." if run.misfit else "do not contradict it.")
        if run.fit["p"] is not None
        else "With single tests for rows there is nothing to compare: any order fits one rate."
    )
    if run.misfit:
        yield (
            "The interval above is then far too narrow for anything but the pooled rate of just these "
            "rows: it counts tests, while what varies is the rows."
        )
