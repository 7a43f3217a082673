"""Figures of many rows: what is shown of a long series, and how large a dot is."""

LAST = 300  # rows of a series in one figure; with more they hide one another
END = slice(-LAST, None)


def the_end(n, rows="rows"):
    """What a caption says of `n` rows in order, of which `END` is shown."""
    return f" The last {LAST} of {n:,} {rows}." if n > LAST else ""


def dot(n):
    """The size of one of `n` dots, in points."""
    return 4 if n < 300 else 2
