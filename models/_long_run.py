"""The long-run shares of a chain's states: from its transition matrix, and as a posterior.

With two states the odds in the long run are those of arriving against leaving, x / y with
x = A[2, 1] and y = A[1, 2]: two independent Beta chances, so one integral gives each probability.
"""

import numpy as np
from scipy.special import betainc, expit, log_expit, logit

from models._chance import chance, legendre
from models._distributions import invert


def long_run(A):
    """pi (K,) with pi A = pi and sum one; rows of A (K, K) sum to one.

    pi (I - A) is zero and pi times a matrix of ones is a row of ones: both are said at once. Where
    a chain leaves neither of two sets of states, pi depends on the start and the system has no
    solution (LinAlgError).
    """
    return np.linalg.solve((np.eye(len(A)) - A + 1).T, np.ones(len(A)))


class LongRun:
    """The law of (pi_1, pi_2), shape (2,), where row k of A is Dirichlet(`rows.a[k]`).

    `mass` is P(x < y) + P(y < x), each by its own integral.
    """

    def __init__(self, rows):
        (stay_1, leave_1), (leave_2, stay_2) = rows.a
        self._x, self._y = chance(leave_2, stay_2), chance(leave_1, stay_1)
        widest = max(side.high - side.low for side in (self._x, self._y))
        self._number = 120 + 8 * int(widest)  # each is analytic up to pi from the real line
        self._low = log_expit(self._x.low) - log_expit(self._y.high)
        self._high = log_expit(self._x.high) - log_expit(self._y.low)
        self.mass = float(sum(self._below(np.zeros(1), swap)[0] for swap in (False, True))[0])

    def _below(self, v, swap):
        """P(log x - log y < v) and its density, for v (n,) at most 0; with `swap`, of y and x."""
        x, y = (self._y, self._x) if swap else (self._x, self._y)
        # y between where x is certainly above and where it is certainly below exp(v) y
        low, high = (
            np.clip(_log_odds(log_expit(edge) - v), y.low, y.high) for edge in (x.low, x.high)
        )
        z, weight = legendre(self._number)
        half = ((high - low) / 2)[:, None]
        u = low[:, None] + half * (z + 1)
        weight = weight * half * np.exp(y.log_density(u))
        product, rest = np.exp(v[:, None] + log_expit(u)), _complement(v[:, None], u)
        small = product < 0.5  # the smaller of the two has all its digits
        below = np.where(
            small, betainc(x.a, x.b, product), 1 - betainc(x.b, x.a, np.where(small, 0.5, rest))
        )
        log_slope = x.log_density(np.log(product) - np.log(rest)) - np.log(rest)
        certain = betainc(y.b, y.a, expit(-high))
        return (weight * below).sum(1) + certain, (weight * np.exp(log_slope)).sum(1)

    def _of(self, x):
        """cdf and density of the log-odds of pi_1 at pi_1 = x, in the shape of x."""
        with np.errstate(divide="ignore"):
            v = np.clip(logit(np.asarray(x, dtype=float)), self._low, self._high)
        below, density = np.empty(v.shape), np.empty(v.shape)
        up = v > 0
        below[~up], density[~up] = self._below(v[~up], False)
        above, density[up] = self._below(-v[up], True)
        below[up] = 1 - above
        return below, density

    def mean(self):
        return self._moment(0.0, 1)

    def std(self):
        return np.sqrt(self._moment(self.mean(), 2))

    def _moment(self, centre, power):
        (u, a), (v, b) = (side.nodes(self._number) for side in (self._x, self._y))
        share = expit(log_expit(u)[:, None] - log_expit(v))
        first, second = np.broadcast_to(centre, 2)
        return np.array([
            a @ (share - first) ** power @ b, a @ (1 - share - second) ** power @ b
        ])  # fmt: skip

    def pdf(self, x):
        x = np.broadcast_to(x, np.broadcast_shapes(np.shape(x), (2,)))
        with np.errstate(divide="ignore", invalid="ignore"):
            density = self._of(_pair(x))[1] / (x * (1 - x))
        return np.where((x > 0) & (x < 1), density, 0.0)

    def logpdf(self, x):
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def cdf(self, x):
        return np.clip(_pair(self._of(_pair(x))[0]), 0.0, 1.0)

    def ppf(self, q):
        q = _pair(q)
        ends = np.full(q.shape, self._low), np.full(q.shape, self._high)
        return _pair(expit(invert(lambda v: self._of(expit(v))[0], q, *ends)))

    def rvs(self, size=(), random_state=None):
        rng = np.random.default_rng(random_state)
        x, y = (rng.beta(side.a, side.b, size) for side in (self._x, self._y))
        return np.stack([x / (x + y), y / (x + y)], axis=-1)


def _pair(values):
    """(..., 2), whatever was given, with the second entry counted from one."""
    values = np.array(np.broadcast_to(values, np.broadcast_shapes(np.shape(values), (2,))))
    values[..., 1] = 1 - values[..., 1]
    return values


def _log_odds(log_chance):
    """Infinite from log 1 on."""
    with np.errstate(divide="ignore"):
        return np.where(
            log_chance < 0, log_chance - np.log(-np.expm1(np.minimum(log_chance, 0))), np.inf
        )


def _complement(v, u):
    """1 - exp(v) expit(u), without cancellation."""
    return expit(-u) - expit(u) * np.expm1(v)
