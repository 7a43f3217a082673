"""Every planted mistake against every rung, none spared: which see it, and which are blind."""

import warnings

import numpy as np

from tests.mistakes import PARTS, edited, parts_edited, planted, rungs
from workflow import check, compare, fit

COLUMNS = ["topic", "mistake", "identity", "score", "limit", "draws", "calibration"]


def rows(name: str, posterior):
    """One row a mistake, as COLUMNS say; calibration is left for those who calibrate.

    A cell is "caught", "blind" (it ran and saw nothing), "n/a" (it cannot run, or does not look at
    what was edited) or "gates" (the draws of the wrong model did not pass the sampler's gates).
    """
    right = rungs.right_answers(name)
    for mistake, edit in planted(name).MISTAKES.items():
        reach = parts_edited(name, *edit)
        wrong = edited(name, *edit)
        answers = [
            rungs.Answers(wrong, known.case, known, reach)
            for known in right.values()
            if not known.case.refused
        ]
        with warnings.catch_warnings(action="ignore"):
            cells = {
                "identity": _cell(answers, reach, [rungs.identity], {"model", "exact"}),
                "score": _cell(answers, reach, [rungs.score, rungs.named], {"model", "mle"}),
                "limit": _cell(answers, reach, [rungs.limit], set(PARTS)),
                "draws": _drawn(answers[0], right[rungs.SHIPPED], posterior),
            }
        if cells["identity"] == "blind":  # importance sampling is part of it, and dear
            cells["identity"] = _cell(answers[:1], reach, [_thorough], {"model", "exact"})
        yield {"topic": name, "mistake": mistake, **cells, "calibration": ""}


def _thorough(a):
    if a.exact is None:
        return []
    return rungs.failed(check.identity(a.small, a.exact, rungs.SEED))


def _cell(answers, reach, ways, looks_at) -> str:
    if not reach & looks_at:
        return "n/a"
    seen = []
    for a in answers:
        for way in ways:
            try:
                seen.append(way(a))
            except Exception:  # a crash is not silent either
                return "caught"
            if seen[-1]:
                return "caught"
    return "n/a" if all(s is None for s in seen) else "blind"


def _drawn(a, known, posterior) -> str:
    """The draws of the wrong model against the wrong exact answer."""
    if a.reach == {"mle"}:
        return "n/a"
    if known.exact is None:
        return _drawn_twice(a) if "model" in a.reach else "n/a"
    try:
        if rungs.same_joint(a.small, known.small):
            return "caught" if rungs.draws(a, posterior()) else "blind"
        found = fit.sample(
            fit.with_data(fit.compile_model(a.model), a.small), rungs.SEED, a.found.turned
        )
        if rungs.failed(compare.gates(found)):
            return "gates"
        table = compare.against_exact(found, a.exact)
    except Exception:
        return "caught"
    zs = np.concatenate([np.ma.compressed(z) for row in table.values() for z in row.values()])
    return "blind" if compare.z_check("", zs, zs.size).passed else "caught"


def _drawn_twice(a) -> str:
    """Where the shipped rows have no exact answer: Stein's identities and the second sampler."""
    try:
        found = fit.sample(fit.compile_model(a.model), rungs.SEED, a.found.turned)
        if rungs.failed(compare.gates(found)):
            return "gates"
        rng, module = np.random.default_rng(rungs.SEED), a.found.module
        other = module.gibbs(a.case.data, rng, fit.BLOCK, fit.CHAINS, **a.case.settings)
        zs = np.concatenate([compare.stein(found), compare.against_gibbs(found, other)])
    except Exception:
        return "caught"
    return "blind" if compare.z_check("", zs, zs.size).passed else "caught"
