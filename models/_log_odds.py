"""A chance known through the moments of its odds.

E[odds**(i omega)] is the characteristic function of the log-odds. On a window that holds all but
exp(-42) of the mass, its values at evenly spaced omega are the coefficients of the density's
Fourier series, which ends where they fall below the last digit of a double.
"""

import numpy as np
from scipy.special import expit, log_expit, logit

from models._distributions import invert

NEGLIGIBLE = 42.0  # nats: 1 + exp(-42) is 1
AT_ONCE = 64  # frequencies
MOST_FREQUENCIES = 2**15


class LogOdds:
    """The law of a chance whose log-odds lie between low and high.

    mean_power(s) is E[odds**s], for imaginary s (S,).
    """

    def __init__(self, mean_power, low, high):
        self._low, self._width = low, high - low
        found = [np.ones(1)]
        while np.abs(found[-1][-8:]).max() > 1e-16:
            count = sum(x.size for x in found)
            if count > MOST_FREQUENCIES:
                raise ValueError("a marginal has too heavy a tail; try a more informative prior")
            found.append(mean_power(2j * np.pi * np.arange(count, count + AT_ONCE) / self._width))
        wave = np.concatenate(found)
        self._omega = 2 * np.pi * np.arange(wave.size) / self._width
        self._wave = wave * np.exp(-1j * self._omega * low)
        points = 4 * int(max(wave.size, self._width))
        self._x = expit(low + self._width * np.arange(points) / points)
        self._mass = np.fft.irfft(self._wave.conj(), points)

    def _sum(self, x, coefficient):
        """Real part of a Fourier series at log-odds u, 0 at the window's lower end."""
        return (np.exp(-1j * x[..., None] * self._omega[1:]) @ coefficient).real

    def _inside(self, x):
        with np.errstate(divide="ignore"):
            v = logit(np.asarray(x, dtype=float)) - self._low
        return np.clip(v, 0, self._width), (v >= 0) & (v <= self._width)

    def mean(self):
        return float(self._mass @ self._x)

    def std(self):
        return float(np.sqrt(self._mass @ (self._x - self.mean()) ** 2))

    def pdf(self, x):
        v, inside = self._inside(x)
        slope = np.exp(log_expit(self._low + v) + log_expit(-self._low - v))
        density = (1 + 2 * self._sum(v, self._wave[1:])) / self._width
        return np.where(inside, np.maximum(density, 0) / slope, 0.0)

    def logpdf(self, x):
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))

    def _cumulative(self, v):
        wave = self._wave[1:] / (1j * self._omega[1:])
        return (v + 2 * (wave.sum().real - self._sum(v, wave))) / self._width

    def cdf(self, x):
        return np.clip(self._cumulative(self._inside(x)[0]), 0.0, 1.0)

    def ppf(self, q):
        q = np.asarray(q, dtype=float)
        ends = np.zeros(q.shape), np.full(q.shape, self._width)
        return expit(self._low + invert(self._cumulative, q, *ends))

    def rvs(self, size=(), random_state=None):
        return self.ppf(np.random.default_rng(random_state).random(size))
