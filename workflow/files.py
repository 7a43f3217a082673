"""Files that together are one table: which they are, how they begin, and the columns they share."""

import glob
import itertools
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from workflow import sheets, text
from workflow.reading import beginning
from workflow.refused import Refused, listed, short
from workflow.rows import Rows

HEAD = 1_000  # rows of the first file that are looked at
KINDS = {True: "Parquet", False: "text"}


@dataclass(frozen=True)
class Files:
    """Parquet files, or text files each with its layout; `head` holds the first rows of the first.

    source: what the user called them; columns: what they all have.
    """

    source: Path
    paths: list[Path]
    columns: list[str]
    layouts: list[text.Layout]  # of text; none of Parquet
    head: Rows

    @property
    def parquet(self) -> bool:
        return not self.layouts

    def alike(self):
        """(layout or None, paths) of the files that can be read in one go, in their order."""
        if self.parquet:
            yield None, self.paths
            return
        pairs = zip(self.layouts, self.paths, strict=True)
        for layout, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
            yield layout, [path for _, path in group]

    def called(self, path: Path) -> str:
        """The name of one of them, with the folders in which they differ."""
        return os.path.relpath(path, os.path.commonpath([p.parent for p in self.paths]))

    def only(self, path: Path) -> "Files":
        """One of them."""
        layouts = self.layouts and [self.layouts[self.paths.index(path)]]
        return replace(self, paths=[path], layouts=layouts)


def several(source: Path) -> bool:
    """Whether a name stands for more than a file: a folder or a pattern."""
    # os.path, for a name may be too long, or in a folder that may not be entered
    return os.path.isdir(source) or (glob.has_magic(str(source)) and not os.path.exists(source))


def look(source: Path, delimiter: str | None, decimal: str) -> Files:
    """Every file that is meant, and how each begins; Refused if they are not one table."""
    paths = _paths(source)
    starts = [beginning(path, most=float("inf")) for path in paths]
    parquet = [start.startswith(b"PAR1") for start in starts]
    if len(set(parquet)) > 1:
        other = paths[parquet.index(not parquet[0])]
        raise Refused(
            f"{source}: {paths[0].name} is {KINDS[parquet[0]]}, and {other.name} is "
            f"{KINDS[not parquet[0]]}: files that are one table are of one kind"
        )
    for path, start in zip(paths, starts, strict=True):
        if start.startswith(b"PK\x03\x04"):
            raise Refused(f"{path}: Excel files are read as a whole, one by one, by no engine")
        if text.marked(start) and not start.startswith(b"\xef\xbb\xbf"):
            raise Refused(f"{path}: engines read text in UTF-8 only, which this is not")
    if parquet[0]:
        if delimiter:
            raise Refused(f"{source}: --delimiter is for text, which this is not")
        columns, layouts = [_names(path) for path in paths], []
    else:
        for path in paths:
            _insist_on_an_end(path)
        layouts = [text.layout(path, delimiter, decimal) for path in paths]
        columns = [layout.header for layout in layouts]
    first, every = columns[0], [set(names) for names in columns]
    for path, names, own in zip(paths, columns, every, strict=True):
        lacks = {path: [n for n in first if n not in own],
                 paths[0]: [n for n in names if n not in every[0]]}  # fmt: skip
        if any(lacks.values()):
            said = "; ".join(f"{p.name} lacks {listed(n)}" for p, n in lacks.items() if n)
            raise Refused(f"{source}: every file needs the same columns; {said}")
    path, head = _head(paths, layouts, delimiter, decimal)
    head.source, files = source, Files(source, paths, list(columns[0]), layouts, head)
    head.places.noun, number = "row", pd.Series(range(1, len(head.frame) + 1), head.frame.index)
    of = f" of {files.called(path)}" if len(paths) > 1 else ""
    head.places.labels = number.astype(str) + of
    return files


def _paths(source: Path) -> list[Path]:
    if os.path.isdir(source):
        found = sorted(p for p in source.rglob("*.parquet") if p.is_file())
        if not found:
            raise Refused(f"{source}: not a file but a folder, and no Parquet file is in it")
        return found
    if not several(source):
        return [source]
    found = sorted(Path(name) for name in glob.glob(str(source), recursive=True))
    found = [path for path in found if path.is_file()]
    if not found:
        raise Refused(f"{source}: no file has such a name")
    return found


def _insist_on_an_end(path):
    """Refused where a file of text ends in NUL bytes, as one does whose writer was stopped.

    DuckDB takes such an end for no row, and says nothing.
    """
    with path.open("rb") as opened:
        opened.seek(-min(path.stat().st_size, 2**16), os.SEEK_END)
        if b"\0" in opened.read():
            raise Refused(f"{path}: its end holds NUL bytes, so this is no text, or not all of it")


def _names(path):
    from pyarrow import ArrowException
    from pyarrow import parquet as reader

    try:
        names = reader.read_schema(path).names
    except (ArrowException, OSError) as problem:
        raise Refused(f"{path}: cannot be read as Parquet ({short(problem, 100)})") from None
    for name in names:
        if name != name.strip():
            raise Refused(f"{path}: the column {name!r} has blanks about its name; take them off")
    return names


def _head(paths, layouts, delimiter, decimal) -> tuple[Path, Rows]:
    """The first rows of the first file that has any, and that file."""
    for path in paths:
        if layouts:
            rows = text.rows(path, delimiter, "utf-8", decimal, lambda *far: None, HEAD)
        else:
            rows = sheets.beginning(path, HEAD)
        if len(rows.frame):
            break
    return path, rows
