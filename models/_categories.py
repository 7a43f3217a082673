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
