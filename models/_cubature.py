"""Marginals of three chances at once, by quadrature that follows the posterior around.

All work is done in log-odds. The three are summed out one inside the other: at each value of the
first, climb to the peak over the other two; at each value of the second, to the peak of the third.
There the curvature gives the unit of length, and the points are peak + unit * sinh(t), t evenly
spaced: dense near the peak, ever wider far out. So one fixed rule serves a posterior from ten
tests, from ten million, and one with a long tail towards zero, however bent its ridge.
"""

from itertools import product

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.special import expit, log_expit, logit, logsumexp

from models._exact import _invert

REACH = 5.2  # of t: the points span +-90 units of length
NEGLIGIBLE = 45.0  # nats below the peak
AROUND = [-6.0, -2.0, 2.0, 6.0]  # log-odds to start climbing from as well
SHORTER = np.array([2**-9, 2**-6, 2**-4, 0.25, 0.5, 1, 2])  # times the full step
DAMPED = np.array([0.1, 1, 10, 100])  # or with this much curvature added
FAR = 150.0  # log-odds beyond which no double tells a chance from 0 or 1


class Marginal:
    """The unnormalised marginal density of one of three log-odds.

    Parameters
    ----------
    value
        u of shape (3, ...) -> log density with respect to u, shape (...).
    local
        u of shape (3, N) -> its gradient (N, 3) and a positive definite information (N, 3, 3).
    start
        Where to start climbing, shape (3,).
    order
        The coordinate wanted, the one summed out last, the one summed out first. The last had
        best be the one that the other two pin down.
    degree
        Of the Chebyshev series of the log marginal, in t.
    step
        Of t in the two sums; their error falls like exp(-4 / step) or faster.
    """

    def __init__(self, value, local, start, order, degree, step, log_evidence=None):
        self._value, self._local, self._order, self._step = value, local, order, step
        elsewhere = np.array(list(product(AROUND, repeat=3))).T
        starts = np.column_stack([start, elsewhere])
        starts = climb(value, local, starts, order)
        self._top = starts[:, [np.argmax(value(starts))]]
        self._peak, self._unit = self._top[order[0], 0], 1.0
        nodes = np.sinh(np.linspace(-REACH, REACH, 53))
        for _ in range(4):
            u = self._peak + self._unit * nodes
            log_mass = self._rough(u)[2] + np.log(np.hypot(1, nodes))
            self._peak, self._unit = moments(u, log_mass)
        self._low, self._high = low, high = self._edges()
        top = self._rough(np.array([self._peak]))[2][0]

        def density(t):
            return np.exp(self._log_marginal(t) - top) * self._unit * np.cosh(t)

        self._density = Chebyshev.interpolate(density, degree, [low, high])
        self._cumulative = self._density.integ(lbnd=low)
        self.log_integral = float(np.log(self._cumulative(high)) + top)
        log_evidence = self.log_integral if log_evidence is None else log_evidence
        self._log_scale = top - log_evidence
        self.mass = float(np.exp(self.log_integral - log_evidence))

    def _u(self, t):
        return self._peak + self._unit * np.sinh(t)

    def _t(self, x):
        with np.errstate(divide="ignore"):
            return np.arcsinh((logit(np.asarray(x, dtype=float)) - self._peak) / self._unit)

    def _expect(self, function):
        """Mean of a function of the chance: Gauss-Legendre in t."""
        node, weight = np.polynomial.legendre.leggauss(2 * self._density.degree())
        t = self._low + (self._high - self._low) * (node + 1) / 2
        weight = weight * self._density(t)
        return float(np.sum(weight * function(expit(self._u(t)))) / np.sum(weight))

    def mean(self):
        return self._expect(lambda x: x)

    def std(self):
        mean = self.mean()
        return float(np.sqrt(self._expect(lambda x: (x - mean) ** 2)))

    def logpdf(self, x):
        t = self._t(x)
        inside = (t >= self._low) & (t <= self._high)
        t = np.where(inside, t, self._low)
        u, density = self._u(t), np.maximum(self._density(t), np.finfo(float).tiny)
        log_slope = np.log(self._unit * np.cosh(t)) + log_expit(u) + log_expit(-u)
        return np.where(inside, np.log(density) - log_slope + self._log_scale, -np.inf)

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def cdf(self, x):
        t = np.clip(self._t(x), self._low, self._high)
        return np.clip(self._cumulative(t) / self._cumulative(self._high), 0.0, 1.0)

    def ppf(self, q):
        q = np.asarray(q, dtype=float)
        low, high = np.full(q.shape, self._low), np.full(q.shape, self._high)
        return expit(
            self._u(_invert(self._cumulative, q * self._cumulative(self._high), low, high))
        )

    def rvs(self, size=(), random_state=None):
        return self.ppf(np.random.default_rng(random_state).random(size))

    def _rough(self, x):
        """At each x of the first: peak over the others (3, N), width of the second, log marginal.

        By Laplace's method.
        """
        i, j, k = self._order
        starts = [self._top[j, 0], *AROUND]  # a ridge may have two tops
        u = np.repeat(self._top, len(starts) * x.size, axis=1)
        u[i] = np.tile(np.clip(x, -FAR, FAR), len(starts))
        u[j] = np.repeat(starts, x.size)
        u = climb(self._value, self._local, u, [j, k]).reshape(3, len(starts), -1)
        u = u[:, np.argmax(self._value(u), axis=0), np.arange(x.size)]
        information = self._local(u)[1]
        coupled = information[:, j, k] ** 2 / information[:, k, k]
        width, narrow = (information[:, j, j] - coupled) ** -0.5, self._narrow(u)
        return u, width, self._value(u) + np.log(width * narrow)

    def _narrow(self, u):
        """Width of the third at its peak: of the observed curvature or the expected, the less."""
        k, nudge = self._order[2], np.zeros((3, 1))
        nudge[k] = 1e-4
        above, below = self._local(u + nudge)[0], self._local(u - nudge)[0]
        observed = (below - above)[:, k] / 2e-4
        return np.maximum(observed, self._local(u)[1][:, k, k]) ** -0.5

    def _edges(self):
        """The t between which the marginal is not negligible."""
        t = np.linspace(-REACH, REACH, 53)
        for _ in range(3):  # a flank may fall a thousand nats in one step: look closer
            rough = self._rough(self._u(t))[2]
            near = np.flatnonzero(rough > rough.max() - NEGLIGIBLE)
            first, last = near[0], near[-1]
            edges = t[max(first - 1, 0)], t[min(last + 1, t.size - 1)]
            left = np.linspace(edges[0], t[first], 12)
            right = np.linspace(t[last], edges[1], 12)
            t = np.concatenate([left, t[near], right])
        return edges

    def _log_marginal(self, t):
        _, j, k = self._order
        u, width, _ = self._rough(self._u(np.asarray(t, dtype=float)))
        centre = u[j]
        for step in (3 * self._step, self._step):  # first to find centre and width, then to sum
            count = int(np.ceil(REACH / step))
            inner = step * np.arange(-count, count + 1)
            z, log_weight = np.sinh(inner), np.log(step * np.cosh(inner))
            rows = np.repeat(u[:, :, None], z.size, axis=2)
            rows[j] = np.clip(centre[:, None] + width[:, None] * z, -FAR, FAR)
            second = rows[j]
            rows = climb(self._value, self._local, rows.reshape(3, -1), [k])
            narrow = self._narrow(rows)
            rough = (self._value(rows) + np.log(narrow)).reshape(-1, z.size) + log_weight
            log_unit = np.log(width)
            density = rough - log_weight
            centre = second[np.arange(t.size), density.argmax(axis=1)]
            width = np.minimum(width, moments(second, rough)[1])
        kept = (rough > rough.max(axis=1, keepdims=True) - NEGLIGIBLE).ravel()
        grid = np.repeat(rows[:, kept, None], z.size, axis=2)
        grid[k] += narrow[kept, None] * z
        sums = np.full(kept.size, -np.inf)
        sums[kept] = logsumexp(self._value(grid) + log_weight, axis=1) + np.log(narrow[kept])
        return logsumexp(sums.reshape(-1, z.size) + log_weight, axis=1) + log_unit


