"""Sums of independent whole numbers of one law, exactly: the central limit theorem measured.

`p` holds the chances of 0, 1, 2, ... Convolution adds positive numbers only, so it loses no digits.
"""

import numpy as np
from scipy import stats


def moments(p) -> tuple[float, float, float]:
    """Mean, sd and third central moment."""
    k = np.arange(len(p))
    away = k - p @ k
    return float(p @ k), float(np.sqrt(p @ away**2)), float(p @ away**3)


def total(p, n: int) -> np.ndarray:
    """The chances of 0, 1, 2, ... for the sum of n of them."""
    found, power = np.ones(1), np.asarray(p, float)
    while n:
        if n % 2:
            found = np.convolve(found, power)
        n //= 2
        if n:
            power = np.convolve(power, power)
    return found


def distance(p, n: int, *, between: bool = False) -> float:
    """The largest error of the normal distribution as the law of the sum, of all probabilities.

    The steps of the sum's distribution function are compared where they are worst, at their edges;
    or, `between`, in their middles (the continuity correction).
    """
    mean, sd, _ = moments(p)
    steps = np.cumsum(total(p, n))
    at = stats.norm(n * mean, sd * np.sqrt(n)).cdf
    k = np.arange(steps.size)
    if between:
        return float(np.abs(steps - at(k + 0.5)).max())
    before = np.concatenate([[0.0], steps[:-1]])
    return float(np.maximum(np.abs(steps - at(k)), np.abs(before - at(k))).max())


def limit(p) -> float:
    """Where `distance` times sqrt(n) tends to (Esseen 1956), for steps of one."""
    _, sd, third = moments(p)
    return (abs(third) + 3 * sd**2) / (6 * np.sqrt(2 * np.pi) * sd**3)


def most(p) -> float:
    """What `distance` times sqrt(n) never exceeds: Berry and Esseen, constant of Shevtsova 2011."""
    mean, sd, _ = moments(p)
    return 0.4748 * float(p @ np.abs(np.arange(len(p)) - mean) ** 3) / sd**3
