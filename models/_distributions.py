"""Two distributions SciPy has no name for, answering what its frozen ones answer.

`Mixture` is what a posterior becomes when something discrete or gridded was summed out;
`Density` is a scalar whose density is known point by point and nothing else. Both answer
`mean, std, pdf, logpdf, cdf, ppf, rvs`, elementwise, in the shape of the unknown.
"""

from typing import ClassVar

import numpy as np
from scipy import special

NEGLIGIBLE = 1e-16  # a part this light changes no digit of a double


class Mixture:
    """A finite mixture of one family's frozen distributions.

    `Mixture(weights, stats.norm, loc=..., scale=...)`: `weights` has shape (P,), positive, any
    sum that is one; each parameter ends in an axis of length P (or 1) and what stands before
    that axis is the shape of the unknown.
    """

    def __init__(self, weights, family, **parameters):
        weights = np.asarray(weights, dtype=float)
        kept = weights > NEGLIGIBLE * weights.max()
        self.weights = weights[kept] / weights[kept].sum()
        full = {k: np.asarray(v, dtype=float) for k, v in parameters.items()}
        self.parts = family(**{k: v[..., kept] if v.shape[-1:] == weights.shape else v
                               for k, v in full.items()})  # fmt: skip

    def _sum(self, values):
        return np.sum(self.weights * values, axis=-1)

    def mean(self):
        return self._sum(self.parts.mean())

    def std(self):
        spread = self.parts.var() + (self.parts.mean() - self.mean()[..., None]) ** 2
        return np.sqrt(self._sum(spread))

    def pdf(self, x):
        return self._sum(self.parts.pdf(np.asarray(x)[..., None]))

    def logpdf(self, x):
        return special.logsumexp(
            self.parts.logpdf(np.asarray(x)[..., None]), b=self.weights, axis=-1
        )

    def cdf(self, x):
        return self._sum(self.parts.cdf(np.asarray(x)[..., None]))

    def ppf(self, q):
        q = np.broadcast_to(q, np.broadcast_shapes(np.shape(q), np.shape(self.mean())))
        each = self.parts.ppf(q[..., None])
        return invert(self.cdf, q, each.min(axis=-1), each.max(axis=-1))

    def rvs(self, size=(), random_state=None):
        rng = np.random.default_rng(random_state)
        size = (size,) if np.ndim(size) == 0 and size != () else tuple(size)
        shape = (*size, *np.shape(self.mean()))
        every = self.parts.rvs(size=(*shape, self.weights.size), random_state=rng)
        part = rng.choice(self.weights.size, size=shape, p=self.weights)
        return np.take_along_axis(every, part[..., None], axis=-1)[..., 0]


class Density:
    """A scalar known only through its log density, stored as a Chebyshev series.

    Parameters
    ----------
    logpdf
        x (any shape) -> log density, evidence included: it is *not* normalised here, so that
        `mass` tells whether density and evidence belong together.
    scale
        "log" for x > 0, "logit" for 0 < x < 1, "identity" for the line: where the series lives.
    around
        A point in the bulk (any point whose log density is within some 600 of the peak).
    degree
        Of the series; the tails are cut where the density is 1e-17 of its peak.
    """

    SCALES: ClassVar = {
        "identity": (lambda u: u, lambda x: x, lambda u: np.zeros_like(u)),
        "log": (np.exp, np.log, lambda u: u),
        "logit": (
            special.expit,
            special.logit,
            lambda u: special.log_expit(u) + special.log_expit(-u),
        ),
    }

    def __init__(self, logpdf, scale, around, degree=200):
        self._logpdf = logpdf
        self._outer, self._inner, self._log_slope = self.SCALES[scale]
        low, high = self._edges(float(self._inner(around)))
        to_u = np.polynomial.chebyshev.Chebyshev.interpolate
        series = to_u(self._density_of_u, degree, domain=[low, high])
        self._domain = (low, high)
        self._cumulative = series.integ(lbnd=low)
        self.mass = float(self._cumulative(high))
        self._nodes, self._node_weights = self._rule(2 * degree)

    def _log_density_of_u(self, u):
        u = np.asarray(u, dtype=float)
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            return np.nan_to_num(self._logpdf(self._outer(u)) + self._log_slope(u), nan=-np.inf)

    def _density_of_u(self, u):
        return np.exp(self._log_density_of_u(u))

    def _edges(self, u, fall=40.0):
        """Where the log density of u has fallen by `fall` below its peak, on either side."""
        step = 2.0 ** np.arange(-20, 9)
        grid = np.unique(np.concatenate([u - step, [u], u + step]))
        for _ in range(6):  # close in on the peak, then walk out
            values = self._log_density_of_u(grid)
            best = int(np.argmax(values))
            left, right = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
            grid = np.linspace(left, right, 41)
        peak, top = grid[20], values[best]
        edges = []
        for sign in (-1.0, 1.0):
            reach = peak + sign * 2.0 ** np.arange(-20, 11, 0.125)
            low = self._log_density_of_u(reach) < top - fall
            edges.append(reach[int(np.argmax(low))] if low.any() else reach[-1])
        return edges[0], edges[1]

    def _rule(self, n):
        low, high = self._domain
        x, w = special.roots_legendre(n)
        u = low + (high - low) * (x + 1) / 2
        weights = w * (high - low) / 2 * self._density_of_u(u)
        return self._outer(u), weights / weights.sum()

    def mean(self):
        return float(np.sum(self._node_weights * self._nodes))

    def std(self):
        return float(np.sqrt(np.sum(self._node_weights * (self._nodes - self.mean()) ** 2)))

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def logpdf(self, x):
        return self._logpdf(np.asarray(x, dtype=float))

    def cdf(self, x):
        with np.errstate(divide="ignore", invalid="ignore"):
            u = self._inner(np.asarray(x, dtype=float))
        return np.clip(self._cumulative(np.clip(u, *self._domain)) / self.mass, 0.0, 1.0)

    def ppf(self, q):
        q = np.asarray(q, dtype=float)
        low, high = (np.full(q.shape, edge) for edge in self._domain)
        return self._outer(invert(self._cumulative, q * self.mass, low, high))

    def rvs(self, size=(), random_state=None):
        return self.ppf(np.random.default_rng(random_state).random(size))


def invert(increasing, targets, low, high):
    """Elementwise x in [low, high] with increasing(x) = target, by bisection to the last bit."""
    for _ in range(64):
        middle = (low + high) / 2
        below = increasing(middle) < targets
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
