"""A regression whose noise level is unknown: everything Gaussian given sigma, sigma summed out.

Shapes as in `models/_linear.py`: n rows, k = p + 1 weights (the intercept first), P nodes of sigma.
"""

from functools import cached_property, lru_cache

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, roots_legendre

from models._distributions import Density, Mixture
from models._linear import fits_perfectly, log_likelihood, turn, turned_weights


def over_log_sigma(log_density, start, fall=40.0, nodes=400):
    """Integrate exp(log_density(sigma)) over sigma > 0, seen as a function of u = log sigma.

    Returns the nodes sigma (P,), each node's log share (P,) with logsumexp = the log integral,
    and the log integral by a second rule. First rule: trapezoid, which converges exponentially
    for a smooth bump; second: Gauss-Legendre with twice the nodes on a wider interval.
    `start` is any sigma within a factor e^50 of the bulk.
    """

    def of_u(u):
        return log_density(np.exp(u)) + u

    grid = np.log(start) + np.linspace(-50, 50, 4001)
    for _ in range(8):  # close in on the peak
        best = int(np.clip(np.argmax(of_u(grid)), 1, grid.size - 2))
        grid = np.linspace(grid[best - 1], grid[best + 1], 41)
    peak = grid[20]

    def reach(sign, fall):
        """Just beyond the last point, going out from the peak, less than `fall` below it."""
        out = peak + sign * np.geomspace(1e-9, 100, 1500)
        inside = np.flatnonzero(of_u(out) > of_u(peak) - fall)
        return out[min(inside.max(initial=0) + 1, out.size - 1)]

    u = np.linspace(reach(-1, fall), reach(1, fall), nodes)
    share = of_u(u) + np.log(u[1] - u[0])
    x, weight = _legendre(2 * nodes)
    low, high = reach(-1, 1.2 * fall), reach(1, 1.2 * fall)
    wide = of_u(low + (high - low) * (x + 1) / 2) + np.log(weight * (high - low) / 2)
    return np.exp(u), share, np.logaddexp.reduce(wide)


_legendre = lru_cache(roots_legendre)  # the same rule serves every data set


class Integrated:
    """The posterior of weights (k,) ~ Normal(0, d) and sigma, sigma summed over its nodes.

    Parameters
    ----------
    X, y
        Centred columns (n, p); y (n,) measured from the intercept's prior mean.
    d
        Prior sds (k,), the intercept's first; the others must be equal, as `turn` mixes them.
    log_prior
        sigma (P,) -> log prior density of sigma (P,).
    times
        How often each row counts (n,); left out, once.
    """

    def __init__(self, X, y, d, log_prior, times=None):
        self.turned, self.log_prior = turn(X, y, times), log_prior
        self.d = np.asarray(d, dtype=float)
        if self.turned.idle and fits_perfectly(self.turned):
            raise ValueError(
                "the predictors reproduce the outcome exactly: the posterior piles up at sigma = 0"
                " and cannot be normalised"
            )
        self.nodes, share, self.second_log_evidence = over_log_sigma(
            self._log_prior_times_likelihood, start=np.sqrt(np.mean(y**2))
        )
        self.log_evidence = float(logsumexp(share))
        self.node_weights = np.exp(share - self.log_evidence)

    @cached_property
    def sigma(self):
        """The marginal of sigma; its mass tells whether density and evidence belong together."""
        return Density(self.log_density, "log", self.nodes[np.argmax(self.node_weights)])

    def _log_prior_times_likelihood(self, sigma):
        return self.log_prior(sigma) + log_likelihood(self.turned, sigma, self.d)

    def log_density(self, sigma):
        """log p(sigma | y), (P,) -> (P,); it carries the evidence."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._log_prior_times_likelihood(sigma) - self.log_evidence

    def joint(self, sigma, weights):
        """log p(sigma, weights | y) for one sigma () and one set of weights (k,)."""
        mean, variance = turned_weights(self.turned, np.reshape(sigma, 1), self.d)
        given = stats.norm(mean[:, 0], np.sqrt(variance[:, 0])).logpdf(self.turned.V.T @ weights)
        return self.log_density(sigma) + given.sum()

    def ridge(self, sigma):
        """The most probable weights (k,) given sigma (), and log p(sigma, weights | y) there.

        They have the least sum of squared errors plus sigma^2 times that of (weights / d)^2.
        """
        z, _ = turned_weights(self.turned, [sigma], self.d)
        weights = self.turned.V @ z[:, 0]
        return weights, self.joint(sigma, weights)

    def joint_mode(self):
        """Sigma and weights of highest joint density; None where it has no bound.

        It has none where some weights reproduce every y: then errors shrink as fast as sigma.
        """
        if not self.turned.idle:
            return None
        around = np.log([self.nodes[0] / 10, self.nodes[-1]])
        found = minimize_scalar(lambda u: -self.ridge(np.exp(u))[1], bounds=around)
        return np.exp(found.x), self.ridge(np.exp(found.x))[0]

    def along(self, A, centre=0.0, noise=False):
        """Distribution of centre + A @ weights, A (..., k) -> (...); `noise` adds the scatter."""
        A = np.asarray(A) @ self.turned.V
        mean, variance = turned_weights(self.turned, self.nodes, self.d)
        scale = np.sqrt(A**2 @ variance + (self.nodes**2 if noise else 0))
        return Mixture(self.node_weights, stats.norm, loc=centre + A @ mean, scale=scale)
