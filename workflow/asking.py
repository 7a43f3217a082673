"""What is asked of rows far away: which columns, what they lack, and how their cells read."""

import re
from dataclasses import dataclass, replace
from types import ModuleType

import narwhals as nw
import pandas as pd

from models._alike import ALIKE
from workflow import far_rules, others, rules
from workflow.cells import Notation
from workflow.files import Files
from workflow.refused import insist, short

PATTERN = r"\*|\^.*\$"  # what engines take to stand for several columns
TRUTHS = {"true": 1, "false": 0}


@dataclass(frozen=True)
class Asked:
    """What is asked of the files of a topic, whose model file is `module`.

    names: of columns (theirs: ours); filled: what `tidy` fills in; words: of a column in which they
    stand for numbers; head: the first rows under our names.
    """

    module: ModuleType
    schema: object
    others: others.Others
    names: dict[str, str]
    filled: dict
    words: dict[str, dict[str, float]]
    notation: Notation
    head: pd.DataFrame

    @property
    def columns(self) -> dict:
        """Those of `Data`, and others as if they stood there."""
        from pandera.pandas import Column

        return self.schema.columns | {n: Column(kind) for n, kind in self.others.kinds.items()}

    @property
    def taken(self) -> list[str]:
        """The columns that `reduced` is handed."""
        return [*self.schema.columns, *self.others.taken]

    def of(self, rows: nw.LazyFrame, also=()) -> nw.LazyFrame:
        """Rows as opened, with every column and its cells as `far_rules` has them."""
        for cells in ([nw.lit(v).alias(n) for n, v in self.filled.items()], also):
            rows = rows.with_columns(*cells) if cells else rows
        return far_rules.typed(rows, self.columns, self.notation, self.words)

    def only(self, columns) -> "Asked":
        """Without the columns besides those of `Data` that are not among `columns`."""
        kept = {*self.schema.columns, *columns}
        names = {theirs: ours for theirs, ours in self.names.items() if ours in kept}
        return replace(self, others=self.others.only(columns), names=names)


def first_rows(topic, files: Files, columns, notation) -> tuple[Asked, list[str], list[str]]:
    """What the first rows say: names, what is filled in, notes, and what `tidy` may not like.

    `tidy` itself says what is filled in. It is shown the rows twice over: whether rows that seem
    to be counted already ever come twice, only the sums will tell. It is not shown columns of
    others.py: what is wrong with these, all rows must say.
    """
    module, head = topic.module, files.head
    schema = module.Data.to_schema()
    raw, problems, said = rules.renamed(head.frame, columns)
    head.places.cells = raw
    frame = pd.DataFrame({name: notation.typed(cells) for name, cells in raw.items()}, raw.index)
    problems += rules.misspelt(schema, frame, columns)
    pairs = [pair.split("=", 1) for pair in columns if "=" in pair]  # another is a problem already
    theirs = {ours.strip(): name.strip() for ours, name in pairs}
    named = [name for name in raw if {name, theirs.get(name)} & {*files.columns}]
    open_ones = others.found(module, raw[named], notation)
    if notation == Notation():
        problems += rules.comma_columns(schema, frame[list(open_ones.kinds)], head.places)
    shown = frame.drop(columns=[*open_ones.kinds, *open_ones.names])
    twice = pd.concat([shown, shown], ignore_index=True)
    tidy, wrong, aside = rules.tidied(module, twice, head.places, notation.numbers)
    problems += wrong + rules.missing(schema, tidy, head.frame.columns, said | aside)
    neither = shown.columns.difference([*schema.columns, ALIKE])  # neither ours nor taken
    problems += [
        f"`{name}` makes other rows of these, and rows that are added up are taken as they stand: "
        "read one file as a whole (--engine none)"
        for name in (neither if hasattr(module, "taken") else [])
        if pd.api.types.is_numeric_dtype(shown[name])
    ]
    if ALIKE in raw:
        problems.append(
            f"`{ALIKE}` is not for rows that are added up, each of which counts once: read one "
            "file as a whole (--engine none)"
        )
    tidy, misnamed, notes = rules.supplied(schema, tidy, raw)
    problems += misnamed
    filled = {name: tidy[name] for name in schema.columns if name in tidy and name not in raw}
    parts = [name for name, column in schema.columns.items() if not column.required and name in raw]
    if filled and parts:  # what is the same in the first rows need not be so in all
        problems.append(
            f"there is no column `{next(iter(filled))}`, and no engine works it out from "
            f"{' and '.join(f'`{name}`' for name in parts)} row by row: add it to the files, or "
            "read one file as a whole (--engine none)"
        )
        filled = {}
    ordered = len(tidy) != len(twice)
    if varying := [
        n for n, values in filled.items() if ordered or (values != values.iloc[0]).any()
    ]:
        problems.append(
            f"there is no column `{varying[0]}`, and rows that are added up have no order to work "
            "it out from: read one file as a whole (--engine none)"
        )
        notes = []
    own = [name for name in [*schema.columns, *open_ones.kinds] if name in raw]
    names = {theirs.get(name, name): name for name in own}
    problems += [
        f"`{short(name)}` is a pattern to DuckDB and Polars, not a name: rename the column"
        for name in sorted({*names, *names.values()})
        if re.fullmatch(PATTERN, name)
    ]
    insist(files.source, head.problems + problems + (notes if problems else []))
    absent = [n for n, c in schema.columns.items() if not c.required and n not in tidy]
    schema = schema.remove_columns(absent)
    filled = {name: values.iloc[0].item() for name, values in filled.items()}
    once = rules.tidied(module, shown, head.places, notation.numbers)[1]
    words = _words(module, schema, raw)
    return Asked(module, schema, open_ones, names, filled, words, notation, frame), notes, once


def _words(module, schema, raw) -> dict[str, dict[str, float]]:
    """Columns of nothing but true and false, or of words that a topic's WORDS say are numbers."""
    found = {}
    for name, cells in raw.items():
        numbers = TRUTHS | (getattr(module, "WORDS", {}) if name in schema.columns else {})
        words = isinstance(cells.dtype, pd.StringDtype)
        if words and cells.str.strip().str.lower().isin(numbers).all():
            found[name] = numbers
    return found
