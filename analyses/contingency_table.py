"""Does the colour of the hair tell the colour of the eyes, and how much of it?

A test asks whether they go together at all, a posterior by how many bits.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import _entropy as bits
from models import contingency_table as topic

QUESTION = "Does the row of the table tell the column, and how much of it?"
SHOW = ["MI", "column_given_row[Blond, Blue]", "column_given_row[Black, Brown]", "H_given"]
PETS = np.array([[207.0, 282.0], [231.0, 242.0]])  # men, women; a cat, a dog: made up to be told


def answer(run) -> str:
    counts, law = topic.design(run.data)[0], run.exact.derived["MI"]
    low, high = np.quantile(run.posterior.MI, [0.025, 0.975])
    open_ = bits.entropy(run.exact.derived["column_share"].mean())
    odds = topic.log_bayes_factor(counts, run.settings["a"])
    said = "" if odds is None else f"; the counts are {_times(odds)}"
    row, column = _names(run)
    return (
        f"Knowing {row} tells about {law.mean():.3g} (95 % interval {low:.3g} to {high:.3g}, by draws) of the "
        f"{open_:.3g} bits there are to know of {column}{said}."
    )


def discrepancy(y, run) -> float:
    """Chi-square of the counts against the posterior mean of the shares."""
    expected = y.sum() * run.exact.marginals["p"].mean()
    return float(np.sum((y - expected) ** 2 / np.maximum(expected, 1e-300)))


def story(run):
    yield from _within_rows(run)
    yield from ("### What each cell would hold if they were independent", *_expected(run))
    yield from ("### Tests, and what they do not say", *_tests(run))
    yield from ("### Information gained", *_gain(run))
    if run.shipped:
        yield from ("### A p-value on the edge", *_pets())


def _names(run):
    """What row and column are called in the reader's own file."""
    theirs = dict(map(str.strip, pair.split("=", 1)) for pair in run.columns)
    ours = ("hair colour", "eye colour") if run.shipped else ("the row", "the column")
    return [theirs.get(key, name) for key, name in zip(("row", "column"), ours, strict=True)]


def _times(log_odds) -> str:
    """Which of the two foretold the counts better: plain figures, or a power of ten."""
    size, which = abs(log_odds) / np.log(10), "go together" if log_odds > 0 else "are independent"
    times = f"{10**size:.3g}" if size < 4 else f"10^{size:.1f}"
    return f"{times} times as likely if the two {which}"


def _within_rows(run):
    counts, rows, columns = topic.design(run.data)
    given, share = (run.exact.derived[k] for k in ("column_given_row", "column_share"))
    low, middle, high = (given.ppf(q) for q in (0.025, 0.5, 0.975))
    some, most = np.argsort(-counts.sum(1), kind="stable")[:14], np.argsort(-counts.sum(0))[:4]
    figure, axes = plt.subplots(1, most.size, sharey=True, layout="constrained",
                                figsize=(6.4, 1.2 + 0.3 * some.size))  # fmt: skip
    for axis, j in zip(axes, np.sort(most), strict=True):
        axis.axvline(share.mean()[j], color="muted", linestyle=":")
        axis.hlines(np.arange(some.size), low[some, j], high[some, j], color="exact", linewidth=3)
        axis.plot(middle[some, j], np.arange(some.size), "o", color="exact", markersize=4)
        axis.set(title=str(columns[j])[:14], xlim=(0, None))
        axis.set_yticks(np.arange(some.size), [str(rows[i])[:14] for i in some])
        axis.locator_params(axis="x", nbins=3)
    axis.invert_yaxis()
    row, column = _names(run)
    caption = f"Shares of {column} within each kind of {row}: exact median, 95 % interval."
    yield (
        figure,
        caption + " Dotted: the share among all, which independence would have in every row.",
    )


def _expected(run):
    counts, rows, columns = topic.design(run.data)
    alone = np.outer(counts.sum(1), counts.sum(0)) / max(counts.sum(), 1)
    cells = np.vectorize("{:,.0f} ({:,.1f})".format)(counts, alone)
    table = pd.DataFrame(cells, columns=[str(c) for c in columns]).iloc[:12, :8]
    table.insert(0, "counted (expected)", [str(r) for r in rows][:12], allow_duplicates=True)
    yield table
    away = (counts - alone) / np.sqrt(np.maximum(alone, 1e-300))
    i, j = np.unravel_index(np.argmax(np.abs(away)), away.shape)
    yield (
        f"Expected is row total times column total over n = {counts.sum():,.0f}. The cell furthest off, in units of the root of what is expected, is "
        f"`{rows[i]}` with `{columns[j]}`: {counts[i, j]:,.0f} for {alone[i, j]:,.1f}, {away[i, j]:+.2f}."
    )


