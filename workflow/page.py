"""What every page shares: templates, numbers as a person reads them, files that appear whole.

Nothing here imports PyMC, so the gallery is written in a moment.
"""

import importlib.metadata
import json
import os
import platform
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markdown_it import MarkdownIt

from workflow.topic import HOME, names

PACKAGES = ("pymc", "nutpie", "arviz", "pytensor", "numpy", "scipy", "pandas")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")  # markup in data stays text


@cache
def template(name: str) -> Template:
    here = Path(__file__).parent
    made = Environment(
        loader=FileSystemLoader(here),
        autoescape=lambda file: file.endswith(".html.j2"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=name.endswith(".md.j2"),
    )
    made.filters |= {
        "number": number,
        "short": short,
        "p": p_value,
        "inline": MARKDOWN.renderInline,
    }
    made.globals |= {"css": (here / "style.css").read_text(encoding="utf-8")}
    return made.get_template(name)


def number(value) -> str:
    """Four significant digits, in plain figures where a person reads them plainly."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, (int, np.integer)) or (abs(value) < 1e6 and float(value).is_integer()):
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e6:
        digits = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return f"{value:,.{digits}f}"
    return f"{value:.3e}"


def short(value) -> str:
    """Two or three digits, for errors, limits and other numbers nobody adds up."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def p_value(fit: dict, simulations: int) -> str:
    """'p at most 0.002' where no replicate reached the data, 'p 0.31' elsewhere."""
    if fit["p"] is None:
        return "as in all replicated data"
    least = 1 / (1 + simulations)
    return f"p at most {least:.1g}" if fit["p"] <= least * 1.001 else f"p {fit['p']:.2g}"


@cache
def versions() -> dict:
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


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


def _changed(name: str) -> float:
    """When a topic's files last changed: no older result is one of the topic as it is."""
    files = (f"models/{name}.py", f"analyses/{name}.py", f"data/{name}.csv")
    return max(((HOME / f).stat().st_mtime for f in files if (HOME / f).is_file()), default=0.0)


def gallery(results: Path) -> list[dict]:
    """Write results/index.html from the summaries that are there; returns them in topic order."""
    found = []
    for name in names():
        path = results / name / "summary.json"
        if path.is_file() and path.stat().st_mtime >= _changed(name):
            found.append(json.loads(path.read_text(encoding="utf-8")))
    missing = [n for n in names() if n not in {f["topic"] for f in found}]
    page = template("index.html.j2").render(found=found, missing=missing, versions=versions())
    results.mkdir(parents=True, exist_ok=True)
    with replacing(results / "index.html") as path:
        path.write_text(page, encoding="utf-8")
    return found
