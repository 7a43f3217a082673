"""A scalar whose log density is known point by point, kinks and long tails included.

The line is cut into panels that are halved until a Gauss-Legendre rule on the halves says what it
said on the whole. A smooth density needs few; one with kinks gets short panels about them.
"""

from copy import copy
from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre

from models._distributions import invert

NODES = 16  # of one panel
FALL = 45.0  # the tails are cut where the log density is this far below its peak
HALVINGS = 45  # of one panel: then it is as short as the doubles about a kink
PANELS = 5_000  # not halved any further at a time: rounding errors alone keep more than that open


@lru_cache
def rule(n=NODES):
    """Nodes in [-1, 1], their weights, and the matrix from values there to a Legendre series."""
    x, weight = legendre.leggauss(n)
    k = np.arange(n)
    return x, weight, (legendre.legvander(x, n - 1) * weight[:, None]).T * (k + 0.5)[:, None]


class Panels:
    """The distribution of unit * x, where x has a log density known up to a constant.

    Parameters
    ----------
    log_density
        x (m,) -> log density (m,), less `log_total`.
    peak, step
        A point near the highest one, and a distance that is short beside the density's width.
    enough
        What halving a panel may still change, of the whole integral.
    """

    log_total = 0.0  # what the integral should be: `over` says so, and `mass` whether it is
    unit = 1.0

    def __init__(self, log_density, peak, step, enough=1e-12):
        self._enough = enough
        self._log_density = log_density
        reach = step * 2.0 ** np.arange(60)
        sides = np.r_[peak - reach[::-1], peak, peak + reach]
        there = log_density(sides)
        inside = np.flatnonzero(there > there.max() - FALL)
        low, high = max(inside[0] - 1, 0), min(inside[-1] + 1, there.size - 1)
        self._top = there.max()
        edges = sides[low : high + 1]
        self.low, self.high = self._halved(edges[:-1], edges[1:])
        x, weight, to_series = rule()
        half = (self.high - self.low) / 2
        self.nodes = self.low[:, None] + half[:, None] * (x + 1)  # (panels, nodes)
        values = self._scaled(self.nodes)
        parts = half * (values @ weight)
        self._before = np.r_[0, np.cumsum(parts)]
        self.log_mass = self._top + np.log(parts.sum())
        self.node_weights = half[:, None] * values * weight / parts.sum()
        self._series = legendre.legint((values @ to_series.T).T, lbnd=-1) * half

    def over(self, log_total):
        """The same density divided by an integral that was found elsewhere."""
        other = copy(self)
        other.log_total = log_total
        return other

    def times(self, unit):
        """The distribution of unit * x for a positive unit."""
        other = copy(self)
        other.unit = self.unit * unit
        return other

    @property
    def mass(self):
        return float(np.exp(self.log_mass - self.log_total))

    def _scaled(self, x):
        """The density over its value at the peak, in the shape of x."""
        return np.exp(self._log_density(np.ravel(x)).reshape(np.shape(x)) - self._top)

    def _halved(self, low, high):
        """Panels (low, high) on which the rule is exact."""
        x, weight, _ = rule()

        def integral(low, high):
            half = (high - low) / 2
            return half * (self._scaled(low[:, None] + half[:, None] * (x + 1)) @ weight)

        whole, kept = integral(low, high), []
        enough = self._enough * whole.sum()
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            left, right = integral(low, middle), integral(middle, high)
            good = np.abs(left + right - whole) <= enough
            kept += [(low[good], middle[good]), (middle[good], high[good])]
            low, high = np.r_[low[~good], middle[~good]], np.r_[middle[~good], high[~good]]
            whole = np.r_[left[~good], right[~good]]
            if not low.size:
                break
            if not low.size <= PANELS:
                raise ArithmeticError("the posterior is too narrow for double precision")
        kept.append((low, high))
        low, high = (np.concatenate(side) for side in zip(*kept, strict=True))
        order = np.argsort(low)
        return low[order], high[order]

    def widths(self):
        """The nodes in one row, and the log of the width that each of them stands for."""
        half = (self.high - self.low)[:, None] / 2
        return self.nodes.ravel(), np.log(half * rule()[1]).ravel()

    def expected(self, values):
        """The mean of a function by its values at `nodes`."""
        return float(np.sum(self.node_weights * values))

    def mean(self):
        return self.unit * self.expected(self.nodes)

    def std(self):
        away = self.nodes - self.expected(self.nodes)
        return self.unit * float(np.sqrt(self.expected(away**2)))

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def logpdf(self, x):
        x = np.asarray(x, dtype=float) / self.unit
        there = self._log_density(x.ravel()).reshape(x.shape)
        return (there - self.log_total - np.log(self.unit))[()]

    def cdf(self, x):
        x = np.asarray(x, dtype=float) / self.unit
        held = np.clip(x, self.low[0], self.high[-1])
        i = np.clip(np.searchsorted(self.low, held, side="right") - 1, 0, self.low.size - 1)
        t = (2 * held - self.low[i] - self.high[i]) / (self.high[i] - self.low[i])
        inside = legendre.legval(t, self._series[:, i], tensor=False)
        return np.clip((self._before[i] + inside) / self._before[-1], 0.0, 1.0)[()]

    def ppf(self, q):
        q = np.asarray(q, dtype=float)
        low, high = (np.full(q.shape, edge) for edge in (self.low[0], self.high[-1]))
        return self.unit * invert(lambda x: self.cdf(self.unit * x), q, low, high)[()]

    def rvs(self, size=(), random_state=None):
        return self.ppf(np.random.default_rng(random_state).random(size))
