"""The numbers of a run as tables and sentences: what summary.json and summary.csv hold."""

import hashlib
from pathlib import Path

import numpy as np
import pymc as pm
from arviz_stats.base import array_stats

from models._moments import Moments
from workflow import fit, unproved
from workflow.check import Check
from workflow.locate import as_text, given
from workflow.page import number, short, versions
from workflow.topic import HOME
from workflow.verify import FRAME, Run

INTERVAL = {"kind": "equal-tailed", "prob": 0.95}
QUANTILES = {"q2.5": 0.025, "q50": 0.5, "q97.5": 0.975}
VERDICTS = {
    "agree": "Verified: the draws match the exact posterior",
    "unproved": "Unproved: no exact answer is known",
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
    "score at the MLE, in standard errors": "mle is {} standard errors from where the model's own "
    "likelihood is highest",
    "calibration, smallest p after Holm": "the smallest p of a short calibration is {}",
    "Stein identities, largest |z|": "a Stein identity fails by {} Monte Carlo errors",
    "NUTS against Gibbs, largest |z|": "two samplers are {} Monte Carlo errors apart",
}


def records(run: Run, *, exact_rows: bool = False, quantiles: dict = QUANTILES) -> list[dict]:
    """One dict per element of every unknown and everything derived, as summary.json holds them.

    With `exact_rows` the draws are those of the rows whose posterior was enumerated.
    """
    draws = run.exact_draws if exact_rows else run.all_draws
    known = run.exact.distributions if exact_rows or run.all_rows_exact else {}
    best = {} if exact_rows and run.few_rows_exact else _best(run)
    found = []
    for name, variable in draws.posterior.data_vars.items():
        values = fit.flat(variable)
        labels = _labels(run.model, name, variable.shape[2:])
        exact = _of_exact(known.get(name), values.shape[-1], quantiles)
        for i, index in enumerate(np.ndindex(variable.shape[2:])):
            z = _z(run.z[name], i) if exact else None
            found.append(
                {
                    "name": name,
                    "index": list(index),
                    "label": labels[i],
                    "exact": _at(exact, i) if exact else None,
                    "draws": _of_draws(values[..., i], quantiles),
                    "mle": _finite(best[name], i) if name in best else None,
                    "se": _standard_error(run, name, i) if best else None,
                    "z": z,
                }
            )
    return found


def _at(exact, i) -> dict:
    """The exact numbers of one element; null are quantiles where only moments are known."""
    return {k: None if v is None else float(v[i]) for k, v in exact.items()}


def _finite(values, i) -> float | None:
    """One element, or null where an MLE on the boundary sends what follows from it to infinity."""
    value = float(np.ravel(values)[i])
    return value if np.isfinite(value) else None


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
    with np.errstate(all="ignore"):  # on a boundary 1 / 0 and 0 / 0 are what they are
        values = pm.draw(derived, givens=given, **options) if derived else []
    return {**run.mle, **{v.name: x for v, x in zip(derived, values, strict=True)}}


def _standard_error(run, name, i):
    errors = run.maximum.standard_errors or {}
    return float(np.ravel(errors[name])[i]) if name in errors else None


def _labels(model, name, shape) -> list[str]:
    """'w[bmi]', 'A[1, 2]': the elements of an unknown, by the coordinates of the model."""
    dims = model.named_vars_to_dims.get(name, (None,) * len(shape))
    coordinates = [
        [str(c) for c in model.coords[d]]
        if d in model.coords
        else [str(i + 1) for i in range(size)]
        for d, size in zip(dims, shape, strict=True)
    ]
    return [
        name + (f"[{', '.join(coordinates[k][j] for k, j in enumerate(index))}]" if index else "")
        for index in np.ndindex(shape)
    ]


def _of_exact(distribution, size, quantiles=QUANTILES):
    if distribution is None:
        return None
    numbers = {"mean": distribution.mean(), "sd": distribution.std()}
    moments = isinstance(distribution, Moments)
    numbers |= {k: None if moments else distribution.ppf(p) for k, p in quantiles.items()}
    return {
        k: v if v is None else np.broadcast_to(np.ravel(v), (size,)) for k, v in numbers.items()
    }


def _of_draws(values, quantiles):
    axes = {"chain_axis": 0, "draw_axis": 1}
    found = np.quantile(values, list(quantiles.values()))
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        **dict(zip(quantiles, map(float, found), strict=True)),
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
        }
        | ({"added": run.added} if run.added else {}),
        "settings": {k: np.asarray(v).tolist() for k, v in run.settings.items()},
        "seed": run.seed,
        "sampler": fit.SAMPLER,
        "sampling": {k: run.all_draws.attrs[k] for k in ("target_accept", "attempts")}
        | {f"{k}s": run.all_draws.posterior.sizes[k] for k in ("chain", "draw")},
        "versions": versions(),
        "interval": INTERVAL,
        "exact_by": run.exact and run.exact.by,
        "exact_rows": run.exact and len(run.exact_data),
        "log_evidence": run.exact and float(run.exact.log_evidence),
        "only_moments": [
            name
            for name, law in (run.exact.distributions if run.exact else {}).items()
            if isinstance(law, Moments)
        ],
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
    """The file; of a frame, or of rows that were added up, those that are here, as CSV."""
    whole = run.path is not FRAME and not run.added
    return run.path.read_bytes() if whole else run.data.to_csv().encode()


