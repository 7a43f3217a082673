"""What a run leaves behind: report.html, posterior.nc, summary.csv, summary.json, thumbnail.svg."""

import html
import inspect
import json
import re
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from models._alike import ALIKE
from workflow import adding, calibrate, campaign, notebook, picture, prior, unproved
from workflow.locate import as_text, given
from workflow.page import MARKDOWN, number, put_files, shown, template
from workflow.summarise import answer, default_prior, records, summary, verdict
from workflow.topic import HOME, load
from workflow.verify import FRAME, Run

FIRST_SCREEN = {1: (9.2, 2.7), 2: (4.6, 2.5), 3: (3.1, 2.2)}  # panels on it, their size in inches
MOST_PANELS = 24


def write(run: Run, out: Path) -> dict:
    """Write the four files and the thumbnail into `out`: all of them, or nothing and an OSError."""
    found = records(run)
    small = records(run, exact_rows=True) if run.few_rows_exact else []
    facts = summary(run, found, small)
    with picture.style():
        page, thumbnail = _page(run, facts, found, small)
    files = {
        "posterior.nc": bytes(run.draws.to_netcdf(engine="h5netcdf")),
        "summary.csv": spreadsheet(table(found)),
        "thumbnail.svg": thumbnail,
        "report.html": shown(page),
        "summary.json": json.dumps(facts, indent=1, ensure_ascii=False, default=str) + "\n",
    }
    put_files(out, files)
    return facts


def table(found: list[dict]) -> pd.DataFrame:
    """One row an element of every unknown: exact answer, draws and MLE side by side."""
    return pd.json_normalize([{k: v for k, v in r.items() if k != "index"} for r in found])


def spreadsheet(frame: pd.DataFrame) -> str:
    """CSV in which no cell is a formula to a spreadsheet, whatever it takes for a separator.

    A quote stands before =, +, - and @ wherever text of a user's file would begin a cell with them
    (OWASP, CSV injection). Numbers are numbers and stay.
    """
    text = frame.select_dtypes(["object", "string"]).columns
    safe = frame.assign(**{name: frame[name].map(_no_formula) for name in text})
    return safe.to_csv(index=False)


def _no_formula(cell):
    if not isinstance(cell, str):
        return cell
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", cell)
    return re.sub(r"""(^|[;,|"'])(\s*)(?=[=+@＝＋－＠-])""", r"\1\2'", line)


def _page(run, facts, found, small):
    panels = _panels(run, found)
    small_panels = _small_panels(run, small)
    pictures = [(picture.prior_against_posterior(run.draws, r), r["label"]) for r in found[:6]]
    page = template("report.html.j2").render(
        run=run,
        facts=facts,
        verdict=verdict(run),
        answer=answer(run) if run.good else "",
        proof=unproved.sentence(run) if run.good else "",
        found=found,
        small=small,
        first=panels[: max(FIRST_SCREEN)],
        more=panels[max(FIRST_SCREEN) :],
        small_panels=small_panels,
        story=list(blocks(_story(run))) if run.good else [],
        added=adding.in_words(run.added) if run.added else "",
        provenance=provenance(run.data.attrs.get("comments", [])),
        head=_table(run.data.head(8).reset_index(allow_duplicates=True)),
        column_pictures=_column_pictures(run),
        source=_sources(run),
        text=inspect.cleandoc(run.topic.module.__doc__),
        ranks=picture.svg(picture.ranks(run.draws, found[:4]), "rank plots of the chains"),
        prior=[picture.svg(fig, f"prior and posterior of {label}") for fig, label in pictures],
        sensitivity=_sensitivity(run.fit["sensitivity"]),
        pull=prior.pull(run.fit["sensitivity"]),
        moved=default_prior(run),
        predictive=_predictive(run.fit),
        calibration=_calibration(run),
        command=_command(run),
    )
    return page, _standalone(_panels(run, found, thumbnail=True)[0])


def _story(run) -> Iterator:
    """The topic's story; of rows that were added up, first what it cannot tell."""
    if run.added:
        yield (
            f"These are {adding.in_words(run.added)}. Model, exact answer and maximum likelihood "
            "need no more than what is left of them. What compares single rows with one another, "
            "here and in the predictive check, is left out: it is not to be seen there."
        )
    elif run.weighed:
        yield (
            f"The {len(run.data):,} rows stand for {run.data[ALIKE].sum():,.0f}. What shows single "
            "rows, here and in the predictive check, is left out."
        )
    if not run.weighed:
        yield from unproved.story(run)


def _panels(run, found, *, thumbnail=False):
    """One picture per element, those of SHOW first; as a thumbnail only the first, small."""
    exact = run.exact.distributions if run.all_rows_exact else {}
    shown = getattr(run.topic.analysis, "SHOW", None)
    chosen = sorted(found, key=lambda r: _place(r, shown)) if shown else found
    gibbs = run.gibbs or {}
    if exact or gibbs:  # elements with something to stand beside
        chosen = [r for r in chosen if r["name"] in exact or r["name"] in gibbs]
    made = []
    for place, r in enumerate(chosen[: 1 if thumbnail else MOST_PANELS]):
        reference = None
        if r["name"] in gibbs and r["name"] not in exact:
            reference = np.asarray(gibbs[r["name"]])[(slice(None), slice(None), *r["index"])]
        panel = {**r, "distribution": exact.get(r["name"])}
        size = FIRST_SCREEN[3 if thumbnail or place >= 3 else min(len(chosen), 3)]
        figure = picture.exact_over_draws(run.posterior, panel, reference=reference, size=size)
        made.append(picture.svg(figure, f"posterior of {r['label']}: draws and reference"))
    return made


