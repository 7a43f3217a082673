"""A new topic: a working copy of another, found by name like every other."""

import keyword
import re

from workflow.page import put_files
from workflow.topic import HOME, Refused, load, names

FILES = (("models", "py"), ("analyses", "py"), ("data", "csv"))


def new(name: str, source: str) -> str:
    """Copy model, data and analysis of `source` to `name`; returns what to do next, in words."""
    _insist_on_a_name(name)
    load(source)  # refused here if there is none, or if it does not run
    texts = {}
    for folder, ending in FILES:
        text = (HOME / folder / f"{source}.{ending}").read_text(encoding="utf-8")
        texts[HOME / folder / f"{name}.{ending}"] = (
            _renamed(text, source, name) if ending == "py" else text
        )
    for path, text in texts.items():
        put_files(path.parent, {path.name: text})
    return f"""\
models/{name}.py, analyses/{name}.py and data/{name}.csv are a working copy of {source}.
  make {name:<19} fits and verifies it. Change something, and do so again:
                           a changed model needs another `exact`, or none.
To keep it, see "Add a topic" in CONTRIBUTING.md. Until then these parts of `make test` fail for it:
  tests/mistakes/{name}.py, four numbers in tests/published.csv, a row and the count in README.md,
  and `make seeds calibrate TOPIC={name}`, `python -m workflow publish`."""


def _insist_on_a_name(name):
    if not re.fullmatch(r"[A-Za-z]\w*", name, flags=re.ASCII) or keyword.iskeyword(name):
        raise Refused(
            f"{name!r} cannot be a topic's name: it must be a Python name of letters, digits and "
            "underscores that begins with a letter"
        )
    if name in names():
        raise Refused(f"there is a topic {name!r} already; there are: {', '.join(names())}")
    for folder, ending in FILES:
        path = HOME / folder / f"{name}.{ending}"
        if path.exists():
            raise Refused(f"{path.relative_to(HOME)} is there already, and would be overwritten")
    if name in _targets():
        raise Refused(f"`make {name}` is something else already: choose another name")


def _targets() -> set[str]:
    """The targets of the Makefile that are no topics: test, clean, ..."""
    text = (HOME / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Za-z][\w-]*):(?!=)", text, flags=re.M))


def _renamed(text: str, source: str, name: str) -> str:
    """Imports of models/<source>.py become imports of models/<name>.py; the rest stays."""
    text = re.sub(rf"\b(from|import) models\.{source}\b", rf"\1 models.{name}", text)
    text = re.sub(rf"\bfrom models import {source} as\b", f"from models import {name} as", text)
    return re.sub(
        rf"\bfrom models import {source}$",
        f"from models import {name} as {source}",
        text,
        flags=re.M,
    )
