"""Sums of absolute values: where they are least, and integrals of their powers and exponentials.

S(theta) = base + sum_i weight_i |y_i - A_i theta| is convex and, along any line, made of straight
pieces between knots. So S^-N and exp(-S / scale) have integrals over one coordinate in closed form,
piece by piece. Shapes: P lines at a time, K knots on each.
"""

import numpy as np
from numpy.polynomial import Chebyshev
from scipy import sparse, stats
from scipy.optimize import linprog
from scipy.special import gammaln, logsumexp

from models._distributions import Density
from models._panels import Panels

CELLS = 2_000_000  # numbers in memory at a time


def least(A, y, weight, q=0.5):
    """theta (k,) with the least sum of weight |y - A theta|, by linear programming.

    Errors above count 2 q fold, errors below 2 (1 - q) fold: a share q of the rows lies below then.

    Each error is a difference of two numbers that are not negative. The simplex method ends in a
    corner, where k of the errors are zero: from those rows theta is computed anew, to all digits.
    """
    n, k = A.shape
    size = np.max(np.abs(y)) or 1.0
    one = sparse.identity(n, format="csc")
    found = linprog(
        np.r_[np.zeros(k), q * weight, (1 - q) * weight] / np.max(weight),
        A_eq=sparse.hstack([sparse.csc_matrix(A), one, -one]),
        b_eq=y / size,
        bounds=[(None, None)] * k + [(0, None)] * (2 * n),
        method="highs-ds",
    )
    theta = found.x[:k] * size
    corner = []
    for i in np.argsort(np.abs(y - A @ theta), kind="stable"):
        if np.linalg.matrix_rank(A[[*corner, i]]) > len(corner):
            corner.append(i)
        if len(corner) == k:
            break
    return np.linalg.solve(A[corner], y[corner])


class Pieces:
    """S along P lines: base (P,), knots (P, K) in any order, their weights (P, K) or (K,)."""

    def __init__(self, base, knots, weights):
        order = np.argsort(knots, axis=1)
        knots = np.take_along_axis(knots, order, axis=1)
        weights = np.take_along_axis(np.broadcast_to(weights, knots.shape), order, axis=1)
        self.width = np.diff(knots, axis=1)
        self.total = weights.sum(axis=1)  # the slope to the right of all knots
        slope = 2 * np.cumsum(weights, axis=1)[:, :-1] - self.total[:, None]
        self.rise = np.abs(slope) * self.width
        # From the lowest knot outward only what rises is added: a weight may be a million others.
        left = slope < 0
        bottom = np.take_along_axis(knots, left.sum(axis=1, keepdims=True), axis=1)
        self.least = base + np.sum(weights * np.abs(knots - bottom), axis=1)
        none = np.zeros((len(knots), 1))
        falls = np.cumsum(np.where(left, self.rise, 0)[:, ::-1], axis=1)[:, ::-1]
        rises = np.cumsum(np.where(left, 0, self.rise), axis=1)
        above = np.hstack([falls, none]) + np.hstack([none, rises])
        self.values = self.least[:, None] + above  # at the knots
        self.low = np.minimum(self.values[:, :-1], self.values[:, 1:])

    def log_power(self, N):
        """log of the integral of S^-N over each line, (P,); N > 1."""
        least = self.least[:, None]
        ratio = self.rise / self.low
        grown = np.log1p(ratio)
        inside = self.width * np.exp(-N * np.log(self.low / least))
        inside *= _mean_of_fall((N - 1) * grown, grown, ratio)
        ends = self.values[:, [0, -1]]
        outside = ends * np.exp(-N * np.log(ends / least)) / ((N - 1) * self.total[:, None])
        return np.log(inside.sum(axis=1) + outside.sum(axis=1)) - N * np.log(self.least)

    def log_exponential(self, scale):
        """log of the integral of exp(-S / scale) over each line, (P,)."""
        least = self.least[:, None]
        rise = self.rise / scale
        inside = self.width * np.exp((least - self.low) / scale) * _mean_of_fall(rise, rise, rise)
        ends = np.exp((least - self.values[:, [0, -1]]) / scale) * scale / self.total[:, None]
        return np.log(inside.sum(axis=1) + ends.sum(axis=1)) - self.least / scale


