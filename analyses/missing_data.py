"""What was the cholesterol of heart patients after fourteen days, also of those nobody measured again?

Leaving out whoever lacks a number throws away what is known of him, and shifts the answer where those
who stay away differ. A model of all columns needs no number it has not got.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from analyses import _dropout as dropout
from analyses import _holes as shown
from analyses._crowd import dot
from models import missing_data as topic

QUESTION = "What is the mean of the last measurement, also of those who lack it?"
SHOW = ["mu_3", "change", "slope"]
DRAWN, MOST, FEW = 60, 20, 5  # holes in the figure; in the table; also as the draws fill them


def answer(run) -> str:
    rows, laws = topic.design(run.data), run.exact.distributions
    (low, middle, high), (least, change, most) = (
        laws[name].ppf(np.array([0.025, 0.5, 0.975])) for name in ("mu_3", "change")
    )
    lack = int(np.isnan(rows[:, 2]).sum())
    other = min(laws["change"].cdf(0.0), 1 - laws["change"].cdf(0.0))
    return (
        f"The mean of the third measurement is about {middle:.4g} over all (95 % interval {low:.4g} to {high:.4g})"
        f"{f', though {lack:,} of {len(rows):,} lack it' if lack else ''}; from the first to the third it changed by {change:.3g} ({least:.3g} to {most:.3g}; "
        f"the chance of the other sign is {'less than 0.1 %' if other < 0.001 else f'{100 * other:.1f} %'})."
    )


def discrepancy(y, run) -> float:
    """Largest distance of a cell from the line of its column, in posterior mean sds of that line."""
    known, rows = _known(run), topic.design(run.data).copy()
    column, row = np.nonzero(~np.isnan(rows).T)
    rows[row, column] = y
    worst = 0.0
    for k in range(3):
        seen = rows[~np.isnan(rows[:, k])]
        if len(seen):
            away = seen[:, k] - known.foretold(seen[:, :k], k).mean()
            worst = max(worst, np.abs(away).max() / run.exact.derived["sigma"].mean()[k])
    return float(worst)


def story(run):
    rows = topic.design(run.data)
    lacking = np.isnan(rows[:, 2]) & ~np.isnan(rows[:, 1])
    yield from _foretold(run, rows, lacking)
    if lacking.any():
        few = np.flatnonzero(lacking)[:FEW]
        yield from ("### The same holes, filled from the draws", *shown.imputed(run, rows, few))
    if run.mle:
        yield from ("### Three ways to a mean", *_ways(run, rows, lacking))
        if run.shipped:
            yield from ("### Where leaving out does harm", *dropout.harm())
        if lacking.any():
            yield from ("### A hole filled once looks too certain", *shown.once(run, rows))
    yield from ("### From the first to the last", *shown.change(run))
    if run.mle and np.isnan(rows).any():
        yield from ("### EM climbs to the same point", *shown.climb(run, rows))
    yield (
        "**Missing at random** is what all of this assumes: among things alike in the earlier columns, those that lack a later "
        "one are like those that have it. It need not be chance who stays away, only nothing that the rows do not show. "
        "Somebody who stays away because of the very value nobody saw breaks it, and no number in the file can tell."
    )


def _known(run):
    return topic.posterior(run.data, **run.settings)


def _names(run):
    return ["day 2", "day 4", "day 14"] if run.shipped else topic.COLUMNS


def _foretold(run, rows, lacking):
    known, names = _known(run), _names(run)
    there = ~np.isnan(rows[:, 2])
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.plot(rows[there, 1], rows[there, 2], "o", color="ink", markersize=dot(len(rows)))
    caption = f"Rows that have all three numbers (dots), {names[2]} against {names[1]}"
    if holes := int(lacking.sum()):
        spread = np.linspace(0, holes - 1, min(holes, DRAWN)).astype(int)
        some = rows[lacking][np.argsort(rows[lacking, 1])[spread]]
        law = known.foretold(some[:, :2], 2)
        low, high = law.ppf([[0.025], [0.975]])
        axis.vlines(some[:, 1], low, high, color="exact", linewidth=2 if holes <= DRAWN else 1)
        axis.plot(some[:, 1], law.mean(), "_", color="exact", markersize=9)
        whose = "the others" if holes <= DRAWN else f"{DRAWN} of the other {holes:,}"
        caption += f"; where {whose} probably are, with the exact 95 % interval of each (blue)"
    axis.set(xlabel=names[1], ylabel=names[2])
    yield figure, caption + "."
    if holes:
        few = np.flatnonzero(lacking)[:MOST]
        law = known.foretold(rows[few, :2], 2)
        low, high = law.ppf([[0.025], [0.975]])
        yield pd.DataFrame({
            "row": [str(x)[:24] for x in run.data.index[few]],
            names[0]: rows[few, 0], names[1]: rows[few, 1],
            f"{names[2]}, foretold": [f"{x:.4g}" for x in law.mean()],
            "sd": [f"{x:.3g}" for x in law.std()],
            "95 % interval": [f"{a:.4g} to {b:.4g}" for a, b in zip(low, high, strict=True)],
        })  # fmt: skip
        yield (
            f"{f'These are the first {MOST} of {holes:,}. ' if holes > MOST else ''}Each missing {names[2]} has a law, Student t with {law.args[0]:g} degrees of freedom, about the line through "
            f"{names[0]} and {names[1]}. Its sd is that of the scatter about the line, and of the line itself."
        )


def _ways(run, rows, lacking):
    names, there = _names(run), ~np.isnan(rows[:, 2])
    law, best = run.exact.marginals["mu_3"], float(run.mle["mu_3"])
    plain, errors = rows[there, 2].mean(), run.maximum.standard_errors
    wide = [stats.sem(rows[there, 2]), errors["mu_3"] if errors else np.nan, law.std()]
    yield pd.DataFrame({
        f"mean of {names[2]}": ["of the rows that have it (complete cases)", "maximum likelihood, all rows", "posterior mean, all rows"],
        "value": [f"{x:.4f}" for x in (plain, best, law.mean())],
        "error": [f"{w} {float(x):.2f}" for w, x in zip(["standard error"] * 2 + ["sd"], wide, strict=True)],
    })  # fmt: skip
    if lacking.any():
        mean = np.array([run.mle[name] for name in topic.MEANS])
        absent = mean[2] + (rows[lacking, :2] - mean[:2]) @ run.mle["slope"][1:]
        had = ", ".join(
            f"{rows[lacking, k].mean():.4g} against {rows[there, k].mean():.4g} in {names[k]}"
            for k in (0, 1)
        )
        yield (
            f"Those who lack only {names[2]} differ from those who have it: {had}. By the line of highest likelihood they would have "
            f"had {absent.mean():.4g} in {names[2]}, where the others had {plain:.4g}. Complete cases take those who came for all, and "
            f"forget what {int((~there).sum()):,} of {len(rows):,} rows say of the rest: their mean differs by {plain - best:+.4f} from that of highest likelihood, "
            f"{abs(plain - best) / law.std():.2g} posterior sds{', little beside what is unknown of it' if abs(plain - best) < law.std() / 2 else ''}."
        )
