"""Rows added up where they are: opened by an engine, held to the topic's rules, reduced to sums.

What comes back is a small frame with the columns of `Data`, of which model, exact answer and MLE
are those of all rows; everything after it goes on as with a small file. No rule is left out: those
of a row are asked by the engine, those of all rows together of the sums.
"""

import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from models._alike import ALIKE
from workflow import engines, far_rules, others, reading, text
from workflow.asking import first_rows
from workflow.breaches import broken
from workflow.cells import Notation
from workflow.files import look, several
from workflow.progress import peak
from workflow.refused import Refused, insist
from workflow.rows import Places, Rows

MOST_LEFT = 100_000  # rows that may be left of all: more, and nothing was reduced
MOST_COUNT = 2**31 - 1  # what pm.Data takes for whole numbers; more would wrap round, unsaid
MOST_WHOLE = 100_000  # rows of Parquet, beyond which even one file is added up
MOST_TEXT = 2**22  # bytes of text, likewise: some 300,000 rows
WHOLE = "none"  # no engine: one file is read as a whole, as far as reading.py goes
EVERY = 0.5  # seconds between two words on how far it is


def rows(topic, source, columns=(), *, engine=None, scheduler=None,
         tell=lambda rows, share: None, **how) -> pd.DataFrame:  # fmt: skip
    """The rows of a topic: read as a whole, or where they are many or an engine is named, summed.

    `how` is how text is written, as in `reading.read`.
    """

    def whole():
        return reading.read(topic, source, columns, **how, tell=tell)

    if engine == WHOLE:
        if scheduler or (source is not None and several(Path(source))):
            raise Refused(f"--engine {WHOLE} reads one file as a whole, on this machine")
        frame = whole()
        frame.attrs["options"] += ["--engine", WHOLE]
        return frame
    if not (engine or scheduler or _many(topic, source, how)):
        return whole()
    one = not (engine or scheduler or several(Path(source)))  # large, and nobody named an engine
    engine = engine or ("dask" if scheduler else "duckdb")
    engines.insist_on(engine, scheduler)
    if not hasattr(topic.module, "reduced"):
        raise Refused(
            f"{topic.name}: every row is looked at, so no engine adds them up: fit a sample of "
            "the rows, or one file read as a whole (--engine none)"
        )
    for option in ("encoding", "sheet"):
        if how.pop(option, None):
            raise Refused(f"--{option} is for one file read as a whole, which no engine does")
    far = how | {"engine": engine} | ({"scheduler": scheduler} if scheduler else {})
    return _added(
        topic, Path(source or topic.csv), list(columns), far, tell, whole if one else None
    )


def _many(topic, source, how) -> bool:
    """Whether there are several files, or one that is better added up than read."""
    if source is None or isinstance(source, pd.DataFrame):
        return False
    path = Path(source)
    if several(path):
        return True
    asked_whole = {"encoding", "sheet"} & set(how)
    if asked_whole or not (os.path.isfile(path) and hasattr(topic.module, "reduced")):
        return False
    start = reading.beginning(path, most=np.inf)
    if start.startswith(b"PAR1"):
        from pyarrow import ArrowException
        from pyarrow import parquet as reader

        try:
            return reader.read_metadata(path).num_rows > MOST_WHOLE
        except (ArrowException, OSError):  # what is wrong with it, its reader says
            return False
    plain = not text.marked(start) and b"\0" not in start and not start.startswith(b"PK")
    return plain and path.stat().st_size > MOST_TEXT


def _added(topic, source, columns, how, tell, whole) -> pd.DataFrame:
    """The rows, reduced; or where that leaves most of them, what `whole` reads, if it can be."""
    start = time.perf_counter()
    engine, scheduler = how["engine"], how.get("scheduler")
    try:
        notation = Notation(how.get("decimal", "."), how.get("thousands", ""))
    except ValueError as problem:
        raise Refused(str(problem)) from None
    files = look(source, how.get("delimiter"), notation.decimal)
    asked, notes, untidy = first_rows(topic, files, columns, notation)
    with engines.opened(files, asked.names, engine, scheduler) as there, _telling(there, tell):
        typed = asked.of(there.rows)
        number, problems = broken(files, asked, typed)
        insist(source, problems + notes if problems else [])
        every = far_rules.whole(typed, asked.schema).select(asked.taken)
        try:
            left = topic.module.reduced(every).head(MOST_LEFT + 1)
        except ValueError as problem:
            raise Refused(f"{source}: {problem}") from None
        sums = left.collect("pandas").to_native()
    if len(sums) == number and untidy:  # no row came twice, as `tidy` asks when it is at a loss
        insist(source, untidy + notes)
    if whole and len(sums) > min(MOST_LEFT, number / 2):
        return whole()
    if len(sums) > MOST_LEFT:
        raise Refused(
            f"{source}: more than {MOST_LEFT:,} of {number:,} rows differ, so they do not add up: "
            "is a label a measurement, or does a predictor take many values? Round it, fit a "
            "sample of the rows, or read one file as a whole (--engine none)"
        )
    if ALIKE in sums and (sums[ALIKE] == 1).all():
        sums = sums.drop(columns=ALIKE)  # no two rows are alike
    for name in (n for n, c in asked.schema.columns.items() if far_rules.is_whole(c)):
        if sums[name].max() > MOST_COUNT:
            raise Refused(
                f"{source}: `{name}` adds up to {int(sums[name].max()):,}, and PyMC holds counts "
                f"of at most 2^31 - 1, {MOST_COUNT:,}: fit a sample of the rows"
            )
    labels = [n for n in asked.taken if not far_rules.is_number(asked.columns[n])]
    by = sorted(sums, key=lambda name: name not in labels)  # labels first
    sums = sums.sort_values(by, key=lambda x: x.astype(str) if x.name in labels else x)
    sums = others.as_labels(sums.reset_index(drop=True), asked.others, notation, len(sums) < number)
    places = Places("sum", pd.Series(range(1, len(sums) + 1)), sums)
    try:
        frame = reading.validated(
            topic, Rows(source, sums, places), [], notation, asked.others.taken
        )
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
