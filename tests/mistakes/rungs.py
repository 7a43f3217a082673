"""The rungs of the workflow, climbed by wrong versions of a topic on every case it has."""

import warnings
from dataclasses import dataclass
from functools import cached_property, partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from scipy.optimize import minimize

from models._exact import NoMaximum
from models._moments import Moments
from tests.mistakes import PARTS, planted
from workflow import check, compare, fit, topic, unproved
from workflow.density import Unconstrained, joint

SEED = 1
SHIPPED = "shipped"


@dataclass(frozen=True)
class Case:
    """Rows, settings, and whether the likelihood has a maximum there."""

    data: pd.DataFrame
    settings: dict
    maximum: bool | str

    @property
    def refused(self) -> bool:
        return self.maximum == "refused"


def cases(name: str) -> dict[str, Case]:
    """The shipped data first, then the topic's CASES, read as a user's file would be."""
    found = topic.load(name)
    shipped, settings = topic.read(found), found.defaults
    every = {SHIPPED: Case(shipped, settings, True)}  # or as CASES say, under this very name
    for label, (rows, changes, maximum) in planted(name).CASES.items():
        frame = rows(shipped) if callable(rows) else rows
        frame = getattr(found.module, "tidy", lambda f: f)(frame)
        frame = found.module.Data.validate(frame)
        frame = frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="row"))
        assert set(changes) <= set(settings), f"{label}: no such setting"
        changed = {k: np.asarray(v, dtype=np.float64)[()] for k, v in changes.items()}
        every[label] = Case(frame, settings | changed, maximum)
    return every


class Answers:
    """What a topic says about one case; each part is made when it is first asked for.

    Parts that an edit cannot reach are taken from `right`, the answers of the real source.
    """

    def __init__(self, found: topic.Topic, case: Case, right=None, reach=PARTS):
        self.found, self.case, self.reach = found, case, set(reach)
        self.given = (case.data, case.settings)
        self.rows = found.exact_rows(*self.given)
        if right is not None and not case.refused:
            borrowed = set(PARTS) - self.reach
            borrowed |= {"small"} if "model" in borrowed else set()
            borrowed |= {"maximum"} if {"model", "mle"} <= borrowed else set()
            vars(self).update({part: getattr(right, part) for part in borrowed})

    @cached_property
    def model(self):
        return self.found.model(*self.given)

    @cached_property
    def small(self):
        """The model of the rows that have an exact answer."""
        if len(self.rows) == len(self.case.data):
            return self.model
        return self.found.model(self.rows, self.case.settings)

    @cached_property
    def exact(self):
        """None where the topic says that for these rows no exact answer is known."""
        return unproved.asked(self.found, "exact", self.rows, self.case.settings)[0]

    @cached_property
    def mle(self):
        try:
            return self.found.mle(*self.given)
        except NoMaximum:
            return None

    @cached_property
    def maximum(self):
        return None if self.mle is None else check.score(self.model, self.mle)

    @cached_property
    def weighted(self):
        """Draws of the posterior and their weights, no sampler in sight; None where it fails.

        None too where the marginals are all there is: then the identity looks at them itself.
        """
        if self.exact is None or (self.exact.joint is None and not self.exact.derived):
            return None
        found = check.overdispersed(self.small, self.exact, SEED)
        if found is None:
            return None
        thetas, weight = list(found[0]), found[1]
        error = weight.std() / np.sqrt(weight.size)
        if not abs(weight.mean() - 1) < 4 * error < 0.2:  # a second mode, or a tail, is missed
            return None
        stacked = {k: np.stack([theta[k] for theta in thetas])[None] for k in thetas[0]}
        free = xr.Dataset({k: (_dims(k, v), v) for k, v in stacked.items()})
        return deterministics(self, free), weight

    @cached_property
    def refusals(self) -> dict[str, bool]:
        """Which of model, exact and mle say in words that these rows or settings cannot be."""
        return {part: _refuses(getattr(self.found, part), *self.given) for part in PARTS}


def _dims(name, values):
    return ("chain", "draw", *(f"{name}_{i}" for i in range(values.ndim - 2)))


def _refuses(function, *given) -> bool:
    try:
        function(*given)
    except ValueError:
        return True
    except NotImplementedError:  # these rows can be, though no exact answer is known
        return False
    return False


# Each rung lists the checks that failed; None: it cannot run here.


def failed(checks) -> list[str]:
    return [c.name for c in checks if not c.passed]


def identity(a: Answers) -> list[str] | None:
    """Bayes' theorem at forty points, the masses, and the evidence by its second route."""
    if a.exact is None:
        return None
    return failed(check.identity(a.small, a.exact, SEED, importance=False))


def importance(a: Answers) -> list[str] | None:
    """The same and the evidence by importance sampling, which takes seconds."""
    if a.exact is None or a.exact.second_log_evidence is None:
        return None
    return failed(check.identity(a.small, a.exact, SEED))


