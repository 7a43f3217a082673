"""Classes and what things are taken for: what tells them apart, how often that is right, and where."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models.base_rate import predictive_values

MARKERS = "osD^vP*X"


def apart(parts, labels):
    """Median and 95 % interval of every number, class by class.

    Each part is a list of (name, law of shape (C, K), k) and has an axis of its own.
    """
    size, some = [len(part) + 1.5 for part in parts], min(len(labels), len(MARKERS))
    figure, axes = plt.subplots(
        len(parts), height_ratios=size, figsize=(6.4, 1 + 0.36 * sum(size)), layout="constrained", squeeze=False
    )  # fmt: skip
    for axis, part in zip(axes[:, 0], parts, strict=True):
        at = np.arange(len(part))
        found = np.array([[law.ppf(q)[:, k] for q in (0.025, 0.5, 0.975)] for _, law, k in part])
        for c, (low, middle, high) in enumerate(found[..., :some].transpose(2, 1, 0)):
            there = at + (c + 0.5) / some / 2 - 0.25
            axis.hlines(there, low, high, color="exact", linewidth=2.5)
            axis.plot(middle, there, MARKERS[c], color="ink", markersize=4, label=labels[c])
        axis.set_yticks(at, [text[:28] for text, *_ in part])
        axis.set(ylim=(len(part) - 0.4, -0.6), xlim=(0, None), xlabel="within the class")
    axes[0, 0].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def dependence(codes) -> float:
    """Chi-squares of independence of every pair of columns, added up."""
    total = 0.0
    for one, other in itertools.combinations(codes.T, 2):
        table = np.zeros((one.max() + 1, other.max() + 1))
        np.add.at(table, (one, other), 1)
        alone = np.outer(table.sum(1), table.sum(0)) / len(codes)
        total += np.sum((table - alone) ** 2 / np.where(alone > 0, alone, 1))
    return float(total)


def kinds(rows, times, c):
    """Features that occur together, how many things have them, and how many of those are `c`."""
    found, which = np.unique(rows[:, 1:], axis=0, return_inverse=True)
    n = np.bincount(which.ravel(), times, len(found))
    k = np.bincount(which.ravel(), times * (rows[:, 0] == c), len(found))
    return found[n > 0], n[n > 0], k[n > 0]


def alike(n, k, told, label: str):
    """Shares k / n as counted, with an interval, against what was foretold of each kind."""
    alone = stats.beta(1 + k, 1 + n - k)
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.plot([0, 1], [0, 1], ":", color="muted")
    axis.hlines(told, alone.ppf(0.025), alone.ppf(0.975), color="muted", linewidth=1)
    axis.scatter(k / n, told, s=15 + 300 * n / n.max(), color="exact", alpha=0.6, linewidth=0)
    axis.set(xlabel=f"share labelled {label}, of those alike", ylabel="naive Bayes")
    axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    return figure


def confusion(label, told, times, classes: int) -> np.ndarray:
    """How many of each class (row) were taken for which (column)."""
    table = np.zeros((classes, classes))
    np.add.at(table, (label, told), times)
    return table


def ratios(hits, of) -> list[str]:
    return [f"{k / n:.1%}" if n else "none" for k, n in zip(hits, of, strict=True)]


def shown(table: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """The table in words, with recall and precision of every class."""
    hits = np.diag(table)
    words = pd.DataFrame(table, columns=[f"taken for {x}" for x in labels]).map("{:,.0f}".format)
    words = words.iloc[:, :6]
    words.insert(0, "labelled", labels, allow_duplicates=True)
    return words.assign(
        recall=ratios(hits, table.sum(axis=1)), precision=ratios(hits, table.sum(axis=0))
    ).head(12)


def rarer(table: np.ndarray, c: int, label: str):
    """The same rule where class `c` is rarer: a picture, and its caption."""
    hit, found, said = table[c, c], table[c].sum(), table[:, c].sum()
    recall, alarm = hit / max(found, 1), (said - hit) / max(table.sum() - found, 1)
    rates = np.geomspace(1e-4, 0.5, 200)
    correct = rates * recall + (1 - rates) * (1 - alarm)
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    if hit or alarm:
        precision = predictive_values(rates, recall, 1 - alarm)[1]
        axis.plot(rates, precision, color="exact", label="precision")
    axis.plot(rates, np.full(rates.size, recall), color="muted", label="recall")
    axis.plot(rates, correct, "--", color="exact", label="accuracy")
    axis.plot(rates, 1 - rates, ":", color="ink", label="accuracy of never saying so")
    axis.set(xscale="log", xlabel=f"share labelled {label}", ylim=(0, 1.02))
    axis.xaxis.set_major_formatter(lambda x, _: f"{100 * x:g} %")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    caption = (
        f"The same rule, which finds {recall:.1%} of those labelled {label} and takes {alarm:.1%} of the others for such, "
        "where they are rarer. The rarer, the more accurate is never to say so, which finds none of them."
    )
    return figure, caption
