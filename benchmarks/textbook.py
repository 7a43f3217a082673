"""The textbook form of a topic's model, where the topic itself is written in another way.

Same unknowns, same prior, same rows (`benchmarks/given.py`), written as one writes it first. The
topics that are not here are written so already. What is derived from the unknowns is left out.
"""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt


def textbook(found, data, settings, given: dict) -> pm.Model:
    """The model as a textbook has it."""
    write = globals().get(found.name)
    if write is None:
        return found.model(data, settings)
    with pm.Model() as model:
        write(**given)
    return model


def written(name: str) -> bool:
    """Whether the textbook form is another than the topic's own."""
    return name in globals()


def base_rate(tested, flagged, prevalence_alpha, prevalence_beta, sensitivity_alpha,
              sensitivity_beta, specificity_alpha, specificity_beta):  # fmt: skip
    prevalence = pm.Beta("prevalence", prevalence_alpha, prevalence_beta)
    sensitivity = pm.Beta("sensitivity", sensitivity_alpha, sensitivity_beta)
    specificity = pm.Beta("specificity", specificity_alpha, specificity_beta)
    share = prevalence * sensitivity + (1 - prevalence) * (1 - specificity)
    rates = {"population": share, "positives": sensitivity, "negatives": 1 - specificity}
    for (study, rate), n, k in zip(rates.items(), tested, flagged, strict=True):
        pm.Binomial(study, n, rate, observed=k)


def over_paths(name, start, A, log_w):
    """The sum over all paths as a scan over logs, of the emissions (T, K) row by row."""
    log_A = pt.log(A)

    def step(here, before, log_A):
        return pt.logsumexp(before[:, None] + log_A, axis=0) + here

    forward = pytensor.scan(
        step, sequences=log_w[1:], non_sequences=log_A,
        outputs_info=np.log(start) + log_w[0], return_updates=False,
    )  # fmt: skip
    pm.Potential(name, pt.logsumexp(forward[-1]))


def hidden_markov(symbol, start, a, b, **_):
    A, B = pm.Dirichlet("A", a), pm.Dirichlet("B", b)
    over_paths("symbol", start, A, pt.log(B).T[symbol])


def laplace_regression(z, y, tau, b_mean, b_reach, alpha, beta):
    scale = pm.InverseGamma("scale", alpha, beta)
    b = pm.Laplace("b", b_mean, b_reach * scale)
    w = pm.Laplace("w", 0, tau * scale)
    pm.Laplace("y", b + w * z, scale, observed=y)


def linear_regression(X, outcome, tau, b_mean, b_sd, sigma_scale):
    b = pm.Normal("b", b_mean, b_sd)
    w = pm.Normal("w", 0, tau, shape=X.shape[1])
    sigma = pm.HalfNormal("sigma", sigma_scale)
    pm.Normal("outcome", b + pm.math.dot(X, w), sigma, observed=outcome)


def local_level(y, gap, m0, s0, level_scale, obs_scale):
    """The Kalman filter as a scan over readings, all of one series."""
    sigma_level = pm.HalfNormal("sigma_level", level_scale)
    sigma_obs = pm.HalfNormal("sigma_obs", obs_scale)

    def step(y, gap, mean, variance, log_density, sigma_level, sigma_obs):
        before = variance + sigma_level**2 * gap
        spread = before + sigma_obs**2
        gain, surprise = before / spread, y - mean
        log_density -= (pt.log(2 * np.pi * spread) + surprise**2 / spread) / 2
        return mean + gain * surprise, gain * sigma_obs**2, log_density

    readings = [pt.constant(y), pt.constant(gap)]
    outset = [pt.constant(np.float64(each)) for each in (m0, s0**2, 0.0)]
    found = pytensor.scan(step, sequences=readings, non_sequences=[sigma_level, sigma_obs],
                          outputs_info=outset, return_updates=False)  # fmt: skip
    pm.Potential("y", found[-1][-1])


def logistic_regression(X, outcome, tau, b_mean, b_sd, **_):
    b = pm.Normal("b", b_mean, b_sd)
    w = pm.Normal("w", 0, tau, shape=X.shape[1])
    pm.Bernoulli("outcome", logit_p=b + pm.math.dot(X, w), observed=outcome)


def missing_data(x1, x2, x3, m, s, tau, alpha):
    """A regression for each column, on the rows that have it."""
    lam = pm.Gamma("lam", alpha, alpha * s**2)
    sigma = lam**-0.5
    later, earlier = np.tril_indices(3, -1)
    slope = pm.Normal("slope", 0, tau * sigma[later] / s[earlier])
    mu_1 = pm.Normal("mu_1", m[0], tau * sigma[0])
    mu_2 = pm.Normal("mu_2", m[1] + slope[0] * (mu_1 - m[0]), tau * sigma[1])
    line = m[2] + slope[1] * (mu_1 - m[0]) + slope[2] * (mu_2 - m[1])
    mu_3 = pm.Normal("mu_3", line, tau * sigma[2])
    pm.Normal("x1", mu_1, sigma[0], observed=x1[:, 0])
    pm.Normal("x2", mu_2 + slope[0] * (x2[:, 0] - mu_1), sigma[1], observed=x2[:, 1])
    line = mu_3 + slope[1] * (x3[:, 0] - mu_1) + slope[2] * (x3[:, 1] - mu_2)
    pm.Normal("x3", line, sigma[2], observed=x3[:, 2])


def naive_bayes(label, events, a, alpha, beta, **features):
    theta = pm.Dirichlet("theta", a)
    pm.Categorical("label", theta, observed=label)
    for name in (key.removeprefix("b_") for key in features if key.startswith("b_")):
        shares = pm.Dirichlet(name, features[f"b_{name}"])
        pm.Categorical(f"seen_{name}", shares[label], observed=features[f"seen_{name}"])
    if events.size:
        rate = pm.Gamma("rate", alpha, beta, shape=(len(a), events.shape[1]))
        pm.Poisson("events", rate[label], observed=events)


def poisson_hidden_markov(count, start, a, shape, rate, **_):
    A, lam = pm.Dirichlet("A", a), pm.Gamma("lam", shape, rate)
    over_paths("count", start, A, pm.logp(pm.Poisson.dist(lam), count[:, None]))


def softmax_regression(X, label, root, tau, b_sd):
    b = pm.MvNormal("b", np.zeros(len(root)), chol=b_sd * root)
    w = pm.MvNormal("w", np.zeros((X.shape[1], len(root))), chol=tau * root)
    scores = b + pm.math.dot(X, w)
    scores = pm.math.concatenate([pt.zeros((len(label), 1)), scores], axis=1)
    pm.Categorical("label", logit_p=scores, observed=label)
