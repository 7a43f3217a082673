"""A page of facts: an analysis without a model, whose verdict comes from its own table of checks.

`analyses/<name>.py` without a `models/<name>.py` has `QUESTION`, `answer(page)`, `story(page)`,
`picture(page, small=...)`, a figure and its caption, and `table(page)`: a line a check, with
`group`, `line`, `error`, `allowed` and whatever else is to be shown. A line holds where its error
is a number and at most what is allowed. `data/<name>.csv` is what the page is about.
"""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from workflow.locate import part
from workflow.page import put_files, short, shown, template, versions
from workflow.topic import HOME, Refused, load, pages

PARTS = ("QUESTION", "answer", "picture", "story", "table")
COLUMNS = ["group", "line", "error", "allowed"]


@dataclass
class Page:
    """A page and its table; analyses read data, seed, table and `bound`."""

    name: str
    analysis: ModuleType
    data: pd.DataFrame  # the cells of data/<name>.csv as they are written
    comments: list[str]
    seed: int = 1
    table: pd.DataFrame = None
    seconds: dict = field(default_factory=dict)

    @property
    def csv(self) -> Path:
        return HOME / "data" / f"{self.name}.csv"

    @property
    def holds(self) -> pd.Series:
        return np.isfinite(self.table["error"]) & (self.table["error"] <= self.table["allowed"])

    @property
    def good(self) -> bool:
        return bool(self.holds.all()) and len(self.table) > 0

    @property
    def verdict(self) -> str:
        return "agree" if self.good else "disagree"

    @staticmethod
    def bound(comparisons: int) -> float:
        """The |z| that this many correct comparisons exceed less than once in 10,000 runs."""
        from workflow import compare

        return compare.bound(comparisons)

    @contextmanager
    def timed(self, stage: str, tell: Callable[[str], None]):
        tell(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


def load_page(name: str, seed: int = 1) -> Page:
    """The analysis and the rows it speaks of; nothing is computed yet."""
    if name not in pages():
        load(name)  # says what there is
    module = part("analyses", name, PARTS, f"an analysis without models/{name}.py")
    return Page(name, module, *rows(name), seed)


def rows(name: str) -> tuple[pd.DataFrame, list[str]]:
    """The cells of data/<name>.csv as they are written, and the lines above them."""
    path = HOME / "data" / f"{name}.csv"
    if not path.is_file():
        raise Refused(f"data/{name}.csv: no such file; `{name}` needs it")
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return pd.read_csv(path, skiprows=len(comments), dtype=str, keep_default_na=False), comments


def establish(page: Page, tell: Callable[[str], None] = lambda stage: None) -> Page:
    """The page with its table; whatever has no number in it does not hold."""
    with page.timed("table", tell):
        table = pd.DataFrame(page.analysis.table(page))
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise Refused(f"analyses/{page.name}.py: its table has no column `{missing[0]}`")
    page.table = table.astype({"error": float, "allowed": float}).reset_index(drop=True)
    return page


def sentence(page: Page) -> str:
    """The answer, or why there is none."""
    if page.good:
        return page.analysis.answer(page)
    wrong = page.table[~page.holds]
    said = [
        f"{r.line} is off by {short(r.error)} (at most {short(r.allowed)})"
        for r in wrong.itertuples()
    ]
    more = f", and {len(said) - 3} more" if len(said) > 3 else ""
    return (
        f"Not verified: {len(said)} of {len(page.table)} lines do not hold: "
        f"{'; '.join(said[:3])}{more}. No answer is given."
    )


def told(page: Page, *, every: bool) -> list[str]:
    """What a terminal is told of the table: what fails, and, if `every`, each group that holds."""
    lines = []
    for group, part_of in page.table.groupby("group", sort=False):
        wrong = part_of[~page.holds[part_of.index]]
        if every and wrong.empty:
            lines.append(f"  ok   {group}: {len(part_of)} lines")
        lines += [
            f"  FAIL {group}: {r.line}: {short(r.error)} (at most {short(r.allowed)})"
            for r in wrong.itertuples()
        ]
    return lines


def write(page: Page, out: Path) -> None:
    """report.html, summary.csv, summary.json and thumbnail.svg: all of them, or nothing."""
    from workflow import picture, report

    facts = summary(page)
    with picture.style():
        figure, caption = page.analysis.picture(page)
        html = template("facts.html.j2").render(
            page=page,
            facts=facts,
            hero=picture.svg(figure, caption),
            caption=caption,
            story=list(report.blocks(page.analysis.story(page))) if page.good else [],
            groups=[
                (group, len(rows), bool(page.holds[rows.index].all()), _lines(page, rows))
                for group, rows in page.table.groupby("group", sort=False)
            ],
            provenance=report.provenance(page.comments),
        )
        figure, caption = page.analysis.picture(page, small=True)
        thumbnail = report._standalone(picture.svg(figure, caption))
    files = {
        "summary.csv": report.spreadsheet(page.table.assign(holds=page.holds)),
        "thumbnail.svg": thumbnail,
        "report.html": shown(html),
        "summary.json": json.dumps(facts, indent=1, ensure_ascii=False) + "\n",
    }
    put_files(out, files)


def _lines(page, rows) -> str:
    """The lines of a group, what was found in the middle and the verdict last."""
    from workflow import report

    last = {name: rows[name].map(short) for name in ("error", "allowed")}
    last["holds"] = np.where(page.holds[rows.index], "✓", "✗")
    kept = rows.drop(columns=["group", "error", "allowed"]).dropna(axis="columns", how="all")
    return report._table(kept.assign(**last))


def summary(page: Page) -> dict:
    """summary.json: the machine's copy of the page."""
    return {
        "topic": page.name,
        "question": page.analysis.QUESTION,
        "answer": sentence(page),
        "verdict": page.verdict,
        "data": {
            "path": f"data/{page.name}.csv",
            "sha256": hashlib.sha256(page.csv.read_bytes()).hexdigest(),
            "rows": len(page.data),
        },
        "seed": page.seed,
        "versions": versions(),
        "checks": [
            {
                "name": f"{r.group}: {r.line}",
                "value": r.error if np.isfinite(r.error) else None,
                "limit": r.allowed,
                "passed": bool(ok),
            }
            for r, ok in zip(page.table.itertuples(), page.holds, strict=True)
        ],
        "seconds": {k: round(v, 3) for k, v in page.seconds.items()},
    }
