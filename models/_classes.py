"""Frequencies of counts, in classes, beside those that a law expects."""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

LEAST = 1.0  # row expected in a class, Cochran's rule for a chi-square
MOST = 50  # classes
DISTINCT = 1_000  # exposures, beyond which nobody waits for the sums


def frequencies(count, exposure, laws):
    """A table: `events`, `rows` with so many, and under each name the rows its law expects.

    `laws` maps a name to a function from exposures (m,) to the law of a count in each, a frozen
    SciPy distribution. Neighbouring counts share a class until the first law expects LEAST rows
    in it. None where there would be a single class.
    """
    count, (each, number) = np.asarray(count), np.unique(exposure, return_counts=True)
    if each.size > DISTINCT:
        return None
    of_each = {name: law(each) for name, law in laws.items()}
    ends = next(iter(of_each.values())).ppf([[1e-3], [1 - 1e-3]])
    low, high = min(count.min(), ends.min()), max(count.max() + 1, ends.max())
    x = np.unique(np.linspace(low, high, 400).astype(int))
    below = {name: np.array([law.cdf(e - 1) @ number for e in x]) for name, law in of_each.items()}
    first, least = next(iter(below.values())), max(LEAST, count.size / MOST)
    cuts, before = [], 0.0
    for i, now in enumerate(first):
        if min(now - before, count.size - now) >= least:
            cuts, before = [*cuts, i], now
    if not cuts:
        return None
    edges = [0, *x[cuts], np.inf]
    table = pd.DataFrame({"events": _labels(edges), "rows": np.histogram(count, edges)[0]})
    for name, values in below.items():
        table[name] = np.diff([0, *values[cuts], count.size])
    return table


def _labels(edges):
    inner = itertools.pairwise(edges[:-1])
    words = [
        f"{a}" if a == b - 1 else f"{a} to {b - 1}" if a else f"up to {b - 1}" for a, b in inner
    ]
    return [*words, f"{edges[-2]} or more"]


def chi_square(table, spent=2):
    """Of the rows against the first law's: (chi-square, degrees of freedom, p).

    `spent` degrees of freedom went to the total and to what was estimated; p is NaN if none are
    left.
    """
    expected = table.iloc[:, 2]
    found = float(((table["rows"] - expected) ** 2 / expected).sum())
    freedom = len(table) - spent
    return found, freedom, float(stats.chi2(freedom).sf(found))
