"""Text to rows: the encoding, the delimiter, the header, and the line on which each row begins.

The splitting is Python's own csv, strictly; what a cell means is for `cells.py`.
"""

import codecs
import csv
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow.refused import Refused, listed, short
from workflow.rows import SHOWN_ROWS, Rows, named

MOST_ROWS, MOST_COLUMNS = 10_000_000, 10_000
LONGEST_LINE = 2**24  # characters
CHUNK = 500_000  # cells turned into columns at a time
SAMPLE = 50  # lines looked at to find the delimiter
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
BOMS = [  # the longer first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
]  # fmt: skip
MARKUP = re.compile(r"\s*(<!doctype|<html|<head|<\?xml|<table|<!--)", re.IGNORECASE)


def rows(path: Path, delimiter, encoding, decimal, tell, most: int = MOST_ROWS + 1) -> Rows:
    """Every row, or the first `most` of them; more than MOST_ROWS are refused."""
    notes = []
    if encoding is None:
        encoding, notes = _encoding(path)
    lines, size = None, max(path.stat().st_size, 1)
    try:
        with path.open(encoding=encoding, newline="") as opened:
            lines = _Lines(path, opened)
            comments, first, stated = _head(path, lines)
            delimiter = _delimiter(delimiter or stated, first, decimal)
            offset = lines.count - len(first)
            reader = csv.reader(
                itertools.chain(first, lines),
                delimiter=delimiter,
                skipinitialspace=True,
                strict=True,
            )
            return _table(path, reader, offset, comments, notes,
                          lambda rows: tell(rows, opened.buffer.tell() / size), most)  # fmt: skip
    except LookupError as problem:
        raise Refused(f"--encoding {encoding}: {problem}") from None
    except UnicodeError as problem:
        where = f"after line {lines.count}: " if lines else ""
        raise Refused(
            f"{path}: {where}not text in {encoding} ({problem.__class__.__name__}: "
            f"{getattr(problem, 'reason', problem)}); say which encoding it is with --encoding"
        ) from None


@dataclass(frozen=True)
class Layout:
    """How a text file begins: what separates its cells, lines above its header, its columns."""

    delimiter: str
    above: int
    header: tuple[str, ...]

    @property
    def places(self) -> list[str]:
        """Other names for the columns: no two alike, and none empty."""
        return [f"c{i}" for i in range(len(self.header))]

    def placed(self, names: dict[str, str]) -> dict[str, str]:
        """`names` (theirs: ours) by places."""
        return {self.places[self.header.index(theirs)]: ours for theirs, ours in names.items()}


