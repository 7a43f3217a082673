"""Rows added up where they are: opened by an engine, held to the topic's rules, reduced to sums.

What comes back is a small frame with the columns of `Data`, of which model, exact answer and MLE
are those of all rows; everything after it goes on as with a small file. No rule is left out: those
of a row are asked by the engine, those of all rows together of the sums.
"""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd

from workflow import engines, far_rules, reading, rules, text
from workflow.cells import Notation
from workflow.files import Files, look, several
from workflow.progress import peak
from workflow.refused import Refused, insist, listed
from workflow.rows import SHOWN_ROWS, Places, Rows

MOST_LEFT = 100_000  # rows that may be left of all: more, and nothing was reduced
MOST_WHOLE = 100_000  # rows of Parquet, beyond which even one file is added up
MOST_TEXT = 2**22  # bytes of text, likewise: some 300,000 rows
EVERY = 0.5  # seconds between two words on how far it is
ROW = "row of its file"
WRITTEN = "{} as written"


def rows(topic, source, columns=(), *, engine=None, scheduler=None,
         tell=lambda rows, share: None, **how) -> pd.DataFrame:  # fmt: skip
    """The rows of a topic: read as a whole, or where they are many or an engine is named, summed.

    `how` is how text is written, as in `reading.read`.
    """
    if not (engine or scheduler or _many(topic, source, how)):
        return reading.read(topic, source, columns, **how, tell=tell)
    engine = engine or ("dask" if scheduler else "duckdb")
    engines.insist_on(engine, scheduler)
    if not hasattr(topic.module, "reduced"):
        raise Refused(
            f"{topic.name}: its rows cannot be added up yet, so no engine takes them: fit a sample "
            "of the rows, or one file read as a whole (without --engine)"
        )
    for option in ("encoding", "sheet"):
        if how.pop(option, None):
            raise Refused(f"--{option} is for one file read as a whole, which no engine does")
    how |= {"engine": engine} | ({"scheduler": scheduler} if scheduler else {})
    return _added(topic, Path(source or topic.csv), list(columns), how, tell)


def _many(topic, source, how) -> bool:
    """Whether there are several files, or one that is better added up than read."""
    if source is None or isinstance(source, pd.DataFrame):
        return False
    path = Path(source)
    if several(path):
        return True
    if not (path.is_file() and hasattr(topic.module, "reduced")) or {"encoding", "sheet"} & set(
        how
    ):
        return False
    start = reading.beginning(path, most=np.inf)
    if start.startswith(b"PAR1"):
        from pyarrow import ArrowException
        from pyarrow import parquet as reader

        try:
            return reader.read_metadata(path).num_rows > MOST_WHOLE
        except (ArrowException, OSError):  # what is wrong with it, its reader says
            return False
    ours = not text.marked(start) and not start.startswith(b"PK")
    return ours and path.stat().st_size > MOST_TEXT


@dataclass(frozen=True)
class Asked:
    """What is asked of the files: columns (theirs: ours), what `tidy` fills in, how cells read."""

    schema: object
    names: dict[str, str]
    filled: dict
    truths: list[str]
    notation: Notation

    def of(self, rows: nw.LazyFrame, also=()) -> nw.LazyFrame:
        """Rows as opened, with every column of `Data` and its cells as `far_rules` has them."""
        for cells in ([nw.lit(v).alias(n) for n, v in self.filled.items()], also):
            rows = rows.with_columns(*cells) if cells else rows
        return far_rules.typed(rows, self.schema, self.notation, self.truths)


def _added(topic, source, columns, how, tell) -> pd.DataFrame:
    start = time.perf_counter()
    engine, scheduler = how["engine"], how.get("scheduler")
    try:
        notation = Notation(how.get("decimal", "."), how.get("thousands", ""))
    except ValueError as problem:
        raise Refused(str(problem)) from None
    files = look(source, how.get("delimiter"), notation.decimal)
    asked, notes, untidy = _first_rows(topic, files, columns, notation)
    every = far_rules.rules(asked.schema)
    with engines.opened(files, asked.names, engine, scheduler) as there, _telling(there, tell):
        typed = asked.of(there.rows)
        number, problems = _broken(files, asked, every, typed)
        insist(source, problems + notes if problems else [])
        left = topic.module.reduced(far_rules.whole(typed, asked.schema)).head(MOST_LEFT + 1)
        sums = left.collect("pandas").to_native()
    if len(sums) == number and untidy:  # no row came twice, as `tidy` asks when it is at a loss
        insist(source, untidy + notes)
    if len(sums) > MOST_LEFT:
        raise Refused(
            f"{source}: more than {MOST_LEFT:,} rows are left of {number:,} when those with the "
            "same labels are added up: is a label a measurement?"
        )
    labels = [n for n, c in asked.schema.columns.items() if not far_rules.is_number(c)]
    sums = sums.sort_values(labels, key=lambda cells: cells.astype(str)) if labels else sums
    sums = sums.reset_index(drop=True)
    places = Places("sum", pd.Series(range(1, len(sums) + 1)), sums)
    try:
        frame = reading.validated(topic, Rows(source, sums, places), [], notation)
    except Refused as problem:
        raise Refused("\n".join([str(problem), *(f"{source}: {n}" for n in notes)])) from None
    options = [word for key, given in how.items() for word in (f"--{key}", str(given))]
    frame.attrs = {
        "comments": files.head.comments,
        "notes": files.head.notes + notes,
        "options": options,
        "added": {
            "rows": number,
            "files": len(files.paths),
            "bytes": sum(path.stat().st_size for path in files.paths),
            "engine": engines.NAMES[engine],
            "seconds": round(time.perf_counter() - start, 3),
            "peak_memory": peak(),
        },
    }
    return frame


