"""groups.csv, groups.svg, groups.html and groups.json: what a run over groups leaves behind."""

import hashlib
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd

from workflow import fit, picture, refit, report, tally
from workflow.caterpillar import MOST, caterpillar
from workflow.group import QUANTILES
from workflow.groups import Groups
from workflow.locate import as_text, given
from workflow.page import put_files, shown, template, versions
from workflow.tally import GOOD, MEANING, Tally
from workflow.topic import Topic

LINES = 300  # of the table that are on the page; the file has all
PANELS = 4  # unknowns that have a picture
COLUMNS = {
    "group": "group", "rows": "rows", "verdict": "verdict", "unknown": "unknown",
    "exact.mean": "exact: mean", "exact.sd": "exact: sd", "draws.mean": "draws: mean",
    "draws.sd": "draws: sd", "z.largest": "largest |z|", "mle": "max. likelihood",
    "ess.lowest": "ESS", "r_hat.largest": "R-hat", "divergences": "divergences",
}  # fmt: skip


def write(topic: Topic, groups: Groups, found: Tally, settings: dict, options, out: Path) -> None:
    """All four files, or none and an OSError."""
    table = tally.table(found)
    command = _command(topic, groups, settings, options)
    facts = {
        "topic": topic.name,
        "by": groups.by,
        "groups": found.counts,
        "comparisons": found.comparisons,
        "largest_z": found.largest,
        "bound": found.bound,
        "data": {"path": Path(groups.rows.source).name, "sha256": _digest(groups)},
        "settings": {k: np.asarray(v).tolist() for k, v in settings.items()},
        "seed": options.seed,
        "sampler": fit.SAMPLER,
        "ess": refit.ESS,
        "interval": {"kind": "equal-tailed", "quantiles": list(QUANTILES.values())},
        "versions": versions(),
        "command": command,
    }
    with picture.style():
        pictures = _pictures(topic, found)
    page = template("groups.html.j2").render(
        facts=facts,
        question=topic.analysis.QUESTION,
        total=len(found.groups),
        good=not found.without,
        counts=found.counts,
        meaning=MEANING,
        reasons=found.reasons,
        without=_without(found, groups.by),
        pictures=pictures,
        most=MOST,
        lines=len(table),
        shown_lines=min(LINES, len(table)),
        table=report._table(table[list(COLUMNS)].head(LINES).rename(columns=COLUMNS)),
        notes=groups.rows.notes,
    )
    files = {"groups.csv": report.spreadsheet(table)}
    if pictures and pictures[0][1].startswith("<svg"):
        files["groups.svg"] = report._standalone(pictures[0][1])
    files["groups.html"] = shown(page)
    files["groups.json"] = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    put_files(out, files)


def _without(found: Tally, by: str) -> str:
    """The groups that have no answer, as a table."""
    lines = [{"group": g["group"] or f"(no {by})", "rows": f"{g['rows']:,}",
              "verdict": g["verdict"], "reason": g["reason"]} for g in found.without]  # fmt: skip
    return report._table(pd.DataFrame(lines)) if lines else ""


def _pictures(topic: Topic, found: Tally) -> list[tuple[str, str]]:
    """(label, SVG) of the unknowns that most groups have, those of the analysis' SHOW first."""
    every: dict[str, list] = {}
    known: dict[str, dict] = {}
    for group in found.groups:
        for record in group["unknowns"] if group["verdict"] in GOOD else ():
            every.setdefault(record["label"], []).append((group["group"], record))
            known.setdefault(record["label"], record)
    show = getattr(topic.analysis, "SHOW", None) or []
    order = sorted(every, key=lambda k: (report._place(known[k], show), -len(every[k])))
    alt = "posterior mean and 89 % interval of {} in each group"
    return [(k, picture.svg(caterpillar(every[k], k), alt.format(k))) for k in order[:PANELS]]


def _digest(groups: Groups) -> str:
    return hashlib.sha256(Path(groups.rows.source).read_bytes()).hexdigest()


def _command(topic, groups, settings, options) -> str:
    source = Path(groups.rows.source)
    shipped = source.resolve() == topic.csv.resolve()
    words = ["python", "-m", "workflow", "groups", topic.name]
    words += [] if shipped else ["--data", source.name]
    words += ["--by", groups.by]
    words += ["--column", *groups.columns] if groups.columns else []
    words += groups.options
    changed = given(topic, settings)
    words += ["--set", *(f"{k}={as_text(v)}" for k, v in changed.items())] if changed else []
    return shlex.join([*words, "--seed", str(options.seed)])
