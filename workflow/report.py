"""What a run leaves behind: report.html, posterior.nc, summary.csv, summary.json, and the gallery."""

import hashlib
import html
import importlib.metadata
import inspect
import json
import os
import platform
import tempfile
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
from arviz_stats.base import array_stats
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from workflow import fit, picture
from workflow.topic import HOME, Topic, names
from workflow.verify import Run

INTERVAL = {"kind": "equal-tailed", "prob": 0.95}
QUANTILES = {"q2.5": 0.025, "q50": 0.5, "q97.5": 0.975}
FIRST_SCREEN = {1: (9.2, 2.7), 2: (4.6, 2.5), 3: (3.1, 2.2)}  # panels below the answer, and their size
MOST_PANELS = 24
PACKAGES = ("pymc", "nutpie", "arviz", "pytensor", "numpy", "scipy", "pandas")
VERDICTS = {
    "agree": "Verified: exact answer, draws and maximum likelihood agree",
    "disagree": "Not verified: the answers disagree",
    "unconverged": "Not verified: the sampler did not converge",
}


# --- the numbers --------------------------------------------------------------------------------


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
            label = name + (f"[{', '.join(coordinates[k][j] for k, j in enumerate(index))}]" if index else "")
            z = {k: float(v[i]) for k, v in run.z[name].items()} if exact else None
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


def _best(run) -> dict:
    """The MLE of the unknowns, and by invariance of everything computed from them."""
    if run.mle is None:
        return {}
    given = {run.model[k]: v for k, v in run.mle.items()}
    derived = run.model.deterministics
    values = pm.draw(derived, givens=given, mode=fit.INTERPRETED["mode"]) if derived else []
    return {**run.mle, **{v.name: x for v, x in zip(derived, values, strict=True)}}


def _standard_error(run, name, i):
    errors = run.maximum.standard_errors or {}
    return float(np.ravel(errors[name])[i]) if name in errors else None


def _coordinates(model, name, shape):
    dims = model.named_vars_to_dims.get(name, (None,) * len(shape))
    return [
        [str(c) for c in model.coords[d]] if d in model.coords else [str(i + 1) for i in range(size)]
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
        "fit": {k: run.fit[k] for k in ("statistic", "value", "p", "conflict")},
        "warnings": run.warnings,
        "data": {
            "path": _relative(run.path),
            "sha256": hashlib.sha256(run.path.read_bytes()).hexdigest(),
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
        ],
        "seconds": {k: round(v, 3) for k, v in run.seconds.items()},
    }
    if small:
        known["unknowns_on_exact_rows"] = [{k: v for k, v in r.items() if k != "se"} for r in small]
    return known


@cache
def versions() -> dict:
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def _relative(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(HOME)) if resolved.is_relative_to(HOME) else path.name


def sentence(run: Run) -> str:
    """The answer in one sentence, or why there is none."""
    if not run.good:
        return f"{VERDICTS[run.verdict]}, so no answer is given."
    answer = run.topic.analysis.answer(run)
    return f"Under a model that these data contradict: {answer}" if run.misfit else answer


# --- the page -----------------------------------------------------------------------------------


def write(run: Run, out: Path) -> dict:
    """Write the four files and the thumbnail into `out`, each whole or not at all."""
    found = records(run)
    small = [] if run.all_rows_exact else records(run, exact_rows=True)
    facts = summary(run, found, small)
    with picture.style():
        page, thumbnail = _page(run, facts, found, small)
    out.mkdir(parents=True, exist_ok=True)
    table = pd.json_normalize([{k: v for k, v in r.items() if k != "index"} for r in found])
    with replacing(out / "posterior.nc") as path:
        run.draws.to_netcdf(path, engine="h5netcdf")
    for name, text in {
        "summary.csv": table.to_csv(index=False),
        "thumbnail.svg": thumbnail,
        "report.html": page,
        "summary.json": json.dumps(facts, indent=1, ensure_ascii=False, default=str) + "\n",
    }.items():
        with replacing(out / name) as path:
            path.write_text(text, encoding="utf-8")
    return facts


class replacing:
    """A path beside `target` that becomes `target` if the block ends well, and vanishes if not."""

    def __init__(self, target: Path):
        self.target = target

    def __enter__(self) -> Path:
        handle, name = tempfile.mkstemp(prefix=f".{self.target.name}.", dir=self.target.parent)
        os.close(handle)
        self.path = Path(name)
        return self.path

    def __exit__(self, kind, *_):
        if kind is None:
            os.chmod(self.path, 0o644)
            self.path.replace(self.target)
        else:
            self.path.unlink(missing_ok=True)


@cache
def _templates() -> Environment:
    here = Path(__file__).parent
    made = Environment(loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined)
    made.filters |= {"number": number, "short": lambda v: f"{v:.2g}", "p": p_value}
    made.globals |= {"css": (here / "style.css").read_text(encoding="utf-8")}
    return made


