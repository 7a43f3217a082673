"""From a file or a frame to the rows of a topic, or to a refusal that says all that is wrong.

What a file is, its first bytes say, not its name. Nothing but a regular file is opened, since a
FIFO could block for ever, and nothing is read without a bound.
"""

import stat
from pathlib import Path

import numpy as np
import pandas as pd

from workflow import rules, sheets, text
from workflow.cells import Notation
from workflow.refused import Refused, insist
from workflow.rows import Rows

FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old (.xls) or password-protected Office file; save it as .xlsx or CSV",
    b"\x1f\x8b": "compressed (gzip); unpack it first",
    b"BZh": "compressed (bzip2); unpack it first",
    b"\xfd7zXZ": "compressed (xz); unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed (zstd); unpack it first",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
    b"%PDF": "a PDF document, not a table",
    b"\x89PNG": "a picture (PNG), not a table",
    b"\xff\xd8\xff": "a picture (JPEG), not a table",
    b"GIF8": "a picture (GIF), not a table",
    b"\x7fELF": "a program, not a table",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x89HDF": "an HDF5 file; export the table as CSV or Parquet",
    b"\x93NUMPY": "a NumPy array; give its columns names and save it as CSV",
    b"\x80\x04\x95": "a Python pickle, which is never opened; save the frame as CSV or Parquet",
    b"\x80\x05\x95": "a Python pickle, which is never opened; save the frame as CSV or Parquet",
    b"version https://git-lfs": "a Git LFS pointer, not the file: git lfs pull fetches that",
}


def read(
    topic,
    source: Path | pd.DataFrame | None = None,
    columns: list[str] = (),
    *,
    decimal: str = ".",
    thousands: str = "",
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    tell=lambda rows, share: None,
) -> pd.DataFrame:
    """The rows of a file or a frame: renamed, tidied, validated and labelled.

    Parameters
    ----------
    source
        A path to CSV, Excel or Parquet, or a DataFrame; left out, the topic's own rows.
    columns
        `ours=theirs` pairs: what a column is called in the source.
    decimal, thousands
        How numbers are written: 1.234,5 has `,` and `.`. Thousands may be `space`.
    delimiter, encoding, sheet
        Stated where they cannot be told from the file; `sheet` is a name or a number from 1.
    tell
        Hears how many rows have been read, and what share of the file (or None).

    Returns
    -------
    The rows. `attrs` holds `comments` (lines above the header), `notes` (what a reader should be
    told though all is well) and `options` (the words that make the command line read it again).

    Raises Refused, with every rule that is broken and where.
    """
    how = {"delimiter": delimiter, "encoding": encoding, "sheet": sheet}
    rows, notation = written(topic, source, **how, decimal=decimal, thousands=thousands, tell=tell)
    frame = validated(topic, rows, list(columns), notation)
    how |= {"decimal": decimal if decimal != "." else "", "thousands": thousands}
    options = [word for key, given in how.items() if given for word in (f"--{key}", str(given))]
    frame.attrs = {"comments": rows.comments, "notes": rows.notes, "options": options}
    return frame


def written(
    topic, source, *, decimal=".", thousands="", tell=lambda rows, share: None, **how
) -> tuple[Rows, Notation]:
    """The rows as they stand in a file or a frame, and how numbers are written; see `read`."""
    try:
        notation = Notation(decimal, thousands)
    except ValueError as problem:
        raise Refused(str(problem)) from None
    if source is None or isinstance(source, str | Path):
        how = dict.fromkeys(("delimiter", "encoding", "sheet")) | how
        return _file(Path(source or topic.csv), **how, decimal=decimal, tell=tell), notation
    return sheets.frame(source), notation


def _file(path: Path, *, delimiter, encoding, sheet, decimal, tell) -> Rows:
    start = beginning(path)
    kinds = {b"PK\x03\x04": sheets.excel, b"PAR1": sheets.parquet}
    special = next((kind for magic, kind in kinds.items() if start.startswith(magic)), None)
    if sheet is not None and special is not sheets.excel:
        raise Refused(f"{path}: --sheet is for Excel files, which this is not")
    if special and (delimiter or encoding):
        raise Refused(f"{path}: --delimiter and --encoding are for text, which this is not")
    try:
        if special:
            return special(path, sheet, tell)
        return text.rows(path, delimiter, encoding, decimal, tell)
    except OSError as problem:
        raise Refused(f"{path}: cannot be read ({problem.strerror or problem})") from None


