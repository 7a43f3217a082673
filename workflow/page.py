"""What every page shares: templates, numbers as a person reads them, files that appear whole.

Nothing here imports PyMC, so the gallery is written in a moment.
"""

import errno
import fcntl
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markdown_it import MarkdownIt

from workflow.topic import HOME, names, pages

BESIDE = ".writing."  # begins the name of the folder where files wait until all are written
PACKAGES = ("pymc", "nutpie", "arviz", "pytensor", "numpy", "scipy", "pandas")
MARKDOWN = (  # markup in data stays text, and no name of a column fetches a picture or leads away
    MarkdownIt("commonmark", {"html": False})
    .enable("table")
    .disable(["image", "link", "autolink", "reference"])
)
UNSEEN = {  # control characters, and those that turn or hide the text about them
    code: f"\\u{code:04x}"
    for code in (
        *range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0x200E, 0x200F,
        *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC),
    )
}  # fmt: skip


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


def shown(text: str) -> str:
    """A page with every character spelt out that nobody sees and somebody may be fooled by."""
    return text.translate(UNSEEN)


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


@contextmanager
def held(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """A folder with no other writer in it; the lock ends with the process, however that ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives know no locks
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def put_files(folder: Path, files: dict[str, str | bytes]) -> None:
    """All these files into a folder, which is made if need be, or none of them.

    They are written beside, into a folder of their own, and renamed once all are on the disk. The
    last is taken away before the first is renamed: where it stands, it stands with the others. What
    a killed process left is cleared away by the next to write here. OSError names the folder.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder):
            for left in folder.glob(f"{BESIDE}*"):
                shutil.rmtree(left)
            beside = Path(tempfile.mkdtemp(prefix=BESIDE, dir=folder))
            try:
                _renamed(folder, beside, files)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    except OSError as problem:
        for place in made:
            with suppress(OSError):
                place.rmdir()
        words = f"cannot be written ({problem.strerror or problem})"
        raise OSError(problem.errno or errno.EIO, words, str(folder)) from problem


def _renamed(folder, beside, files):
    for name, content in files.items():
        with (beside / name).open("wb") as file:
            # A name that is not Unicode, as files may have, must not stop a report.
            file.write(content.encode(errors="replace") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
    *others, last = files
    if others:
        (folder / last).unlink(missing_ok=True)
    for name in files:
        (beside / name).replace(folder / name)


def insist_writable(folder: Path) -> None:
    """Said before minutes of work are done for nothing; a full disk shows itself only later."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(p))
    reason = None if os.access(there, os.W_OK | os.X_OK) else errno.EACCES
    reason = reason if there.is_dir() else errno.ENOTDIR
    if reason:
        raise OSError(reason, f"cannot be written ({os.strerror(reason)})", str(folder))


def _changed(name: str) -> float:
    """When a topic's files last changed: no older result is one of the topic as it is."""
    files = (f"models/{name}.py", f"analyses/{name}.py", f"data/{name}.csv")
    return max(((HOME / f).stat().st_mtime for f in files if (HOME / f).is_file()), default=0.0)


def gallery(results: Path) -> list[dict]:
    """Write results/index.html from the summaries that are there; returns them in topic order."""
    found = []
    for name in names() + pages():
        path = results / name / "summary.json"
        if path.parent.is_dir():
            with held(path.parent, shared=True):  # another make may be writing it
                if path.is_file() and path.stat().st_mtime >= _changed(name):
                    found.append(json.loads(path.read_text(encoding="utf-8")))
    missing = [n for n in names() + pages() if n not in {f["topic"] for f in found}]
    page = template("index.html.j2").render(found=found, missing=missing, versions=versions())
    put_files(results, {"index.html": page})
    return found
