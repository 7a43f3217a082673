"""Somebody was flagged. How likely is it that the flag is right?

Bayes' theorem with numbers: the share of true flags hangs on the base rate at least as much as on
the test, and where cases are rare a few false alarms are enough to explain every flag.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import base_rate
from models.base_rate import STUDIES, predictive_values

QUESTION = "How likely is it that a flag is right?"
SHOW = ["prevalence", "ppv", "sensitivity"]

FRAUD = {"prevalence": 0.001, "sensitivity": 0.95, "specificity": 0.98}
DISEASE = {"prevalence": 0.001, "sensitivity": 0.99, "specificity": 0.99}


def percent(x, digits=3) -> str:
    return f"{100 * x:.{digits}g} %"


def answer(run) -> str:
    laws, quantiles = run.exact.distributions, [0.025, 0.5, 0.975]
    ppv, cases = (laws[name].ppf(quantiles) for name in ("ppv", "prevalence"))
    return (
        f"Of those flagged in the population about {percent(ppv[1], 2)} are true cases (95 % interval "
        f"{percent(ppv[0], 2)} to {percent(ppv[2], 2)}), since only about {percent(cases[1], 2)} of the "
        f"population are cases (95 % interval {percent(cases[0], 2)} to {percent(cases[2], 2)})."
    )


def discrepancy(y, run) -> float:
    """Chi-square of the rows of each study against that study's own rate."""
    tested, total = run.data["tested"].to_numpy(float), 0.0
    for study in STUDIES:
        rows = (run.data["study"] == study).to_numpy() & (tested > 0)
        rate = y[rows].sum() / max(tested[rows].sum(), 1)
        if 0 < rate < 1:
            error = tested[rows] * rate * (1 - rate)
            total += np.sum((y[rows] - tested[rows] * rate) ** 2 / error)
    return float(total)


def story(run):
    yield from _counts(run)
    yield from ("### The same flag, another base rate", *_curve(run))
    yield from ("### What 10,000 flags contain", *_flags(run))
    yield from ("### One case in a thousand", *_confusion())
    yield from _homogeneity(run)


def _counts(run):
    _, tested, flagged = base_rate.design(run.data)
    groups = ("members of the population", "known positives", "known negatives")
    counted = [f"{k:,.0f} of {n:,.0f} {g}" for k, n, g in zip(flagged, tested, groups, strict=True)]
    yield f"The test flagged {counted[0]}, {counted[1]} and {counted[2]}."
    if tested.min() > 0:
        alarm = flagged[2] / tested[2]
        yield (
            f"A false alarm rate of {percent(alarm)} would by itself flag {alarm * tested[0]:,.1f} of the "
            f"{tested[0]:,.0f}; {flagged[0]:,.0f} were flagged. The case for any cases at all rests on "
            f"that difference, and the false alarm rate is itself known from {tested[2]:,.0f} tests only."
        )
    if run.mle:
        yield (
            f"Maximum likelihood puts the prevalence at {percent(run.mle['prevalence'])}. Where it lies "
            "inside 0 to 1 this is Rogan and Gladen's estimate, (share flagged - false alarm rate) / "
            "(sensitivity - false alarm rate). The posterior mean is "
            f"{percent(run.exact.marginals['prevalence'].mean())}."
        )


