"""The rungs of the verification, cheapest first; each returns checks that can fail.

Identity and score need no sampler. Draws are compared in units of their Monte Carlo error with
a bound computed from the number of comparisons. A check whose value is not finite has failed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pymc as pm
from arviz_stats.base import array_stats
from scipy import stats
from scipy.optimize import minimize

from workflow import fit
from workflow.density import Unconstrained, joint
from workflow.topic import Topic, names

FALSE_ALARM = 1e-4  # of all topics together, in one run
TAILS = np.array([0.05, 0.25, 0.50, 0.75, 0.95])
REPEATS = (1, 10, 100, 1_000)
BOUNDARY = 1e-14  # how far inside an answer on the boundary is looked at


@dataclass(frozen=True)
class Check:
    """One measured number beside the most (or least) it may be."""

    name: str
    value: float
    limit: float
    note: str = ""
    at_least: bool = False

    @property
    def passed(self) -> bool:
        kept = self.value >= self.limit if self.at_least else self.value <= self.limit
        return bool(np.isfinite(self.value) and kept)


def bound(comparisons: int) -> float:
    """The |z| that `comparisons` correct comparisons of every topic exceed once in 10,000 runs."""
    return float(stats.norm.isf(FALSE_ALARM / (2 * max(comparisons, 1) * len(names()))))


# --- identity -------------------------------------------------------------------------------


def identity(model: pm.Model, exact, seed: int, points: int = 40) -> list[Check]:
    """Bayes' theorem as a test: log joint = log posterior density + log evidence, at many theta.

    Points are prior draws and the same draws pulled towards the posterior mean, near and far.
    """
    ours = joint(model)
    worst, where = 0.0, ""
    for theta in _points(model, exact, seed, points):
        left, right = ours(theta), exact.log_density(theta) + exact.log_evidence
        if left == right == -np.inf:
            continue
        residual = abs(left - right) / (1 + abs(left))
        if not residual <= worst:
            worst, where = residual, f"log joint {left:.6g}, exact {right:.6g} at {_shown(theta)}"
    checks = [Check("identity: log joint = log posterior + log evidence", worst, 1e-9, where)]
    for name, mass in exact.masses.items():
        checks.append(Check(f"mass of {name}, with the evidence", abs(mass - 1), 1e-7))
    if exact.second_log_evidence is not None:
        gap = abs(exact.second_log_evidence - exact.log_evidence)
        checks.append(
            Check("evidence by a second route", gap / (1 + abs(exact.log_evidence)), 1e-8)
        )
        checks += _importance(model, exact, seed)
    return checks


def _points(model, exact, seed, number):
    # PyMC draws from the prior; convex supports keep every mixture with the posterior mean inside.
    prior = pm.draw(model.free_RVs, draws=number, random_seed=seed, mode=fit.INTERPRETED["mode"])
    centre = {name: np.asarray(d.mean()) for name, d in exact.marginals.items()}
    free = [v.name for v in model.free_RVs]
    for i, pull in enumerate(np.linspace(0, 1, number) ** 0.25):
        yield {n: (1 - pull) * p[i] + pull * centre[n] for n, p in zip(free, prior, strict=True)}


def _shown(theta) -> str:
    return ", ".join(
        f"{k} = {np.array2string(np.asarray(v), precision=4)}" for k, v in theta.items()
    )


def _importance(model, exact, seed, draws=4_000) -> list[Check]:
    """The evidence from PyMC's log joint alone: importance sampling from an overdispersed t.

    Where the density has no mode (more predictors than rows) there is nothing to sample about.
    """
    density = Unconstrained(model, jacobian=True)
    start = density.to_u({name: np.asarray(d.mean()) for name, d in exact.marginals.items()})
    top = minimize(lambda u: _negated(density, u), start, jac=True).x
    curvature = density.curvature(top)
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
        return []
    proposal = stats.multivariate_t(top, 1.5 * np.linalg.inv(curvature), df=5, seed=seed)
    u = proposal.rvs(draws).reshape(draws, -1)
    log_weight = np.array([density(row)[0] for row in u]) - proposal.logpdf(u)
    weight = np.exp(log_weight - exact.log_evidence)
    z = (weight.mean() - 1) / (weight.std(ddof=1) / np.sqrt(draws))
    return [Check("evidence by importance sampling, |z|", abs(z), 5.0)]


def _negated(density, u):
    value, gradient = density(u)
    return -value, -gradient


# --- maximum likelihood -----------------------------------------------------------------------


@dataclass(frozen=True)
class Maximum:
    """What the score rung learnt about an MLE."""

    check: Check
    standard_errors: dict | None  # by unknown, from the observed information; None at a boundary
    note: str


def score(model: pm.Model, mle: dict) -> Maximum:
    """First-order conditions of PyMC's log likelihood at the MLE, in standard errors.

    On a boundary the gradient has to point outward: the likelihood falls all the way inward.
    Directions the likelihood does not see are named and left out.
    """
    likelihood = Unconstrained(model, jacobian=False)
    u = likelihood.to_u(mle)
    boundary = not np.isfinite(u).all()
    if boundary:
        inner = dict(zip(likelihood.names, pm.draw(model.free_RVs, random_seed=1), strict=True))

        def inward(t):
            return likelihood.to_u({k: (1 - t) * v + t * inner[k] for k, v in mle.items()})

        heights = [likelihood(inward(t))[0] for t in (1e-9, 1e-6, 1e-3)]
        u = inward(BOUNDARY)
    gradient = likelihood(u)[1]
    curvature = likelihood.curvature(u)
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(curvature)), 1e-300))
    values, vectors = np.linalg.eigh(curvature * np.outer(scale, scale))
    seen = np.abs(values) > 1e-7 * np.abs(values).max()
    along = vectors.T @ (gradient * scale)
    decrement = np.sqrt(np.sum(along[seen] ** 2 / np.abs(values[seen])))
    if boundary and not (heights[0] > heights[1] > heights[2]):
        return Maximum(Check("score: the likelihood falls inward", np.inf, 0), None, "")
    if (values[seen] < 0).any() and not boundary:
        return Maximum(Check("score: a maximum, not a saddle", -values.min(), 0), None, "")
    check = Check("score at the MLE, in standard errors", decrement, 1e-4)
    if boundary:
        return Maximum(check, None, "MLE at the boundary, no standard error")
    if not seen.all():
        note = f"the likelihood is flat along {(~seen).sum()} direction(s), which were left out"
        return Maximum(check, None, note)
    spread = likelihood.slopes(u) @ np.linalg.cholesky(np.linalg.inv(curvature))
    errors = np.sqrt((spread**2).sum(axis=1))
    shapes = {k: np.shape(mle[k]) for k in likelihood.names}
    ends = np.cumsum([int(np.prod(s)) for s in shapes.values()])[:-1]
    split = zip(shapes.items(), np.split(errors, ends), strict=True)
    return Maximum(check, {k: part.reshape(s) for (k, s), part in split}, "")


def limit(topic: Topic, data: pd.DataFrame, settings: dict, mle: dict, errors: dict) -> list[Check]:
    """Rows repeated 1 to 1,000 times: the posterior becomes the MLE with Fisher's error."""
    bias, spread = [], []
    for repeats in REPEATS:
        many = pd.concat([data] * repeats)
        marginals = topic.exact(many, settings).marginals
        shift = [np.max(np.abs(marginals[k].mean() - mle[k]) / errors[k]) for k in mle]
        width = [np.max(np.abs(marginals[k].std() * np.sqrt(repeats) / errors[k] - 1)) for k in mle]
        bias.append(max(shift)), spread.append(max(width))
    # Like 1 / m: from 100 to 1,000 repeats the distance has to fall to a tenth, give or take.
    fall = bias[-1] / max(bias[-2], 1e-12)
    return [
        Check(
            "limit: mean - MLE falls like 1/m", fall, 0.12, f"{bias[-2]:.2g} to {bias[-1]:.2g} se"
        ),
        Check("limit: sd times sqrt(m) is Fisher's standard error", spread[-1], 0.01),
    ]


