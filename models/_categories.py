"""Settings with one number for each category, however many categories the rows hold."""

import numpy as np


def per_category(name, values, number):
    """`values` as `number` positive floats.

    One value serves every category, two run evenly from the first category to the last, and as
    many as there are categories are taken as they stand.
    """
    values = np.atleast_1d(np.asarray(values, float))
    if values.size not in (1, 2, number):
        raise ValueError(
            f"`{name}` needs 1, 2 or {number} numbers (one for all, those of the first and the "
            f"last, or one for each); it has {values.size}"
        )
    if not (values > 0).all():
        raise ValueError(f"`{name}` must be positive; it has {values.min():g}")
    if values.size == number:
        return values
    return np.linspace(values[0], values[-1], number)


def counted(frame, labels):
    """Rows of one thing each carry no `count` column: every row then counts one.

    Not so where no label comes twice and another column holds numbers: it will be the counts.
    """
    if "count" in frame or not set(labels) <= set(frame):
        return frame if "count" in frame else frame.assign(count=1)
    numbers = [name for name in frame.select_dtypes("number") if name not in labels]
    if numbers and not frame.duplicated(labels).any():
        raise ValueError(
            f"`{numbers[0]}` holds numbers, no label comes twice and there is no column `count`: "
            f"if these are the counts, say --column count={numbers[0]}"
        )
    return frame.assign(count=1)
