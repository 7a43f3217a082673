"""Groups in one measurement (Gaussian mixture; BDA3 ch. 22, PML1 section 3.5).

    w          ~ Dirichlet(a)                          share of each component, k = 1..K
    lam_k      ~ Gamma(shape_k, rate_k)                its precision; sigma_k = 1 / sqrt(lam_k)
    mu_k       ~ Normal(m_k, 1 / sqrt(kappa_k lam_k))  its mean; m ascends, which names them
    y_i        ~ sum_k w_k Normal(mu_k, sigma_k)       i = 1..n rows

Exact: given who belongs where, all is conjugate; on few rows every assignment is summed over.
MLE: EM from many starts, to the highest maximum with no sigma below a tenth of another (Hathaway).
"""

import warnings

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models._conjugate import Dirichlet, NormalGamma, per_component
from models._exact import Exact, NoMaximum
from models._normal_mixture import NormalMixture


class Data(pa.DataFrameModel):
    """One row a measurement; the order of the rows means nothing to the model."""

    y: float = pa.Field(coerce=True, description="what was measured (shipped: waiting time, min)")


PRIOR = {  # a list sets one value per component: here short waits, then long ones
    "a": [2.0, 3.0],
    "m": [52.0, 80.0],
    "kappa": [0.5, 0.8],
    "shape": [3.0, 4.0],
    "rate": [100.0, 140.0],  # a standard deviation near 6 minutes
}
KNOWN = {"components": 2}
CALIBRATION = {"a": [8.0, 12.0], "kappa": [5.0, 8.0]}, "where groups overlap, chains seldom cross"
EXACT_ROWS = 10  # their assignments can be enumerated


def priors(components, **settings):
    """The prior of w and that of (mu, lam), each with one entry a component."""
    full = per_component(components, **settings)
    if not np.all(np.diff(full["m"]) > 0):
        raise ValueError(f"`m` must ascend, to tell components apart; it is {settings['m']}")
    return Dirichlet(full.pop("a")), NormalGamma(**full)


def model(data, *, components, a, m, kappa, shape, rate):
    share, group = priors(components, a=a, m=m, kappa=kappa, shape=shape, rate=rate)
    names = 1 + np.arange(group.m.size)
    with pm.Model(coords={"row": data.index, "group": names}) as built:  # ArviZ owns "component"
        y = pm.Data("y_data", data["y"], dims="row")
        w = pm.Dirichlet("w", share.a, dims="group")
        lam = pm.Gamma("lam", group.shape, group.rate, dims="group")
        mu = pm.Normal("mu", group.m, tau=group.kappa * lam, dims="group")
        sigma = pm.Deterministic("sigma", lam**-0.5, dims="group")
        NormalMixture("y", w, mu, sigma, observed=y, dims="row")
    return built


def exact(data, *, components, a, m, kappa, shape, rate):
    share, group = priors(components, a=a, m=m, kappa=kappa, shape=shape, rate=rate)
    y, K = data["y"].to_numpy(float), group.m.size
    if K**y.size > 65_536:
        raise ValueError(f"{K}^{y.size} ways to assign rows to components: too many to sum over")
    z = np.arange(K**y.size)[:, None] // K ** np.arange(y.size) % K  # (assignments, rows)
    member = (z[..., None] == np.arange(K)).astype(float)
    counts = member.sum(-2)
    shares, groups = share.given(counts), group.given(y, member)
    log_joint = share.log_evidence(counts) + group.log_evidence(groups).sum(-1)
    log_evidence = logsumexp(log_joint)
    weights = np.exp(log_joint - log_evidence)

    def joint(theta):
        given = groups.logpdf(theta["mu"], theta["lam"]).sum(-1) + shares.logpdf(theta["w"])
        return logsumexp(log_joint - log_evidence + given)

    marginals = {"w": shares.marginals(weights), **groups.marginals(weights)}
    return Exact(
        derived={"sigma": marginals.pop("sigma")},
        marginals=marginals,
        log_evidence=log_evidence,
        joint=joint,
        by=f"enumeration of {weights.size:,} assignments",
    )


