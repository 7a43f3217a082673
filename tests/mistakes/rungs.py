"""The rungs of the workflow, climbed by wrong versions of a topic on every case it has."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
from pymc.model.transform.conditioning import remove_value_transforms

from models._exact import NoMaximum
from tests.mistakes import PARTS, planted
from workflow import check, compare, fit, topic
from workflow.density import joint

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
        return self.found.exact(self.rows, self.case.settings)

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
    def refusals(self) -> dict[str, bool]:
        """Which of model, exact and mle say in words that these rows or settings cannot be."""
        return {part: _refuses(getattr(self.found, part), *self.given) for part in PARTS}


def _refuses(function, *given) -> bool:
    try:
        function(*given)
    except ValueError:
        return True
    return False


# Each rung lists the checks that failed; None: it cannot run here.


def failed(checks) -> list[str]:
    return [c.name for c in checks if not c.passed]


def identity(a: Answers) -> list[str]:
    """Bayes' theorem at forty points, the masses, and the evidence by its second route."""
    return failed(check.identity(a.small, a.exact, SEED, importance=False))


def importance(a: Answers) -> list[str] | None:
    """The same and the evidence by importance sampling, which takes seconds."""
    if a.exact.second_log_evidence is None:
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
    if len(a.rows) < len(a.case.data) or a.mle is None or not a.maximum.standard_errors:
        return None
    return failed(check.limit(a.found, *a.given, a.mle, a.maximum.standard_errors))


def draws(a: Answers, posterior) -> list[str]:
    """Draws of the free unknowns against the exact answer, Deterministics computed anew."""
    if "model" in a.reach:
        posterior = deterministics(a, posterior)
    table = compare.against_exact(SimpleNamespace(posterior=posterior), a.exact)
    zs = np.concatenate([np.ma.compressed(z) for row in table.values() for z in row.values()])
    return failed([compare.z_check("draws against exact", zs, zs.size)])


def deterministics(a: Answers, posterior):
    """The draws of the free unknowns, and what this model makes of them."""
    free = posterior[[v.name for v in a.small.free_RVs]]
    if not a.small.deterministics:
        return free
    mode = {"compile_kwargs": fit.INTERPRETED, "progressbar": False}
    return free.merge(pm.compute_deterministics(free, model=a.small, **mode))


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

RUNGS = {"identity", "score", "limit", "draws", "definition", "refusal"}  # ways to be caught
CHEAP = {
    "identity": (identity, {"model", "exact"}),
    "definition": (definition, {"model"}),
    "score": (score, {"model", "mle"}),
}
DEAR = {"limit": (limit, set(PARTS))}
DEAREST = {"identity": (importance, {"model", "exact"})}


def right_answers(name: str) -> dict[str, Answers]:
    """What the real source says about every case."""
    found = topic.load(name)
    return {label: Answers(found, case) for label, case in cases(name).items()}


def seen_by(wrong: topic.Topic, right: dict[str, Answers], reach, posterior) -> str | None:
    """The first way in which a wrong version is caught, cheap ways first; None if by none.

    `posterior()` are draws of the real model given the exact rows of the shipped data.
    """
    with warnings.catch_warnings(action="ignore"):
        try:
            every = [Answers(wrong, known.case, known, reach) for known in right.values()]
            pairs = list(zip(every, right.values(), strict=True))
            shipped = pairs[0]
            return (
                _first(CHEAP, *shipped)
                or _against_draws(*shipped, posterior)
                or next(filter(None, (_first(CHEAP, *pair) for pair in pairs[1:])), None)
                or next(filter(None, (_first(DEAR, *pair) for pair in pairs)), None)
                or _first(DEAREST, *shipped)
            )
        except Exception:
            return "crash"


def _first(ways, a, known) -> str | None:
    if a.case.refused:
        same = all(a.refusals[part] == known.refusals[part] for part in a.reach)
        return None if same else "refusal"
    return next((w for w, (rung, sees) in ways.items() if sees & a.reach and rung(a)), None)


def _against_draws(a, known, posterior) -> str | None:
    """Draws of the real model are draws of the wrong one where the joint density is the same."""
    if a.reach == {"mle"} or not same_joint(a.small, known.small):
        return None
    return "draws" if draws(a, posterior()) else None
