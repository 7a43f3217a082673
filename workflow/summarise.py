"""The numbers of a run as tables and sentences: what summary.json and summary.csv hold."""

import hashlib
from pathlib import Path

import numpy as np
import pymc as pm
from arviz_stats.base import array_stats

from workflow import fit
from workflow.check import Check
from workflow.page import short, versions
from workflow.topic import HOME
from workflow.verify import FRAME, Run

INTERVAL = {"kind": "equal-tailed", "prob": 0.95}
QUANTILES = {"q2.5": 0.025, "q50": 0.5, "q97.5": 0.975}
VERDICTS = {
    "agree": "Verified: the draws match the exact posterior",
    "disagree": "Not verified: the answers disagree",
    "unconverged": "Not verified: the sampler did not converge",
}
FAILURES = {  # what a check that failed says to a person; others say their name
    "R-hat, largest": "R-hat is {}",
    "bulk or tail ESS, lowest": "the lowest effective sample size is {}",
    "divergences": "{} of the transitions diverged",
    "E-BFMI, lowest": "E-BFMI is {}",
    "draws that hit the largest tree": "{} of the draws hit the largest tree",
    "Gibbs: R-hat, largest": "R-hat of the Gibbs sampler is {}",
    "Gibbs: ESS, lowest": "the lowest effective sample size of the Gibbs sampler is {}",
    "draws against exact, largest |z|": "draws and exact answer are {} Monte Carlo errors apart",
    "Stein identities, largest |z|": "a Stein identity fails by {} Monte Carlo errors",
    "NUTS against Gibbs, largest |z|": "two samplers are {} Monte Carlo errors apart",
}


def records(run: Run, *, exact_rows: bool = False) -> list[dict]:
    """One dict per element of every unknown and everything derived, as summary.json holds them.

    With `exact_rows` the draws are those of the rows whose posterior was enumerated.
    """
    draws = run.exact_draws if exact_rows else run.all_draws
    known = run.exact.distributions if exact_rows or run.all_rows_exact else {}
    best = {} if exact_rows and not run.all_rows_exact else _best(run)
    found = []
    for name, variable in draws.posterior.data_vars.items():
        values = fit.flat(variable)
        coordinates = _coordinates(run.model, name, variable.shape[2:])
        exact = _of_exact(known.get(name), values.shape[-1])
        for i, index in enumerate(np.ndindex(variable.shape[2:])):
            label = name + (
                f"[{', '.join(coordinates[k][j] for k, j in enumerate(index))}]" if index else ""
            )
            z = _z(run.z[name], i) if exact else None
            found.append(
                {
                    "name": name,
                    "index": list(index),
                    "label": label,
                    "exact": {k: float(v[i]) for k, v in exact.items()} if exact else None,
                    "draws": _of_draws(values[..., i]),
                    "mle": float(np.ravel(best[name])[i]) if name in best else None,
                    "se": _standard_error(run, name, i) if best else None,
                    "z": z,
                }
            )
    return found


def _z(row, i) -> dict:
    """The z of one element; null where the moment it would compare does not exist."""
    return {k: None if np.ma.is_masked(v[i]) else float(v[i]) for k, v in row.items()}


def _best(run) -> dict:
    """The MLE of the unknowns, and by invariance of everything computed from them."""
    if run.mle is None:
        return {}
    given = {run.model[k]: v for k, v in run.mle.items()}
    derived = run.model.deterministics
    options = {"mode": fit.INTERPRETED["mode"], "on_unused_input": "ignore"}
    values = pm.draw(derived, givens=given, **options) if derived else []
    return {**run.mle, **{v.name: x for v, x in zip(derived, values, strict=True)}}


def _standard_error(run, name, i):
    errors = run.maximum.standard_errors or {}
    return float(np.ravel(errors[name])[i]) if name in errors else None


def _coordinates(model, name, shape):
    dims = model.named_vars_to_dims.get(name, (None,) * len(shape))
    return [
        [str(c) for c in model.coords[d]]
        if d in model.coords
        else [str(i + 1) for i in range(size)]
        for d, size in zip(dims, shape, strict=True)
    ]


def _of_exact(distribution, size):
    if distribution is None:
        return None
    numbers = {"mean": distribution.mean(), "sd": distribution.std()}
    numbers |= {k: distribution.ppf(p) for k, p in QUANTILES.items()}
    return {k: np.broadcast_to(np.ravel(v), (size,)) for k, v in numbers.items()}