def _place(record, shown) -> int:
    """Where the analysis' SHOW, a list of names or labels, puts this unknown; last if nowhere."""
    return min(
        (i for i, key in enumerate(shown) if key in (record["name"], record["label"])),
        default=len(shown),
    )


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
    if run.weighed:
        return []
    known = [c for c in run.topic.module.Data.to_schema().columns if c in run.data]
    return [
        picture.svg(f, f"histogram of {name}")
        for f, name in zip(picture.columns(run.data, known[:6]), known, strict=False)
    ]


def _sensitivity(table) -> str:
    if table is None:
        return ""
    return _table(table.head(MOST_PANELS).round(3).astype(str).reset_index(names="unknown"))


def _predictive(fit) -> str:
    if fit["p"] is None:
        return ""
    figure = picture.predictive(fit["simulated"], fit["value"], fit["statistic"])
    return picture.svg(figure, f"{fit['statistic']}: replicated data and the data")


def blocks(story) -> Iterator[str]:
    """Paragraphs, tables and figures as HTML; nothing a user's file holds is taken as markup."""
    for item in story:
        if isinstance(item, str):
            yield MARKDOWN.render(item)
        elif isinstance(item, pd.DataFrame):
            yield _table(item)
        else:
            figure, caption = item
            words = html.escape(caption)
            yield f"<figure>{picture.svg(figure, caption)}<figcaption>{words}</figcaption></figure>"


def _table(frame: pd.DataFrame) -> str:
    words = all(pd.api.types.is_string_dtype(column) for _, column in frame.items())
    body = frame.to_html(index=False, border=0, escape=True, na_rep="", float_format=number,
                         classes="words" if words else None)  # fmt: skip
    return f'<div class="wide">{body}</div>'


def _calibration(run) -> str:
    """The section on calibration: of the shipped data under their own prior, or none."""
    if run.calibration is not None:  # done there and then, as there is no exact answer
        found = calibrate.verdicts({run.topic.name: run.calibration})
        return calibration(run.topic.name, run.calibration, found)
    if not run.shipped or given(run.topic, run.settings):
        return ""
    found = campaign.measured(calibrate, "ranks", calibrate.LEAST)
    tables = {name: table for name, (_, table) in found.items()}
    if run.topic.name not in tables:
        return template("calibration.html.j2").render(topic=run.topic.name, table=None)
    verdicts = calibrate.verdicts(tables)
    mine = verdicts["topic"] == run.topic.name
    return calibration(run.topic.name, tables[run.topic.name], verdicts[mine])


def calibration(name: str, table: pd.DataFrame, found: pd.DataFrame) -> str:
    """The section on calibration as HTML: rows of `calibrate.simulations`, and their verdicts."""
    worst = found.loc[found["p"].idxmin()]
    stuck = table.loc[table["trouble"] != "", "trouble"]
    figure = picture.calibration(calibrate.quantities(table), calibrate.RANKS, worst["quantity"])
    return template("calibration.html.j2").render(
        table=table,
        calibrated=bool(found["calibrated"].all()),
        reason=calibrate.settings_of(load(name))[1],
        worst=worst,
        draws=calibrate.RANKS - 1,
        level=calibrate.LEVEL,
        quantities=len(found),
        stuck=list(stuck),
        picture=picture.svg(figure, f"calibration of {name}: ECDF of ranks minus uniform"),
    )


def put_calibration(name: str, table: pd.DataFrame, found: pd.DataFrame) -> None:
    """The section, renewed in a report that is there already."""
    page = HOME / "results" / name / "report.html"
    if page.is_file():
        with picture.style():
            section = calibration(name, table, found)
        text = page.read_text(encoding="utf-8")
        text = re.sub(
            r'<section id="calibration">.*?</section>', lambda _: section, text, flags=re.S
        )
        put_files(page.parent, {page.name: text})


def provenance(comments: list[str]) -> list[str]:
    lines = []
    for line in comments:
        if line.startswith("#  ") and lines:  # indented: the line before goes on
            lines[-1] += " " + line[1:].strip()
        else:
            lines.append(line[1:].strip())
    return lines


def _sources(run) -> dict[str, str]:
    shown = ("model", "exact", "mle", *(["reduced"] if run.added else []))
    functions = {name: getattr(run.topic.module, name, None) for name in shown}
    return {name: inspect.getsource(f) for name, f in functions.items() if inspect.isfunction(f)}


def _command(run):
    if run.path is FRAME:
        return notebook.command(run)
    words = ["python", "-m", "workflow", "report", run.topic.name]
    words += [] if run.shipped else ["--data", run.path.name]
    words += ["--column", *run.columns] if run.columns else []
    words += run.data.attrs.get("options", [])
    changed = given(run.topic, run.settings)
    words += ["--set", *(f"{k}={as_text(v)}" for k, v in changed.items())] if changed else []
    return shlex.join([*words, "--seed", str(run.seed)])


def _standalone(svg: str) -> str:
    """A panel with its colours written out, for the gallery's <img>."""
    svg = shown(svg)
    for name, colour in picture.COLOURS.items():
        svg = svg.replace(f"var(--{name})", colour)
    if svg.startswith("<svg"):
        ET.fromstring(svg)  # a broken picture must not get into the gallery
    return svg
