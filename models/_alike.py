"""Rows that stand for several: a column says how many rows of all are just like this one.

A likelihood then has each row's term so many times, and every sum over rows weighs them so. Rows
without the column stand for themselves alone.
"""

import numpy as np

ALIKE = "rows alike"


def times(frame):
    """How many rows each row stands for (n,)."""
    if ALIKE not in frame:
        return np.ones(len(frame))
    found = frame[ALIKE].to_numpy(float)
    if not (np.isfinite(found) & (found >= 1) & (found % 1 == 0)).all():
        raise ValueError(f"`{ALIKE}` says how many rows each one stands for: 1, 2 and so on")
    return found


def summed(terms, frame):
    """The sum of terms (n,), one a row, over all rows."""
    return (times(frame) * terms).sum() if ALIKE in frame else terms.sum()


def mean(x, times):
    """The mean of x (n, ...) over all rows: (...,)."""
    return np.average(x, axis=0, weights=times)


def variance(x, times):
    """Its variance over all rows, divisor their number: (...,)."""
    return mean((x - mean(x, times)) ** 2, times)
