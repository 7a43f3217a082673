"""Rows added up to sums, on whatever holds them: pandas, Polars, DuckDB or Dask, by Narwhals.

Whole numbers are added in 64 bits. Floats are cut into two whole numbers of 27 bits each and what
is left of them, and these are added: so a sum does not depend on the order or the parts the rows
come in, and loses no digits, however many rows there are (up to 2^36). Where sums are taken by
group, the digits they keep are counted from the largest number of all groups.
"""

import narwhals as nw
import numpy as np

BITS = 27  # two such pieces hold the 53 bits of a double
PARTS = "high", "low", "left"


def totals(rows, columns, by=()):
    """One row a combination of `by`, in no particular order; in it the sums of `columns`."""
    rows, by = rows.lazy(), list(by)
    kinds = rows.collect_schema()
    floats = [name for name in columns if kinds[name].is_float()]
    size = _powers(rows, floats)
    parts = [nw.col(name).cast(nw.Int64) for name in columns if name not in floats]
    parts += [part for name in floats for part in _pieces(name, size[name])]
    rows = rows.select(*by, *parts)
    names = [name for name in rows.collect_schema().names() if name not in by]
    sums = [nw.col(name).sum() for name in names]
    added = rows.group_by(by).agg(*sums) if by else rows.select(*sums)
    whole = {name: nw.col(name).cast(nw.Int64) for name in columns if name not in floats}
    joined = {name: _joined(name, size[name]) for name in floats}
    return added.select(*by, *((whole | joined)[name].alias(name) for name in columns))


def _powers(rows, floats) -> dict[str, float]:
    """For each column a power of two that no number in it exceeds."""
    if not floats:
        return {}
    largest = rows.select(*(nw.col(name).abs().max() for name in floats)).collect("pandas")
    return {name: _power(largest[name].to_list()[0]) for name in floats}


def _power(x) -> float:
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
