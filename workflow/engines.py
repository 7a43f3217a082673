"""Engines that hold rows no one wants to hold in memory: files opened as a Narwhals frame.

Each opens the same files under the same names; what is then asked of the rows is said once, in
Narwhals. Text is opened as text: what a cell means is for `far_rules.py`.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOMEM
from functools import partial
from itertools import groupby

import narwhals as nw

from workflow.duck import Opened, broken_line, duckdb, glob_free
from workflow.files import Files
from workflow.refused import Refused, short

BLOCK = 2**26  # bytes of text that Dask takes at a time
NAMES = {"duckdb": "DuckDB", "polars": "Polars", "dask": "Dask", "pandas": "pandas"}


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
        raise Refused(f"--engine {engine}: it can be one of {', '.join(NAMES)}, none")
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
        raise Refused(
            broken_line(str(problem)) or f"{files.source}: {_cannot(engine, problem)}"
        ) from None


def _cannot(engine, problem) -> str:
    first = short(str(problem).strip().partition("\n")[0], 200)
    return f"{NAMES[engine]} cannot read this ({first})"


def _missing(engine) -> Refused:
    return Refused(
        f"--engine {engine} needs {NAMES[engine]}: pip install -r requirements-cluster.txt"
    )


@contextmanager
def _polars(files, names) -> Iterator[Opened]:
    try:
        import polars as pl
    except ImportError:
        raise _missing("polars") from None

    def parts(layout, paths):
        if layout is None:
            every = [pl.scan_parquet(p, glob=False, hive_partitioning=False) for p in paths]
            return [rows.select(list(names)).rename(names) for rows in every]
        rows = pl.scan_csv(
            paths, glob=False, separator=layout.delimiter, skip_lines=layout.above,
            infer_schema=False, new_columns=layout.places,
        )  # fmt: skip
        rows, placed = rows.filter(~pl.all_horizontal(pl.all().is_null())), layout.placed(names)
        return [rows.select(list(placed)).rename(placed)]

    every = [part for group in files.alike() for part in parts(*group)]
    yield Opened(nw.from_native(pl.concat(every, how="vertical_relaxed")))


@contextmanager
def _pandas(files, names) -> Iterator[Opened]:
    import pandas as pd
    from pyarrow import parquet as reader

    def part(layout, paths):
        if layout is None:
            tables = (reader.ParquetFile(path).read(columns=list(names)) for path in paths)
            return _named([table.to_pandas(ignore_metadata=True) for table in tables], names)
        rows = [pd.read_csv(path, **_how(layout)).dropna(how="all") for path in paths]
        return _named(rows, layout.placed(names))

    rows = [rows for group in files.alike() for rows in part(*group)]
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
        if layout is None:  # Dask takes what it maps to be of the kinds of the first
            alike = [list(group) for _, group in groupby(paths, key=_kinds)]
            return _named(
                [dd.from_map(row_group, list(_row_groups(some))) for some in alike], names
            )
        rows = dd.read_csv([glob_free(path) for path in paths], blocksize=BLOCK, **_how(layout))
        return _named([rows.dropna(how="all")], layout.placed(names))

    with _client(scheduler), warnings.catch_warnings():
        # Narwhals will ask for another package one day; what it does with Dask does not change.
        warnings.filterwarnings("ignore", "Dask support is moving", FutureWarning)
        parts = [rows for group in files.alike() for rows in part(*group)]
        yield Opened(nw.from_native(dd.concat(parts) if len(parts) > 1 else parts[0]))


def _kinds(path):
    from pyarrow import parquet as reader

    schema = reader.read_schema(path)
    return dict(zip(schema.names, schema.types, strict=True))


def _row_groups(paths):
    from pyarrow import parquet as reader

    for path in paths:
        number = reader.read_metadata(path).num_row_groups
        yield from ((str(path), i) for i in range(number))


def _client(scheduler):
    """A connection to the scheduler, which computes whatever is asked while it is there."""
    if scheduler is None:  # this machine, whatever scheduler another part of the program uses
        from dask import config

        return config.set(scheduler="threads")
    from workflow.campaign import connected

    return connected(scheduler)


def _named(frames, names) -> list:
    return [rows[list(names)].rename(columns=names) for rows in frames]


def _how(layout) -> dict:
    """How pandas, and Dask by pandas, read text as text."""
    return {"sep": layout.delimiter, "skiprows": layout.above, "dtype": str, "header": 0,
            "names": layout.places, "index_col": False, "keep_default_na": False,
            "na_values": [""]}  # fmt: skip
