"""A mean in units of its own standard deviation, neither known: effect = (mu - null) / sigma.

Given the precision lam it is normal around (m - null) sqrt(lam), so its density is an integral over
lam. Its distribution function is a non-central t read backwards: with t = D sqrt(kappa), the chance
of an effect below x is that of exceeding t under a non-centrality of sqrt(kappa) x (Lecoutre 1999).
The integral is taken here because SciPy's non-central t loses its digits where rows are many.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp
from scipy.stats import nct

from models._distributions import Density

NODES = np.linspace(-6, 6, 241)  # of the sum over log lam, in a scale that grows outwards


class Effect:
    """The law of D exp(v) + Normal(0, 1 / sqrt(kappa)), exp(2 v) ~ Gamma(shape, rate shape).

    `D` is (m - null) sqrt(shape / rate), the effect at the mean precision; `kappa` and `shape` are
    those of the Normal-Gamma posterior. All is done in units of about the law's own sd, so that any
    D will do; but where it is large and `shape` below 1.5 the density has an edge at 0 that no
    series follows, and `mass` is not one.
    """

    def __init__(self, D, kappa, shape):
        self.unit = float(np.sqrt(D**2 / (4 * shape) + 1 / kappa))
        self._D, self._precision, self._shape = D / self.unit, kappa * self.unit**2, shape
        self._law = Density(self._log_density, "identity", self._D)
        self.mass = self._law.mass

    def _log_density(self, x):
        """Of x units: a trapezoid about the peak of the integrand, its tails within NODES."""
        D, kappa, a = self._D, self._precision, self._shape
        x = np.asarray(x, dtype=float)[..., None]
        slope, bend = kappa * D * x, 2 * a + kappa * D**2
        root = np.sqrt(slope**2 + 8 * a * bend)
        peak = np.where(slope > 0, (slope + root) / (2 * bend), 4 * a / (root + np.abs(slope)))
        width = 1 / np.sqrt(bend * peak**2 + 2 * a)
        v = np.log(peak) + width * np.sinh(NODES)
        terms = a * (2 * v - np.expm1(2 * v)) - kappa * (x - D * np.exp(v)) ** 2 / 2
        terms += np.log(width * np.cosh(NODES) * (NODES[1] - NODES[0]))
        constant = np.log(2) + a * np.log(a) - a - gammaln(a) + np.log(kappa / (2 * np.pi)) / 2
        return logsumexp(terms, axis=-1) + constant

    def mean(self):
        return self.unit * self._law.mean()

    def std(self):
        return self.unit * self._law.std()

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def logpdf(self, x):
        return self._law.logpdf(np.asarray(x) / self.unit) - np.log(self.unit)

    def cdf(self, x):
        return self._law.cdf(np.asarray(x) / self.unit)

    def ppf(self, q):
        return self.unit * self._law.ppf(q)

    def rvs(self, size=(), random_state=None):
        return self.unit * self._law.rvs(size, random_state)


def by_inversion(t, n, prob=0.95):
    """The classical interval: effects under which the t of `n` rows would be in either tail.

    None where t is too large for SciPy's non-central t.
    """
    if abs(t) > 35:
        return None
    return [
        brentq(lambda d, p=p: nct.sf(t, n - 1, d) - p, t - 40, t + 40) / np.sqrt(n)
        for p in ((1 - prob) / 2, (1 + prob) / 2)
    ]