def _first_rows(topic, files: Files, columns, notation) -> tuple[Asked, list[str], list[str]]:
    """What the first rows say: names, what is filled in, notes, and what `tidy` may not like.

    `tidy` itself says what is filled in. It is shown the rows twice over: whether rows that seem
    to be counted already ever come twice, only the sums will tell.
    """
    schema, head = topic.module.Data.to_schema(), files.head
    raw, problems, said = rules.renamed(head.frame, columns)
    head.places.cells = raw
    frame = pd.DataFrame({name: notation.typed(cells) for name, cells in raw.items()}, raw.index)
    problems += rules.misspelt(schema, frame, columns)
    twice = pd.concat([frame, frame], ignore_index=True)
    tidy, wrong, aside = rules.tidied(topic.module, twice, head.places, notation.numbers)
    problems += wrong + rules.missing(schema, tidy, head.frame.columns, said | aside)
    tidy, misnamed, notes = rules.supplied(schema, tidy, raw)
    problems += misnamed
    filled = {name: tidy[name] for name in schema.columns if name in tidy and name not in raw}
    for name, values in filled.items():
        if len(values) != len(twice) or (values != values.iloc[0]).any():
            problems.append(
                f"there is no column `{name}`, and rows that are added up have no order to work "
                "it out from: read one file as a whole (without --engine)"
            )
    insist(files.source, head.problems + problems + (notes if problems else []))
    theirs = dict([part.strip() for part in pair.split("=", 1)] for pair in columns)
    names = {theirs.get(name, name): name for name in schema.columns if name in raw}
    filled = {name: values.iloc[0].item() for name, values in filled.items()}
    truths = [n for n in raw if frame[n].dtype == bool and isinstance(raw[n].dtype, pd.StringDtype)]
    once = rules.tidied(topic.module, frame, head.places, notation.numbers)[1]
    return Asked(schema, names, filled, truths, notation), notes, once


def _broken(files, asked, every, typed) -> tuple[int, list[str]]:
    """How many rows there are, and every rule that is broken, in words: one scan of all rows."""
    found = counted(typed, every)
    if not found["rows"]:
        return 0, [f"no rows below the header ({listed(files.columns)})"]
    problems = []
    for i, rule in enumerate(every):
        if found[f"rule {i}"]:
            where = _where(files, asked, rule, int(found[f"rule {i}"]))
            problems.append(f"{rule.words}; {where}")
        elif rule.total and found[f"sum {i}"] > rules.EXACT_COUNTS:
            problems.append(rule.words)
    return int(found["rows"]), problems


def counted(typed: nw.LazyFrame, every) -> dict:
    """The number of rows, of those that break each rule, and sums that rules bound: one scan."""
    asked = [nw.len().alias("rows")]
    for i, rule in enumerate(every):
        asked.append(rule.broken.cast(nw.Int64).sum().alias(f"rule {i}"))
        if rule.total:
            x = nw.col(rule.total)
            size = nw.when(x.is_finite()).then(x.abs()).otherwise(0.0)
            asked.append(size.sum().alias(f"sum {i}"))
    found = typed.select(*asked).collect("pandas")
    return {name: values[0] for name, values in found.to_dict().items()}


def _where(files: Files, asked: Asked, rule: far_rules.Rule, number: int) -> str:
    """'row 4 of b.csv has 9; ... and 3 more': the first rows that break a rule, file by file."""
    shown, labels = [], []
    written = {WRITTEN.format(name): name for name in rule.columns}
    copies = [nw.col(name).alias(copy) for copy, name in written.items()]
    for path in files.paths:
        with engines.duckdb(files.only(path), asked.names, ROW) as there:
            bad = (
                asked.of(there.rows, copies)
                .filter(rule.broken)
                .sort(ROW)
                .head(SHOWN_ROWS - len(labels))
            )
            found = bad.select(ROW, *written).collect("pandas").to_native()
        of = f" of {files.called(path)}" if len(files.paths) > 1 else ""
        labels += [f"{row}{of}" for row in found.pop(ROW)]
        shown.append(found.rename(columns=written))
        if len(labels) == min(SHOWN_ROWS, number):
            break
    if not labels:  # DuckDB, which looks for them, took for good what the engine did not
        return f"{number:,} rows"
    cells = pd.concat(shown, ignore_index=True).map(_bare)
    places = Places("row", pd.Series(labels), cells)
    return places.found(cells, np.ones(len(cells), bool), number) + rule.hint(cells.iloc[:, 0])


def _bare(cell):
    """Text as a small file is split: without blanks before it."""
    return cell.lstrip(" ") if isinstance(cell, str) else cell


@contextmanager
def _telling(there: engines.Opened, tell):
    """While the engine works, `tell` hears twice a second how far it is."""
    done = threading.Event()

    def watch():
        while not done.wait(EVERY):
            tell(None, there.share())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def in_words(added: dict) -> str:
    """'300,000 rows of 3 files, added up by DuckDB in 0.4 s', with the memory it took."""
    rows, files = added["rows"], added["files"]
    return (
        f"{rows:,} row{'s' * (rows != 1)} of {files:,} file{'s' * (files != 1)}, added up by "
        f"{added['engine']} in {added['seconds']:.1f} s ({added['peak_memory'] / 2**30:.2f} GB at "
        "most in memory)"
    )
