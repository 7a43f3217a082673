"""The log-odds of a Beta chance, with all digits however large its parameters."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, roots_legendre

from models._distributions import invert

NEGLIGIBLE = 42.0  # nats: 1 + exp(-42) is 1
WIDEST = 400.0  # log-odds

legendre = lru_cache(roots_legendre)


def beyond_stirling(x):
    """log Gamma(x) less Stirling's formula: by subtraction, or where that loses digits a series."""
    if x < 20:
        return gammaln(x) - (x - 0.5) * np.log(x) + x - np.log(2 * np.pi) / 2
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / x**2) / x**2) / x**2) / x


class Chance(NamedTuple):
    """Beta(a, b), and the log-odds between which it lies."""

    a: float
    b: float
    low: float
    high: float

    def log_density(self, log_odds):
        """Of the log-odds; from the top down, or a billion rows would leave no digits."""
        n, away = self.a + self.b, log_odds - np.log(self.a / self.b)
        less, away = (self.a, away) if self.a < self.b else (self.b, -away)
        top = np.log(self.a * self.b / (2 * np.pi * n)) / 2
        top += beyond_stirling(n) - beyond_stirling(self.a) - beyond_stirling(self.b)
        with np.errstate(over="ignore"):  # a density of 0
            return top + less * away - n * np.log1p(less / n * np.expm1(away))

    def nodes(self, number):
        """Log-odds that stand for the whole, and their weights (number,)."""
        z, weight = legendre(number)
        u = self.low + (self.high - self.low) * (z + 1) / 2
        return u, weight * (self.high - self.low) / 2 * np.exp(self.log_density(u))


def chance(a, b):
    """A Beta chance whose log-odds leave out exp(-42) of the height of their density."""
    top = np.log(a / b)
    bare = Chance(a, b, top, top)
    most = (NEGLIGIBLE + (a + b) * (np.log1p(a / b) + np.log1p(b / a))) / min(a, b)

    def fallen(distance):
        return bare.log_density(top) - bare.log_density(top + distance)

    low, high = (
        top + side * invert(lambda d, s=side: fallen(s * d), NEGLIGIBLE, 0.0, most)
        for side in (-1, 1)
    )
    if high - low > WIDEST:
        raise ValueError("a row of A has too heavy a tail; try larger `stay` and `move`")
    return Chance(a, b, float(low), float(high))
