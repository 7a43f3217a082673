"""What share of the tests aboard the Diamond Princess was positive, and how sure can one be?

The simplest model of a rate: every test is an independent draw with the same chance of being
positive. The answer is exact, and on these data it is exactly wrong about its own certainty.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import beta_binomial

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
    rate = y.sum() / tested.sum()
    if rate in (0.0, 1.0):
        return 0.0
    return float(np.sum((y - tested * rate)[some] ** 2 / (tested[some] * rate * (1 - rate))))


def story(run):
    data, prior = run.data, {k: run.settings[k] for k in ("alpha", "beta")}
    tested, positive = data["tested"].sum(), data["positive"].sum()
    posterior = run.exact.marginals["theta"]
    yield (
        f"{positive:,} of {tested:,} tests were positive, a share of {positive / tested:.4f}: that is the "
        f"maximum-likelihood answer. The prior counts like {prior['alpha'] + prior['beta']:g} more tests, "
        f"{prior['alpha']:g} of them positive, so the posterior is again a Beta, with "
        f"{prior['alpha'] + positive:g} and {prior['beta'] + tested - positive:g} in place of them, "
        f"and its mean is {posterior.mean():.4f}."
    )
    if len(data) > 1:
        yield "### Day by day, or all at once" if run.shipped else "### Row by row, or all at once"
        yield from _updating(run, prior)
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


def _updating(run, prior):
    a, b = prior["alpha"], prior["beta"]
    bands = {"flat prior": (1.0, 1.0), "this prior": (a, b)}
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.0), sharey=True, layout="constrained")
    k, n = run.data["positive"].cumsum(), run.data["tested"].cumsum()
    days = np.arange(1, len(run.data) + 1)
    for axis, (label, (alpha, beta)) in zip(axes, bands.items(), strict=True):
        low, middle, high = stats.beta(alpha + k, beta + n - k).ppf(np.array([[0.025], [0.5], [0.975]]))
        axis.fill_between(days, low, high, color="exact", alpha=0.25, linewidth=0)
        axis.plot(days, middle, color="exact")
        axis.plot(days, k / n, ".", color="mle")
        axis.set(title=f"{label}: Beta({alpha:g}, {beta:g})", xlabel="rows seen")
    axes[0].set(ylabel="share positive", ylim=(0, None))
    yield figure, (
        "The posterior after each row: median and 95 % interval; the dots are the share of all "
        "tests so far. The prior matters for the first rows only."
    )
    for _, row in run.data.iterrows():  # yesterday's posterior is today's prior
        a, b = a + row["positive"], b + row["tested"] - row["positive"]
    batch = beta_binomial.exact(run.data, **prior).marginals["theta"]
    yield (
        f"Each row's posterior is the prior of the next. Taken one by one, the {len(run.data)} rows end in "
        f"Beta({a:g}, {b:g}); taken together, in Beta({batch.args[0]:g}, {batch.args[1]:g}). "
        "The order of the rows, and whether one looks in between, makes no difference at all."
    )


def _forgetting(run):
    share = float(run.mle["theta"]) if run.mle else 0.5
    tests = np.array([0, 10, 100, 1_000, 10_000])
    rows = {}
    for worth, mean in ((2, 0.5), (10, 0.1), (100, 0.1), (1_000, 0.1)):
        alpha, beta = worth * mean, worth * (1 - mean)
        means = (alpha + tests * share) / (alpha + beta + tests)
        rows[f"Beta({alpha:g}, {beta:g}), worth {worth:,} tests"] = means
    columns = [f"{t:,} tests" for t in tests]
    yield (
        f"Suppose tests kept coming back positive at the observed share, {share:.3f}. The posterior mean "
        "moves from the prior's mean to that share, and is halfway when there are as many tests as the "
        "prior is worth."
    )
    yield pd.DataFrame(rows, index=columns).T.rename_axis("prior").map("{:.3f}".format).reset_index()


def _homogeneity(run):
    y, tested = run.data["positive"].to_numpy(float), run.data["tested"].to_numpy(float)
    found, freedom = discrepancy(y, run), int((tested > 0).sum()) - 1
    p = stats.chi2.sf(found, freedom)
    some = tested > 0
    share = y[some] / tested[some]
    own = stats.beta(y[some] + 0.5, (tested - y)[some] + 0.5)
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    position = np.arange(some.sum())
    low, high = run.exact.marginals["theta"].ppf([0.025, 0.975])
    axis.axhspan(low, high, color="exact", alpha=0.35, linewidth=0)
    axis.vlines(position, own.ppf(0.025), own.ppf(0.975), color="muted")
    axis.plot(position, share, "o", color="ink", markersize=4)
    labels = [str(label) for label in run.data.index[some]]
    step = max(1, len(labels) // 8)
    axis.set_xticks(position[::step], [s[5:] if run.shipped else s for s in labels[::step]])
    axis.set(ylabel="share positive", xlabel=run.data.index.name, ylim=(0, None))
    yield figure, (
        "Each row's own share with the 95 % interval that row alone would give (Jeffreys prior), and in "
        "blue the 95 % interval of the one rate the model believes in."
    )
    verdict = "contradict" if run.misfit else "do not contradict"
    yield (
        f"The model claims one rate for all rows. A chi-square of {found:.1f} on {freedom} degrees of freedom "
        f"(p = {p:.2g} by its large-sample law; p {_at_most(run.fit)} among replicated data) says that these "
        f"data {verdict} it."
        + (
            " The interval above is then far too narrow for anything but the pooled rate of just these "
            "rows: it counts tests, while what varies is the rows."
            if run.misfit
            else ""
        )
    )


def _at_most(fit) -> str:
    least = 1 / (1 + fit["simulated"].size)
    return f"at most {least:.2g}" if fit["p"] <= least else f"= {fit['p']:.2g}"