def _relative(path: Path) -> str:
    if path is FRAME:
        return str(path)
    resolved = path.resolve()
    return str(resolved.relative_to(HOME)) if resolved.is_relative_to(HOME) else path.name


def verdict(run: Run) -> str:
    """The verdict in words, with how far exactness reaches."""
    if not run.good or run.exact is None:
        return VERDICTS[run.verdict]
    best = "the MLE maximises the likelihood" if run.mle else "the likelihood has no maximum"
    best = best if run.maximum.check.applies else "no MLE is known"
    if run.all_rows_exact:
        return f"{VERDICTS['agree']}; {best}"
    rows = len(run.exact_data)
    return f"Verified: exact on the first {rows} rows, on all rows two samplers agree; {best}"


def sentence(run: Run) -> str:
    """The answer in a sentence, with what was not shown of it; or why there is none."""
    if run.good:
        return " ".join(filter(None, [answer(run), unproved.sentence(run)]))
    if run.disagreement:
        return f"Not verified: {run.disagreement}. No answer is given."
    judged = run.gates if run.verdict == "unconverged" else run.checks
    return f"{VERDICTS[run.verdict]}, because {failures(judged)}. No answer is given."


def failures(judged: list[Check]) -> str:
    """Every check that failed, by what was found: '... (at most ...) and ... (none may)'."""
    reasons = [_failure(c) for c in judged if not c.passed]
    return " and ".join(filter(None, [", ".join(reasons[:-1]), reasons[-1]]))


def answer(run: Run) -> str:
    """What the topic's analysis answers, under a model that the data contradict or do not."""
    said = run.topic.analysis.answer(unproved.known(run))
    return f"Under a model that these data contradict: {said}" if run.misfit else said


def default_prior(run: Run) -> tuple[list[dict], str]:
    """The exact answer beside that under the topic's own prior: rows of a table, and a sentence.

    Nothing where the prior is the topic's own, or no exact answer is known.
    """
    own = {k: v for k, v in run.topic.defaults.items() if k in run.topic.module.PRIOR}
    if run.exact is None or not own.keys() & given(run.topic, run.settings).keys():
        return [], ""
    words = ", ".join(f"{k} = {as_text(v)}" for k, v in own.items())
    try:
        other = run.topic.exact(run.exact_data, run.settings | own).distributions
    except ValueError as problem:
        return (
            [],
            f"Under the default prior ({words}) there is no answer to compare with: {problem}.",
        )
    rows = []
    for name, law in run.exact.distributions.items():
        shape = np.shape(law.mean())
        if name not in other or np.shape(other[name].mean()) != shape:
            continue
        size = int(np.prod(shape))
        mine, theirs = _of_exact(law, size), _of_exact(other[name], size)
        labels = _labels(run.model, name, shape)
        for i, label in enumerate(labels):
            yours, default = _at(mine, i), _at(theirs, i)
            moved = (yours["mean"] - default["mean"]) / default["sd"]
            rows.append({"label": label, "yours": yours, "default": default, "moved": moved})
    if not rows:
        return [], f"Under the default prior ({words}) the model has other unknowns."
    most = max(rows, key=lambda row: abs(row["moved"]))
    few = f" of the first {len(run.exact_data)} rows" if run.few_rows_exact else ""
    return rows, (
        f"Under the default prior ({words}) the exact posterior mean{few} of {most['label']} is "
        f"{number(most['default']['mean'])}; under yours it is {number(most['yours']['mean'])}, "
        f"{abs(most['moved']):.2g} posterior standard deviations "
        f"{'higher' if most['moved'] > 0 else 'lower'}"
        + (". Nothing else moved further." if len(rows) > 1 else ".")
    )


def _failure(check: Check) -> str:
    """'34 of the transitions diverged (none may)', 'R-hat is 1.63 (at most 1.01)'."""
    if check.note and not np.isfinite(check.value):
        return f"{check.name}: {check.note}"
    name, few, _ = check.name.partition(" (exact rows)")
    found, limit = short(check.value), short(check.limit)
    found = f"{check.value:.6g}" if found == limit else found  # 1.0103 is not "1.01, at most 1.01"
    words = FAILURES.get(name, f"{name} is {{}}").format(found)
    side = "at least" if check.at_least else "at most"
    allowed = (
        "none may" if check.limit == 0 and float(check.value).is_integer() else f"{side} {limit}"
    )
    return f"{words}{' on the exact rows' if few else ''} ({allowed})"