def moments(x, log_mass):
    """Mean and standard deviation along the last axis, masses given by their logs."""
    mass = np.exp(log_mass - log_mass.max(axis=-1, keepdims=True))
    mass /= mass.sum(axis=-1, keepdims=True)
    mean = np.sum(mass * x, axis=-1, keepdims=True)
    return mean[..., 0], np.sqrt(np.sum(mass * (x - mean) ** 2, axis=-1))


def climb(value, local, u, free, steps=100):
    """Fisher scoring over the coordinates `free`, for every column of u (3, N) at once.

    A column need not arrive: it only places a grid, and a grid a little off centre is as good.
    """
    u, free = u.copy(), list(free)
    moving = np.arange(u.shape[1])
    for _ in range(steps):
        gradient, information = local(u[:, moving])
        gradient, information = (
            gradient[:, free, None],
            information[:, free][:, :, free] + 1e-12 * np.eye(len(free)),
        )
        trials = np.zeros((3, 1 + SHORTER.size + DAMPED.size, moving.size))  # the first: stay
        full = np.linalg.solve(information, gradient)[..., 0].T
        damped = information + DAMPED[:, None, None, None] * np.eye(len(free))
        trials[free, 1 : 1 + SHORTER.size] = full[:, None] * SHORTER[:, None]
        trials[free, 1 + SHORTER.size :] = np.linalg.solve(damped, gradient)[..., 0].transpose(
            2, 0, 1
        )
        trials = np.clip(trials, -6.0, 6.0)
        there = u[:, None, moving] + trials
        there[free] = np.clip(there[free], -FAR, FAR)
        best, column = np.argmax(value(there), axis=0), np.arange(moving.size)
        u[:, moving] = there[:, best, column]
        scale = np.sqrt(np.einsum("nii->in", information))
        moving = moving[np.any(np.abs(trials[free][:, best, column]) * scale > 0.01, axis=0)]
        if moving.size == 0:
            break
    return u