def beginning(path: Path, most: float = sheets.MOST_BYTES) -> bytes:
    """The first bytes of a file, if it is one that may be read, text up to `most` bytes."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
            raise Refused(f"{path}: not a file but {what}")
        with path.open("rb") as opened:
            start = opened.read(2**16)
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{path}: no such file") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise Refused(f"{path}: cannot be read ({reason})") from None
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise Refused(f"{path}: this is {what}")
    words = text.marked(start) or b"\0" not in start
    if words and not text.marked(start):
        control = sum(start.count(b) for b in (*range(1, 9), *range(14, 27), *range(28, 32)))
        if control > len(start) / 20:
            raise Refused(f"{path}: this is a binary file, not a table of text")
    if words and found.st_size > most:
        size, most = found.st_size / 2**20, most / 2**20
        raise Refused(f"{path}: {size:,.0f} MB; at most {most:,.0f} MB are read: fit a sample")
    return start


def validated(topic, rows: Rows, columns: list[str], notation: Notation, others=()) -> pd.DataFrame:
    """The rows under our names with their types, once no rule of the topic's `Data` is broken.

    `others` are columns besides those of `Data` whose kind is known; see others.py.
    """
    schema, places = topic.module.Data.to_schema(), rows.places
    raw, problems, said = rules.renamed(rows.frame, columns)
    problems = rows.problems + problems
    places.cells = raw
    kinds = {name: str(column.dtype) for name, column in schema.columns.items()}
    kinds |= dict(others)
    typed = {n: c if _kept(c, kinds.get(n)) else notation.typed(c) for n, c in raw.items()}
    frame = pd.DataFrame(typed, index=raw.index)
    plain = notation == Notation()
    problems += rules.misspelt(schema, frame, columns)
    commas = rules.comma_columns(schema, frame, places) if plain else []
    frame, untidy, aside = rules.tidied(topic.module, frame, places, notation.numbers)
    problems += commas + untidy + rules.alike(topic.module, frame, notation.numbers, places)
    problems += rules.missing(schema, frame, rows.frame.columns, said | aside)
    frame, misnamed, notes = rules.supplied(schema, frame, raw)
    problems += misnamed + rules.sizes(schema, frame, places)
    asked = {"hint": plain, "whole": not (commas or aside)}
    problems += rules.rules(schema, frame, notation.numbers, places, **asked)
    insist(rows.source, problems + notes if problems else [])
    if rows.source != topic.csv:  # how the shipped file is meant, its own first lines say
        rows.notes += notes
    for name, column in schema.columns.items():
        if name in frame and str(column.dtype).startswith(("int", "float")):
            frame[name] = notation.numbers(frame[name])
    frame = _as_pandera_says(topic.module.Data, frame, rows)
    return _labelled(schema, frame, rows)


def _kept(cells: pd.Series, wanted: str | None) -> bool:
    """Whether a frame's column may stay: plain numbers, or categories where asked for."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return wanted == "category"
    return isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iufb"


def _as_pandera_says(model, frame, rows) -> pd.DataFrame:
    """Pandera has the last word, types included."""
    import pandera.errors

    try:
        return model.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failure:
        found = failure.failure_cases[["column", "check"]].drop_duplicates().head(20)
        insist(rows.source, [f"`{c}` must {rules.in_words(k)}" for c, k in found.to_numpy()])
        raise


def _labelled(schema, frame, rows) -> pd.DataFrame:
    """Rows are labelled by the index of a frame, by the first text column that is not ours and
    never repeats, or by 1..n."""
    if rows.index is not None and frame.index.isin(rows.index.index).all():
        return frame.set_index(pd.Index(rows.index[frame.index]))
    for name in frame.columns:
        column = frame[name]
        words = isinstance(column.dtype, pd.StringDtype)
        if name not in schema.columns and words and column.notna().all() and column.is_unique:
            return frame.set_index(name)
    name = next(n for n in ("row", "line", "number", "_row") if n not in frame)
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name=name))
