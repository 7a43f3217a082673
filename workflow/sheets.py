"""Excel, Parquet and frames to rows, which keep the types their cells have."""

import warnings
import zipfile
from pathlib import Path

import pandas as pd

from workflow.cells import utf8
from workflow.refused import Refused, listed, nearest, short
from workflow.rows import Rows, named
from workflow.text import MOST_COLUMNS, MOST_ROWS

MOST_BYTES = 2**29  # of a file, or of what a compressed one unpacks to: half a gigabyte
MOST_CELLS = 20_000_000  # of a sheet, each an object


def excel(path: Path, sheet: str | None, tell) -> Rows:
    """One sheet of an .xlsx workbook: the first, or the one named or numbered."""
    try:
        with zipfile.ZipFile(path) as packed:
            members, size = packed.namelist(), sum(i.file_size for i in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
        raise Refused(f"{path}: a damaged Excel or zip file ({problem})") from None
    if "xl/workbook.xml" not in members:
        what = "an OpenDocument" if "mimetype" in members else "a zip"
        raise Refused(f"{path}: this is {what} file and no .xlsx; save the table as .xlsx or CSV")
    if size > MOST_BYTES:
        raise Refused(f"{path}: unpacks to {size / 2**20:,.0f} MB; save the table as Parquet")
    import openpyxl

    with warnings.catch_warnings(action="ignore"):  # of what it does not draw: charts, drop-downs
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            chosen, notes = _sheet(path, book, sheet)
            chosen.reset_dimensions()  # what a sheet says of its own size is not always true
            header, columns, labels, comments = _cells(path, chosen, tell)
        except (Refused, OSError, MemoryError):
            raise
        except Exception as problem:  # whatever a damaged workbook makes its reader stumble over
            what = f"{type(problem).__name__}: {short(problem)}"
            raise Refused(f"{path}: cannot be read as an Excel workbook ({what})") from None
    problems = [] if len(labels) else [f"no rows below the header ({listed(header)})"]
    header = ["" if h is None else str(h).strip() for h in header]
    return named(path, header, columns, "row", labels, comments, notes, problems)


def _sheet(path, book, sheet):
    sheets = {s.title: s for s in book.worksheets}
    if not sheets:
        raise Refused(f"{path}: the workbook has no sheet of cells")
    if sheet is None:
        first, *others = sheets
        note = f"the sheet {short(first)!r} was read, the first of {len(sheets)} (see --sheet)"
        return sheets[first], [note] if others else []
    if sheet not in sheets and sheet.isdecimal() and 0 < int(sheet) <= len(sheets):
        return list(sheets.values())[int(sheet) - 1], []
    if sheet not in sheets:
        raise Refused(
            f"{path}: no sheet {sheet!r}{nearest(sheet, sheets)}; it has: {listed(sheets)}"
        )
    return sheets[sheet], []


def _cells(path, sheet, tell):
    """The header, the columns below it, the row each cell stands in, and comments above."""
    header, rows, numbers, comments, count = None, [], [], [], 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        row = list(row)
        while row and (row[-1] is None or str(row[-1]).strip() == ""):
            row.pop()
        if not row:
            continue
        if header is None and str(row[0] or "").startswith("#"):
            comments.append(str(row[0]).rstrip())
        elif header is None:
            header = row
        else:
            rows.append(row)
            numbers.append(number)
            count += len(row)
            if count > MOST_CELLS:
                raise Refused(f"{path}: more than {MOST_CELLS:,} cells; save the table as Parquet")
            if len(rows) % 10_000 == 0:
                tell(len(rows), None)
    if header is None:
        raise Refused(f"{path}: the sheet is empty; a header and rows are needed")
    width = max(map(len, [header, *rows]))
    full = [row + [None] * (width - len(row)) for row in [header, *rows]]
    columns = [pd.Series(list(c), dtype=object) for c in zip(*full[1:], strict=True)]
    columns = columns or [pd.Series([], dtype=object)] * width
    return full[0], columns, pd.Series(numbers, dtype="int64"), comments


def parquet(path: Path, sheet, tell) -> Rows:
    """A Parquet file; an index that pandas stored in it comes back as a column."""
    import pyarrow
    from pyarrow import parquet as reader

    try:
        with reader.ParquetFile(path) as opened:
            shape = opened.metadata
            if shape.num_columns > MOST_COLUMNS or shape.num_rows > MOST_ROWS:
                raise Refused(
                    f"{path}: {shape.num_rows:,} rows and {shape.num_columns:,} columns; at most "
                    f"{MOST_ROWS:,} and {MOST_COLUMNS:,} are read"
                )
            groups = [shape.row_group(i).total_byte_size for i in range(shape.num_row_groups)]
            if sum(groups) > MOST_BYTES:
                raise Refused(f"{path}: unpacks to {sum(groups) / 2**20:,.0f} MB: fit a sample")
            table = opened.read()
        frame = table.to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, ValueError, TypeError, KeyError) as problem:
        raise Refused(f"{path}: cannot be read as Parquet ({short(problem, 100)})") from None
    return _of_frame(path, frame, "row", pd.Series(range(1, len(frame) + 1)))


def beginning(path: Path, most: int) -> Rows:
    """The first `most` rows of a Parquet file of any size."""
    import pyarrow
    from pyarrow import parquet as reader

    try:
        with reader.ParquetFile(path) as opened:
            batch = next(opened.iter_batches(most), opened.schema_arrow.empty_table())
        frame = batch.to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, ValueError, TypeError, KeyError) as problem:
        raise Refused(f"{path}: cannot be read as Parquet ({short(problem, 100)})") from None
    return _of_frame(path, frame, "row", pd.Series(range(1, len(frame) + 1)))


def frame(given) -> Rows:
    """A DataFrame from Python: its index names the rows in messages, and labels them afterwards."""
    if not isinstance(given, pd.DataFrame):
        what = f"{type(given).__module__}.{type(given).__name__}".removeprefix("builtins.")
        raise Refused(f"the rows must be a pandas DataFrame or a path to a file, not {what}")
    index = [" ".join(map(str, i)) if isinstance(i, tuple) else i for i in given.index]
    if not all(isinstance(i, int) for i in index):
        index = [utf8(str(i).removesuffix(" 00:00:00")) for i in index]
    labels = pd.Series(index, dtype="str" if index and isinstance(index[0], str) else object)
    rows = _of_frame("the frame", given.reset_index(drop=True), "row", labels)
    if labels.is_unique and not isinstance(given.index, pd.RangeIndex):
        rows.index = labels.rename(given.index.name)
    return rows


def _of_frame(source, frame, noun, labels) -> Rows:
    header = [" ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in frame.columns]
    header = [utf8(name).strip() for name in header]
    if len(header) > MOST_COLUMNS:
        raise Refused(f"{source}: {len(header):,} columns; at most {MOST_COLUMNS:,} are read")
    columns = [frame.iloc[:, i].reset_index(drop=True) for i in range(len(header))]
    problems = [] if len(frame) else [f"no rows below the header ({listed(header)})"]
    return named(source, header, columns, noun, labels, [], [], problems)
