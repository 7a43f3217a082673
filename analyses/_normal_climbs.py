"""Two more climbs: what is hidden is normal, given what was seen."""

import numpy as np
from scipy import stats

from analyses._bounds import Climb, steps
from analyses._climbs import rows
from models import _components as components
from models import _monotone as monotone
from models import missing_data, probabilistic_pca

Q = 2  # hidden numbers behind a flower


def principal_components():
    """Hidden: the scores of each row, numbers of which the columns are noisy sums."""
    x, q = probabilistic_pca.design(rows(probabilistic_pca), Q)
    n, mean, S = components.moments(x)
    away, d, eye = x - mean, mean.size, np.eye(q)

    def theta(u):
        return u[:-1].reshape(d, q), np.exp(u[-1])

    def flat(W, square):
        return np.r_[W.ravel(), np.log(square)]

    def height(u):
        W, square = theta(u)
        return components.log_likelihood(n, mean, S, mean, W @ W.T + square * np.eye(d))

    def bound(u, at):
        (W, square), (W0, square0) = theta(u), theta(at)
        M = np.linalg.inv(W0.T @ W0 + square0 * eye)
        z, V = away @ W0 @ M, square0 * M  # means (n, q) and covariance of the scores of a row
        left = np.sum((away - z @ W.T) ** 2) + n * np.trace(W @ V @ W.T)
        joint = -n * d * np.log(2 * np.pi * square) - left / square
        joint -= n * q * np.log(2 * np.pi) + np.sum(z**2) + n * np.trace(V)
        return (joint + n * np.linalg.slogdet(2 * np.pi * np.e * V)[1]) / 2

    def step(u):
        return flat(*components.em_step(S, *theta(u)))

    start = flat(np.random.default_rng(0).standard_normal((d, q)), 1.0)
    top = height(flat(*components.closed_form(S, q)))
    return Climb.along("Principal components", steps(start, step), height, bound, top)


def holes():
    """Hidden: the cells that are missing."""
    data = rows(missing_data)
    x, best = missing_data.design(data), missing_data.mle(data)
    n, K = x.shape
    below = np.tril_indices(K, -1)
    patterns, which = np.unique(~np.isnan(x), axis=0, return_inverse=True)
    blocks = [(there, x[which.ravel() == k]) for k, there in enumerate(patterns)]

    def theta(u):
        L = np.diag(np.exp(u[K : 2 * K]))
        L[below] = u[2 * K :]
        return u[:K], L @ L.T

    def flat(mu, sigma):
        L = np.linalg.cholesky(sigma)
        return np.r_[mu, np.log(np.diag(L)), L[below]]

    def height(u):
        mu, sigma = theta(u)
        return sum(
            stats.multivariate_normal(mu[there], sigma[np.ix_(there, there)])
            .logpdf(block[:, there])
            .sum()
            for there, block in blocks
        )

    def bound(u, at):
        (mu, sigma), (mu0, sigma0) = theta(u), theta(at)
        inverse, total = np.linalg.inv(sigma), -n * np.linalg.slogdet(2 * np.pi * sigma)[1]
        for there, block in blocks:
            precision = np.linalg.inv(sigma0)[np.ix_(~there, ~there)]  # of holes, given the rest
            pull = np.linalg.solve(sigma0[np.ix_(there, there)], sigma0[np.ix_(there, ~there)])
            full = block.copy()
            full[:, ~there] = mu0[~there] + (block[:, there] - mu0[there]) @ pull
            open_ = np.linalg.inv(precision)
            total -= np.sum((full - mu) @ inverse * (full - mu))
            total -= len(block) * np.trace(inverse[np.ix_(~there, ~there)] @ open_)
            total += len(block) * np.linalg.slogdet(2 * np.pi * np.e * open_)[1]
        return total / 2

    points = (flat(mu, sigma) for mu, sigma, _ in monotone.em(x, 2_000))
    mu = np.array([best[name] for name in missing_data.MEANS])
    top = height(flat(mu, missing_data.covariance(data)))
    return Climb.along("Missing data", points, height, bound, top)
