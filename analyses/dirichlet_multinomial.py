"""Is Wolf's white die fair, and if not, how does it fall? And other means of uncertain shares."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models.dirichlet_multinomial import design, exact, log_bayes_factor

QUESTION = "How often does each category come up, and are all alike?"
SHOW = ["expected", "theta"]  # first on the page, where there is one
MOST = 24  # categories shown one by one


def answer(run) -> str:
    theta, labels = run.exact.marginals["theta"], design(run.data)[1]
    k, factor = np.argmax(theta.mean()), log_bayes_factor(run.data, **run.settings)
    places = max(0, 1 - int(np.floor(np.log10(100 * theta.std()[k]))))
    low, middle, high = (f"{100 * theta.ppf(p)[k]:.{places}f} %" for p in (0.025, 0.5, 0.975))
    return (
        f"`{str(labels[k])[:40]}` comes up most often, in {middle} of cases (95 % interval {low} to "
        f"{high}); the counts are {times(factor)} than under equal shares of all {len(labels)}."
    )


def times(log_factor) -> str:
    """'12 times likelier', '10^49.8 times less likely'."""
    size = abs(log_factor) / np.log(10)
    number = f"10^{size:.1f}" if size > 4 else f"{10**size:.3g}"
    return f"{number} times {'likelier' if log_factor >= 0 else 'less likely'}"


def discrepancy(y, run) -> float:
    """Chi-square of the counts about what the posterior expects."""
    expected = y.sum() * run.exact.marginals["theta"].mean()
    return float(np.sum((y - expected) ** 2 / np.where(expected > 0, expected, 1)))


def story(run):
    yield from _shares(run)
    yield "### Are all equally frequent?"
    yield from _equal(run)
    if "expected" in run.exact.derived:
        yield "### The mean"
        yield _expected(run)
    if run.shipped:
        yield "### Five stars"
        yield from _stars()
        yield "### The radio DJ"
        yield from _genres()


def _shares(run):
    theta, (counts, labels) = run.exact.marginals["theta"], design(run.data)
    order = np.sort(np.argsort(-theta.mean(), kind="stable")[:MOST])
    names, total, a = [str(label)[:24] for label in labels[order]], counts.sum(), theta.kwds["a"]
    low, high = theta.ppf(0.025)[order], theta.ppf(0.975)[order]
    yield (
        f"After {total:,} trials each share has a Beta for a posterior. The prior counts like "
        f"{a.sum() - total:.10g} more, so the chance of a category in the next trial is (its count + "
        f"its pseudo-count) / {a.sum():,.10g}, the mean. What one share gains the others lose."
    )
    moments = {"mean": theta.mean()[order], "sd": theta.std()[order], "2.5 %": low, "97.5 %": high}
    yield pd.DataFrame({"category": names, "count": counts[order]} | moments)
    figure, axis = plt.subplots(figsize=(6.4, 1.1 + 0.26 * order.size), layout="constrained")
    axis.hlines(at := np.arange(order.size)[::-1], low, high, color="exact", linewidth=4)
    if run.mle:
        axis.plot(run.mle["theta"][order], at, "o", color="mle", markersize=4)
    axis.axvline(1 / counts.size, color="muted", linestyle=":")
    axis.set(yticks=at, yticklabels=names, ylim=(-0.6, at[0] + 0.6), xlabel="share")
    few = f" Only the {MOST} most frequent are shown." if counts.size > MOST else ""
    yield figure, "Blue: 95 % interval of each share. Dots: shares seen. Dotted: all equal." + few
    if never := [str(label)[:24] for label in labels[counts == 0][:5]] if run.mle else []:
        yield f"Never seen: {', '.join(never)}. Maximum likelihood says it cannot be, the posterior how rare it may be."


def _equal(run):
    counts, labels = design(run.data)
    flat, mine = (log_bayes_factor(run.data, a=a) for a in (1.0, run.settings["a"]))
    alike = (run.exact.log_evidence - mine) / np.log(10)
    yield (
        f"If all {len(labels)} were equally frequent, just these counts would have the probability "
        f"10^{alike:.4f}. If any shares were as likely as any others, a Dirichlet(1, ..., 1), it would "
        f"be 10^{alike + flat / np.log(10):.4f}: the counts are {times(flat)}, a log Bayes factor of "
        f"{flat:.4f}. Under the prior of this report it is {mine:.4f}."
    )
    if counts.sum() > 0:
        chi2, p = stats.chisquare(counts)
        yield (
            f"The classical test finds a chi-square of {chi2:.4f} on {len(labels) - 1} degrees of "
            f"freedom, p = {p:.2g}: how seldom equal shares would lead to counts so uneven. It does not "
            "ask how often unequal ones would. Totals alone cannot contradict the model, as some "
            "shares suit any counts; whether trials are independent only their order could tell."
        )
    each = np.geomspace(1e-2, 3e4, 120)
    figure, axis = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    axis.plot(each, [log_bayes_factor(run.data, a=a) for a in each], color="exact")
    axis.axhline(0, color="muted", linestyle=":")
    axis.plot(1, flat, "o", color="prior")
    axis.set(xscale="log", xlabel="pseudo-counts of each category", ylabel="log Bayes factor")
    caption = (
        "Against equal shares, under priors from few to many pseudo-counts, for all categories "
    )
    yield figure, caption + "alike. Very many say equal shares themselves: the logarithm nears 0."


def _expected(run):
    law, equal = run.exact.derived["expected"], design(run.data)[1].to_numpy(float).mean()
    low, high = law.ppf([0.025, 0.975])
    return (
        "The categories are numbers, so they have a mean, and with their shares it is uncertain. By "
        f"linearity the sum of number times expected share, {law.mean():.6g}, is what to expect of it, "
        f"with standard deviation {law.std():.4g}; its exact law gives a 95 % interval of {low:.6g} to "
        f"{high:.6g}. Equal shares make it {equal:.6g}; it is lower with probability {law.cdf(equal):.2g}."
    )


def _stars():
    stars, share = np.arange(1, 6), np.array([5, 8, 15, 42, 30])
    above = share[::-1].cumsum()[::-1] / 100
    drawn = np.random.default_rng(1).choice(stars, 100_000, p=share / 100).mean()
    yield (
        f"Of a hundred ratings {', '.join(map(str, share))} have one to five stars. Their mean is "
        f"{stars @ share / 100:.2f} as a sum of stars times share, {above.sum():.2f} as the sum of the "
        f"shares of at least one, two, ... five stars, and {drawn:.3f} as the average of 100,000 drawn. "
        "How sure that is depends on how many have rated (flat prior):"
    )
    rows = []
    for many in (1, 10, 100):
        data = pd.DataFrame({"category": pd.Categorical(stars), "count": share * many})
        law = exact(data, a=1.0).derived["expected"]
        rows.append([f"{100 * many:,}", law.mean(), law.std(), law.ppf(0.025), law.ppf(0.975)])
    yield pd.DataFrame(rows, columns=["ratings", "mean", "sd", "2.5 %", "97.5 %"])


def _genres():
    names, heard = ["alternative", "pop", "rock"], np.array([3, 0, 7])
    data = pd.DataFrame({"category": pd.Categorical(names), "count": heard})
    rows = [["heard tonight", *heard / 10]]
    for strength in (1, 10, 100):
        law = exact(data, a=strength * np.array([0.2, 0.5, 0.3])).marginals["theta"]
        rows.append([f"believed, if the prior is worth {strength}", *law.mean()])
    yield (
        "A DJ is said to play alternative, pop and rock as .2, .5 and .3. After ten songs, none of "
        "them pop, one believes in these shares the more, the more songs one took them to be worth; "
        "and pop is never ruled out:"
    )
    yield pd.DataFrame(rows, columns=["share", *names])