def _mean_of_fall(fall, grown, ratio):
    """(1 - e^-fall) / fall times grown / ratio, and its limit 1 where a piece is level."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = -np.expm1(-fall) / fall * (grown / ratio)
    return np.where(fall > 0, mean, 1.0)


class Fold:
    """S(b, w) = base + sum_i weight_i |y_i - b - x_i w| + |b| / reach_b + |w| / reach_w.

    Equal rows are counted once, with their number for a weight.
    """

    def __init__(self, x, y, base, reach_b, reach_w):
        rows, counts = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
        self.A = np.vstack([np.column_stack([np.ones(len(rows)), rows[:, 0]]), np.eye(2)])
        self.y = np.r_[rows[:, 1], 0, 0]
        self.weight = np.r_[counts, 1 / reach_b, 1 / reach_w]
        self.base = base
        self.b, self.w = least(self.A, self.y, self.weight)  # where S is least
        self.least = float(self(self.b, self.w))

    def __call__(self, b, w):
        """S at b () and w ()."""
        return self.base + np.sum(self.weight * np.abs(self.y - self.A @ [b, w]))

    def along(self, which, at):
        """S along one coordinate (0: b, 1: w), the other held at the values `at` (P,): Pieces."""
        moves, held = self.A[:, which], self.A[:, 1 - which]
        rest = self.y - np.multiply.outer(at, held)  # (P, rows)
        runs = moves != 0
        base = self.base + np.abs(rest[:, ~runs]) @ self.weight[~runs]
        return Pieces(base, rest[:, runs] / moves[runs], (self.weight * np.abs(moves))[runs])

    def log_marginal(self, which, at, N):
        """log of the integral of S^-N over one coordinate, the other held at `at` (P,)."""
        some = max(1, CELLS // self.y.size)
        parts = [at[i : i + some] for i in range(0, at.size, some)]
        return np.concatenate([self.along(which, part).log_power(N) for part in parts])

    def marginal(self, which, N, shift=0.0, enough=1e-12):
        """The law of shift + one coordinate under a density like S^-N, not normalised."""
        peak = (self.b, self.w)[which] + shift
        step = self.least / N / self.weight.sum()  # a step that costs a nat at most
        return Panels(lambda at: self.log_marginal(1 - which, at - shift, N), peak, step, enough)

    def scale(self, N, log_total):
        """The law of scale, where b, w and scale have a density like S^-(N + 1) exp(-S / scale).

        Over b the integral is closed, over w the rule of a marginal; the log density, as smooth as
        that of a Gamma, is a Chebyshev series in log scale. `log_total` is the integral of S^-N.
        """
        rule = self.marginal(1, N, enough=1e-10)
        w, log_width = rule.widths()
        seen = log_width + self.log_marginal(0, w, N)
        w, log_width = w[seen > seen.max() - 40], log_width[seen > seen.max() - 40]
        # 1 / scale is nearly a Gamma of these two moments
        powers = [logsumexp(log_width + self.log_marginal(0, w, N + k)) for k in (0, 1, 2)]
        first, second = N * np.exp(np.diff(powers)) * [1, (N + 1) / N]
        near = stats.gamma(min(first / (second - first), N - 2), scale=second - first)
        ends = -np.log([near.isf(1e-24), near.ppf(1e-24)])
        some = max(1, CELLS // self.y.size)
        parts = [slice(i, i + some) for i in range(0, w.size, some)]

        def log_density(u):
            found = np.full(u.size, -np.inf)
            for part in parts:
                pieces = self.along(0, w[part])
                each = [logsumexp(pieces.log_exponential(np.exp(v)) + log_width[part]) for v in u]
                found = np.logaddexp(found, each)
            return found - N * u - gammaln(N) - log_total  # of log scale

        series = Chebyshev.interpolate(log_density, 64, domain=ends)

        def logpdf(scale):
            with np.errstate(divide="ignore"):
                u = np.log(scale)
            inside = (u >= ends[0]) & (u <= ends[1])
            return np.where(inside, series(np.clip(u, *ends)) - u, -np.inf)

        return Density(logpdf, "log", 1 / first)