def definition(a: Answers) -> list[str] | None:
    """The prior as PyMC has it against the docstring's, where the topic's file spells it out."""
    stated = getattr(planted(a.found.name), "log_prior", None)
    if stated is None:
        return None
    model = remove_value_transforms(a.small)
    mode = fit.INTERPRETED["mode"]
    ours = model.compile_logp(vars=model.free_RVs, mode=mode)
    names = [v.name for v in model.free_RVs]
    worst = 0.0
    for values in zip(*pm.draw(model.free_RVs, 10, random_seed=SEED, mode=mode), strict=True):
        theta = dict(zip(names, values, strict=True))
        worst = np.maximum(worst, abs(float(ours(theta)) - stated(theta, **a.case.settings)))
    return failed([check.Check("prior as stated", worst, 1e-9)])


def simulation(a: Answers, number: int = 500) -> list[str]:
    """Rows the model makes up follow its own likelihood: the mean of their score is zero."""
    (observed,) = a.model.observed_RVs
    held = a.model[f"{observed.name}_data"]
    mode = fit.INTERPRETED["mode"]
    drawn = pm.draw(a.model.free_RVs, random_seed=SEED, mode=mode)  # nothing is uniform by chance
    names = [v.name for v in a.model.free_RVs]
    theta = dict(zip(names, drawn, strict=True))
    if a.exact is not None:
        theta = {k: (v + a.exact.marginals[k].mean()) / 2 for k, v in theta.items()}
    made = pm.draw(pm.do(a.model, theta)[observed.name], number, random_seed=SEED, mode=mode)
    likelihood, kept = Unconstrained(a.model, jacobian=False), held.get_value()
    u, slopes = likelihood.to_u(theta), []
    try:
        for rows in made:
            held.set_value(rows.astype(kept.dtype))
            slopes.append(likelihood(u)[1])
    finally:
        held.set_value(kept)
    spread = np.std(slopes, axis=0, ddof=1)
    zs = np.mean(slopes, axis=0)[spread > 0] / spread[spread > 0] * np.sqrt(number)
    return failed([check.Check("score of simulated rows", np.max(np.abs(zs), initial=0),
                               compare.bound(zs.size))])  # fmt: skip


def named(a: Answers) -> list[str] | None:
    """Whether the MLE's parts bear the right names, where the likelihood cannot tell."""
    in_order = getattr(planted(a.found.name), "in_order", None)
    if in_order is None or a.mle is None:
        return None
    return [] if in_order(a.mle) else ["names of the MLE's parts"]


def highest(a: Answers, starts: int = 10) -> list[str] | None:
    """No climb from a prior draw ends above the MLE, unless the topic promises a local one."""
    if a.mle is None or getattr(planted(a.found.name), "LOCAL", False):
        return None
    likelihood = check.Unconstrained(a.model, jacobian=False)
    mode = fit.INTERPRETED["mode"]
    drawn = pm.draw(a.model.free_RVs, starts, random_seed=SEED, mode=mode)
    points = [dict(zip(likelihood.names, each, strict=True)) for each in zip(*drawn, strict=True)]
    inside = {k: (1 - 1e-12) * v + 1e-12 * points[0][k] for k, v in a.mle.items()}

    def depth(u):
        value, gradient = likelihood(u)
        return -value, -gradient

    ends = [minimize(depth, likelihood.to_u(point), jac=True).fun for point in points]
    height = likelihood(likelihood.to_u(inside))[0]
    above = -np.nanmin(ends) - height
    return failed([check.Check("a higher point than the MLE", above, 1e-6 * (1 + abs(height)))])


def score(a: Answers) -> list[str]:
    """First-order conditions, and whether there is a maximum at all."""
    if a.mle is None:
        found = False
    else:
        found = "boundary" if a.maximum.note.startswith("MLE at the boundary") else True
    if a.case.maximum != found:
        return [f"maximum: {found}, not {a.case.maximum}"]
    return [] if a.mle is None else failed([a.maximum.check])


def limit(a: Answers) -> list[str] | None:
    """Posterior to MLE; None where rows are enumerated, or no interior, identified MLE exists."""
    if hasattr(a.found.module, "EXACT_ROWS") or not a.maximum or not a.maximum.standard_errors:
        return None
    if a.exact is None:
        return None
    return failed(check.limit(a.found, *a.given, a.mle, a.maximum.standard_errors))


def draws(a: Answers, posterior) -> list[str] | None:
    """Draws of the free unknowns against the exact answer, Deterministics computed anew."""
    if a.exact is None:
        return None
    if "model" in a.reach:
        posterior = deterministics(a, posterior)
    table = compare.against_exact(SimpleNamespace(posterior=posterior), a.exact)
    zs = np.concatenate([np.ma.compressed(z) for row in table.values() for z in row.values()])
    return failed([compare.z_check("draws against exact", zs, zs.size)])


