"""Engines that hold rows no one wants to hold in memory: files opened as a Narwhals frame.

Each opens the same files under the same names; what is then asked of the rows is said once, in
Narwhals. Text is opened as text: what a cell means is for `far_rules.py`. DuckDB is the one that is
always there; it keeps to its memory and spills to a folder it removes.
"""

import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from errno import ENOMEM
from functools import partial

import narwhals as nw

from workflow.files import Files
from workflow.refused import Refused, short

MEMORY = "1GB"  # that DuckDB may hold; sums hold next to none
NAMES = {"duckdb": "DuckDB", "polars": "Polars", "dask": "Dask", "pandas": "pandas"}


@dataclass(frozen=True)
class Opened:
    """Rows, and how far the engine is with what it was asked, from 0 to 1, where it knows."""

    rows: nw.LazyFrame
    share: Callable[[], float | None] = lambda: None


@contextmanager
def opened(files: Files, names: dict[str, str], engine: str, scheduler: str | None = None):
    """The columns `names` (theirs: ours) of the files, while the engine runs."""
    ways = {"duckdb": duckdb, "polars": _polars, "pandas": _pandas}
    ways["dask"] = partial(_dask, scheduler=scheduler)
    with _in_words(files, engine), ways[engine](files, names) as found:
        yield found


def insist_on(engine: str, scheduler: str | None) -> None:
    """Refused where there is no such engine, or no scheduler to it."""
    if engine not in NAMES:
        raise Refused(f"--engine {engine}: it can be one of {', '.join(NAMES)}")
    if scheduler and engine != "dask":
        raise Refused(f"--scheduler is for --engine dask; {NAMES[engine]} works on this machine")


@contextmanager
def _in_words(files, engine):
    """What an engine stumbles over in a file, as a refusal; a mistake of ours as it is."""
    try:
        yield
    except Exception as problem:
        name, root = type(problem).__name__, type(problem).__module__.partition(".")[0].strip("_")
        if root not in ("duckdb", "polars", "dask", "distributed", "pandas", "pyarrow", "narwhals"):
            raise
        if name in ("OutOfMemoryException", "KilledWorker"):
            what = f"{NAMES[engine]} ran out of memory, or a worker was killed"
            raise OSError(ENOMEM, what, str(files.source)) from problem
        raise Refused(_csv(str(problem)) or f"{files.source}: {_cannot(engine, problem)}") from None


def _cannot(engine, problem) -> str:
    first = short(str(problem).strip().partition("\n")[0], 200)
    return f"{NAMES[engine]} cannot read this ({first})"


def _csv(said: str) -> str | None:
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
    else:
        what = "cannot be read as CSV"
    return f"{file[1]}: line {line[1]} {what}"


def _missing(engine) -> Refused:
    return Refused(
        f"--engine {engine} needs {NAMES[engine]}: pip install -r requirements-cluster.txt"
    )


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


def _sql(files, names, row) -> str:
    alike = len({name.casefold() for name in files.columns}) < len(files.columns)
    if alike and files.parquet:
        raise Refused(
            f"{files.source}: names of columns differ in capitals alone, which DuckDB does not "
            "tell apart: say --engine polars"
        )
    parts = []
    for layout, paths in files.alike():
        listed = ", ".join(_text(glob_free(path)) for path in paths)
        if layout is None:
            cells = {theirs: _name(theirs) for theirs in names}
            table = f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
        else:  # cells by place: DuckDB does not tell `n` from `N`
            places = [f"c{i}" for i in range(len(layout.header))]
            cells = dict(zip(layout.header, places, strict=True))
            columns = ", ".join(f"{place}: 'VARCHAR'" for place in places)
            blank = " AND ".join(f"{place} IS NULL" for place in places)
            table = (
                f"read_csv([{listed}], auto_detect=false, header=true, comment='', "
                f"quote='\"', escape='\"', delim={_text(layout.delimiter)}, "
                f"skip={layout.above}, columns={{{columns}}}) WHERE NOT ({blank})"
            )
        chosen = [f"{cells[theirs]} AS {_name(ours)}" for theirs, ours in names.items()]
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


@contextmanager
def _polars(files, names) -> Iterator[Opened]:
    try:
        import polars as pl
    except ImportError:
        raise _missing("polars") from None

    def parts(layout, paths):
        if layout is None:
            return [pl.scan_parquet(p, glob=False, hive_partitioning=False) for p in paths]
        rows = pl.scan_csv(
            paths, glob=False, separator=layout.delimiter, skip_lines=layout.above,
            infer_schema=False, new_columns=list(layout.header),
        )  # fmt: skip
        return [rows.filter(~pl.all_horizontal(pl.all().is_null()))]

    every = [part for group in files.alike() for part in parts(*group)]
    named = [part.select(list(names)).rename(names) for part in every]
    yield Opened(nw.from_native(pl.concat(named, how="vertical_relaxed")))


@contextmanager
def _pandas(files, names) -> Iterator[Opened]:
    import pandas as pd
    from pyarrow import parquet as reader

    def part(layout, paths):
        if layout is None:
            tables = (reader.ParquetFile(path).read(columns=list(names)) for path in paths)
            return pd.concat([table.to_pandas(ignore_metadata=True) for table in tables])
        return pd.concat([pd.read_csv(path, **_how(layout)).dropna(how="all") for path in paths])

    rows = [part(*group)[list(names)].rename(columns=names) for group in files.alike()]
    yield Opened(nw.from_native(pd.concat(rows, ignore_index=True)).lazy())


@contextmanager
def _dask(files, names, scheduler) -> Iterator[Opened]:
    try:
        import dask.dataframe as dd
    except ImportError:
        raise _missing("dask") from None

    def row_group(place):  # goes to the workers as it stands here
        from pyarrow import parquet as reader

        path, number = place
        with reader.ParquetFile(path) as file:
            table = file.read_row_group(number, columns=list(names))
        return table.to_pandas(ignore_metadata=True)

    def part(layout, paths):
        if layout is None:
            return dd.from_map(row_group, list(_row_groups(paths)))
        return dd.read_csv([glob_free(path) for path in paths], **_how(layout)).dropna(how="all")

    with _client(scheduler), warnings.catch_warnings():
        # Narwhals will ask for another package one day; what it does with Dask does not change.
        warnings.filterwarnings("ignore", "Dask support is moving", FutureWarning)
        parts = [part(*group)[list(names)].rename(columns=names) for group in files.alike()]
        yield Opened(nw.from_native(dd.concat(parts) if len(parts) > 1 else parts[0]))


def _row_groups(paths):
    from pyarrow import parquet as reader

    for path in paths:
        number = reader.read_metadata(path).num_row_groups
        yield from ((str(path), i) for i in range(number))


def _client(scheduler):
    """A connection to the scheduler, which computes whatever is asked while it is there."""
    if scheduler is None:
        return nullcontext()
    from workflow.campaign import connected

    return connected(scheduler)


def _how(layout) -> dict:
    """How pandas, and Dask by pandas, read text as text."""
    return {"sep": layout.delimiter, "skiprows": layout.above, "dtype": str, "header": 0,
            "names": list(layout.header), "keep_default_na": False, "na_values": [""]}  # fmt: skip
