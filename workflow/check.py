"""The rungs that need no sampler: identity, score and limit; each returns checks that can fail.

A check whose value is not finite has failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats
from scipy.optimize import minimize

from models._alike import times
from workflow import fit, kinks
from workflow.density import Unconstrained, joint
from workflow.topic import Topic

IDENTITY = "identity: log joint = log posterior + log evidence"
ROUNDING = 16 * np.finfo(float).eps / 1e-9  # of terms that cancel, in units of the identity's limit
MOST_REPEATED = 2_000_000  # numbers in the repeated rows of the limit
UNEVEN = 200.0  # below this effective size importance weights could hide a factor of two
BOUNDARY = 1e-14  # how far inside an answer on the boundary is looked at
INSIDE = 1e-9  # an answer comes back from unconstrained coordinates to within this: shares add up


@dataclass(frozen=True)
class Check:
    """One measured number beside the most (or least) it may be."""

    name: str
    value: float
    limit: float
    note: str = ""
    at_least: bool = False
    applies: bool = True  # False: it could not be carried out, for the reason in `note`

    @property
    def passed(self) -> bool:
        if not self.applies:
            return True
        kept = self.value >= self.limit if self.at_least else self.value <= self.limit
        return bool(np.isfinite(self.value) and kept)


def identity(
    model: pm.Model,
    exact,
    seed: int,
    points: int = 40,
    *,
    importance: bool = True,
    terms: float = 0.0,
) -> list[Check]:
    """Bayes' theorem as a test: log joint = log posterior density + log evidence, at many theta.

    Points are prior draws and the same draws pulled towards the posterior mean, near and far.
    Importance sampling takes seconds where all else takes tenths, and can be left out. `terms` is
    the size of terms that all but cancel near the posterior: what rounding leaves of them is
    allowed for.
    """
    checks = belong(joint(model), exact, identity_points(model, exact, seed, points), terms)
    if importance and exact.second_log_evidence is not None:
        checks.append(_importance(model, exact, seed))
    return checks


def belong(ours, exact, points, terms: float = 0.0) -> list[Check]:
    """Whether `ours`, theta -> log joint, and an exact answer are one; masses and evidence too."""
    worst, where, compared = 0.0, "", 0
    for theta in points:
        left, right = ours(theta), float(exact.log_density(theta) + exact.log_evidence)
        if left == right == -np.inf:
            continue
        compared += 1
        residual = abs(left - right) / (1 + abs(left) + ROUNDING * terms)
        if not residual <= worst:
            worst, where = residual, f"log joint {left:.6g}, exact {right:.6g} at {_shown(theta)}"
        if not np.isfinite(worst):  # no later point may hide it
            break
    if not compared:
        worst, where = np.inf, "both densities are zero wherever they were compared"
    checks = [Check(IDENTITY, worst, 1e-9, where)]
    for name, mass in exact.masses.items():
        checks.append(Check(f"mass of {name}, with the evidence", abs(mass - 1), 1e-7))
    if exact.second_log_evidence is not None:
        gap = abs(exact.second_log_evidence - exact.log_evidence)
        checks.append(
            Check("evidence by a second route", gap / (1 + abs(exact.log_evidence)), 1e-8)
        )
    return checks


def terms(topic: Topic, data: pd.DataFrame) -> float:
    """The size of log n! where the rows count n of something in all: a billion make 2e10."""
    columns = topic.module.Data.to_schema().columns.items()
    whole = [n for n, c in columns if str(c.dtype).startswith("int") and n in data]
    counts = [(times(data) * data[n]).sum() for n in whole]
    n = float(max(counts, default=0))
    return n * np.log(n) if n > 1 else 0.0


def identity_points(model, exact, seed: int, number: int = 40) -> Iterator[dict]:
    """Where model and exact answer are compared: prior draws, pulled towards the posterior mean."""
    # PyMC draws from the prior; convex supports keep every mixture with the posterior mean inside.
    prior = pm.draw(model.free_RVs, draws=number, random_seed=seed, mode=fit.INTERPRETED["mode"])
    centre = {name: np.asarray(d.mean()) for name, d in exact.marginals.items()}
    free = [v.name for v in model.free_RVs]
    # From 1e-3 on, as draws of a prior like Beta(1e-9, 9) lie on the very edge of its support.
    for i, pull in enumerate(np.linspace(1e-12, 1, number) ** 0.25):
        yield {n: (1 - pull) * p[i] + pull * centre[n] for n, p in zip(free, prior, strict=True)}


def _shown(theta) -> str:
    return ", ".join(
        f"{k} = {np.array2string(np.asarray(v), precision=4, max_line_width=10_000)}"
        for k, v in theta.items()
    )


def _importance(model, exact, seed) -> Check:
    """The evidence from PyMC's log joint alone: importance sampling from an overdispersed t.

    Without a mode (more predictors than rows), or with weights so uneven that they would let a
    factor of two pass, it says so instead of passing.
    """
    name = "evidence by importance sampling, |z|"
    found = overdispersed(model, exact, seed)
    if found is None:
        return Check(name, 0.0, 5.0, "not checked: the density has no mode", applies=False)
    weight = found[1]
    if not 0 < weight.sum() < np.inf:
        return Check(name, np.inf, 5.0, "every weight is zero or infinite")
    size = weight.sum() ** 2 / (weight**2).sum()
    if size < UNEVEN:
        note = f"not checked: the weights are worth only {size:.0f} draws"
        return Check(name, 0.0, 5.0, note, applies=False)
    z = (weight.mean() - 1) / (weight.std(ddof=1) / np.sqrt(weight.size))
    return Check(name, abs(z), 5.0)


def overdispersed(model, exact, seed, draws=4_000) -> tuple[Iterator[dict], np.ndarray] | None:
    """Independent theta from a t about the mode, with weights that make them the posterior.

    The weights carry the exact evidence, so their mean is one; None where there is no mode.
    """
    density = Unconstrained(model, jacobian=True)
    start = density.to_u({k: np.asarray(d.mean()) for k, d in exact.marginals.items()})
    top = minimize(lambda u: _negated(density, u), start, jac=True).x
    curvature = density.curvature(top, size=_across(density, exact) if density.kinked else None)
    if not np.isfinite(curvature).all() or np.diag(curvature).min() <= 0:
        return None
    scale = np.diag(curvature) ** -0.5  # in the units of the data the inverse might be lost
    curvature *= np.outer(scale, scale)
    if np.linalg.eigvalsh(curvature).min() <= 0:
        return None
    proposal = stats.multivariate_t(shape=1.5 * np.linalg.inv(curvature), df=5, seed=seed)
    v = proposal.rvs(draws).reshape(draws, -1)
    u = top + scale * v
    log_weight = density.heights(u) - proposal.logpdf(v)
    log_weight += np.log(scale).sum()
    return map(density.to_theta, u), np.exp(log_weight - exact.log_evidence)


def _across(density, exact):
    """Half the posterior's width in each coordinate: curvature across kinks, not between them."""
    laws = exact.marginals.items()
    ends = [density.to_u({k: d.mean() + far * d.std() / 2 for k, d in laws}) for far in (0, 1)]
    return np.abs(ends[1] - ends[0])