def _curve(run):
    rates = np.logspace(-4, np.log10(0.5), 80)
    thin = slice(None, None, 20)
    se, sp = (run.posterior[n].values.ravel()[thin, None] for n in ("sensitivity", "specificity"))
    ppv = predictive_values(rates, se, sp)[1]
    low, middle, high = np.quantile(ppv, [0.025, 0.5, 0.975], axis=0)
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    axis.fill_between(rates, low, high, color="draws", alpha=0.3, linewidth=0)
    axis.plot(rates, middle, color="draws")
    for case, label, place in ((FRAUD, "95 % / 2 %", (16, -6)), (DISEASE, "99 % / 1 %", (-62, 8))):
        known = predictive_values(rates, case["sensitivity"], case["specificity"])[1]
        at = case["prevalence"], predictive_values(**case)[1]
        axis.plot(rates, known, color="muted", linewidth=1)
        axis.plot(*at, "o", color="ink", markersize=4)
        axis.annotate(label, at, xytext=place, textcoords="offset points", color="ink")
    axis.set(xscale="log", xlabel="base rate", ylabel="share of flags that are right", ylim=(0, 1))
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter(lambda x, _: f"{100 * x:g} %")
    yield (
        figure,
        "The share of flags that are right (ppv) against the base rate. Orange: this test, median and "
        "95 % interval over the draws. Grey: two textbook tests, by hit rate and false alarm rate; the "
        "dots mark a base rate of 0.1 %.",
    )
    yield (
        f"A fraud alarm that catches {percent(FRAUD['sensitivity'])} and raises "
        f"{percent(1 - FRAUD['specificity'])} false alarms, where {percent(FRAUD['prevalence'])} of payments are fraud: "
        f"**{percent(predictive_values(**FRAUD)[1], 5)}** of its flags are right. A test that is right for "
        f"99 % of the sick and 99 % of the healthy, for a disease that {percent(DISEASE['prevalence'])} have: "
        f"**{percent(predictive_values(**DISEASE)[1], 5)}**. These are exact: with the three chances known there is "
        "nothing to estimate; the ppv of the data is this same function of three unknown chances."
    )


def _flags(run):
    rows = [("fraud alarm", FRAUD), ("99 % test, rare disease", DISEASE)]
    mean = {n: float(d.mean()) for n, d in run.exact.marginals.items()}
    rows.append(("this test, here", mean))
    rows.append(("this test, where 0.1 % are cases", {**mean, "prevalence": 0.001}))
    ppv = [(name, predictive_values(**case)[1]) for name, case in rows]
    split = [(name, f"{1e4 * v:,.0f}", f"{1e4 * (1 - v):,.0f}") for name, v in ppv]
    yield pd.DataFrame(split, columns=["of 10,000 flags", "right", "false alarms"])
    yield "The rows for this test take prevalence, sensitivity and specificity at their posterior means."


def _confusion():
    people = 100_000
    cases = people * FRAUD["prevalence"]
    hit, alarm = cases * FRAUD["sensitivity"], (people - cases) * (1 - FRAUD["specificity"])
    table = {"": ["fraud", "no fraud"], "flagged": [hit, alarm],
             "not flagged": [cases - hit, people - cases - alarm], "all": [cases, people - cases]}  # fmt: skip
    yield pd.DataFrame(table).map(lambda v: v if isinstance(v, str) else f"{v:,.0f}")
    right = (people - cases + hit - alarm) / people
    yield (
        f"The fraud alarm on {people:,} payments is right about {percent(right, 5)} of them. An alarm that never rings is right about {percent(1 - FRAUD['prevalence'])}, and finds "
        "nothing: accuracy is no measure of a search for something rare."
    )


def _homogeneity(run):
    freedom = int((run.data[run.data["tested"] > 0]["study"].value_counts() - 1).sum())
    if freedom < 1 or run.fit["p"] is None:
        return
    yield "### One sensitivity, one specificity for every sample?"
    yield (
        f"Rows of one study are taken to share one rate. Their chi-square is {run.fit['value']:.1f} on {freedom} "
        f"degrees of freedom; {np.sum(run.fit['simulated'] >= run.fit['value'])} of {run.fit['simulated'].size} data sets replicated from the posterior "
        f"reach it, so the rows {'contradict' if run.misfit else 'do not clearly contradict'} that."
    )
    if run.shipped:
        yield (
            "The two groups of known positives were found at 78 of 85 and at 25 of 37. That is far apart, so the "
            "sensitivity in a third group, the population, is less certain than pooled counts say; Gelman and "
            "Carpenter's answer is to let it vary between studies."
        )
