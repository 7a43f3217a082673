"""Many rows made few, on whatever holds them: pandas, Polars, DuckDB or Dask, by Narwhals.

`totals` adds rows up, `pooled` those with errors. `few` is for normal laws: it puts a few rows in
the place of all, with their number, means, and sums of squares and products. `counted` is for rows
of which many are just alike.

Whole numbers are added in 64 bits. Floats are cut into two whole numbers of 27 bits each and what
is left of them, and these are added: so a sum does not depend on the order or the parts the rows
come in, and loses no digits, however many rows there are (up to 2^36). Where sums are taken by
group, the digits they keep are counted from the largest number of all groups.
"""

import narwhals as nw
import numpy as np
import pandas as pd

from models._alike import ALIKE

BITS = 27  # two such pieces hold the 53 bits of a double
PARTS = "high", "low", "left"
NEARLY = 1e-10  # a direction of so little scatter that its digits are few: 6 of the variance
ROUNDING = 1e-14  # of squares added up: what is below this share of them is nothing but rounding


def totals(rows, columns, by=(), largest=None):
    """One row a combination of `by`, in no particular order; in it the sums of `columns`.

    `largest` says of each column how large its numbers are at most, where that is known; it takes a
    scan of all rows to find out.
    """
    rows, by = rows.lazy(), list(by)
    kinds = rows.collect_schema()
    floats = [name for name in columns if kinds[name].is_float()]
    largest = _largest(rows, floats) if largest is None else largest
    size = {name: _power(largest[name]) for name in floats}
    parts = [nw.col(name).cast(nw.Int64) for name in columns if name not in floats]
    parts += [part for name in floats for part in _pieces(name, size[name])]
    rows = rows.select(*by, *parts)
    names = [name for name in rows.collect_schema().names() if name not in by]
    sums = [nw.col(name).sum() for name in names]
    added = rows.group_by(by).agg(*sums) if by else rows.select(*sums)
    whole = {name: nw.col(name).cast(nw.Int64) for name in columns if name not in floats}
    joined = {name: _joined(name, size[name]) for name in floats}
    return added.select(*by, *((whole | joined)[name].alias(name) for name in columns))


def _largest(rows, floats) -> dict[str, float]:
    if not floats:
        return {}
    largest = rows.select(*(nw.col(name).abs().max() for name in floats)).collect("pandas")
    return {name: largest[name].to_list()[0] for name in floats}


def _power(x) -> float:
    """A power of two that is not below x."""
    return float(np.ldexp(1.0, np.frexp(x)[1])) if x is not None and 0 < x < np.inf else 1.0


def _pieces(name, size):
    """The first 27 bits of x / size, the next 27, and what is left: each cut is exact."""
    x = nw.col(name).cast(nw.Float64) / size * 2**BITS
    high = x.cast(nw.Int64)
    rest = (x - high.cast(nw.Float64)) * 2**BITS
    low = rest.cast(nw.Int64)
    left = rest - low.cast(nw.Float64)
    every = zip(PARTS, (high, low, left), strict=True)
    return [piece.alias(f"{name}: {part}") for part, piece in every]


def _joined(name, size):
    high, low, left = (nw.col(f"{name}: {part}").cast(nw.Float64) for part in PARTS)
    return (high + (low + left) / 2**BITS) * (size / 2**BITS)


def moments(rows, columns):
    """How many rows; of `columns` the means (k,), and the sums of squares and products (k, k).

    Squares and products are those of distances from the means, which takes a third scan: numbers
    near a billion that differ by one keep their digits.
    """
    rows, places = rows.lazy(), range(len(columns))
    ends = [getattr(nw.col(c), end)().alias(f"{end} {i}")
            for i, c in enumerate(columns) for end in ("min", "max")]  # fmt: skip
    ends = rows.select(nw.len().alias("n"), *ends).collect("pandas").to_native().iloc[0]
    low, high = (np.array([ends[f"{end} {i}"] for i in places], float) for end in ("min", "max"))
    largest = dict(zip(columns, np.maximum(np.abs(low), np.abs(high)), strict=True))
    sums = totals(rows, columns, largest=largest).collect("pandas").to_native()
    n = int(ends["n"])
    mean = np.clip(sums[list(columns)].to_numpy(float)[0] / n, low, high)
    far = np.maximum(high - mean, mean - low)
    pairs = [(i, j) for i in places for j in places if i <= j]
    away = [nw.col(c) - float(mean[i]) for i, c in enumerate(columns)]
    products = rows.select(*((away[i] * away[j]).alias(f"{i} {j}") for i, j in pairs))
    most = {f"{i} {j}": far[i] * far[j] for i, j in pairs}
    found = totals(products, list(most), largest=most).collect("pandas").to_native().iloc[0]
    scatter = np.empty((len(columns), len(columns)))
    for i, j in pairs:
        scatter[i, j] = scatter[j, i] = found[f"{i} {j}"]
    return n, mean, scatter


def few(rows, columns):
    """Rows with the number, means, squares and products of all: so a normal law takes them for all.

    Two rows a direction of the scatter, as far out to either side as all rows together reach, and
    one in the middle that stands for the rest: 2 k + 1 rows for k columns, fewer where columns
    repeat one another. Where there are not more rows than that, they stay as they are. Columns that
    nearly repeat one another are refused, as products hold too few digits of what tells them apart.
    """
    columns = list(columns)
    n, mean, scatter = moments(rows, columns)
    size = np.sqrt(np.diag(scatter))
    unit = np.where(size > 0, size, 1)
    share, axes = np.linalg.eigh(scatter / np.outer(unit, unit))
    heard = share > ROUNDING * len(columns)
    if (heard & (share < NEARLY)).any():
        together = np.abs(axes[:, np.argmax(heard)]) > 0.1
        names = ", ".join(f"`{c}`" for c, some in zip(columns, together, strict=True) if some)
        raise ValueError(
            f"{names} nearly repeat one another: sums of their products do not hold what tells "
            "them apart; leave one out, or measure from the middle (t - 2020, not t, beside t^2)"
        )
    out = (size[:, None] * axes * np.sqrt(np.where(heard, share, 0) / 2)).T[heard]
    if n <= 2 * len(out):
        return rows.lazy().select(*columns, nw.lit(1).alias(ALIKE))
    found = pd.DataFrame(mean + np.vstack([np.zeros_like(mean), out, -out]), columns=columns)
    found[ALIKE] = [n - 2 * len(out)] + [1] * (2 * len(out))
    return nw.from_native(found).lazy()


def pooled(rows, value, error):
    """One row: the mean of `value` with weights 1 / error^2, and its error."""
    weight = 1 / (nw.col(error) * nw.col(error))
    weighed = rows.lazy().select((nw.col(value) * weight).alias(value), weight.alias(error))
    sums = totals(weighed, [value, error])
    return sums.select(nw.col(value) / nw.col(error), (1 / nw.col(error).sqrt()).alias(error))


def counted(rows):
    """Rows that differ, and how many of all are like each."""
    rows = rows.lazy()
    columns = rows.collect_schema().names()
    found = rows.group_by(columns).agg(nw.len().alias(ALIKE))
    return found.with_columns(nw.col(ALIKE).cast(nw.Int64))
