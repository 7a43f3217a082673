"""Cells of text as numbers, with the decimal sign and thousands separator that were stated.

A cell is a number if all of it is one: `1.5`, `-2e3`, `1'000` only if the apostrophe was stated.
Nothing is guessed, so nothing is misread: with `.` for thousands, 1.5 is no number.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

MISSING = ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "<NA>"]
INFINITE = r"[+-]?(?i:inf|infinity)"
WHOLE = r"[+-]?[0-9]{1,18}"
SPACES = "[ \u00a0\u202f\u2009]"
SIGNS = {"decimal": (".", ","), "thousands": ("", ",", ".", "'", "_", "space")}


@dataclass(frozen=True)
class Notation:
    """How numbers are written: 1.234,5 has decimal `,` and thousands `.`."""

    decimal: str = "."
    thousands: str = ""

    def __post_init__(self):
        for name, allowed in SIGNS.items():
            given = getattr(self, name)
            if given not in allowed:
                named = " ".join(a for a in allowed if a)
                raise ValueError(f"--{name} {given!r}: it can be one of {named}")
        if self.decimal == self.thousands:
            rule = f"--thousands {self.thousands}: that is the decimal sign already"
            raise ValueError(rule + ("; say --decimal , too" if self.thousands == "." else ""))

    def numbers(self, column: pd.Series) -> pd.Series:
        """Every cell as a float; NaN where it is no number."""
        if pd.api.types.is_numeric_dtype(column):
            return column.astype(float)
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(column.cat.categories.dtype)
            return self.numbers(column)
        text, number = self._read(as_text(column, self))
        found = pd.Series(np.nan, index=column.index)
        found[number] = text[number].astype(float)
        return found

    def typed(self, column: pd.Series) -> pd.Series:
        """Numbers as int64 or float64, true and false as bool, else text; missing cells as NaN."""
        cells = as_text(column, self)
        text, number = self._read(cells)
        there = cells.notna()
        if not there.any():
            return cells
        if (number | ~there).all():
            if there.all() and text.str.fullmatch(WHOLE).all():
                return text.astype("int64")
            return text.astype(float)
        if there.all() and cells.str.lower().isin(["true", "false"]).all():
            return cells.str.lower() == "true"
        return cells

    @property
    def apart(self) -> str:
        """What may stand between thousands, as a regular expression; nothing where nothing may."""
        return SPACES if self.thousands == "space" else re.escape(self.thousands)

    @property
    def number(self) -> str:
        """A number, as a regular expression."""
        sign, apart = "[+-]?", self.apart
        point, power = re.escape(self.decimal), "(?:[eE][+-]?[0-9]+)?"
        number = f"{sign}(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+){power}"
        if apart:
            number += f"|{sign}[0-9]{{1,3}}(?:{apart}[0-9]{{3}})+(?:{point}[0-9]*)?"
        return number

    def _read(self, text: pd.Series):
        """Text in Python's own notation, and which cells are numbers."""
        apart = self.apart
        fits = text.str.fullmatch(f"(?:{self.number}|{INFINITE})").fillna(False).astype(bool)
        text = text.str.replace(apart, "", regex=True) if apart else text
        text = text.str.replace(self.decimal, ".", regex=False) if self.decimal != "." else text
        return text, fits


def as_text(column: pd.Series, notation: Notation) -> pd.Series:
    """Text without blanks around it; what says that nothing is there is missing."""
    if not isinstance(column.dtype, pd.StringDtype):
        cells = [_written(v, notation) for v in column]
        column = pd.Series(pd.array(cells, dtype="str"), index=column.index, name=column.name)
    if column.str.contains("\0", regex=False).any():
        column = column.str.replace("\0", "\ufffd", regex=False)
    column = column.str.strip()
    return column.mask(column.isin(MISSING))


def _written(value, notation):
    """A cell of a sheet or a frame as it would stand in a file."""
    if isinstance(value, (float, np.floating)) and not np.isnan(value):
        return repr(float(value)).replace(".", notation.decimal)
    signalling = isinstance(value, Decimal) and value.is_nan()  # NaN that may not be looked at
    if signalling or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00")
    return utf8(str(value)[:100_000])


def utf8(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
