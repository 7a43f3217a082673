"""Linear weights and a noise level with a conjugate prior: everything about them is algebra.

    lam ~ Gamma(alpha, rate beta)
    w_k ~ Normal(0, tau / sqrt(lam))
    y   ~ Normal(X w, 1 / sqrt(lam))

With the prior of w in units of the noise its mean depends on no noise level, as that of ridge
regression does with a penalty of 1 / tau^2. Shapes: X (n, k), y (n,).
"""

import numpy as np
from scipy import linalg, stats
from scipy.special import gammaln


class Weights:
    """The posterior of (w, lam): w given lam is normal about `m`, lam is Gamma(shape, rate)."""

    def __init__(self, X, y, tau, alpha, beta):
        if not min(tau, alpha, beta) > 0:
            raise ValueError("`tau`, `alpha` and `beta` must be positive")
        n, k = X.shape
        # One QR of the rows and the prior's k rows below them; no square is ever formed.
        self.root = np.linalg.qr(np.vstack([X, np.eye(k) / tau]), mode="r")
        self.hat = linalg.solve_triangular(
            self.root, linalg.solve_triangular(self.root, X.T, trans="T")
        )  # (k, n): w's mean is hat @ y
        self.m = self.hat @ y
        self.shape = alpha + n / 2
        self.rate = beta + (np.sum((y - X @ self.m) ** 2) + np.sum(self.m**2) / tau**2) / 2
        log_width = np.sum(np.log(np.abs(np.diag(self.root)))) + k * np.log(tau)
        self.log_evidence = (
            alpha * np.log(beta) - gammaln(alpha) + gammaln(self.shape)
            - self.shape * np.log(self.rate) - log_width - n / 2 * np.log(2 * np.pi)
        )  # fmt: skip

    def lam(self):
        return stats.gamma(self.shape, scale=1 / self.rate)

    def sigma(self):
        return stats.gengamma(self.shape, -2, scale=np.sqrt(self.rate))

    def logpdf(self, w, lam):
        """Joint log density of w (k,) and lam ()."""
        away = np.sum((self.root @ (np.asarray(w) - self.m)) ** 2)
        log_root = np.sum(np.log(np.abs(np.diag(self.root))))
        half = self.m.size / 2
        return self.lam().logpdf(lam) + log_root + half * np.log(lam / (2 * np.pi)) - lam * away / 2

    def along(self, A, noise=False):
        """The law of A w, A (m, k); with `noise` that of a new y there: Student t, elementwise."""
        spread = np.sum(linalg.solve_triangular(self.root, np.asarray(A).T, trans="T") ** 2, axis=0)
        scale = np.sqrt(self.rate / self.shape * (spread + (1 if noise else 0)))
        return stats.t(2 * self.shape, A @ self.m, scale)

    def rvs(self, number, rng):
        """Draws of w (number, k) and lam (number,)."""
        lam = rng.gamma(self.shape, 1 / self.rate, number)
        away = linalg.solve_triangular(self.root, rng.standard_normal((self.m.size, number)))
        return self.m + away.T / np.sqrt(lam)[:, None], lam