def layout(path: Path, delimiter, decimal) -> Layout:
    """Of a file in UTF-8, from its first lines."""
    with path.open(encoding="utf-8", newline="") as opened:
        lines = _Lines(path, opened)
        try:
            _, first, stated = _head(path, lines)
        except UnicodeError as problem:
            raise Refused(f"{path}: not text in utf-8 ({problem.reason})") from None
    delimiter = _delimiter(delimiter or stated, first, decimal)
    try:
        header = next(csv.reader(first, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as problem:
        raise Refused(f"{path}: {_quoting(problem, 1, 1)}") from None
    return Layout(delimiter, lines.count - len(first), tuple(name.strip() for name in header))


def marked(start: bytes) -> bool:
    """Whether a byte order mark says what encoding it is."""
    return any(start.startswith(bom) for bom, _ in BOMS)


def _encoding(path):
    """What the bytes say: a byte order mark, else UTF-8 if they are, else Windows-1252."""
    with path.open("rb") as opened:
        start = opened.read(4)
    for bom, name in BOMS:
        if start.startswith(bom):
            return name, []
    wrong = _first_not(path, "utf-8")
    if wrong is None:
        return "utf-8", []
    line, raw = wrong
    worse = _first_not(path, "cp1252")
    if worse is not None:
        raise Refused(
            f"{path}: line {worse[0]} is neither UTF-8 nor Windows-1252; say which encoding it is "
            "with --encoding"
        )
    return "cp1252", [
        f"not UTF-8, so read as Windows-1252 (cp1252): line {line} is then "
        f"{short(raw.decode('cp1252').strip())!r}; if that is wrong, say --encoding"
    ]


def _first_not(path, encoding):
    """The first line (its number and bytes) that is not text in `encoding`, or None."""
    with path.open("rb") as opened:
        number = 0
        while raw := opened.readline(LONGEST_LINE):
            number += 1
            if b"\0" in raw:
                even, odd = raw[:1000:2].count(0), raw[1:1000:2].count(0)
                hint = "; is it UTF-16? Then say --encoding utf-16-" + (
                    "le" if odd > even else "be"
                )
                raise Refused(
                    f"{path}: line {number} holds a NUL byte, so this is no text"
                    + (hint if max(even, odd) > len(raw[:1000]) / 4 > min(even, odd) else "")
                )
            try:
                raw.decode(encoding)
            except UnicodeDecodeError:
                if len(raw) < LONGEST_LINE:
                    return number, raw
    return None


class _Lines:
    """The lines of a text file with their ends, counted and bounded."""

    def __init__(self, path, opened):
        self.path, self.opened, self.count = path, opened, 0

    def __iter__(self):
        return self

    def __next__(self):
        line = self.opened.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) == LONGEST_LINE:
            raise Refused(
                f"{self.path}: line {self.count} is longer than {LONGEST_LINE:,} characters"
            )
        if "\0" in line:
            raise Refused(f"{self.path}: line {self.count} holds a NUL, so this is no text")
        return line


def _head(path, lines):
    """Comments on top, the lines from the header on that are looked at, and a stated delimiter."""
    comments, first, stated = [], [], None
    for line in lines:
        line = line.removeprefix("\ufeff") if lines.count == 1 else line
        says = re.fullmatch(r'"?sep=(.)"?\s*', line) if not first else None
        if says:  # written by and for Excel
            stated = says[1]
        elif not first and line.startswith("#"):
            comments.append(line.rstrip())
        elif first or line.strip():
            first.append(line)
        if len(first) > SAMPLE or sum(map(len, first)) > 2**20:
            break
    if not first:
        what = "nothing but comments" if comments else "empty"
        raise Refused(f"{path}: the file is {what}; a header line and rows are needed")
    if MARKUP.match(first[0]):
        raise Refused(
            f"{path}: this is a web page (HTML or XML), not a table; was the link to a page about "
            "the file?"
        )
    if re.match(r"\s*(\{|\[\s*[\[{])", first[0]):
        raise Refused(f"{path}: this is JSON, not a table; save it as CSV")
    return comments, first, stated


def _delimiter(given, first, decimal):
    """The delimiter stated, or the one under which most rows have as many cells as the header."""
    if given is not None:
        given = DELIMITERS.get(given, given.replace("\\t", "\t"))
        if len(given) != 1 or given in '"\r\n' or given.isalnum():
            named = ", ".join(DELIMITERS)
            raise Refused(f"--delimiter {given}: one sign other than a quote, or one of {named}")
        return given

    def suits(delimiter):
        with_this = csv.reader(first, delimiter=delimiter, skipinitialspace=True)
        try:
            header, *rows = [len(r) for r in itertools.islice(with_this, SAMPLE) if r]
        except csv.Error:
            return 0, 0
        alike = np.mean([r == header for r in rows]) if rows else 1.0
        return alike if header > 1 else 0, header

    return max([d for d in (",", ";", "\t", "|") if d != decimal], key=suits)


def _table(path, reader, offset, comments, notes, tell, most) -> Rows:
    """Every record as a row. `offset` lines stand above the header."""
    chunks, rows, lines, problems = [], [], [], []
    ragged = _Ragged()
    header, line = None, offset + 1
    try:
        for row in reader:
            begins, line = line, offset + reader.line_num + 1
            if not row or (not row[0].strip() and not "".join(row).strip()):
                continue
            if header is None:
                header = [name.strip() for name in row]
                if len(header) > MOST_COLUMNS:
                    found = f"{len(header):,} columns; at most {MOST_COLUMNS:,} are read"
                    raise Refused(f"{path}: {found}")
            elif len(row) == len(header) or not ragged.seen(row, begins, len(header)):
                rows.append(row[: len(header)])
                lines.append(begins)
            if len(rows) == most:
                break
            if header and len(rows) * len(header) >= CHUNK:
                chunks.append((_columns(rows), lines))
                rows, lines = [], []
                tell(total := sum(len(numbers) for _, numbers in chunks))
                if total > MOST_ROWS:
                    raise Refused(f"{path}: more than {MOST_ROWS:,} rows: fit a sample of them")
    except csv.Error as problem:
        problems.append(_quoting(problem, line, offset + reader.line_num))
    if header is None:
        raise Refused(f"{path}: {problems[0]}")
    chunks.append((_columns(rows) or [pd.Series([], dtype="str")] * len(header), lines))
    columns = [pd.concat([c[i] for c, _ in chunks], ignore_index=True) for i in range(len(header))]
    labels = pd.Series(np.concatenate([np.array(n, dtype=np.int64) for _, n in chunks]))
    problems += ragged.problems(len(header))
    if not len(labels) and not problems:
        problems.append(f"no rows below the header ({listed(header)})")
    return named(path, header, columns, "line", labels, comments, notes, problems)


class _Ragged:
    """Rows that have not as many cells as the header: how many, and the first few."""

    def __init__(self):
        self.count, self.first = 0, []

    def seen(self, row, line, width) -> bool:
        """Whether the row is ragged; empty cells beyond the header are a delimiter too many."""
        if len(row) > width and not "".join(row[width:]).strip():
            return False
        self.count += 1
        self.first += [(line, len(row))] * (len(self.first) < SHOWN_ROWS)
        return True

    def problems(self, width) -> list[str]:
        if not self.count:
            return []
        shown = "; ".join(f"line {line} has {cells:,}" for line, cells in self.first)
        more = f"; and {self.count - SHOWN_ROWS:,} more" if self.count > SHOWN_ROWS else ""
        twice = self.first[0][1] == 2 * width
        hint = " (are these decimal commas? Say --decimal ,)" if twice else ""
        return [f"every row must have as many cells as the header, {width:,}; {shown}{more}{hint}"]


def _columns(rows) -> list[pd.Series]:
    return [pd.Series(pd.array(list(c), dtype="str")) for c in zip(*rows, strict=True)]


def _quoting(problem, begins, reached) -> str:
    if "unexpected end" in str(problem) or "field larger" in str(problem):
        return (
            f"line {begins}: a quotation mark is opened there and not closed; "
            f"the rows from that line on were not read"
        )
    found = f"line {begins}" if begins == reached else f"lines {begins} to {reached}"
    return (
        f"{found}: text goes on behind a closing quotation mark (a quote inside a quoted cell is "
        f'written twice, ""); the rows from there on were not read'
    )
