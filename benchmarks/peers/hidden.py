"""The topics with something hidden as NumPyro models; otherwise as `models.py` beside it."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from numpyro import distributions as dist
from numpyro import factor, sample


def gaussian_mixture(y, components, a, m, kappa, shape, rate):
    w = sample("w", dist.Dirichlet(a))
    lam = sample("lam", dist.Gamma(shape, rate))
    mu = sample("mu", dist.Normal(m, (kappa * lam) ** -0.5))
    groups = dist.Normal(mu, lam**-0.5)
    sample("y", dist.MixtureSameFamily(dist.Categorical(w), groups), obs=y)


def over_paths(name, start, A, log_w):
    """As NumPyro's examples do: a scan over logs, of the emissions (T, K) row by row."""
    log_A = jnp.log(A)

    def step(before, here):
        return logsumexp(before[:, None] + log_A, axis=0) + here, None

    factor(name, logsumexp(jax.lax.scan(step, jnp.log(start) + log_w[0], log_w[1:])[0]))


def hidden_markov(symbol, start, a, b, **_):
    A, B = sample("A", dist.Dirichlet(a)), sample("B", dist.Dirichlet(b))
    over_paths("symbol", start, A, jnp.log(B).T[symbol])


def local_level(y, gap, m0, s0, level_scale, obs_scale):
    """The Kalman filter as a scan over readings, all of one series."""
    sigma_level = sample("sigma_level", dist.HalfNormal(level_scale))
    sigma_obs = sample("sigma_obs", dist.HalfNormal(obs_scale))

    def step(known, reading):
        (mean, variance), (y, gap) = known, reading
        before = variance + sigma_level**2 * gap
        spread = before + sigma_obs**2
        gain, surprise = before / spread, y - mean
        height = dist.Normal(mean, jnp.sqrt(spread)).log_prob(y)
        return (mean + gain * surprise, gain * sigma_obs**2), height

    outset = (jnp.asarray(m0, float), jnp.asarray(s0**2, float))
    factor("y", jax.lax.scan(step, outset, (y, gap))[1].sum())


def missing_data(x1, x2, x3, m, s, tau, alpha):
    lam = sample("lam", dist.Gamma(alpha, alpha * s**2))
    sigma = lam**-0.5
    later, earlier = np.tril_indices(3, -1)
    slope = sample("slope", dist.Normal(0, tau * sigma[later] / s[earlier]))
    mu_1 = sample("mu_1", dist.Normal(m[0], tau * sigma[0]))
    mu_2 = sample("mu_2", dist.Normal(m[1] + slope[0] * (mu_1 - m[0]), tau * sigma[1]))
    line = m[2] + slope[1] * (mu_1 - m[0]) + slope[2] * (mu_2 - m[1])
    mu_3 = sample("mu_3", dist.Normal(line, tau * sigma[2]))
    sample("x1", dist.Normal(mu_1, sigma[0]), obs=x1[:, 0])
    sample("x2", dist.Normal(mu_2 + slope[0] * (x2[:, 0] - mu_1), sigma[1]), obs=x2[:, 1])
    line = mu_3 + slope[1] * (x3[:, 0] - mu_1) + slope[2] * (x3[:, 1] - mu_2)
    sample("x3", dist.Normal(line, sigma[2]), obs=x3[:, 2])


def poisson_hidden_markov(count, start, a, shape, rate, **_):
    A, lam = sample("A", dist.Dirichlet(a)), sample("lam", dist.Gamma(shape, rate))
    over_paths("count", start, A, dist.Poisson(lam).log_prob(count[:, None]))


def probabilistic_pca(x, q, m, s, tau, alpha, beta):
    d = x.shape[1]
    mu = sample("mu", dist.Normal(m, s).expand([d]))
    W = sample("W", dist.Normal(0, tau).expand([d, q]))
    lam = sample("lam", dist.Gamma(alpha, beta))
    law = dist.MultivariateNormal(mu, covariance_matrix=W @ W.T + jnp.eye(d) / lam)
    sample("x", law, obs=x)
