"""Planted for the tests: eight schools in the centred form, which makes NUTS diverge.

    mu       ~ Normal(0, mu_sd)
    tau      ~ HalfCauchy(tau_scale)
    theta_j  ~ Normal(mu, tau)           j = 1..n schools
    effect_j ~ Normal(theta_j, se_j)     se_j is known

Exact: given tau all is Gaussian; tau is summed out.  MLE: none, the density grows as tau falls.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats

from models._distributions import Density, Mixture
from models._exact import Exact, NoMaximum
from models._integrated import over_log_sigma


class Data(pa.DataFrameModel):
    """One row a school."""

    effect: float = pa.Field(coerce=True, description="estimated effect of coaching (points)")
    se: float = pa.Field(gt=0, coerce=True, description="its standard error (points)")


PRIOR = {"mu_sd": 10.0, "tau_scale": 5.0}


def model(data, *, mu_sd, tau_scale):
    with pm.Model(coords={"school": data.index}) as built:
        effect = pm.Data("effect_data", data["effect"], dims="school")
        se = pm.Data("se_data", data["se"], dims="school")
        mu = pm.Normal("mu", np.float64(0), mu_sd)
        tau = pm.HalfCauchy("tau", tau_scale)
        theta = pm.Normal("theta", mu, tau, dims="school")
        pm.Normal("effect", theta, se, observed=effect, dims="school")
    return built


def exact(data, *, mu_sd, tau_scale):
    y, se = (data[k].to_numpy(float)[:, None] for k in ("effect", "se"))

    def mu_given(tau):  # tau (P,) -> mean and variance of mu, each (P,)
        precision = 1 / (se**2 + tau**2)
        variance = 1 / (mu_sd**-2 + precision.sum(axis=0))
        return variance * (precision * y).sum(axis=0), variance

    def log_joint(tau):  # of tau and the effects: p(y, mu = m | tau) / p(mu = m | y, tau)
        tau = np.asarray(tau, dtype=float)
        flat = np.ravel(tau)
        m, variance = mu_given(flat)
        rows = stats.norm(m, np.sqrt(se**2 + flat**2)).logpdf(y).sum(axis=0)
        of_mu = stats.norm(0, mu_sd).logpdf(m) + 0.5 * np.log(2 * np.pi * variance)
        return (rows + of_mu + stats.halfcauchy(scale=tau_scale).logpdf(flat)).reshape(tau.shape)

    tau, share, second_log_evidence = over_log_sigma(log_joint, start=5.0)
    log_evidence = np.logaddexp.reduce(share)
    of_tau = Density(lambda t: log_joint(t) - log_evidence, "log", around=5.0)
    m, variance = mu_given(tau)
    kept = tau**2 / (tau**2 + se**2)  # of a school's own effect; the rest is the mean's
    middle, spread = kept * y + (1 - kept) * m, kept * se**2 + (1 - kept) ** 2 * variance

    def joint(theta):
        t = float(theta["tau"])
        m, variance = (v.item() for v in mu_given(np.array([t])))
        kept = t**2 / (t**2 + se[:, 0] ** 2)
        schools = stats.norm(kept * y[:, 0] + (1 - kept) * theta["mu"], np.sqrt(kept) * se[:, 0])
        of_mu = stats.norm(m, np.sqrt(variance)).logpdf(theta["mu"])
        return of_tau.logpdf(t) + of_mu + schools.logpdf(theta["theta"]).sum()

    weights = np.exp(share - log_evidence)
    return Exact(
        marginals={
            "mu": Mixture(weights, stats.norm, loc=m, scale=np.sqrt(variance)),
            "tau": of_tau,
            "theta": Mixture(weights, stats.norm, loc=middle, scale=np.sqrt(spread)),
        },
        log_evidence=float(log_evidence),
        by="quadrature over tau",
        joint=joint,
        masses={"tau": of_tau.mass},
        second_log_evidence=second_log_evidence,
    )


def mle(data):
    raise NoMaximum("no maximum: with every theta equal to mu the density grows as tau falls")
