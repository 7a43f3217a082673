"""The rules of a topic's `Data`, each broken one in words: column, lines, and what was found."""

import re

import numpy as np
import pandas as pd

from models._alike import ALIKE
from workflow.refused import MOST_PROBLEMS, closest, listed, nearest, short
from workflow.rows import Places

HUGE, TINY = 1e100, 1e-100  # beyond these, squares and their sums leave double precision
EXACT_COUNTS = 2**53  # above it, a double no longer tells neighbouring whole numbers apart
COMMAS = (  # numbers with a comma for a point, or for thousands
    r"[+-]?(?:[0-9]+(?:[.' ][0-9]{3})*,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?)"
)
SAY = " (if these are numbers, say --decimal , or --thousands ,)"
WORDS = {
    "greater_than_or_equal_to": "be at least",
    "less_than_or_equal_to": "be at most",
    "greater_than": "be more than",
    "less_than": "be less than",
    "isin": "be one of",
}


def renamed(frame: pd.DataFrame, columns: list[str]):
    """The frame with our names for theirs, all at once so that names may be swapped."""
    problems, ours_of = [], {}
    for pair in columns:
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (equals and ours and theirs):
            problems.append(f"--column {short(pair)}: give it as ours=theirs")
        elif theirs not in frame:
            problems.append(
                f"no column `{short(theirs)}`{nearest(theirs, frame.columns)}; "
                f"the file has: {listed(frame.columns)}"
            )
            ours_of[ours] = ours  # its absence has been said
        elif ours in ours_of.values() or theirs in ours_of:
            problems.append(f"--column {short(pair)}: each name can be given once")
        else:
            ours_of[theirs] = ours
    names = set(ours_of.values())
    kept = [c for c in frame.columns if c in ours_of or c not in names]
    return frame[kept].rename(columns=ours_of), problems, names


def missing(schema, frame, theirs, said) -> list[str]:
    """One problem for each column that is not there and has not been spoken of."""
    numbers = [c for c in theirs if re.fullmatch(r"[-+]?[0-9.,]+", str(c))]
    header = len(numbers) == len(theirs) > 0
    hint = "; the first line must be a header of names" if header else ""
    return [
        f"no column `{name}`{nearest(name, theirs)}; the file has: {listed(theirs)} "
        f"(say which with --column {name}=THEIRS{hint})"
        for name, column in schema.columns.items()
        if column.required and name not in frame and name not in said
    ]


def misspelt(schema, frame: pd.DataFrame, columns: list[str]) -> list[str]:
    """--column with a name that is nearly one of ours, where one of ours is missing."""
    absent = [name for name in schema.columns if name not in frame]
    given = [pair.partition("=")[0].strip() for pair in columns]
    return [
        f"--column {short(ours)}=...: no column of the topic is so called{nearest(ours, absent)}"
        for ours in given
        if ours not in schema.columns and closest(ours, absent)
    ]


def supplied(schema, frame: pd.DataFrame, raw: pd.DataFrame):
    """Columns that `tidy` filled in: a note, or a problem if the file has nearly such a one."""
    problems, notes = [], []
    for name in schema.columns:
        if name in frame and name not in raw:
            close = closest(name, raw.columns, cutoff=0.85)
            values = frame[name].unique()
            if close is None:
                what = "worked out from the others"  # it differs from row to row, as a topic says
                if len(values) == 1:
                    what = f"taken to be {values[0]} in every row"
                notes.append(f"there is no column `{name}`: {what}")
            else:
                problems.append(
                    f"no column `{name}`, but {short(close)!r} (say --column "
                    f"{name}={short(close)}, or rename it if it is something else)"
                )
                frame = frame.drop(columns=name)
    return frame, problems, notes


def tidied(module, frame: pd.DataFrame, places: Places, numbers):
    """What the topic's `tidy` makes of the rows; each column it refuses is set aside and named."""
    tidy, problems, aside = getattr(module, "tidy", lambda rows: rows), [], set()
    while len(problems) < MOST_PROBLEMS - 1:
        try:
            return tidy(frame), problems, aside
        except ValueError as problem:
            text = str(problem)
            named = [n for n in re.findall(r"`([^`]*)`", text) if n in frame]
            if not named:
                return frame, [*problems, text], aside
            column, rule = frame[named[0]], text.partition(";")[0]
            bad = ~np.isfinite(numbers(column))
            where = f"; {places.found(column.to_frame(), bad)}" if bad.any() else ""
            problems.append(rule + where)
            frame, aside = frame.drop(columns=named[0]), aside | {named[0]}
    return frame, [*problems, "the other columns were not looked at"], aside


def numeric(kind: str, name: str, column: pd.Series, there, numbers, places: Places, hint: bool):
    """Cells as floats, which of those that are `there` are no good, and the problems in words."""
    found = numbers(column)
    rule = "be a finite number"
    bad = ~np.isfinite(found) & there
    if kind.startswith("int"):
        rule, bad = "be a whole number", bad | (found != np.round(found))
    problems = []
    if bad.any():
        problem = f"`{name}` must {rule}; {places.found(column.to_frame(), bad)}"
        problems.append(problem + (_commas(column[bad]) if hint else ""))
    if kind.startswith("int"):
        large = ~bad & (np.abs(found) > EXACT_COUNTS)
        if large.any() or np.abs(found[~bad]).sum() > EXACT_COUNTS:
            where = f"; {places.found(column.to_frame(), large)}" if large.any() else ""
            problems.append(f"`{name}` must add up to at most 2^53, {EXACT_COUNTS:,}{where}")
    else:
        large = _size(found)
        if large.any():
            problems.append(_out_of_range(name, column, large, places))
    return found, bad | large, problems


