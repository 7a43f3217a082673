"""The Kalman filter and smoother of a level that walks at random, for many variances at once.

level_1 has mean m0 and variance v0; after a time `gap` the level has moved by a normal step of
variance `moves` gap, and every reading differs from it by a normal error of variance `noise`.
`moves` and `noise` may be arrays of any shapes that broadcast; what is known of a level then has
their shape, and rows come first.

Sources: Durbin and Koopman, Time Series Analysis by State Space Methods, chapter 2; PML2 8.2.
"""

from typing import NamedTuple

import numba
import numpy as np
from scipy import stats
from scipy.optimize import minimize

from models._distributions import Mixture

PAIRS = 64  # of variances, worked at side by side


class Series(NamedTuple):
    """Readings y (n,), the time since the one before (n,), and how often just these were seen."""

    y: np.ndarray
    gap: np.ndarray
    count: int


def series(time, y):
    """The series in rows that follow each other: where time goes back another one begins.

    Equal series are counted, not repeated. The first gap of each is never used.
    """
    gap = np.diff(time, prepend=time[0])
    starts = np.flatnonzero(np.r_[True, gap[1:] <= 0])
    counts = {}
    for rows in np.split(np.column_stack([y, gap]), starts[1:]):
        rows[0, 1] = 0.0
        counts[rows.tobytes()] = counts.pop(rows.tobytes(), 0) + 1  # the last one stays the last
    found = [(np.frombuffer(rows).reshape(-1, 2), number) for rows, number in counts.items()]
    return [Series(rows[:, 0], rows[:, 1], number) for rows, number in found]


def steps(one, moves, noise, m0, v0):
    """Row by row: the mean and variance of the level before its reading and after it."""
    mean, variance = m0, v0
    for y, gap in zip(one.y, one.gap, strict=True):
        before = mean, variance + moves * gap
        gain = before[1] / (before[1] + noise)
        mean, variance = mean + gain * (y - mean), gain * noise
        yield *before, mean, variance


def log_likelihood(every, moves, noise, m0, v0):
    """log p(readings) of every series, each reading foretold from those before it.

    Real variances, or complex ones for slopes; the shape is that of `moves` and `noise` together.
    """
    pair = np.broadcast_arrays(moves, noise, np.float64(0))[:2]
    kind, shape = np.result_type(*pair), pair[0].shape
    moves, noise = (np.ravel(each).astype(kind) for each in pair)
    found = (one.count * foretold(one.y, one.gap, moves, noise, m0, v0) for one in every)
    return sum(found).reshape(shape)[()]


@numba.njit(cache=True, error_model="numpy")
def foretold(y, gap, moves, noise, m0, v0):
    """The same of one series, (P,) for `moves` and `noise` (P,): the steps above, compiled.

    Some pairs at a time, as many as a processor works at side by side; logs are taken of products.
    """
    found = np.empty_like(moves)
    for start in range(0, moves.size, PAIRS):
        walk, error = moves[start : start + PAIRS], noise[start : start + PAIRS]
        mean, variance = np.full_like(walk, m0), np.full_like(walk, v0)
        total, product = np.zeros_like(walk), np.ones_like(walk)
        for t in range(y.size):
            for p in range(walk.size):
                before = variance[p] + walk[p] * gap[t]
                share = 1 / (before + error[p])
                surprise = y[t] - mean[p]
                total[p] -= surprise * surprise * share / 2
                product[p] *= share
                mean[p] += before * share * surprise
                variance[p] = before * share * error[p]
            if t % 4 == 3 or t == y.size - 1:  # before a product is beyond a double
                total += np.log(product) / 2
                product[:] = 1
        found[start : start + PAIRS] = total
    return found - y.size / 2 * np.log(2 * np.pi)


def filtered(one, moves, noise, m0, v0):
    """Mean and variance of each level given the readings up to its own, (n, ...) each."""
    found = [after for _, _, *after in steps(one, moves, noise, m0, v0)]
    return tuple(np.array(part) for part in zip(*found, strict=True))


def smoothed(one, moves, noise, m0, v0):
    """Mean and variance of each level given all readings, (n, ...) each (Rauch, Tung, Striebel)."""
    mean, variance = filtered(one, moves, noise, m0, v0)
    for t in range(len(one.y) - 2, -1, -1):
        ahead = variance[t] + moves * one.gap[t + 1]  # of the next level, foretold from here
        pull = variance[t] / ahead
        mean[t] += pull * (mean[t + 1] - mean[t])
        variance[t] += pull**2 * (variance[t + 1] - ahead)
    return mean, variance


class Levels:
    """The levels of one series under `weights` (P,) of pairs of both sds: mixtures of normals.

    The weights are the same for all levels. Where they are the posterior given all readings, the
    filtered level takes both sds as all readings tell them: better than a navigator on the way can.
    """

    def __init__(self, one, weights, sigma_level, sigma_obs, m0, s0):
        self._one, self._weights = one, weights
        self._given = sigma_level**2, sigma_obs**2, m0, s0**2

    def _law(self, mean, variance):
        mean = np.broadcast_to(mean, variance.shape)
        return Mixture(self._weights, stats.norm, loc=mean, scale=np.sqrt(variance))

    def filtered(self):
        """Each level given the readings up to its own, the sds weighted as always, (n,)."""
        return self._law(*filtered(self._one, *self._given))

    def smoothed(self):
        """Each level given all readings, (n,)."""
        return self._law(*smoothed(self._one, *self._given))

    def later(self, ahead, *, noise=False):
        """The level a time `ahead` (k,) after the last reading, or with `noise` a reading, (k,).

        `ahead` is in the unit of the gaps, that of the column `time`.
        """
        moves, errors, *_ = self._given
        mean, variance = (part[-1] for part in filtered(self._one, *self._given))
        gone = np.asarray(ahead, float)[:, None] * moves
        return self._law(mean, variance + gone + noise * errors)


def highest(every, m0, v0):
    """The variances (moves, noise) of highest likelihood; either may be 0, where it is the edge.

    Inside and along both edges the search is over logs, from what the readings span and with slopes
    by complex steps, which lose no digit. Some series must change.
    """

    def best(starts, inside):
        """The highest point found from `starts`, logs of the variances that are not 0."""

        def falls(logs):
            with np.errstate(all="ignore"):  # far off the variances are beyond a double
                moved = [inside(*np.exp(logs + 1e-40j * axis)) for axis in np.eye(logs.size)]
                found = [-log_likelihood(every, *at, m0, v0) for at in moved]
            height = found[0].real if np.isfinite(found[0]) else np.inf
            return height, np.array([each.imag for each in found]) / 1e-40

        with np.errstate(all="ignore"):
            ends = [minimize(falls, start, jac=True, options={"gtol": 1e-9}) for start in starts]
        end = min(ends, key=lambda each: each.fun)
        return -end.fun, inside(*np.exp(end.x))

    span = max(np.ptp(one.y) for one in every)
    start, ratios = 2 * np.log(span / 2), np.array([-7.0, -3.0, 0.0, 3.0])
    edges = [
        best([[start]], lambda noise: (0.0, noise)),
        best([[start]], lambda moves: (moves, 0.0)),
    ]
    height, at = best([[start + r, start] for r in ratios], lambda moves, noise: (moves, noise))
    edge = max(edges, key=lambda each: each[0])
    return at if height > edge[0] + 1e-10 * (1 + abs(height)) else edge[1]
