"""Columns of a user's own: which hold categories, which hold counts, and what they add up to.

Text, true and false, and a column of nothing but 0 and 1 are categories; all other whole numbers
are counts. A name that ends in `_code` or in `_count` says otherwise. Text that never repeats names
the rows and tells nothing of a class.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import gammaln

from models import _alike as alike

OWN = ["label", "count", alike.ALIKE]
MOST = 40  # levels; with more, a column of text rather holds names or remarks


def sorted_out(frame):
    """Each column that is no feature as it was, each feature as a category or as whole numbers.

    ValueError for the first column that is neither.
    """
    made = {name: _feature(name, frame[name]) for name in frame if name not in OWN}
    return frame.assign(**{name: column for name, column in made.items() if column is not None})


def _feature(name, column):
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    coded, counted = str(name).endswith("_code"), str(name).endswith("_count")
    if column.isna().any():
        raise ValueError(f"`{name}` must be present in every row; row {column.isna().argmax() + 1}")
    if counted and not numeric:
        raise ValueError(f"`{name}` must hold whole numbers, as its name ends in _count")
    if numeric and not coded and (counted or not column.isin([0, 1]).all()):
        numbers = column.to_numpy(float)
        if not (np.isfinite(numbers) & (numbers >= 0) & (numbers % 1 == 0)).all():
            raise ValueError(
                f"`{name}` must hold text, which is a category, or whole numbers from 0, which are "
                "counts; other numbers can be cut into classes with a name each"
            )
        return column.astype("int64")
    if not numeric and column.is_unique:
        return None
    levels = column.astype("category" if numeric else "str").astype("category")
    if not 2 <= levels.cat.categories.size <= MOST:
        raise ValueError(
            f"`{name}` must take from 2 to {MOST} different values; it takes "
            f"{levels.cat.categories.size}"
        )
    return levels


def categories(frame):
    """The names of the features that are categories, in the order of the file."""
    return [
        name
        for name in frame.columns.difference(OWN, sort=False)
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
    ]


def counts(frame):
    """The names of the features that are counts, in the order of the file."""
    return [
        name
        for name in frame.columns.difference(OWN, sort=False)
        if frame[name].dtype == np.dtype("int64")
    ]


class Tally(NamedTuple):
    """What the rows add up to, for C classes.

    n (C,): things in each class.
    levels: one array (C, K) for each categorical feature: how many of a class showed which level.
    events (C, G): the sum of each counted feature over the things of a class.
    log_factorials: of all counts, as the likelihood of Poisson counts has them.
    """

    n: np.ndarray
    levels: list
    events: np.ndarray
    log_factorials: float


def codes(frame):
    """Each row as whole numbers (m, 1 + F + G): its class, its levels, its counts."""
    categorical = [frame[name].cat.codes for name in ["label", *categories(frame)]]
    return np.column_stack([*categorical, *(frame[name] for name in counts(frame))]).astype("int64")


def features_of(frame, asked):
    """The levels and counts of row number `asked` (F + G,)."""
    if asked not in range(1, len(frame) + 1):
        left = " (rows alike are one)" if alike.ALIKE in frame else ""
        raise ValueError(f"`asked` must be the number of a row, from 1 to {len(frame)}{left}")
    return codes(frame)[int(asked) - 1, 1:]


def things(frame):
    """How many things each row stands for (n,): `count`, and as many where rows are alike."""
    count = frame["count"].to_numpy()
    return count * alike.times(frame) if alike.ALIKE in frame else count


def tally(frame):
    """Counts by class; a row counts as many times as there are `things`."""
    rows, times = codes(frame), things(frame)
    sizes = [frame[name].cat.categories.size for name in ["label", *categories(frame)]]
    C, G = sizes[0], len(counts(frame))
    levels = [np.zeros((C, K)) for K in sizes[1:]]
    for f, table in enumerate(levels, start=1):
        np.add.at(table, (rows[:, 0], rows[:, f]), times)
    events = np.zeros((C, G))
    counted = rows[:, len(sizes) :]
    np.add.at(events, rows[:, 0], times[:, None] * counted)
    n = np.bincount(rows[:, 0], times, minlength=C)
    return Tally(n, levels, events, float(times @ gammaln(counted + 1).sum(axis=1)))


def named(frame, prefix):
    """Each categorical feature as a word behind `prefix`, all different; labels as coords."""
    label, features, made = frame["label"].cat.categories, categories(frame), []
    coords = {"label": label, "other": label[1:], "counted": counts(frame)}
    for feature in features:
        word = prefix + (re.sub(r"\W+", "_", str(feature)).strip("_") or "feature")
        made.append(word if word not in made else f"{word}_{len(made) + 1}")
        coords[f"{made[-1]}_level"] = frame[feature].cat.categories
    return made, coords | {"column": ["label", *features, *coords["counted"]]}
