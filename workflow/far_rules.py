"""The rules of a topic's `Data` as Narwhals expressions, to be asked where the rows are.

They are read from the schema, not written again: a check of one cell by its name and limits, a
check across columns by calling it with columns that stand for themselves. Only what is about all
rows together cannot be asked row by row; that is asked of the rows added up.
"""

from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from workflow.cells import MISSING, Notation
from workflow.refused import nearest
from workflow.rules import COMMAS, EXACT_COUNTS, HUGE, SAY, TINY, WORDS, in_words

LIMITS = {  # pandera's name of a check -> what a cell must do
    "greater_than_or_equal_to": lambda x, min_value: x >= min_value,
    "greater_than": lambda x, min_value: x > min_value,
    "less_than_or_equal_to": lambda x, max_value: x <= max_value,
    "less_than": lambda x, max_value: x < max_value,
    "isin": lambda x, allowed_values: x.is_in([_as_typed(value) for value in allowed_values]),
}
assert LIMITS.keys() == WORDS.keys()


@dataclass(frozen=True)
class Rule:
    """What must hold, in words, and where it does not; an expression that is never null."""

    words: str
    broken: nw.Expr
    columns: list[str]  # that are shown of a row that breaks it
    allowed: tuple = ()
    number: bool = False  # of one cell that is to be a number
    total: str = ""  # a column of which it also bounds the sum
    or_everywhere: bool = False  # it may also be broken in every row

    def hint(self, first: pd.Series) -> str:
        """What may be meant by the first cells that break it."""
        if self.number and first.map(str).str.fullmatch(COMMAS).any():
            return SAY
        return nearest(first.iloc[0], self.allowed) if self.allowed else ""


def typed(rows: nw.LazyFrame, columns, notation: Notation, words) -> nw.LazyFrame:
    """Numbers as floats, null where a cell is none; labels as they are, text without blanks.

    `words` are columns of words that stand for numbers, such as true and false: {word: number}.
    """
    kinds = rows.collect_schema()
    cells = []
    for name, column in columns.items():
        if not is_number(column):
            cells.append(_text_label(name) if column.checks else _label(name, kinds[name]))
        elif name in words:
            cells.append(_word(name, words[name]))
        else:
            cells.append(_number(name, kinds[name], notation))
    return rows.with_columns(*cells)


def whole(rows: nw.LazyFrame, schema) -> nw.LazyFrame:
    """Counts of `typed` rows as whole numbers, which they are where no rule is broken."""
    counts = [name for name, column in schema.columns.items() if is_whole(column)]
    return rows.with_columns(*(nw.col(n).cast(nw.Int64) for n in counts)) if counts else rows


def is_number(column) -> bool:
    return str(column.dtype).startswith(("int", "float"))


def is_whole(column) -> bool:
    return str(column.dtype).startswith("int")


def _as_typed(value):
    return float(value) if isinstance(value, int) else value


def _text(name):
    return nw.col(name).cast(nw.String).str.strip_chars()


def _number(name, kind, notation):
    if kind.is_numeric() or kind == nw.Boolean:
        return nw.col(name).cast(nw.Float64)
    text = _text(name)
    fits = text.str.contains(f"^(?:{notation.number})$")
    plain = text.str.replace_all(notation.apart, "") if notation.apart else text
    if notation.decimal != ".":
        plain = plain.str.replace_all(notation.decimal, ".", literal=True)
    return nw.when(fits).then(plain).otherwise(None).cast(nw.Float64).alias(name)


def _word(name, numbers):
    text, number = _text(name).str.to_lowercase(), None
    for word, value in numbers.items():
        number = nw.when(text == word).then(nw.lit(float(value))).otherwise(number)
    return number.alias(name)


def _label(name, kind):
    if kind.is_float():
        return nw.when(~nw.col(name).is_nan()).then(nw.col(name)).otherwise(None).alias(name)
    if kind.is_integer() or kind == nw.Boolean:
        return nw.col(name)
    return _text_label(name)


def _text_label(name):
    text = _text(name)
    return nw.when(~text.is_in(MISSING)).then(text).otherwise(None).alias(name)


def rules(schema) -> list[Rule]:
    """Every rule that can be asked of a row whose columns are `typed`.

    As for a small file, a rule about a cell is asked only where it is a cell of its kind, and one
    across columns only of rows whose cells are good one by one.
    """
    found, good = [], nw.lit(True)
    for name, column in schema.columns.items():
        x, bad, own = nw.col(name), nw.col(name).is_null(), []
        if is_number(column):
            bad = bad | ~x.is_finite()
            words = "be a finite number"
            if is_whole(column):
                words, bad = "be a whole number", bad | (x != x.round())
            own.append(Rule(f"`{name}` must {words}", bad, [name], number=True))
            if is_whole(column):
                large = ~bad & (x.abs() > EXACT_COUNTS)
                words = f"add up to at most 2^53, {EXACT_COUNTS:,}"
            else:
                words, large = out_of_range(x)
                large = ~bad & large
            total = name if is_whole(column) else ""
            own.append(Rule(f"`{name}` must {words}", large, [name], total=total))
            bad = bad | large
        else:
            own.append(Rule(f"`{name}` must be present in every row", bad, [name]))
        if column.nullable:
            raise NotImplementedError(f"`{name}` may be empty: rows with holes do not add up")
        for check in column.checks:
            broken = ~bad & ~limit(check, x)
            allowed = tuple((check.statistics or {}).get("allowed_values", ()))
            own.append(Rule(f"`{name}` must {in_words(check.error)}", broken, [name], allowed))
            bad = bad | broken
        found, good = found + own, good & ~bad
    for check in schema.checks:
        holds = across(check, schema)
        if holds is not None:
            found.append(Rule(check.error, good & ~holds, list(schema.columns)))
    return found


def out_of_range(x: nw.Expr) -> tuple[str, nw.Expr]:
    """How large a number may be, in words, and where it is not."""
    large = (x.abs() > HUGE) | ((x.abs() < TINY) & (x != 0))
    return f"be 0 or between {TINY:g} and {HUGE:g} in size", large


def limit(check, x: nw.Expr) -> nw.Expr:
    """A check of a column as an expression; one that has none is a mistake of ours."""
    if check.name not in LIMITS:
        raise NotImplementedError(f"{check.error}: there is no such rule for rows far away")
    return LIMITS[check.name](x, **check.statistics)


def across(check, schema) -> nw.Expr | None:
    """A check of all columns as an expression; None where it is about all rows together.

    It is called with columns that stand for themselves: what compares them makes an expression,
    what asks for their categories, counts their values or decides by their sum cannot be one.
    """
    try:
        found = check._check_fn({name: nw.col(name) for name in schema.columns})
    except AttributeError:  # an expression has neither categories nor different values
        return None
    except TypeError as problem:  # nor is it true or false
        if "truth value" not in str(problem):
            raise
        return None
    if not isinstance(found, nw.Expr):
        raise NotImplementedError(f"{check.error}: this rule is neither of a row nor of all rows")
    return found
