"""Columns a topic takes besides those of its `Data`: found in the first rows, held to in all rows.

Such a topic says which in `taken(others)`. It is shown the first rows of the columns that `Data`
does not name, numbers as floats and text as it is, and answers with a dict: the columns it takes,
each float or "category", as if it stood in `Data`. A topic without `taken` takes none.
"""

from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from workflow import rules
from workflow.far_rules import Rule, out_of_range
from workflow.files import HEAD
from workflow.refused import short

EVERY_OR_NONE = "be a finite number in every row or in none"  # as `tidy` says it of a small file


@dataclass(frozen=True)
class Others:
    """taken: our name -> float or "category"; held: text so far, where numbers would be taken;
    names: text of the first rows that tells them apart, and is not taken."""

    taken: dict[str, type | str]
    held: list[str]
    names: list[str]

    @property
    def kinds(self) -> dict:
        """Of each, what its cells are read as."""
        return self.taken | dict.fromkeys(self.held, float)

    @property
    def numbers(self) -> list[str]:
        return [name for name, kind in self.taken.items() if kind is float]

    @property
    def labels(self) -> list[str]:
        return [name for name, kind in self.taken.items() if kind is not float]

    def only(self, names) -> "Others":
        """Those among `names`."""
        taken = {name: kind for name, kind in self.taken.items() if name in names}
        return Others(taken, [name for name in self.held if name in names], self.names)


def found(module, raw: pd.DataFrame, notation) -> Others:
    """Of the first rows as they were written, what the topic takes.

    A column with any number in it is one of numbers, to be refused where it has holes or text.
    Text that never repeats in so many rows names them, and is not taken.
    """
    if not hasattr(module, "taken"):
        return Others({}, [], [])
    rest = raw.drop(columns=module.Data.to_schema().columns, errors="ignore")
    shown = {name: _cells(cells, notation) for name, cells in rest.items()}
    names = [n for n, c in shown.items() if c.dtype != float and c.is_unique and len(c) == HEAD]
    shown = pd.DataFrame(shown, raw.index)
    taken = module.taken(shown.drop(columns=names))
    as_numbers = module.taken(pd.DataFrame(0.0, raw.index, shown.columns))
    held = [n for n, kind in as_numbers.items() if kind is float and n not in taken]
    return Others(taken, [n for n in held if _may_turn(raw[n])], names)


def _cells(column, notation):
    typed = notation.typed(column)
    numbers = notation.numbers(typed)
    return numbers if pd.api.types.is_numeric_dtype(column) or numbers.notna().any() else typed


def _may_turn(column) -> bool:
    """Whether numbers may follow below: not where the file itself says these are dates or lists."""
    return isinstance(column.dtype, pd.StringDtype | pd.CategoricalDtype) or column.isna().all()


def asked(others: Others) -> list[Rule]:
    """What is asked of every row, as `tidy` and `rules.sizes` do of a small file."""
    every, sizes = [], []
    for name in [*others.numbers, *others.held]:
        x = nw.col(name)
        bad = x.is_null() | ~x.is_finite()
        words, mute = f"`{name}` must {EVERY_OR_NONE}", name in others.held
        every.append(Rule(words, bad, [name], or_everywhere=mute))
        if not mute:
            words, large = out_of_range(x)
            sizes.append(Rule(f"`{short(name)}` must {words}", ~bad & large, [name]))
    for name in others.labels:
        every.append(Rule(f"`{name}` must be present in every row", nw.col(name).is_null(), [name]))
    return every + sizes


def constant(module, head: pd.DataFrame, places, notation) -> list[str]:
    """What `tidy` says of columns that are the same in every row, of which `head` has the first."""
    return rules.tidied(module, head, places, notation.numbers)[1] if head.shape[1] else []


def as_labels(sums: pd.DataFrame, others: Others, notation, merged: bool) -> pd.DataFrame:
    """The sums, with labels as a small file has them: as numbers, where all of them are such.

    Text is marked as categories where rows were `merged`: it does repeat, though the sums may not
    show it, and so does not name the rows.
    """
    cells = {name: notation.typed(sums[name]) for name in others.labels}
    words = [n for n, c in cells.items() if isinstance(c.dtype, pd.StringDtype)] if merged else []
    return sums.assign(**cells).astype(dict.fromkeys(words, "category"))
