"""Conjugate families whose parameters come in blocks: density, marginals, evidence, draws.

Two joint families, each in one place. A family's parameters may carry leading axes (parts of a
mixture, chains, rows of a matrix): every method works along them without a loop. `marginals`
turns one leading axis of parts into a `Mixture`, which is what a posterior becomes when
assignments are summed out.

Sources: BDA3 section 3.3 (Normal-Gamma, there as Normal-inverse-chi-square) and 3.4 (Dirichlet);
Murphy, PML1 section 4.6.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import gammaln, xlogy

from models._distributions import Mixture


def per_component(components, **settings):
    """Each setting as a float array (K,): one number serves every component, a list sets each."""
    K = int(components)
    if K < 2 or components != K:
        raise ValueError(f"`components` must be a whole number from 2 up; it is {components:g}")
    for name, value in settings.items():
        if np.shape(value) not in [(), (1,), (K,)]:
            raise ValueError(f"`{name}` has {np.size(value)} values for {K} components")
    return {name: np.broadcast_to(np.float64(v), K).copy() for name, v in settings.items()}


def _insist_positive(**parameters):
    for name, value in parameters.items():
        if not np.all(value > 0):
            raise ValueError(f"`{name}` must be positive; it is {value}")


def _marginal(weights, family, **parameters):
    """The frozen family, or its mixture over the leading axis where `weights` (P,) are given."""
    if weights is None:
        return family(**parameters)
    last = {name: np.moveaxis(value, 0, -1) for name, value in parameters.items()}
    return Mixture(weights, family, **last)


@dataclass(frozen=True)
class Dirichlet:
    """w ~ Dirichlet(a): `a` has shape (..., K), one Dirichlet for each of the leading axes."""

    a: np.ndarray

    def __post_init__(self):
        _insist_positive(a=self.a)

    def given(self, counts):
        """The posterior after categories were seen `counts` (..., K) times."""
        return Dirichlet(self.a + counts)

    def log_evidence(self, counts):
        """log p of one sequence of categories with these `counts`, in its order; (...,)."""
        return self.given(counts).log_partition - self.log_partition

    @property
    def log_partition(self):
        """log of the multivariate beta function of `a`; (...,)."""
        return gammaln(self.a).sum(-1) - gammaln(self.a.sum(-1))

    def logpdf(self, w):
        """Joint log density of the weights `w` (..., K), with respect to K - 1 of them; (...,)."""
        return xlogy(self.a - 1, w).sum(-1) - self.log_partition

    def marginals(self, weights=None):
        """Each weight by itself: Beta(a_k, a_0 - a_k), of the shape of `a` (less its parts)."""
        total = self.a.sum(-1, keepdims=True)
        return _marginal(weights, stats.beta, a=self.a, b=total - self.a)

    def rvs(self, rng):
        """One draw for each of the leading axes, (..., K)."""
        gamma = rng.standard_gamma(self.a)
        return gamma / gamma.sum(-1, keepdims=True)


@dataclass(frozen=True)
class NormalGamma:
    """lam ~ Gamma(shape, rate) and mu | lam ~ Normal(m, sd 1 / sqrt(kappa lam)), elementwise.

    m is in the units of y, kappa and 2 shape count rows, rate is in those units squared; all have
    the same shape (..., K).
    """

    m: np.ndarray
    kappa: np.ndarray
    shape: np.ndarray
    rate: np.ndarray

    def __post_init__(self):
        _insist_positive(kappa=self.kappa, shape=self.shape, rate=self.rate)

    def given(self, y, member):
        """The posterior after y_i ~ Normal(mu_k, sd 1 / sqrt(lam_k)) was seen.

        The prior's own parameters are (K,), `y` is (n,) and `member` (..., n, K) says how
        much of row i belongs to component k: 0, 1, or a responsibility. Moments are taken about
        m, where they cancel least.
        """
        away = y[:, None] - self.m
        n = member.sum(-2)
        first = np.einsum("...nk,nk->...k", member, away)
        second = np.einsum("...nk,nk->...k", member, away**2)
        kappa = self.kappa + n
        return NormalGamma(
            m=self.m + first / kappa,
            kappa=kappa,
            shape=self.shape + n / 2,
            rate=self.rate + (second - first**2 / kappa) / 2,
        )

    def log_evidence(self, posterior):
        """log p of the rows that led from this prior to `posterior`, elementwise."""
        n = posterior.kappa - self.kappa
        return posterior.log_partition - self.log_partition - n / 2 * np.log(2 * np.pi)

    @property
    def log_partition(self):
        """log of the integral of lam^(shape - 1/2) exp(-lam (rate + kappa (mu - m)^2 / 2))."""
        scale = np.log(2 * np.pi / self.kappa) / 2
        return gammaln(self.shape) - self.shape * np.log(self.rate) + scale

    def logpdf(self, mu, lam):
        """Joint log density of mu and lam, elementwise."""
        energy = lam * (self.rate + self.kappa * (mu - self.m) ** 2 / 2)
        return (self.shape - 0.5) * np.log(lam) - energy - self.log_partition

    def marginals(self, weights=None):
        """mu (Student t), lam (Gamma) and sigma = 1 / sqrt(lam) (generalised Gamma), by name."""
        scale = np.sqrt(self.rate / (self.shape * self.kappa))
        power = np.full_like(self.rate, -2.0)
        return {
            "mu": _marginal(weights, stats.t, df=2 * self.shape, loc=self.m, scale=scale),
            "lam": _marginal(weights, stats.gamma, a=self.shape, scale=1 / self.rate),
            "sigma": _marginal(
                weights, stats.gengamma, a=self.shape, c=power, scale=np.sqrt(self.rate)
            ),
        }

    def rvs(self, rng):
        """One draw of (mu, lam), each of the parameters' shape."""
        lam = rng.standard_gamma(self.shape) / self.rate
        return self.m + rng.standard_normal(lam.shape) / np.sqrt(self.kappa * lam), lam
