"""Probabilistic principal components: rows with covariance C = W W' + sigma^2 I.

    x      (n, d)    rows; the likelihood needs n, their mean (d,) and S (d, d), divisor n, alone
    W      (d, q)    loadings; only W W', the signal, and sigma are determined: W may be turned
    lam    ()        1 / sigma^2

`corner` picks one W for each signal: lower triangular with a positive diagonal, once the columns
of x stand in an `order` whose first q carry signal (Tipping & Bishop 1999; PML1 section 20.2).
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, stats
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp

from models import _alike as alike


def moments(x, times=None):
    """n, mean (d,) and S (d, d), divisor n; each row counts so many `times` (n,), or once."""
    x = np.asarray(x, float)
    times = np.ones(len(x)) if times is None else times
    n, mean = int(times.sum()), alike.mean(x, times)
    away = np.sqrt(times)[:, None] * (x - mean)
    return n, mean, away.T @ away / n


def log_likelihood(n, mean, S, mu, C):
    """log p(x | mu, C)."""
    around = S + np.outer(mean - mu, mean - mu)
    log_det = np.linalg.slogdet(2 * np.pi * C)[1]
    return -n / 2 * (log_det + np.sum(np.linalg.inv(C) * around))


def closed_form(S, q):
    """The maximum: a W (d, q) along the first q eigenvectors of S, and sigma^2.

    sigma^2 is the mean of the eigenvalues left out; what is above it along the others is signal.
    """
    values, vectors = np.linalg.eigh(S)
    values, vectors = values[::-1], vectors[:, ::-1]
    square = values[q:].mean()
    return vectors[:, :q] * np.sqrt(np.maximum(values[:q] - square, 0)), square


def em_step(S, W, square):
    """One step of EM from W (d, q) and sigma^2: regression of x on what is expected of the hidden.

    E-step: given a row the hidden z has covariance sigma^2 M^-1 and mean M^-1 W' (x - mean), with
    M = W' W + sigma^2 I. M-step: least squares of x on z, all in terms of S.
    """
    M = np.linalg.inv(W.T @ W + square * np.eye(W.shape[1]))
    SW = S @ W
    new = SW @ np.linalg.inv(square * np.eye(W.shape[1]) + M @ W.T @ SW)
    return new, np.trace(S - SW @ M @ new.T) / len(S)


def order_of(S, q):
    """The columns, first those q that carry most of the signal between them."""
    return linalg.qr(closed_form(S, q)[0].T, pivoting=True, mode="r")[1]


def corner(W, order):
    """The lower triangular one, diagonal positive, with the same W W', rows in this order."""
    L = np.linalg.qr(W[order].T, mode="r").T
    return L * np.where(np.diag(L) < 0, -1.0, 1.0)


@dataclass(frozen=True)
class Beliefs:
    """mu ~ Normal(m, s), W ~ Normal(0, tau), lam ~ Gamma(alpha, rate beta), elementwise.

    Normal loadings are alike in every direction, so the prior of the signal has no favourite axis.
    Of the triangular W that has the same signal the entries below the diagonal are Normal(0, tau)
    too, and W_kk^2 / tau^2 is chi-square with q - k + 1 degrees of freedom (Bartlett).
    """

    m: float
    s: float
    tau: float
    alpha: float
    beta: float

    def __post_init__(self):
        for name in ("s", "tau", "alpha", "beta"):
            if not getattr(self, name) > 0:
                raise ValueError(f"`{name}` must be above 0, not {getattr(self, name)}")

    def freedom(self, q):
        """Degrees of freedom of W_kk^2 / tau^2, (q,)."""
        return q - np.arange(float(q))

    def logpdf(self, mu, square, below, lam):
        """Log density of mu, lam and a triangular W: `square` (q,) is W_kk^2, `below` the rest."""
        half, scale = self.freedom(square.size) / 2, 2 * self.tau**2
        of_square = (half - 1) * np.log(square) - square / scale - gammaln(half)
        of_lam = (self.alpha - 1) * np.log(lam) - self.beta * lam - gammaln(self.alpha)
        return (
            np.sum(of_square - half * np.log(scale))
            + (of_lam + self.alpha * np.log(self.beta))
            + _normal(mu - self.m, self.s)
            + _normal(below, self.tau)
        )


def _normal(away, sd):
    return -np.sum((away / sd) ** 2) / 2 - away.size * np.log(2 * np.pi * sd**2) / 2


def places(d, q):
    """Where `below` stands in W: rows and columns, one row of W after the other."""
    return np.nonzero(np.tril(np.ones((d, q)), -1))


def triangular(square, below, d):
    """W (d, q), columns of x in order, from its squared diagonal and what stands below."""
    W = np.zeros((d, square.size))
    W[places(d, square.size)] = below
    W[np.diag_indices(square.size)] = np.sqrt(square)
    return W