def _of_draws(values):
    axes = {"chain_axis": 0, "draw_axis": 1}
    low, middle, high = np.quantile(values, list(QUANTILES.values()))
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "q2.5": float(low),
        "q50": float(middle),
        "q97.5": float(high),
        "mcse_mean": float(values.std(ddof=1) / np.sqrt(fit.ess(values[..., None])[0])),
        "ess_bulk": float(fit.ess(values[..., None], "bulk")[0]),
        "ess_tail": float(fit.ess(values[..., None], "tail")[0]),
        "r_hat": float(array_stats.rhat(values, **axes)),
    }


def summary(run: Run, found: list[dict], small: list[dict]) -> dict:
    """summary.json: the machine's copy of the page."""
    unknowns = [{k: v for k, v in r.items() if k != "se"} for r in found]
    known = {
        "topic": run.topic.name,
        "question": run.topic.analysis.QUESTION,
        "answer": sentence(run),
        "verdict": run.verdict,
        "fit": {k: run.fit[k] for k in ("statistic", "value", "p", "conflict")}
        | {"misfit": run.misfit},
        "warnings": run.warnings,
        "data": {
            "path": _relative(run.path),
            "sha256": hashlib.sha256(_bytes(run)).hexdigest(),
            "rows": len(run.data),
        },
        "settings": {k: np.asarray(v).tolist() for k, v in run.settings.items()},
        "seed": run.seed,
        "sampler": fit.SAMPLER,
        "sampling": {k: run.all_draws.attrs[k] for k in ("target_accept", "attempts")},
        "versions": versions(),
        "interval": INTERVAL,
        "exact_by": run.exact.by,
        "exact_rows": len(run.exact_data),
        "log_evidence": float(run.exact.log_evidence),
        "unknowns": unknowns,
        "checks": [
            {"name": c.name, "value": float(c.value), "limit": float(c.limit), "passed": c.passed}
            for c in run.gates + run.checks
            if c.applies
        ],
        "seconds": {k: round(v, 3) for k, v in run.seconds.items()},
    }
    if small:
        known["unknowns_on_exact_rows"] = [{k: v for k, v in r.items() if k != "se"} for r in small]
    return known


def _bytes(run) -> bytes:
    """The file; of a frame, its rows as CSV."""
    return run.data.to_csv().encode() if run.path is FRAME else run.path.read_bytes()


def _relative(path: Path) -> str:
    if path is FRAME:
        return str(path)
    resolved = path.resolve()
    return str(resolved.relative_to(HOME)) if resolved.is_relative_to(HOME) else path.name


def verdict(run: Run) -> str:
    """The verdict in words, with how far exactness reaches."""
    if not run.good:
        return VERDICTS[run.verdict]
    best = "the MLE maximises the likelihood" if run.mle else "the likelihood has no maximum"
    if run.all_rows_exact:
        return f"{VERDICTS['agree']}; {best}"
    rows = len(run.exact_data)
    return f"Verified: exact on the first {rows} rows, on all rows two samplers agree; {best}"


def sentence(run: Run) -> str:
    """The answer in one sentence, or why there is none: each check that failed, with its limit."""
    if not run.good:
        judged = run.gates if run.verdict == "unconverged" else run.checks
        reasons = [_failure(c) for c in judged if not c.passed]
        every = " and ".join(filter(None, [", ".join(reasons[:-1]), reasons[-1]]))
        return f"{VERDICTS[run.verdict]}, because {every}. No answer is given."
    answer = run.topic.analysis.answer(run)
    return f"Under a model that these data contradict: {answer}" if run.misfit else answer


def _failure(check: Check) -> str:
    """'34 of the transitions diverged (none may)', 'R-hat is 1.63 (at most 1.01)'."""
    name, few, _ = check.name.partition(" (exact rows)")
    found, limit = short(check.value), short(check.limit)
    found = f"{check.value:.6g}" if found == limit else found  # 1.0103 is not "1.01, at most 1.01"
    words = FAILURES.get(name, f"{name} is {{}}").format(found)
    side = "at least" if check.at_least else "at most"
    allowed = (
        "none may" if check.limit == 0 and float(check.value).is_integer() else f"{side} {limit}"
    )
    return f"{words}{' on the exact rows' if few else ''} ({allowed})"
