"""Two variables with unknown means, standard deviations and correlation: one conjugate family.

The normal-inverse-Wishart prior, written as a line: x is normal, and y is normal about a line in
x. In these coordinates every marginal is a Gamma or a Student t, the joint density is their
product, and what is left is the correlation, whose density Jeffreys gave.

Sources: BDA3 section 3.6 (normal-inverse-Wishart); Jeffreys, Theory of Probability, section 5.4.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import stats
from scipy.special import gammaln, multigammaln

from models import _alike as alike
from models._distributions import Density

NEGLIGIBLE = 42.0  # nats: 1 + exp(-42) is 1
NODES = 300


@dataclass(frozen=True)
class Pair:
    """Beliefs about the means (2,) and the covariance matrix (2, 2) of x and y.

    Covariance ~ inverse Wishart(nu, S); means given it ~ Normal(m, covariance / kappa). `kappa`
    and `nu` count pairs, S adds up squares and products of their distances.
    """

    m: np.ndarray
    kappa: float
    nu: float
    S: np.ndarray

    def given(self, pairs, times=None):
        """The posterior after `pairs` (n, 2) were seen, each so many `times` (n,), or once."""
        times = np.ones(len(pairs)) if times is None else times
        n, mean = times.sum(), alike.mean(pairs, times)
        away, off = np.sqrt(times)[:, None] * (pairs - mean), mean - self.m
        return Pair(
            m=self.m + n / (self.kappa + n) * off,
            kappa=self.kappa + n,
            nu=self.nu + n,
            S=self.S + away.T @ away + self.kappa * n / (self.kappa + n) * np.outer(off, off),
        )

    def log_evidence(self, posterior):
        """log p of the pairs that led from here to `posterior`."""
        n = posterior.kappa - self.kappa
        return posterior.log_partition - self.log_partition - n * np.log(np.pi)

    @property
    def log_partition(self):
        """log of the integral over means and covariance, less what is the same for all."""
        size = np.linalg.slogdet(self.S)[1]
        return multigammaln(self.nu / 2, 2) - self.nu / 2 * size - np.log(self.kappa)

    @property
    def about_line(self):
        """What S leaves to y once x is known."""
        return self.S[1, 1] - self.S[0, 1] ** 2 / self.S[0, 0]

    def logpdf(self, mu_x, mu_y, lam_x, slope, lam):
        """Joint log density of these five: `lam_x` is of x, `lam` of y about the line."""
        (m_x, m_y), scatter = self.m, self.S[0, 0]
        line = m_y + slope * (mu_x - m_x)
        return (
            stats.gamma((self.nu - 1) / 2, scale=2 / scatter).logpdf(lam_x)
            + stats.norm(m_x, (self.kappa * lam_x) ** -0.5).logpdf(mu_x)
            + stats.gamma(self.nu / 2, scale=2 / self.about_line).logpdf(lam)
            + stats.norm(self.S[0, 1] / scatter, (scatter * lam) ** -0.5).logpdf(slope)
            + stats.norm(line, (self.kappa * lam) ** -0.5).logpdf(mu_y)
        )

    def means(self):
        """Of x and of y: Student t, each."""
        df = self.nu - 1
        scales = np.sqrt(np.diag(self.S) / (self.kappa * df))
        return [stats.t(df, mean, scale) for mean, scale in zip(self.m, scales, strict=True)]

    def sds(self):
        """Of x and of y: generalised Gamma, as the root of one over a Gamma."""
        return [
            stats.gengamma((self.nu - 1) / 2, -2, scale=np.sqrt(s / 2)) for s in np.diag(self.S)
        ]

    def lams(self):
        """The precision of x, and that of y about the line."""
        shapes, rates = ((self.nu - 1) / 2, self.nu / 2), (self.S[0, 0] / 2, self.about_line / 2)
        return [stats.gamma(a, scale=1 / rate) for a, rate in zip(shapes, rates, strict=True)]

    def slope(self):
        """Of the line of y on x: Student t."""
        scale = np.sqrt(self.about_line / (self.nu * self.S[0, 0]))
        return stats.t(self.nu, self.S[0, 1] / self.S[0, 0], scale)

    def rho(self):
        """The correlation; its density carries its own constant, so that `mass` is a check."""
        return Correlation(self.nu, self.S[0, 1] / np.sqrt(self.S[0, 0] * self.S[1, 1]))


class Correlation(Density):
    """The correlation under an inverse Wishart covariance: nu pairs, whose correlation is r.

    Of the two sds, their product goes out of the density by a Gamma integral, which leaves that of
    (cosh w - rho r)^-nu over the log w of their ratio. It is a hypergeometric function; SciPy's
    fails for many pairs, so it is added up: with sinh(w / 2) = sqrt((1 - rho r) / 2) sinh(t) the
    peak has one shape for all rho, and the trapezoid rule all digits.
    """

    SCALES: ClassVar = Density.SCALES | {
        "atanh": (np.tanh, np.arctanh, lambda u: np.log(4) - 2 * np.logaddexp(u, -u))
    }

    def __init__(self, nu, r):
        end = np.arccosh(np.exp(min(NEGLIGIBLE / (2 * nu - 1), 600)))
        t, step = np.linspace(-end, end, NODES, retstep=True)
        peak, rise = step * np.cosh(t) ** (1 - 2 * nu), np.sinh(t) ** 2
        constant = nu / 2 * np.log1p(-(r**2)) + gammaln(nu) - gammaln(nu / 2)
        constant += (1.5 - nu) * np.log(2) - gammaln((nu - 1) / 2) - np.log(np.pi) / 2

        def logpdf(rho):
            less = 1 - np.asarray(rho) * r
            with np.errstate(divide="ignore", invalid="ignore"):
                powers = (nu - 3) / 2 * np.log1p(-(rho**2)) - (nu - 0.5) * np.log(less)
            ratio = (peak / np.sqrt(1 + less[..., None] / 2 * rise)).sum(-1)
            return np.where(np.abs(rho) < 1, constant + powers + np.log(ratio), -np.inf)

        super().__init__(logpdf, "atanh", around=r, degree=400)