# --- draws --------------------------------------------------------------------------------------


def gates(draws) -> list[Check]:
    """Did the sampler do its work? Nothing below is worth reading when it did not."""
    posterior, stat = draws.posterior, draws.sample_stats
    rhat = max(
        float(np.max(array_stats.rhat(fit.flat(v), chain_axis=0, draw_axis=1)))
        for v in posterior.values()
    )
    energy = stat["energy"].values
    bfmi = np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1, ddof=1)
    return [
        Check("R-hat, largest", rhat, 1.01),
        Check("bulk or tail ESS, lowest", fit.lowest_ess(posterior), fit.ESS, at_least=True),
        Check("divergences", float(stat["diverging"].sum()), 0),
        Check("E-BFMI, lowest", float(bfmi.min()), 0.3, at_least=True),
        Check("draws that hit the largest tree", float(stat["maxdepth_reached"].sum()), 0),
    ]


def z_of_mean(values: np.ndarray, expected) -> np.ndarray:
    """(mean - expected) / Monte Carlo error, for each element of (chain, draw, element)."""
    error = values.std(axis=(0, 1), ddof=1) / np.sqrt(fit.ess(values))
    return (values.mean(axis=(0, 1)) - expected) / error


def against_exact(draws, exact) -> dict[str, dict[str, np.ndarray]]:
    """z of mean, sd and five tail probabilities: {unknown: {"mean": ..., "sd": ..., "5%": ...}}.

    The mean needs a variance and the sd a fourth moment: both are judged by the exact tails.
    """
    table = {}
    for name, distribution in exact.distributions.items():
        values = fit.flat(draws.posterior[name])
        mean, sd = (np.ravel(x) for x in (distribution.mean(), distribution.std()))
        tail = tail_index(distribution).ravel()
        row = {
            "mean": np.where(tail > 2, z_of_mean(values, mean), 0.0),
            "sd": np.where(tail > 4, z_of_mean((values - mean) ** 2, sd**2), 0.0),
        }
        for p in TAILS:
            edge = np.ravel(distribution.ppf(p))
            row[f"{100 * p:g}%"] = z_of_mean((values <= edge).astype(float), p)
        table[name] = row
    return table


