"""Where rows far away break a rule: how often, in one scan of all rows, and which come first."""

import narwhals as nw
import numpy as np
import pandas as pd

from workflow import far_rules, others, rules
from workflow.asking import Asked
from workflow.duck import alike, duckdb
from workflow.files import Files
from workflow.refused import listed
from workflow.rows import SHOWN_ROWS, Places

ROW = "row of its file"
WRITTEN = "{} as written"


def broken(files, asked: Asked, typed) -> tuple[int, list[str]]:
    """How many rows there are, and every rule that is broken, in words: one scan of all rows."""
    every = others.asked(asked.others) + far_rules.rules(asked.schema)
    found = counted(typed, every, asked.others.numbers)
    number = int(found["rows"])
    if not number:
        return 0, [f"no rows below the header ({listed(files.columns)})"]
    problems, bad = [], set()
    for i, rule in enumerate(every):
        times = int(found[f"rule {i}"])
        if times and not (rule.or_everywhere and times == number):
            problems.append(f"{rule.words}; {_where(files, asked, rule, times)}")
            bad.update(rule.columns)
        elif rule.total and found[f"sum {i}"] > rules.EXACT_COUNTS:
            problems.append(rule.words)
    still = [n for n in asked.others.numbers if found[f"least {n}"] == found[f"most {n}"]]
    same = asked.head[[name for name in still if name not in bad]]
    said = others.constant(asked.module, same, files.head.places, asked.notation)
    return number, said + problems


def counted(typed: nw.LazyFrame, every, numbers) -> dict:
    """The number of rows, of those that break each rule, and sums that rules bound: one scan.

    Of `numbers`, other columns, the least and the most.
    """
    asked = [nw.len().alias("rows")]
    for name in numbers:
        x = nw.col(name)
        asked += [x.min().alias(f"least {name}"), x.max().alias(f"most {name}")]
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
    asked, shown, labels = asked.only(rule.columns), [], []
    if alike(files, asked.names):  # which DuckDB cannot open
        return f"{number:,} row{'s' * (number != 1)}"
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
        return f"{number:,} row{'s' * (number != 1)}"
    cells = pd.concat(shown, ignore_index=True).map(_bare)
    places = Places("row", pd.Series(labels), cells)
    return places.found(cells, np.ones(len(cells), bool), number) + rule.hint(cells.iloc[:, 0])


def _bare(cell):
    """Text as a small file is split: without blanks before it."""
    return cell.lstrip(" ") if isinstance(cell, str) else cell
