"""The laws of the teaching texts, with the parameters they have there."""

import numpy as np
import pymc as pm
from scipy import stats

from models._joint import dirichlet, normal_of_several
from models._law import Law

# Delivery time = 8.6 + 7.3 distance + 1.5 traffic + noise of sd 3, by the rules for variances.
WEIGHTS, NOISE = np.array([7.3, 1.5]), 3.0
INPUTS = [stats.uniform(0.5, 7.5), stats.uniform(1, 9)]  # distance, traffic


def delivery() -> tuple[np.ndarray, np.ndarray]:
    """Means and covariances of distance, traffic and delivery time."""
    mu = np.array([law.mean() for law in INPUTS])
    own = np.diag([law.var() for law in INPUTS])
    with_time = own @ WEIGHTS
    time = WEIGHTS @ with_time + NOISE**2
    return np.append(mu, 8.6 + mu @ WEIGHTS), np.block(
        [[own, with_time[:, None]], [with_time, time]]
    )


def _log_uniform(a, b, **size):
    return pm.math.exp(pm.Uniform.dist(np.log(a), np.log(b), **size))


def gamma_with(mean: float, variance: float) -> dict:
    """The Gamma, in rate form, that has this mean and variance."""
    return {"alpha": mean**2 / variance, "beta": mean / variance}


def _in_seconds(mu, sigma, **size):
    return np.float64(60) * pm.Normal.dist(mu, sigma, **size)


def _beta(about, a, b):
    return Law("beta", about, {"a": a, "b": b}, lambda a, b, **size: pm.Beta.dist(a, b, **size),
               stats.beta(a, b), "a / (a + b)", "mean * (1 - mean) / (a + b + 1)")  # fmt: skip


def _laws():
    gamma = gamma_with(35.0, 64.0)
    return [
        Law("normal", "delivery time, minutes", {"mu": 35, "sigma": 8}, pm.Normal.dist,
            stats.norm(35, 8), "mu", "sigma**2"),
        Law("Bernoulli", "one transaction is fraud", {"p": 0.02}, pm.Bernoulli.dist,
            stats.bernoulli(0.02), "p", "p * (1 - p)"),
        Law("binomial", "frauds among 100", {"n": 100, "p": 0.02}, pm.Binomial.dist,
            stats.binom(100, 0.02), "n * p", "n * p * (1 - p)"),
        Law("Poisson", "orders in a minute", {"mu": 4.5}, pm.Poisson.dist,
            stats.poisson(4.5), "mu", "mu"),
        Law("discrete uniform", "items in an order", {"lower": 1, "upper": 7},
            pm.DiscreteUniform.dist, stats.randint(1, 8), "(lower + upper) / 2",
            "((upper - lower + 1)**2 - 1) / 12"),
        Law("uniform", "a random number", {"lower": 0, "upper": 1}, pm.Uniform.dist,
            stats.uniform(0, 1), "(lower + upper) / 2", "(upper - lower)**2 / 12"),
        Law("log-uniform", "a learning rate", {"a": 1e-4, "b": 0.1}, _log_uniform,
            stats.loguniform(1e-4, 0.1), "(b - a) / log(b / a)",
            "(b**2 - a**2) / (2 * log(b / a)) - mean**2"),
        Law("gamma", "mean 35, variance 64", gamma, pm.Gamma.dist,
            stats.gamma(gamma["alpha"], scale=1 / gamma["beta"]), "alpha / beta", "alpha / beta**2"),
        _beta("U-shaped", 0.5, 0.5),
        _beta("flat", 1.0, 1.0),
        _beta("a rate of about 2 in 7", 2.0, 5.0),
        Law("chi-square", "squares of nine normals", {"nu": 9}, pm.ChiSquared.dist,
            stats.chi2(9), "nu", "2 * nu"),
        Law("exponential", "minutes to the next order", {"lam": 4.5}, pm.Exponential.dist,
            stats.expon(scale=1 / 4.5), "1 / lam", "1 / lam**2"),
        Law("Laplace", "absolute errors", {"mu": 35, "b": 8}, pm.Laplace.dist,
            stats.laplace(35, 8), "mu", "2 * b**2"),
        Law("60 times normal", "the same in seconds", {"mu": 35, "sigma": 8}, _in_seconds,
            stats.norm(2100, 480), "60 * mu", "60**2 * sigma**2"),
        Law("point mass", "known for certain", {"c": 35}, pm.DiracDelta.dist,
            stats.rv_discrete(values=([35], [1.0]))(), "c", "0"),
    ]  # fmt: skip


LAWS = _laws()
JOINTS = [
    *(dirichlet(f"ten shares, equal parameters of {a:g}", np.full(10, a)) for a in (0.1, 1, 10)),
    dirichlet("a radio DJ's rock, alternative and pop", [3, 2, 5]),
    normal_of_several("distance, traffic and delivery time", *delivery()),
]


def by_cholesky(number: int, seed: int) -> np.ndarray:
    """Draws of distance, traffic and time: mu + L z, with independent standard normal z."""
    mu, cov = delivery()
    z = np.random.default_rng(seed).standard_normal((number, mu.size))
    return mu + z @ np.linalg.cholesky(cov).T
