"""Topics with nothing hidden as NumPyro models: the same unknowns, prior and rows as in models/.

A function's arguments are what `benchmarks/given.py` hands over. What is derived from the unknowns
is left out.
"""

import jax.numpy as jnp
from numpyro import distributions as dist
from numpyro import sample


def base_rate(tested, flagged, prevalence_alpha, prevalence_beta, sensitivity_alpha,
              sensitivity_beta, specificity_alpha, specificity_beta):  # fmt: skip
    prevalence = sample("prevalence", dist.Beta(prevalence_alpha, prevalence_beta))
    sensitivity = sample("sensitivity", dist.Beta(sensitivity_alpha, sensitivity_beta))
    specificity = sample("specificity", dist.Beta(specificity_alpha, specificity_beta))
    share = prevalence * sensitivity + (1 - prevalence) * (1 - specificity)
    rate = jnp.stack([share, sensitivity, 1 - specificity])
    sample("flagged", dist.Binomial(tested, rate), obs=flagged)


def beta_binomial(tested, positive, alpha, beta):
    theta = sample("theta", dist.Beta(alpha, beta))
    sample("positive", dist.Binomial(tested, theta), obs=positive)


def contingency_table(count, a):
    p = sample("p", dist.Dirichlet(a))
    sample("count", dist.Multinomial(count.sum(), p), obs=count)


def correlation(pair, m_x, m_y, s_x, s_y, kappa, nu):
    lam_x = sample("lam_x", dist.Gamma((nu - 1) / 2, (nu - 1) * s_x**2 / 2))
    lam = sample("lam", dist.Gamma(nu / 2, (nu - 1) * s_y**2 / 2))
    slope = sample("slope", dist.Normal(0, 1 / (s_x * jnp.sqrt((nu - 1) * lam))))
    mu_x = sample("mu_x", dist.Normal(m_x, 1 / jnp.sqrt(kappa * lam_x)))
    mu_y = sample("mu_y", dist.Normal(m_y + slope * (mu_x - m_x), 1 / jnp.sqrt(kappa * lam)))
    sigma_x = lam_x**-0.5
    root = jnp.array([[sigma_x, 0], [slope * sigma_x, lam**-0.5]])
    mean = jnp.stack([mu_x, mu_y])
    sample("pair", dist.MultivariateNormal(mean, scale_tril=root), obs=pair)


def covariate_shift(z, y, m, kappa, tau, alpha, beta):
    lam = sample("lam", dist.Gamma(alpha, beta))
    level = sample("level", dist.Normal(m, (kappa * lam) ** -0.5))
    slope = sample("slope", dist.Normal(0, (tau * lam) ** -0.5))
    sample("y", dist.Normal(level + slope * z, lam**-0.5), obs=y)


def dirichlet_multinomial(count, a):
    theta = sample("theta", dist.Dirichlet(a))
    sample("count", dist.Multinomial(count.sum(), theta), obs=count)


def entropy(count, a, q):
    p = sample("p", dist.Dirichlet(a))
    sample("count", dist.Multinomial(count.sum(), p), obs=count)


def gamma_precision(y, mu, alpha, beta):
    lam = sample("lam", dist.Gamma(alpha, beta))
    sample("y", dist.Normal(mu, lam**-0.5), obs=y)


def laplace_regression(z, y, tau, b_mean, b_reach, alpha, beta):
    scale = sample("scale", dist.InverseGamma(alpha, beta))
    b = sample("b", dist.Laplace(b_mean, b_reach * scale))
    w = sample("w", dist.Laplace(0, tau * scale))
    sample("y", dist.Laplace(b + w * z, scale), obs=y)


def linear_regression(X, outcome, tau, b_mean, b_sd, sigma_scale):
    b = sample("b", dist.Normal(b_mean, b_sd))
    w = sample("w", dist.Normal(0, tau).expand([X.shape[1]]))
    sigma = sample("sigma", dist.HalfNormal(sigma_scale))
    sample("outcome", dist.Normal(b + X @ w, sigma), obs=outcome)


def logistic_regression(X, outcome, tau, b_mean, b_sd, ask):
    b = sample("b", dist.Normal(b_mean, b_sd))
    w = sample("w", dist.Normal(0, tau).expand([X.shape[1]]))
    sample("outcome", dist.Bernoulli(logits=b + X @ w), obs=outcome)


def markov_chain(count, a, stay, move):
    A = sample("A", dist.Dirichlet(a))
    sample("count", dist.Multinomial(count.sum(axis=1), A), obs=count)


def naive_bayes(label, events, a, alpha, beta, **features):
    theta = sample("theta", dist.Dirichlet(a))
    sample("label", dist.Categorical(theta), obs=label)
    for name in (key.removeprefix("b_") for key in features if key.startswith("b_")):
        shares = sample(name, dist.Dirichlet(features[f"b_{name}"]))
        sample(f"seen_{name}", dist.Categorical(shares[label]), obs=features[f"seen_{name}"])
    if events.size:
        rate = sample("rate", dist.Gamma(alpha, beta).expand([len(a), events.shape[1]]))
        sample("events", dist.Poisson(rate[label]), obs=events)


def normal_normal(value, error, m, s):
    mu = sample("mu", dist.Normal(m, s))
    sample("value", dist.Normal(mu, error), obs=value)


def normal_unknown_variance(y, null, m, kappa, alpha, beta):
    lam = sample("lam", dist.Gamma(alpha, beta))
    mu = sample("mu", dist.Normal(m, (kappa * lam) ** -0.5))
    sample("y", dist.Normal(mu, lam**-0.5), obs=y)


def poisson_gamma(count, exposure, alpha, beta):
    lam = sample("lam", dist.Gamma(alpha, beta))
    sample("count", dist.Poisson(lam * exposure), obs=count)


def polynomial_regression(columns, y, degree, level, tau, alpha, beta):
    lam = sample("lam", dist.Gamma(alpha, beta))
    w = sample("w", dist.Normal(0, tau * lam**-0.5).expand([columns.shape[1]]))
    sample("y", dist.Normal(level + columns @ w, lam**-0.5), obs=y)


def softmax_regression(X, label, root, tau, b_sd):
    b = sample("b", dist.MultivariateNormal(jnp.zeros(len(root)), scale_tril=b_sd * root))
    zeros = jnp.zeros((X.shape[1], len(root)))
    w = sample("w", dist.MultivariateNormal(zeros, scale_tril=tau * root))
    scores = jnp.column_stack([jnp.zeros(len(label)), b + X @ w])
    sample("label", dist.Categorical(logits=scores), obs=label)
