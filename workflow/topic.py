"""A topic, found by name; its settings and its data, taken or refused.

The folder is the registry: `models/<name>.py`, `analyses/<name>.py`, `data/<name>.csv`.
Nothing here imports PyMC before a topic is loaded, so listing and refusing names is instant.
"""

import difflib
import importlib
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

HOME = Path(__file__).resolve().parent.parent
MOST_BITS = 16  # of assignments enumerated: 2**16 = 65,536
SHOWN_ROWS = 5  # of the rows that break a rule, the first few are named


class Refused(ValueError):
    """The input cannot be used; the message says the rule, the place and what was found."""


@dataclass(frozen=True)
class Topic:
    """One topic: its model file, and its analysis where there is one."""

    name: str
    module: ModuleType
    analysis: ModuleType

    @property
    def csv(self) -> Path:
        return HOME / "data" / f"{self.name}.csv"

    @property
    def known(self) -> dict:
        return getattr(self.module, "KNOWN", {})

    @property
    def defaults(self) -> dict:
        """Every setting with its default, as the arrays PyTensor computes in double precision."""
        every = {**self.module.PRIOR, **self.known}
        return {name: np.asarray(value, dtype=np.float64)[()] for name, value in every.items()}

    def model(self, data, settings):
        return self.module.model(data, **settings)

    def exact(self, data, settings):
        return self.module.exact(data, **settings)

    def mle(self, data, settings) -> dict:
        """The maximum-likelihood answer; ValueError where the likelihood has no maximum."""
        known = {name: settings[name] for name in self.known}
        return {k: np.asarray(v, float) for k, v in self.module.mle(data, **known).items()}

    def exact_rows(self, data: pd.DataFrame, settings: dict) -> pd.DataFrame:
        """The rows whose posterior is known exactly: all, or the first EXACT_ROWS.

        A topic with EXACT_ROWS sums over K**rows assignments, K being the first of its KNOWN;
        more than 65,536 are not summed.
        """
        if not hasattr(self.module, "EXACT_ROWS"):
            return data
        states = max(2.0, float(settings[next(iter(self.known))]))
        return data.head(min(self.module.EXACT_ROWS, int(MOST_BITS / np.log2(states))))


def names() -> list[str]:
    """Every topic, by listing the folder."""
    return sorted(p.stem for p in (HOME / "models").glob("*.py") if not p.stem.startswith("_"))


def load(name: str) -> Topic:
    if name not in names():
        raise Refused(
            f"no topic {name!r}{_nearest(name, names())}; there are: {', '.join(names())}"
        )
    return Topic(
        name,
        importlib.import_module(f"models.{name}"),
        importlib.import_module(f"analyses.{name}"),
    )


def settings(topic: Topic, given: list[str]) -> dict:
    """The topic's defaults with `name=value` or `name=v1,v2,...` put over them."""
    chosen = topic.defaults
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name not in chosen:
            raise Refused(
                f"--set {item}: {topic.name} has no setting {name!r}{_nearest(name, chosen)}; "
                f"it has: {', '.join(chosen)}"
            )
        try:
            value = np.array([float(part) for part in text.split(",")])
        except ValueError:
            raise Refused(f"--set {item}: {text!r} is not a number or a list of numbers") from None
        if not np.isfinite(value).all():
            raise Refused(f"--set {item}: a setting must be finite")
        if np.ndim(chosen[name]) == 0 and value.size != 1:
            raise Refused(f"--set {item}: `{name}` takes one number, not {value.size}")
        chosen[name] = value if np.ndim(chosen[name]) else value[0]
    return chosen


def read(topic: Topic, path: Path | None = None, columns: list[str] = ()) -> pd.DataFrame:
    """The rows of a CSV, renamed, tidied, validated and labelled.

    Only `#` lines at the very top are comments. `columns` holds `ours=theirs` pairs. Every rule
    that is broken is listed in one `Refused`, with line numbers of the file.
    """
    if isinstance(path, pd.DataFrame):
        frame, first_line, path = path.reset_index(drop=True), 1, "the frame"
    else:
        path = path or topic.csv
        frame, first_line = _parse(path)
    frame = raw = _rename(frame, columns, path)
    lines = pd.Series(frame.index + first_line, index=frame.index)
    schema = topic.module.Data.to_schema()
    tidy = getattr(topic.module, "tidy", lambda rows: rows)
    try:
        frame = tidy(frame)
    except ValueError as problem:
        raise Refused(f"{path}: {problem}") from None
    _insist(path, _missing_columns(schema, frame, raw))
    frame, problems = _numbers(schema, frame, lines)
    _insist(path, problems)
    frame = _validate(topic.module.Data, frame, lines, path)
    return _labelled(schema, frame)


def _parse(path: Path) -> tuple[pd.DataFrame, int]:
    """The frame as text and numbers, and the line of the file its first row stands on."""
    if not path.exists():
        raise Refused(f"{path}: no such file")
    if not path.is_file():
        raise Refused(f"{path}: not a file")
    try:
        with path.open(encoding="utf-8-sig") as file:
            comments = 0
            for line in file:
                if not line.startswith("#"):
                    break
                comments += 1
        frame = pd.read_csv(path, skiprows=comments, encoding="utf-8-sig", skip_blank_lines=False)
    except pd.errors.EmptyDataError:
        raise Refused(f"{path}: the file is empty; a header line and rows are needed") from None
    except (UnicodeDecodeError, pd.errors.ParserError) as problem:
        raise Refused(f"{path}: cannot be read as CSV in UTF-8 ({problem})") from None
    except OSError as problem:
        raise Refused(f"{path}: cannot be read ({problem.strerror})") from None
    frame = frame.dropna(how="all")
    if frame.empty:
        raise Refused(f"{path}: no rows below the header ({', '.join(map(str, frame.columns))})")
    return frame, comments + 2


