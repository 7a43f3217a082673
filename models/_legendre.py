"""Legendre polynomials as columns: powers that know nothing of each other on an interval."""

import numpy as np
from numpy.polynomial import legendre


def columns(x, low, high, degree):
    """Polynomials 0..degree of x (m,), of mean square 1 from low to high: (m, degree + 1)."""
    z = (2 * np.asarray(x, float) - low - high) / (high - low)
    return legendre.legvander(z, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
