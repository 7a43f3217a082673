"""Where a topic's own files do not run, or break a rule: for a person who has just edited them."""

import importlib
import inspect
import re
import traceback
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from workflow.topic import HOME, Refused

NEEDED = {
    "models": ("Data", "PRIOR", "model"),
    "analyses": ("QUESTION", "answer", "discrepancy", "story"),
}
LONGEST = 300  # characters of somebody else's message


def located(problem: BaseException) -> str | None:
    """'models/mine.py, line 12: NameError: ...', or None where no topic's file was at work."""
    if isinstance(problem, SyntaxError):
        places = [(problem.filename, problem.lineno)]
    else:
        frames = traceback.extract_tb(problem.__traceback__)
        places = [(f.filename, f.lineno) for f in frames]
    for file, line in reversed(places):
        path = Path(file or "")
        if path.parent in (HOME / "models", HOME / "analyses"):
            return f"{_short(path)}, line {line}: {named(problem)}"
    return None


def named(problem: BaseException) -> str:
    """The type of an error and the first line of what it says."""
    said = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    said = re.sub(r" \(/[^)]*\)$", "", said.strip().partition("\n")[0])  # where a package lies
    return f"{type(problem).__name__}{said and ': '}{said}"[:LONGEST]


def _short(path: Path) -> Path:
    return path.relative_to(HOME) if path.is_relative_to(HOME) else path


def whole(name: str) -> tuple[ModuleType, ModuleType]:
    """The two modules of a topic; refused where one does not run, or lacks what every topic has."""
    found = tuple(part(folder, name, needed) for folder, needed in NEEDED.items())
    _insist_on_numbers(found[0])
    _insist_on_keywords(found[0])
    return found


def part(folder: str, name: str, needed, who="every topic") -> ModuleType:
    """One module of a topic or page of facts; refused where it does not run or lacks a part."""
    path = HOME / folder / f"{name}.py"
    if not path.is_file():
        raise Refused(f"{_short(path)}: no such file; `{name}` needs it (see CONTRIBUTING.md)")
    try:
        module = importlib.import_module(f"{folder}.{name}")
    except Exception as problem:
        words = located(problem)
        if words is None:
            raise
        raise Refused(words) from problem
    for attribute in needed:
        if not hasattr(module, attribute):
            raise Refused(f"{_short(path)}: `{attribute}` is missing; {who} has one")
    return module


def _insist_on_numbers(module):
    for table in ("PRIOR", "KNOWN"):
        for name, value in getattr(module, table, {}).items():
            try:
                finite = np.isfinite(np.asarray(value, dtype=np.float64)).all()
            except (TypeError, ValueError):
                finite = False
            if not finite or np.ndim(value) > 1 or np.size(value) == 0:
                raise Refused(
                    f"{_short(Path(module.__file__))}: {table}: `{name}` must be a finite number "
                    f"or a list of them; it is {value!r}"
                )


def _insist_on_keywords(module):
    known = getattr(module, "KNOWN", {})
    every = {**module.PRIOR, **known}
    for part, settings in (("model", every), ("exact", every), ("mle", known)):
        function = getattr(module, part, None)
        if not inspect.isfunction(function):
            continue
        try:
            inspect.signature(function).bind(None, **settings)
        except TypeError as problem:
            code = function.__code__
            raise Refused(
                f"{_short(Path(code.co_filename))}, line {code.co_firstlineno}: {part}() does not "
                f"fit its settings ({', '.join(settings) or 'none'}): {problem}"
            ) from None


@contextmanager
def rules(topic, settings: dict, path: Path):
    """A ValueError from a topic's functions as a refusal that says which input is to blame.

    What a topic raises itself is a rule of its own; what NumPy or PyMC raise inside of it is
    said with file and line. Settings that were given are to blame if the topic names them.
    """
    try:
        with np.errstate(all="ignore"):  # what comes of it is looked at
            yield
    except (ValueError, ArithmeticError) as problem:
        last = traceback.extract_tb(problem.__traceback__)[-1]
        own = Path(last.filename).parent == HOME / "models" and last.line.startswith("raise")
        text = " ".join(str(problem).split())[:LONGEST] if own else located(problem)
        if text is None:
            raise
        if not own and given(topic, settings):
            text = f"no answer can be computed under these settings ({text})"
        blamed = _blamed(topic, settings, path, text, own)
        raise Refused(f"{blamed}{blamed and ': '}{text}") from problem


def _blamed(topic, settings, path, text, own):
    changed = given(topic, settings)
    named = [k for k in settings if f"`{k}`" in text]
    if changed and (named or not own):
        return as_set({k: v for k, v in changed.items() if k in named} or changed)
    if named:
        return origin(topic, named)
    said = str(_short(Path(path)))
    said = f"{as_set(changed)} with {said}" if changed else said  # either may be at fault
    return said if own else ""


def origin(topic, settings=()) -> str:
    """'models/mine.py', and ', PRIOR' or ', KNOWN' where some settings are at fault."""
    table = f", {'PRIOR' if set(settings) & set(topic.module.PRIOR) else 'KNOWN'}"
    return f"{_short(Path(topic.module.__file__))}{table if settings else ''}"


def given(topic, settings: dict) -> dict:
    """The settings that are not the topic's own."""
    return {k: v for k, v in settings.items() if not np.array_equal(v, topic.defaults[k])}


def as_set(values: dict) -> str:
    """Settings as one types them: '--set alpha=2 m=52,80'."""
    return "--set " + " ".join(f"{k}={as_text(value)}" for k, value in values.items())


def as_text(value) -> str:
    """'2', '52,80': a setting as one types it."""
    return ",".join(f"{v:.12g}" for v in np.atleast_1d(value))


@contextmanager
def engine(topic, doing: str):
    """What PyMC or nutpie cannot do with a model is a matter of the model, not of this program."""
    try:
        yield
    except (Refused, OSError, MemoryError):
        raise
    except Exception as problem:
        words = located(problem) or f"{origin(topic)}: {named(problem)}"
        raise Refused(f"{words} ({doing})") from problem