def _rename(frame, columns, path):
    for pair in columns:
        ours, equals, theirs = pair.partition("=")
        if not equals:
            raise Refused(f"--column {pair}: give it as ours=theirs")
        if theirs not in frame:
            raise Refused(
                f"{path}: no column `{theirs}`{_nearest(theirs, frame.columns)}; "
                f"the file has: {', '.join(map(str, frame.columns))}"
            )
        frame = frame.drop(columns=ours) if ours != theirs and ours in frame else frame
        frame = frame.rename(columns={theirs: ours})
    return frame


def _missing_columns(schema, frame, raw) -> list[str]:
    have = ", ".join(map(str, raw.columns))
    return [
        f"no column `{name}`{_nearest(name, raw.columns)}; the file has: {have} "
        f"(say which with --column {name}=THEIRS)"
        for name, column in schema.columns.items()
        if column.required and name not in frame
    ]


def _numbers(schema, frame, lines):
    """Numeric columns as numbers; what is text, missing, infinite or fractional is a problem."""
    frame, problems = frame.copy(), []
    for name, column in schema.columns.items():
        kind = str(column.dtype)
        if name not in frame or not kind.startswith(("int", "float")):
            continue
        numbers = pd.to_numeric(frame[name], errors="coerce").astype(float)
        bad = ~np.isfinite(numbers)
        rule = "be a finite number"
        if kind.startswith("int"):
            bad |= numbers != numbers.round()
            rule = "be a whole number"
        if bad.any():
            problems.append(f"`{name}` must {rule}; {_rows(lines, frame[[name]], bad)}")
        frame[name] = numbers
    return frame, problems


def _validate(data_model, frame, lines, path):
    import pandera.errors

    try:
        return data_model.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failure:
        cases = failure.failure_cases
    problems = []
    own = [c for c in data_model.to_schema().columns if c in frame]
    for (scope, column, check), found in cases.groupby(
        ["schema_context", "column", "check"], sort=False
    ):
        index = found["index"].dropna().unique()
        bad = frame.index.isin(index)
        if scope == "Column":
            where = _rows(lines, frame[[column]], bad) if bad.any() else ""
            problems.append(f"`{column}` must {_in_words(check)}; {where}")
        else:
            shown = frame[own]
            where = f"; {_rows(lines, shown, bad)}" if bad.any() else ""
            problems.append(f"{check}{where}")
    _insist(path, list(dict.fromkeys(problems)))
    return frame


def _in_words(check: str) -> str:
    words = {
        "greater_than_or_equal_to": "be at least",
        "less_than_or_equal_to": "be at most",
        "greater_than": "be more than",
        "less_than": "be less than",
        "isin": "be one of",
    }
    name, _, argument = check.partition("(")
    if name == "not_nullable":
        return "be present in every row"
    return f"{words.get(name, name.replace('_', ' '))} {argument.rstrip(')')}".strip()


def _rows(lines, frame, bad) -> str:
    """'line 4 has 9; line 7 has x, and 3 more', by line number of the user's file."""
    chosen = frame[bad]
    shown = []
    for index, row in chosen.head(SHOWN_ROWS).iterrows():
        found = ", ".join(
            _plain(v) if len(row) == 1 else f"{k} {_plain(v)}" for k, v in row.items()
        )
        shown.append(f"line {lines[index]} has {_short(found)}")
    more = len(chosen) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _plain(value) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _short(text: str, width: int = 60) -> str:
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    text = "nothing" if text == "nan" else text
    return text if len(text) <= width else text[: width - 1] + "…"


def _labelled(schema, frame) -> pd.DataFrame:
    """Rows are labelled by the first text column that is not ours and never repeats; or by 1..n."""
    for name in frame.columns:
        column = frame[name]
        text = not pd.api.types.is_numeric_dtype(column)
        if name not in schema.columns and text and column.notna().all() and column.is_unique:
            return frame.set_index(name)
    name = next(n for n in ("row", "line", "number", "_row") if n not in frame)
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name=name))


def _nearest(name, candidates) -> str:
    close = difflib.get_close_matches(str(name), [str(c) for c in candidates], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _insist(path, problems: list[str]) -> None:
    if problems:
        raise Refused("\n".join(f"{path}: {problem}" for problem in problems))


def describe(topic: Topic) -> str:
    """The topic's docstring, columns and settings, for a person at a terminal."""
    columns = "\n".join(
        f"  {name:<12} {column.dtype!s:<8} {column.description or ''}"
        for name, column in topic.module.Data.to_schema().columns.items()
    )
    values = "\n".join(f"  {name} = {value}" for name, value in topic.defaults.items())
    return f"{inspect.cleandoc(topic.module.__doc__)}\n\nColumns\n{columns}\n\nSettings\n{values}\n"
