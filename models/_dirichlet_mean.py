"""The law of a mean whose weights are uncertain: sum_k x_k theta_k with theta ~ Dirichlet(a).

Theta is G / sum(G) with independent G_k ~ Gamma(a_k), so the mean is at most t where
Q = sum_k (x_k - t) G_k is at most 0. Q has the cumulant function K(s) = - sum_k a_k log(1 - c_k s),
c_k = x_k - t, and one contour integral of exp K gives the distribution function, another the
density (Imhof 1961; Lugannani and Rice 1980 for the contour). The contour runs through the
saddlepoint of K and on where exp K falls without oscillating: no digit is lost in the tails.
"""

import numpy as np
import pandas as pd
from scipy.special import roots_legendre

from models._distributions import invert

NODES, WEIGHTS = roots_legendre(20)  # of one straight piece of the contour
NODES, WEIGHTS = (1 + NODES) / 2, WEIGHTS / 2  # from 0 to 1
GONE = 42.0  # e-folds below its peak at which the integrand is left out


def numbers(labels):
    """Whether categories are numbers, of a size that can be squared, so that they have a mean."""
    plain = pd.api.types.is_numeric_dtype(labels) and not pd.api.types.is_bool_dtype(labels)
    return plain and bool(np.abs(labels.to_numpy(float)).max() < 1e100)


class DirichletMean:
    """sum_k x_k theta_k, a scalar; `a` and `x` are (K,), and x takes two values or more."""

    def __init__(self, a, x):
        self.a, self.x = np.asarray(a, dtype=float), np.asarray(x, dtype=float)
        total = self.a.sum()
        self._centre = self.a @ self.x / total
        self._std = np.sqrt(self.a @ (self.x - self._centre) ** 2 / total / (total + 1))
        self._width = self._std * np.sqrt(total * (total + 1))  # makes the variance of Q one

    def mean(self):
        return float(self._centre)

    def std(self):
        return float(self._std)

    def pdf(self, t):
        return np.exp(self.logpdf(t))

    def logpdf(self, t):
        return self._everywhere(self._log_density, t, -np.inf, -np.inf)

    def cdf(self, t):
        return self._everywhere(self._below, t, 0.0, 1.0)

    def ppf(self, q):
        q = np.asarray(q, dtype=float)
        return invert(self.cdf, q, np.full(q.shape, self.x.min()), np.full(q.shape, self.x.max()))

    def rvs(self, size=(), random_state=None):
        return np.random.default_rng(random_state).dirichlet(self.a, size) @ self.x

    def _everywhere(self, within, t, before, beyond):
        """`within` for each t (any shape) inside the range of x."""
        t = np.asarray(t, dtype=float)
        found = np.where(t <= self.x.min(), before, beyond)
        inside = (t > self.x.min()) & (t < self.x.max())
        found[inside] = [within((self.x - each) / self._width) for each in t[inside]]
        return found[()]

    def _below(self, c):
        """P(Q <= 0) for one t: the integral of exp K(s) / s, to that side of its pole at 0."""
        lower = self.a @ c > 0  # t is below the mean
        end = 1 / (c.min() if lower else c.max())
        saddle = self._saddle(c)
        start = np.sign(end) * max(abs(saddle), min(1.0, abs(end) / 2))
        s, power = self._along(c, saddle, start)
        tail = self._sum(c, s, power / s) * np.sign(start)
        return tail if lower else 1 - tail

    def _log_density(self, c):
        saddle = self._saddle(c)
        s, power = self._along(c, saddle, saddle, peak := self._cumulant(c, saddle))
        slope = np.sum(self.a / (1 - c * s[..., None]), axis=-1)
        return peak + np.log(self._sum(c, s, power * slope) / self._width)

    def _cumulant(self, c, s):
        return -np.log1p(-c * np.asarray(s)[..., None]) @ self.a

    def _saddle(self, c):
        """Where K is flat, between the ends of its range: there it is lowest on the line."""
        return invert(lambda s: self.a @ (c / (1 - c * s)), 0.0, 1 / c.min(), 1 / c.max())

    def _along(self, c, saddle, start, above=0.0):
        """Points s on the upper half of the contour, one row a straight piece, and exp(K - above).

        Its corners lie where K stays real, so that exp K does not oscillate, or as near to there as
        a slope of 1 in 2 can follow: flatter, it would come too near to the real axis.
        """
        tilted = c / (1 - c * saddle)
        scales = [start - 1 / c.min(), 1 / c.max() - start, 1 / np.abs(tilted).max(), 1.0]
        y = 1e-3 * min(scales) * 2.0 ** np.arange(160)
        fall = np.log1p((y[:, None] * tilted) ** 2) @ self.a / 2 - np.log(y / y[0])
        y = y[: 1 + np.searchsorted(np.maximum.accumulate(fall), GONE)]

        def imaginary(x):
            return np.arctan2(c * y[:, None], 1 - c * x[:, None]) @ self.a

        x = invert(imaginary, np.zeros(y.size), saddle - 2 * y, saddle + 2 * y)
        corner = np.r_[start, start + (x - saddle) + 1j * y]
        s = corner[:-1, None] + np.diff(corner)[:, None] * NODES
        return s, np.exp(self._cumulant(c, s) - above)

    def _sum(self, c, s, values):
        """Imaginary part of the integral of values ds, over pi; at last they are a power of s."""
        pieces = (s[:, -1] - s[:, 0]) / (NODES[-1] - NODES[0])
        power, last = self.a[c != 0].sum(), s[-1, -1]
        end = 1 + (1 - NODES[-1]) * pieces[-1] / last
        beyond = values[-1, -1] * last / power * end**-power
        return (np.sum(values @ WEIGHTS * pieces) + beyond).imag / np.pi