def _page(run, facts, found, small):
    panels = _panels(run, found)
    small_panels = _small_panels(run, small)
    page = _templates().get_template("report.html.j2").render(
        run=run,
        facts=facts,
        verdict=VERDICTS[run.verdict],
        found=found,
        small=small,
        first=panels[: max(FIRST_SCREEN)],
        more=panels[max(FIRST_SCREEN) :],
        small_panels=small_panels,
        story=list(_story(run)) if run.good else [],
        failed=[c for c in run.gates + run.checks if not c.passed],
        provenance=_provenance(run.path),
        head=_table(run.data.reset_index().head(8)),
        column_pictures=_column_pictures(run),
        source={f: _source(run, f) for f in ("model", "exact", "mle")},
        text=inspect.cleandoc(run.topic.module.__doc__),
        ranks=picture.svg(picture.ranks(run.draws, found[:4]), "rank plots of the chains"),
        prior=[
            picture.svg(picture.prior_against_posterior(run.draws, r), f"prior and posterior of {r['label']}")
            for r in found[:6]
        ],
        sensitivity=_table(run.fit["sensitivity"].reset_index(names="unknown").head(MOST_PANELS))
        if "sensitivity" in run.fit
        else "",
        predictive=picture.svg(
            picture.predictive(run.fit["simulated"], run.fit["value"], run.fit["statistic"]),
            f"{run.fit['statistic']}: replicated data and the data",
        ),
        command=_command(run),
    )
    return page, _standalone(panels[0])


def _panels(run, found):
    exact = run.exact.distributions if run.all_rows_exact else {}
    shown = getattr(run.topic.analysis, "SHOW", None)
    chosen = sorted(found, key=lambda r: r["name"] not in shown) if shown else found
    gibbs = run.gibbs or {}
    chosen = [r for r in chosen if r["name"] in exact or r["name"] in gibbs][:MOST_PANELS]
    made = []
    for place, r in enumerate(chosen):
        reference = None
        if r["name"] not in exact:
            reference = np.asarray(gibbs[r["name"]])[(slice(None), slice(None), *r["index"])]
        panel = {**r, "distribution": exact.get(r["name"])}
        size = FIRST_SCREEN[min(len(chosen), 3)] if place < 3 else FIRST_SCREEN[3]
        figure = picture.exact_over_draws(run.posterior, panel, reference=reference, size=size)
        made.append(picture.svg(figure, f"posterior of {r['label']}: draws and reference"))
    return made


def _small_panels(run, small):
    made = []
    for r in small[:MOST_PANELS]:
        if r["exact"] is None:
            continue
        panel = {**r, "distribution": run.exact.distributions[r["name"]]}
        figure = picture.exact_over_draws(run.exact_draws.posterior.to_dataset(), panel)
        made.append(picture.svg(figure, f"posterior of {r['label']}, exact and drawn"))
    return made


def _column_pictures(run):
    known = [c for c in run.topic.module.Data.to_schema().columns if c in run.data]
    return [
        picture.svg(f, f"histogram of {name}")
        for f, name in zip(picture.columns(run.data, known[:6]), known, strict=False)
    ]


def _story(run):
    """Paragraphs, tables and figures as HTML; nothing a user's file holds is taken as markup."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for item in run.topic.analysis.story(run):
        if isinstance(item, str):
            yield markdown.render(item)
        elif isinstance(item, pd.DataFrame):
            yield _table(item)
        else:
            figure, caption = item
            yield f"<figure>{picture.svg(figure, caption)}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _table(frame: pd.DataFrame) -> str:
    body = frame.to_html(index=False, border=0, escape=True, na_rep="", float_format=number)
    return f'<div class="wide">{body}</div>'


def _provenance(path: Path) -> list[str]:
    lines = []
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if not line.startswith("#"):
                break
            lines.append(line[1:].strip())
    return lines


def _source(run, name):
    return inspect.getsource(getattr(run.topic.module, name))


def _command(run):
    options = [] if run.shipped else [f"--data {run.path.name}"]
    for name, value in run.settings.items():
        if not np.array_equal(value, run.topic.defaults[name]):
            options.append(f"--set {name}={','.join(f'{v:.12g}' for v in np.atleast_1d(value))}")
    return " ".join(["python -m workflow report", run.topic.name, *options, f"--seed {run.seed}"])


def number(value) -> str:
    """Four significant digits, in plain figures where a person reads them plainly."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, (int, np.integer)) or float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e6:
        digits = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return f"{value:,.{digits}f}"
    return f"{value:.3e}"


def p_value(facts_fit: dict, simulations: int) -> str:
    least = 1 / (1 + simulations)
    return f"at most {least:.1g}" if facts_fit["p"] <= least * 1.001 else f"{facts_fit['p']:.2g}"


def _standalone(svg: str) -> str:
    """A panel with its colours written out, for the gallery's <img>."""
    for name, colour in picture.COLOURS.items():
        svg = svg.replace(f"var(--{name})", colour)
    if svg.startswith("<svg"):
        ET.fromstring(svg)  # a broken picture must not get into the gallery
    return svg


# --- the gallery --------------------------------------------------------------------------------


def gallery(results: Path) -> list[dict]:
    """Write results/index.html from the summaries that are there; returns them in topic order."""
    found = []
    for name in names():
        path = results / name / "summary.json"
        if path.is_file():
            found.append(json.loads(path.read_text(encoding="utf-8")))
    missing = [n for n in names() if n not in {f["topic"] for f in found}]
    page = _templates().get_template("index.html.j2").render(
        found=found, missing=missing, verdicts=VERDICTS, versions=versions()
    )
    results.mkdir(parents=True, exist_ok=True)
    with replacing(results / "index.html") as path:
        path.write_text(page, encoding="utf-8")
    return found
