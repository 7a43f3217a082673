"""What is asked of rows far away: which columns, what they lack, and where they break a rule."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from workflow import far_rules, rules
from workflow.cells import Notation
from workflow.duck import duckdb
from workflow.files import Files
from workflow.refused import insist, listed
from workflow.rows import SHOWN_ROWS, Places

ROW = "row of its file"
WRITTEN = "{} as written"


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


def first_rows(topic, files: Files, columns, notation) -> tuple[Asked, list[str], list[str]]:
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
    ordered = len(tidy) != len(twice)
    if varying := [
        n for n, values in filled.items() if ordered or (values != values.iloc[0]).any()
    ]:
        problems.append(
            f"there is no column `{varying[0]}`, and rows that are added up have no order to work "
            "it out from: read one file as a whole (without --engine)"
        )
        notes = []
    insist(files.source, head.problems + problems + (notes if problems else []))
    absent = [n for n, c in schema.columns.items() if not c.required and n not in tidy]
    schema = schema.remove_columns(absent)
    theirs = dict([part.strip() for part in pair.split("=", 1)] for pair in columns)
    names = {theirs.get(name, name): name for name in schema.columns if name in raw}
    filled = {name: values.iloc[0].item() for name, values in filled.items()}
    truths = [n for n in raw if frame[n].dtype == bool and isinstance(raw[n].dtype, pd.StringDtype)]
    once = rules.tidied(topic.module, frame, head.places, notation.numbers)[1]
    return Asked(schema, names, filled, truths, notation), notes, once


def broken(files, asked, every, typed) -> tuple[int, list[str]]:
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
        with duckdb(files.only(path), asked.names, ROW) as there:
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