def alike(module, frame: pd.DataFrame, numbers, places: Places) -> list[str]:
    """What is wrong with a column that says how many rows each one stands for."""
    if ALIKE not in frame:
        return []
    if not getattr(module, "WEIGHED", False):
        return [f"`{ALIKE}` is not for this topic: it looks at each row, so write each one out"]
    times = numbers(frame[ALIKE])
    bad = ~(np.isfinite(times) & (times >= 1) & (times % 1 == 0))
    where = places.found(frame[[ALIKE]], bad) if bad.any() else ""
    return [f"`{ALIKE}` must be a whole number of rows, 1 or more; {where}"] if where else []


def sizes(schema, frame: pd.DataFrame, places: Places) -> list[str]:
    """Columns that are not ours but may be predictors: their squares must be numbers too."""
    others = frame.select_dtypes("float").drop(columns=schema.columns, errors="ignore").items()
    large = {name: (column, _size(column)) for name, column in others}
    return [_out_of_range(n, c, bad, places) for n, (c, bad) in large.items() if bad.any()]


def _size(numbers):
    size = np.abs(numbers)
    return np.isfinite(size) & ((size > HUGE) | ((size < TINY) & (size > 0)))


def _out_of_range(name, column, bad, places):
    rule = f"`{short(name)}` must be 0 or between {TINY:g} and {HUGE:g} in size"
    return f"{rule}; {places.found(column.to_frame(), bad)}"


def comma_columns(schema, frame: pd.DataFrame, places: Places) -> list[str]:
    """Columns of nothing but numbers with commas, which would pass for labels."""
    words = frame.select_dtypes("str").drop(columns=schema.columns, errors="ignore")
    problems = []
    for name, column in words.items():
        there = column.notna()
        if there.any() and column[there].str.fullmatch(COMMAS).all():
            found = f"`{short(name)}` has commas in its numbers; "
            problems.append(found + places.found(column.to_frame(), there) + SAY)
    return problems


def _commas(column: pd.Series) -> str:
    """A hint where what was found looks like a number written with a comma."""
    words = isinstance(column.dtype, pd.StringDtype)
    return SAY if words and column.str.fullmatch(COMMAS).fillna(False).any() else ""


def rules(schema, frame: pd.DataFrame, numbers, places, *, hint: bool, whole: bool) -> list[str]:
    """Every rule of the schema on every cell it can be asked about.

    A rule across columns is asked of the rows whose cells are good one by one, if the columns it
    needs are there; one about all rows together (`whole`) only if every row is good.
    """
    problems, good, coerced = [], pd.Series(True, index=frame.index), {}
    for name, column in schema.columns.items():
        if name not in frame:
            continue
        kind, cells = str(column.dtype), frame[name]
        if kind.startswith(("int", "float")):
            there = cells.notna() | (not column.nullable)  # where a hole is allowed
            cells, bad, said = numeric(kind, name, cells, there, numbers, places, hint)
            problems += said
        else:
            bad = cells.isna() & (not column.nullable)
            if bad.any():
                found = places.found(frame[[name]], bad)
                problems.append(f"`{name}` must be present in every row; {found}")
        cells = cells[~bad]
        coerced[name] = column.coerce_dtype(cells) if len(cells) else cells
        for check in column.checks if len(cells) else []:
            broken = ~_by_row(check(coerced[name]).check_output, frame.index)
            if broken.any():
                found = places.found(frame[[name]], broken) + _meant(check, frame[name][broken])
                problems.append(f"`{name}` must {in_words(check.error)}; {found}")
            bad = bad | broken
        good &= ~bad
    clean = frame[good].copy()
    for name, cells in coerced.items():
        clean[name] = cells[good]
    own = [c for c in schema.columns if c in frame]
    for check in schema.checks if good.any() else []:
        try:
            found = check(clean).check_output
        except (KeyError, AttributeError):  # it needs a column that is not there
            continue
        if isinstance(found, pd.Series):
            broken = ~_by_row(found, frame.index)
            if broken.any():
                problems.append(f"{check.error}; {places.found(frame[own], broken)}")
        elif whole and good.all() and not found:
            problems.append(check.error)
    return problems


def _by_row(found, index) -> pd.Series:
    """True where a check holds or was not asked."""
    return found.astype(bool).reindex(index, fill_value=True)


def _meant(check, broken: pd.Series) -> str:
    allowed = (check.statistics or {}).get("allowed_values", ())
    return nearest(broken.iloc[0], allowed)


def in_words(check: str) -> str:
    """A check of pandera's, such as greater_than(0), as what a value must do."""
    name, _, argument = str(check).partition("(")
    argument = argument.rstrip(")").strip("[]").replace("'", "")
    return f"{WORDS.get(name, name.replace('_', ' '))} {argument}".strip()