def _tests(run):
    counts, law = topic.design(run.data)[0], run.exact.derived["MI"]
    ours, found = (topic.log_bayes_factor(counts, a) for a in (run.settings["a"], 1.0))
    rows = [*_classical(counts), ("ln Bayes factor, every table alike", f"{found:.4f}")]
    words = "none: held to independence it is no density" if ours is None else f"{ours:.4f}"
    rows.append(("ln Bayes factor, this prior", words))
    rows.append(("mutual information, exact", f"{law.mean():.5f} ± {law.std():.5f} bits"))
    yield pd.DataFrame(rows, columns=["of independence", "value"])
    yield (
        f"The p-value is the chance of so large a statistic were the two independent; it can speak against that and never for it. The Bayes factor compares how "
        f"well both foretold the counts: with every table alike beforehand, these are {_times(found)}. How *far* they go together neither says: MI does, in bits, and 2 n "
        "times the MI of the observed shares, in nats, is G. Large samples make small p-values of small MI."
    )


def _classical(counts):
    """Names and values of the classical tests; none where a total is zero."""
    if counts.sum(0).min() == 0 or counts.sum(1).min() == 0:
        return []
    found, yates = topic.classical(counts), topic.classical(counts, yates=True)
    rows = [("chi-square", "{chi2:.4f}, df {df}, p-value {p:.3g}".format(**found))]
    if counts.shape == (2, 2):
        rows.append(("the same after Yates", "{chi2:.4f}, p-value {p:.3g}".format(**yates)))
    return [*rows, ("likelihood ratio G", f"{found['G']:.4f}"), ("Cramér's V", f"{found['V']:.6f}")]


def _gain(run):
    (counts, rows, _), a = topic.design(run.data), run.settings["a"]
    table = counts + topic.per_category("a", a, counts.size).reshape(counts.shape)
    column, (left, gain) = bits.entropy_of(table.sum(0)), (run.exact.derived[k] for k in ("H_given", "MI"))  # fmt: skip
    after, told = run.posterior.H_given.values, run.posterior.MI.values
    both = {"H(column), before": (column, after + told), "H(column | row), after": (left, after)}
    both |= {"gain, I(row; column)": (gain, told)}
    lines = {k: [f"{x.mean():.5f} ± {x.std():.5f}" for x in pair] for k, pair in both.items()}
    yield pd.DataFrame([[k, *v] for k, v in lines.items()], columns=["bits", "exact", "draws"])
    within, (row, of) = bits.entropy_of(table), _names(run)
    least = int(np.argmin(within.mean()))
    extra = (counts.shape[0] - 1) * (counts.shape[1] - 1) / (2 * max(counts.sum(), 1) * bits.BIT)
    yield (
        f"A decision tree that asks for {row} first splits the {counts.sum():,.0f} into {len(rows)} branches and gains I = H(column) - H(column | row). The surest branch is "
        f"`{rows[least]}`, where {within.mean()[least]:.3f} ± {within.std()[least]:.3f} bits of {of} remain. The gain of the observed shares "
        f"is too large on average, by about (R - 1)(C - 1) / (2 n ln 2) = {extra:.3g} bits: splits into many branches look better than they are."
    )


def _pets():
    yield pd.DataFrame(_classical(PETS), columns=["men and women, cats and dogs", "value"])
    both = [topic.classical(PETS, yates=yates)["p"] for yates in (False, True)]
    yield (
        f"Numbers made up for the textbook question whether gender goes with the choice of pet: {PETS[0, 0]:g} men would have a cat and {PETS[0, 1]:g} a dog, of women "
        f"{PETS[1, 0]:g} and {PETS[1, 1]:g}. SciPy (and R) correct a 2 x 2 table after Yates unless told not to: the p-value is {both[1]:.5f} with, {both[0]:.5f} without. "
        f"Either is below 0.05; yet, every table alike beforehand, these counts are {_times(topic.log_bayes_factor(PETS, 1.0))}: hardly anything was learnt."
    )