def sweeps(x, q, prior, rng, number, burn=500, times=None):
    """`number` turns of Gibbs sampling for an untriangular W, with the hidden z drawn along.

    Each turn draws mu with z summed out, z, W given z; then every axis of z, after a random turn of
    them all, is stretched and that of W shrunk (Liu & Wu 1999), without which z and W would hold
    each other fast; then lam. Yields mu, W and lam.

    Of rows that count several `times` (n,) the mean of their z is drawn, and in one go for all such
    rows how the squares and products of the others' z, `more`, exceed those of the means.
    """
    times = np.ones(len(x)) if times is None else times
    n, mean, _ = moments(x, times)
    root, extra, more = np.sqrt(times)[:, None], round(times.sum()) - len(x), np.zeros((q, q))
    d, eye = mean.size, np.eye(mean.size)
    mu, W, lam = mean, prior.tau * rng.standard_normal((d, q)), prior.alpha / prior.beta

    def drawn(precision, shift, columns, root=1.0):
        """Columns ~ Normal(precision^-1 shift, precision^-1 / root^2)."""
        L = np.linalg.cholesky(precision)
        noise = rng.standard_normal((len(precision), columns)) / root
        return np.linalg.solve(L.T, np.linalg.solve(L, shift) + noise)

    for turn in range(burn + number):
        P = n * np.linalg.inv(W @ W.T + eye / lam)
        shift = P @ mean + prior.m / prior.s**2
        mu = drawn(P + eye / prior.s**2, shift[:, None], 1)[:, 0]
        away = x - mu
        given = np.eye(q) + lam * W.T @ W
        z = drawn(given, lam * W.T @ away.T, len(x), root.T).T
        if extra >= q:
            more = np.reshape(stats.wishart(extra, np.linalg.inv(given)).rvs(1, rng), (q, q))
        elif extra:
            others = drawn(given, np.zeros((q, 1)), extra)
            more = others @ others.T
        z, away = root * z, root * away
        W = drawn(np.eye(q) / prior.tau**2 + lam * (z.T @ z + more), lam * z.T @ away, d).T
        if n > d:
            turned = np.linalg.qr(rng.standard_normal((q, q)))[0]
            z, W, more = z @ turned, W @ turned, turned.T @ more @ turned
            c2 = rng.standard_gamma((n - d) / 2, q) / (((z**2).sum(0) + np.diag(more)) / 2)
            cost = (W**2).sum(0) / (2 * prior.tau**2) * (1 / c2 - 1)
            c = np.where(rng.exponential(size=q) > cost, np.sqrt(c2), 1.0)
            z, W, more = z * c, W / c, np.outer(c, c) * more
        left = np.sum((away - z @ W.T) ** 2) + np.trace(W @ more @ W.T)
        lam = rng.standard_gamma(prior.alpha + n * d / 2) / (prior.beta + left / 2)
        if turn >= burn:
            yield mu, W, lam


def log_joint(n, mean, S, q, prior, u):
    """log p(x, unknowns) with the Jacobian, at u: mu, `below`, and the logs of `square` and lam.

    mean and S have their columns in order.
    """
    d = mean.size
    mu, below, square, lam = u[:d], u[d : -q - 1], np.exp(u[-q - 1 : -1]), np.exp(u[-1])
    W = triangular(square, below, d)
    seen = log_likelihood(n, mean, S, mu, W @ W.T + np.eye(d) / lam)
    return seen + prior.logpdf(mu, square, below, lam) + u[-q - 1 :].sum()


def evidence(x, q, prior, rng, number=2_000):
    """log p(x) and its standard error, by importance sampling from a t about the highest point."""
    n, mean, S = moments(x)
    order = order_of(S, q)
    mean, S, d = mean[order], S[np.ix_(order, order)], mean.size
    W, square = closed_form(S, q)
    L = corner(W, np.arange(d))
    logs = np.log(np.r_[np.diag(L) ** 2, 1 / square])
    start = np.r_[mean, L[places(d, q)], np.maximum(logs, -20)]

    def depth(u):
        return -log_joint(n, mean, S, q, prior, u)

    top = minimize(depth, start, method="BFGS").x
    step = 1e-4 * (1 + np.abs(top))
    e, curvature = np.diag(step), np.zeros((top.size, top.size))
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        curvature += [[a * b * depth(top + a * i + b * j) for j in e] for i in e]
    curvature /= 4 * np.outer(step, step)
    proposal = stats.multivariate_t(top, 1.3 * np.linalg.inv(curvature), df=5, seed=rng)
    points = proposal.rvs(number)
    log_weight = np.array([log_joint(n, mean, S, q, prior, u) for u in points])
    log_weight -= proposal.logpdf(points)
    weight = np.exp(log_weight - log_weight.max())
    error = weight.std(ddof=1) / weight.mean() / np.sqrt(number)
    return logsumexp(log_weight) - np.log(number), error
