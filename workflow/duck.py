"""DuckDB, the engine that is always there: text opened as text, in bounded memory."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import narwhals as nw

from workflow.files import Files
from workflow.refused import Refused

MEMORY = "1GB"  # that it may hold; sums hold next to none, and what does not fit is spilled


@dataclass(frozen=True)
class Opened:
    """Rows, and how far the engine is with what it was asked, from 0 to 1, where it knows."""

    rows: nw.LazyFrame
    share: Callable[[], float | None] = lambda: None


@contextmanager
def duckdb(files: Files, names: dict[str, str], row: str = "") -> Iterator[Opened]:
    """Opened by DuckDB; the column `row`, if it is given a name, numbers the rows from 1."""
    from duckdb import connect

    with tempfile.TemporaryDirectory() as spill:
        settings = {"memory_limit": MEMORY, "temp_directory": spill,
                    "autoinstall_known_extensions": False}  # fmt: skip
        with connect(config=settings) as connection:
            rows = connection.sql(_sql(files, names, row))
            yield Opened(nw.from_native(rows), lambda: _share(connection))


def _share(connection) -> float | None:
    percent = connection.query_progress()
    return percent / 100 if percent >= 0 else None


def alike(files: Files, names: dict[str, str]) -> bool:
    """Whether columns differ in capitals alone: ours, or in Parquet any."""
    return any(
        len({name.casefold() for name in some}) < len(some)
        for some in ([*names.values()], files.columns if files.parquet else [])
    )


def _sql(files, names, row) -> str:
    if alike(files, names):
        raise Refused(
            f"{files.source}: names of columns differ in capitals alone, which DuckDB does not "
            "tell apart: say --engine polars"
        )
    parts = []
    for layout, paths in files.alike():
        listed = ", ".join(_text(glob_free(path)) for path in paths)
        if layout is None:
            cells = {_name(theirs): ours for theirs, ours in names.items()}
            table = f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
        else:  # cells by place: DuckDB does not tell `n` from `N`
            cells = layout.placed(names)
            columns = ", ".join(f"{place}: 'VARCHAR'" for place in layout.places)
            blank = " AND ".join(f"{place} IS NULL" for place in layout.places)
            table = (
                f"read_csv([{listed}], auto_detect=false, header=true, comment='', "
                f"quote='\"', escape='\"', delim={_text(layout.delimiter)}, "
                f"skip={layout.above}, columns={{{columns}}}) WHERE NOT ({blank})"
            )
        chosen = [f"{theirs} AS {_name(ours)}" for theirs, ours in cells.items()]
        chosen += [f"row_number() OVER () AS {_name(row)}"] if row else []
        parts.append(f"SELECT {', '.join(chosen)} FROM {table}")
    return " UNION ALL ".join(parts)


def glob_free(path) -> str:
    """A path in which no sign is taken for a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _text(words) -> str:
    return "'" + str(words).replace("'", "''") + "'"


def _name(word) -> str:
    return '"' + str(word).replace('"', '""') + '"'


def broken_line(said: str) -> str | None:
    """DuckDB's words on a broken line of text, as they are said of a small file."""
    line, file = re.search(r"CSV Error on Line: (\d+)", said), re.search(r"\n *file = (.*)", said)
    if not (line and file):
        return None
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", said)
    if cells:
        words = f"every row must have as many cells as the header, {cells[1]}; "
        return f"{file[1]}: {words}line {line[1]} has {cells[2]}"
    if "unicode" in said:
        what = "is not UTF-8; a file with another --encoding is read as a whole"
    elif "unterminated quote" in said:
        what = "has a quotation mark that is not closed, or text behind one that is"
    elif "Maximum line size" in said:
        what = "is longer than two million characters"
    else:
        what = "cannot be read as CSV"
    return f"{file[1]}: line {line[1]} {what}"
