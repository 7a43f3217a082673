"""The density of readings of a random walk, its levels integrated out, as PyMC is to compute it.

Readings are jointly normal. Of each series the covariance is noise I + moves M + v0 1 1', where
M_ij is the time from the first reading to the earlier of i and j. It is turned once, so that
noise I + moves (M + h 1 1') is diagonal for all values of `moves` and `noise`; what then is left of
1 1' changes determinant and inverse by a formula of one line (Sherman and Morrison). So no level
is ever estimated here: nothing is shared with the Kalman filter that is to agree.
"""

import numpy as np
import pytensor.tensor as pt
from scipy.linalg import block_diag, eigh

MOST = 2_000  # readings: the turn is a matrix of their number squared


class Walk:
    """Readings at known times (n,), in one or several series, whose level starts as Normal(m0, s0).

    first (n,): whether a series begins here.
    step (n,): root of the time since the reading before; 0 where a series begins.
    series (n,): the number of its series, from 0.
    h (): the median time between two readings.
    size (n,): eigenvalues of M + h 1 1', series after series.
    turn (n, n): their eigenvectors, in rows; each is 0 outside its series.
    ones (n,): what `turn` makes of a vector of ones.
    belongs (series, n): 1 where an eigenvector is one of this series, else 0.
    """

    def __init__(self, time, m0, s0):
        time = np.asarray(time, float)
        if time.size > MOST:
            raise ValueError(f"{time.size:,} readings are too many: at most {MOST:,} are taken")
        self.m0, self.s0 = np.float64(m0), np.float64(s0)
        self.first = np.r_[True, np.diff(time) <= 0]
        self.step = np.sqrt(np.where(self.first, 0, np.diff(time, prepend=time[0])))
        self.series = np.cumsum(self.first) - 1
        self.h = unit_gap(time)
        since = time - time[self.first][self.series] + self.h
        blocks = [since[self.series == k] for k in range(self.series[-1] + 1)]
        turned = [eigh(np.minimum.outer(each, each)) for each in blocks]
        self.size = np.concatenate([size for size, _ in turned])
        self.turn = block_diag(*(axes for _, axes in turned)).T
        self.ones = self.turn @ np.ones(time.size)
        self.belongs = (np.arange(len(blocks))[:, None] == self.series).astype(float)

    def log_density(self, y, sigma_level, sigma_obs, step):
        """log p(y | both standard deviations), as PyTensor sees it."""
        spread = sigma_obs**2 + sigma_level**2 * self.size
        away, start = pt.dot(self.turn, y - self.m0), self.s0**2 - sigma_level**2 * self.h
        grown = 1 + start * pt.dot(self.belongs, self.ones**2 / spread)
        pulled = start * pt.dot(self.belongs, self.ones * away / spread) ** 2 / grown
        squares = pt.sum(away**2 / spread) - pt.sum(pulled)
        sizes = pt.sum(pt.log(spread)) + pt.sum(pt.log(grown))
        return -(squares + sizes + y.shape[0] * np.log(2 * np.pi)) / 2

    def draw(self, sigma_level, sigma_obs, step, rng=None, size=None):
        """Readings made up as the model says: start, walk, and be read with an error."""
        start, walk, error = rng.standard_normal((3, len(step)))
        moves = np.where(self.first, self.s0 * start, sigma_level * step * walk)
        far = np.cumsum(moves)
        before = (far - moves)[self.first][self.series]  # what earlier series have walked
        return self.m0 + far - before + sigma_obs * error


def unit_gap(time):
    """The median time between two readings of a series; 1 where there are no two."""
    gaps = np.diff(time)
    return float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 1.0