def log_parts(y, w, mu, lam):
    """log w_k Normal(y_i | mu_k, lam_k), (..., n, K); leading axes of w, mu, lam (..., K) stay."""
    w, mu, lam = (np.asarray(v)[..., None, :] for v in (w, mu, lam))
    with np.errstate(divide="ignore"):
        return np.log(w) + (np.log(lam / (2 * np.pi)) - lam * (y[:, None] - mu) ** 2) / 2


def em_step(y, w, mu, lam):
    """One step of EM: responsibilities, then weighted shares, means and precisions (..., K)."""
    r = softmax(log_parts(y, w, mu, lam), axis=-1)
    n, mean = r.sum(-2), (r * y[:, None]).sum(-2) / r.sum(-2)
    return n / y.size, mean, n / (r * (y[:, None] - mean[..., None, :]) ** 2).sum(-2)


def mle(data, *, components):
    y, K = data["y"].to_numpy(float), int(components)
    if np.unique(y).size <= K:
        raise NoMaximum(f"no maximum: {np.unique(y).size} distinct values for {K} components")
    x = (y - y.mean()) / y.std()
    start = {"tol": 1e-6, "max_iter": 1000, "init_params": "random_from_data"}
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # finished below
        ends = [GaussianMixture(K, random_state=i, **start).fit(x[:, None]) for i in range(20)]
    inside = [end for end in ends if end.precisions_.max() < 100 * end.precisions_.min()]
    if not inside:
        raise NoMaximum("no maximum: from every start a component shrinks onto a few rows")
    best = max(inside, key=lambda end: end.lower_bound_)
    now = np.array([best.weights_, best.means_[:, 0], best.precisions_[:, 0, 0]])
    for _ in range(100_000):
        before, now = now, np.array(em_step(x, *now))
        if np.abs(now - before).max() < 1e-12 * np.abs(now).max():
            w, mu, lam = now[:, np.argsort(now[1])]
            return {"w": w, "lam": lam / y.var(), "mu": y.mean() + y.std() * mu}
    raise NoMaximum("no maximum: EM from the best of twenty starts does not come to rest")


def gibbs(data, rng, draws, chains, *, components, a, m, kappa, shape, rate, burn=500):
    """Draws (chains, draws, K) by turns: assignments given the rest, the rest given them."""
    share, group = priors(components, a=a, m=m, kappa=kappa, shape=shape, rate=rate)
    y, K = data["y"].to_numpy(float), group.m.size
    kept = []
    first = [np.tile(v, (chains, 1)) for v in (group.m, group.kappa, group.shape, group.rate)]
    w, (mu, lam) = Dirichlet(np.tile(share.a, (chains, 1))).rvs(rng), NormalGamma(*first).rvs(rng)
    for _ in range(burn + draws):
        edges = softmax(log_parts(y, w, mu, lam), axis=-1).cumsum(-1)
        z = (rng.random((chains, y.size, 1)) > edges[..., :-1]).sum(-1)
        member = (z[..., None] == np.arange(K)).astype(float)
        w = share.given(member.sum(-2)).rvs(rng)
        mu, lam = group.given(y, member).rvs(rng)
        kept.append([w, lam, mu])
    return dict(zip(["w", "lam", "mu"], np.moveaxis(kept[burn:], 0, 2), strict=True))


def suggest(data):
    """Settings for data in other units: two groups, about the lower and the upper fifth."""
    low, high = map(float, np.quantile(data["y"], [0.2, 0.8]))
    if low == high:  # too few different values to tell
        low, high = low - 2.0, high + 2.0
    width = (high - low) / 4  # of one group, if the two are told apart
    return PRIOR | KNOWN | {"m": [low, high], "rate": [3 * width**2, 4 * width**2]}