def tail_index(distribution) -> np.ndarray:
    """How fast the heavier tail falls, as the exponent of a power law; moments below it exist."""
    middle = distribution.ppf(0.5)
    indices = []
    for far, near in ((1e-9, 1e-7), (1 - 1e-9, 1 - 1e-7)):
        ratio = np.abs((distribution.ppf(far) - middle) / (distribution.ppf(near) - middle))
        indices.append(np.log(100) / np.log(np.maximum(ratio, 1 + 1e-12)))
    return np.minimum(*indices)


def z_check(name: str, zs: np.ndarray, total: int) -> Check:
    zs = np.asarray(zs, dtype=float).ravel()
    worst = np.abs(zs).max() if np.isfinite(zs).all() else np.inf
    return Check(name, worst, bound(total), f"{zs.size} comparisons")


def stein(draws) -> np.ndarray:
    """z of the Stein identities: E[g_i] = 0 and E[(u_i - c_i) g_j] = -1 if i = j else 0.

    u are the draws on the unconstrained scale and g the gradients the sampler itself used. Any
    density vanishing at infinity obeys them; blind only to regions never visited.
    """
    u, g = (draws.sample_stats[k].values for k in ("unconstrained_draw", "gradient"))
    first = z_of_mean(g, 0.0)
    centred = u - u.mean(axis=(0, 1))
    size = u.shape[-1]
    second = [z_of_mean(centred[..., i, None] * g, -np.eye(size)[i]) for i in range(size)]
    return np.concatenate([first, np.ravel(second)])


def against_gibbs(draws, other: dict) -> np.ndarray:
    """z between two samplers that share no code: means, squares and quartiles of every element."""
    zs = []
    for name, values in other.items():
        a = fit.flat(draws.posterior[name])
        b = np.asarray(values).reshape(*np.shape(values)[:2], -1)
        centre = (a.mean(axis=(0, 1)) + b.mean(axis=(0, 1))) / 2
        for f in (
            lambda x: x,
            lambda x, c=centre: (x - c) ** 2,
            lambda x, c=centre: (x <= c).astype(float),
        ):
            fa, fb = f(a), f(b)
            error = np.hypot(*(x.std(axis=(0, 1), ddof=1) / np.sqrt(fit.ess(x)) for x in (fa, fb)))
            zs.append((fa.mean(axis=(0, 1)) - fb.mean(axis=(0, 1))) / error)
    return np.concatenate(zs)