def _negated(density, u):
    value, gradient = density(u)
    return -value, -gradient


@dataclass(frozen=True)
class Maximum:
    """What the score rung learnt about an MLE."""

    check: Check
    standard_errors: dict | None  # by unknown, from the observed information; None at a boundary
    note: str


def score(model: pm.Model, mle: dict, likelihood: Unconstrained | None = None) -> Maximum:
    """First-order conditions of PyMC's log likelihood at the MLE, in standard errors.

    On a boundary the gradient has to point outward: the likelihood falls all the way inward.
    Directions the likelihood does not see are named and left out. Where the likelihood has kinks it
    is lower on every side instead, and no curvature gives a standard error. `likelihood` is for who
    has compiled the model's already.
    """
    likelihood = likelihood or Unconstrained(model, jacobian=False)
    u = likelihood.to_u(mle)
    boundary = not np.isfinite(u).all()
    if boundary:
        inner = dict(zip(likelihood.names, pm.draw(model.free_RVs, random_seed=1), strict=True))

        def inward(t):
            return likelihood.to_u({k: (1 - t) * v + t * inner[k] for k, v in mle.items()})

        heights = [likelihood(inward(t))[0] for t in (1e-9, 1e-6, 1e-3)]
        u = inward(BOUNDARY)
    there = likelihood.to_theta(u)  # coordinates forget what no point of the model can have
    away = max(np.max(np.abs(there[k] - v) / (1 + np.abs(v))) for k, v in mle.items())
    if not away <= INSIDE:
        return Maximum(Check("score: the MLE is a point of the model", away, INSIDE), None, "")
    if likelihood.kinked:
        return _with_kinks(likelihood, u)
    gradient = likelihood(u)[1]
    curvature = likelihood.curvature(u)
    diagonal = np.abs(np.diag(curvature))
    scale = np.where(diagonal > 0, diagonal, 1.0) ** -0.5
    values, vectors = np.linalg.eigh(curvature * np.outer(scale, scale))
    seen = np.abs(values) > 1e-7 * np.abs(values).max()
    along = vectors.T @ (gradient * scale)
    # Where there is no curvature there must be no slope either.
    decrement = np.sqrt(np.sum(along**2 / np.where(seen, np.abs(values), 1.0)))
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