def weighted_draws(a: Answers, known: Answers) -> list[str] | None:
    """The same with weighted draws: for cases nobody has run a sampler on."""
    if a.exact is None or known.weighted is None or not same_joint(a.small, known.small):
        return None
    posterior, weight = known.weighted
    if "model" in a.reach:
        posterior = deterministics(a, posterior)
    zs = []
    for name, law in a.exact.distributions.items():
        values = fit.flat(posterior[name])[0]
        terms = [values - np.ravel(law.mean())] if (compare.tail_index(law) > 4).all() else []
        if isinstance(law, Moments):
            terms += [terms[0] ** 2 - np.ravel(law.std()) ** 2]
        else:
            terms += [(values <= np.ravel(law.ppf(p))) - p for p in compare.TAILS]
        for term in terms:
            each = weight[:, None] * term
            zs.append(each.mean(axis=0) / each.std(axis=0, ddof=1) * np.sqrt(weight.size))
    zs = np.concatenate(zs)
    return failed([compare.z_check("weighted draws", zs, zs.size)])


def deterministics(a: Answers, posterior):
    """The draws of the free unknowns, and what this model makes of them."""
    free = posterior[[v.name for v in a.small.free_RVs]]
    if not a.small.deterministics:
        return free
    mode = {"compile_kwargs": fit.INTERPRETED, "progressbar": False}
    made = pm.compute_deterministics(free, model=a.small, **mode)
    return free.merge(made, join="override")  # by place: how elements are called is another matter


def drawn(name: str):
    """Draws of the real model given the exact rows of the shipped data."""
    found = topic.load(name)
    data, settings = topic.read(found), found.defaults
    small = found.model(found.exact_rows(data, settings), settings)
    compiled = fit.compile_model(found.model(data, settings))
    return fit.whole(fit.sample(fit.with_data(compiled, small), SEED, found.turned))


def same_joint(one: pm.Model, other: pm.Model) -> bool:
    """Whether draws of one model are draws of the other."""
    if one is other:
        return True
    ours, theirs = joint(one), joint(other)
    names = [v.name for v in other.free_RVs]
    points = zip(
        *pm.draw(other.free_RVs, 10, random_seed=SEED, mode=fit.INTERPRETED["mode"]), strict=True
    )
    thetas = [dict(zip(names, values, strict=True)) for values in points]
    return all(abs(ours(theta) - theirs(theta)) < 1e-9 * (1 + abs(ours(theta))) for theta in thetas)


# --- first catch --------------------------------------------------------------------------------

# Ways to be caught: the rungs, and what the tests alone look at.
RUNGS = ("identity", "score", "limit", "draws", "definition", "simulation", "refusal")
CHEAP = [
    ("identity", identity, {"model", "exact"}),
    ("definition", definition, {"model"}),
    ("score", score, {"model", "mle"}),
    ("definition", named, {"mle"}),
]
DEAR = [("score", highest, {"model", "mle"}), ("limit", limit, set(PARTS))]
DEAREST = [("simulation", simulation, {"model"}), ("identity", importance, {"model", "exact"})]


def right_answers(name: str) -> dict[str, Answers]:
    """What the real source says about every case."""
    found = topic.load(name)
    return {label: Answers(found, case) for label, case in cases(name).items()}


def seen_by(
    wrong: topic.Topic, right: dict[str, Answers], reach, posterior, step=lambda climb: climb()
) -> str | None:
    """The first way in which a wrong version is caught, cheap ways first; None if by none.

    `posterior()` are draws of the real model given the exact rows of the shipped data; each single
    climb is made by `step`, which may watch the time.
    """
    with warnings.catch_warnings(action="ignore"):
        try:
            every = [Answers(wrong, known.case, known, reach) for known in right.values()]
            pairs = list(zip(every, right.values(), strict=True))
            shipped, others = pairs[0], pairs[1:]
            climbs = [
                partial(_first, CHEAP, *shipped),
                partial(_against_draws, *shipped, posterior),
                *(partial(_first, CHEAP, *pair) for pair in others),
                *(partial(_first, DEAR, *pair) for pair in pairs),
                *(partial(_weighted, *pair) for pair in others),
                partial(_first, DEAREST, *shipped),
            ]
            return next((way for way in map(step, climbs) if way), None)
        except Exception:
            return "crash"


def _first(ways, a, known) -> str | None:
    if a.case.refused:
        same = all(a.refusals[part] == known.refusals[part] for part in a.reach)
        return None if same else "refusal"
    if (a.exact is None) != (known.exact is None):
        return "refusal"
    if a.exact and a.exact.distributions.keys() != known.exact.distributions.keys():
        return "definition"
    return next((way for way, rung, sees in ways if sees & a.reach and rung(a)), None)


def _against_draws(a, known, posterior) -> str | None:
    """Draws of the real model are draws of the wrong one where the joint density is the same."""
    if a.reach == {"mle"} or a.exact is None or not same_joint(a.small, known.small):
        return None
    return "draws" if draws(a, posterior()) else None


def _weighted(a, known) -> str | None:
    if a.case.refused or a.reach == {"mle"}:
        return None
    return "draws" if weighted_draws(a, known) else None