def _with_kinks(likelihood, u) -> Maximum:
    """Lower on every side, looked at on spheres about the point."""
    rise, level = kinks.around(lambda v: likelihood(v)[0], u)
    note = "the likelihood has kinks: no standard error"
    if level:
        note += "; others are as likely: this is one end of all the highest points"
    return Maximum(Check("score: lower on every side, in rounding errors", rise, 1.0), None, note)


def limit(topic: Topic, data: pd.DataFrame, settings: dict, mle: dict, errors: dict) -> list[Check]:
    """Rows repeated m times: the posterior becomes the MLE, like 1/m, with Fisher's error.

    m is 100 and 1,000, or as many times more as it takes to outweigh the prior. Where assignments
    are enumerated so many rows have no exact answer, and there is nothing to check.
    """
    if hasattr(topic.module, "EXACT_ROWS"):
        return []
    most = MOST_REPEATED / data.shape[1] / len(data)
    repeats = 100
    near = _distance(topic, data, settings, mle, errors, repeats)
    while True:
        far = near
        repeats *= 10
        near = _distance(topic, data, settings, mle, errors, repeats)
        if near[1] <= 0.01 or 10 * repeats > most:
            break
    fall = near[0] / max(far[0], 1e-12)
    note = f"mean - MLE {far[0]:.2g} to {near[0]:.2g} se, m = {repeats // 10:,} to {repeats:,}"
    return [
        Check("limit: mean - MLE falls like 1/m", fall, 0.12, note),
        Check("limit: sd times sqrt(m) is Fisher's standard error", near[1], 0.01),
    ]


def _distance(topic, data, settings, mle, errors, repeats):
    """How far mean and scaled sd are from the MLE and its error, in standard errors, at worst."""
    marginals = topic.exact(pd.concat([data] * repeats), settings).marginals
    shift = [np.max(np.abs(marginals[k].mean() - mle[k]) / errors[k]) for k in mle]
    scaled = [marginals[k].std() * np.sqrt(repeats) / errors[k] for k in mle]
    return max(shift), max(np.max(np.abs(x - 1)) for x in scaled)
