"""The numbers of the teaching texts beside ours: what the rows of data/distributions.csv come to.

Each number of ours is computed twice, by the expressions in `ours` and `again`, which should share
nothing but the question. `printed` is the text's number with the digits it has there (4.5e2 is 450
in two digits), or after `=` what it is said to equal. The verdict is computed from both; the reason
is written, and what stands in it in braces is computed.
"""

from decimal import Decimal
from importlib import import_module

import numpy as np
import pandas as pd
from scipy import integrate, optimize, special, stats

SAMPLE = 2.0  # sds by which a simulated number may be off and still be what one sample shows
EXACT = 1e-9  # relative; the same for two routes to one number
UNPRINTED = ("none printed", "cannot be checked")
RIGHT, SAMPLE_OF = ("right", "right, rounded"), "a sample's"


def names() -> dict:
    """What an expression may use; `model("base_rate")` is models/base_rate.py."""
    return {"np": np, "pd": pd, "stats": stats, "special": special, "integrate": integrate,
            "optimize": optimize, "model": lambda name: import_module(f"models.{name}")}  # fmt: skip


def value(text: str, **known) -> float:
    """An expression's number; NaN where nothing is written."""
    return float(eval(text, names() | known)) if text else np.nan


def apart(a: float, b: float) -> float:
    """Relative to b, or absolutely where one of them is zero."""
    return abs(a - b) / (abs(b) if a and b else 1.0)


def verdict(printed: str, ours: float, sd: float = np.nan) -> str:
    """ "right", "right, rounded", "a sample's", "wrong", or why there is no verdict."""
    if not np.isfinite(ours):
        return "cannot be checked"
    if not printed:
        return "none printed"
    said = value(printed.removeprefix("="))
    if apart(ours, said) <= EXACT:
        return "right"
    half = 0 if printed[0] == "=" else 0.5 * 10.0 ** Decimal(printed).as_tuple().exponent
    if abs(ours - said) <= half * (1 + EXACT):
        return "right, rounded"
    return SAMPLE_OF if abs(ours - said) <= SAMPLE * sd else "wrong"


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `value`, `error` (of two routes), `verdict` and `reason`."""
    found = []
    for row in rows.itertuples():
        ours, again = value(row.ours), value(row.again)
        sd = value(row.sd, ours=ours)
        said = value(row.printed.removeprefix("=")) if row.printed else np.nan
        known = {"ours": ours, "printed": said, "sd": sd, "away": (said - ours) / sd}
        reason = eval(f"f{row.why!r}", names() | known)
        word = verdict(row.printed, ours, sd)
        explained = bool(reason) or word not in ("wrong", SAMPLE_OF, "cannot be checked")
        error = 0.0 if word == "cannot be checked" else apart(ours, again)
        found.append((ours, error if explained else np.nan, word, reason))
    table = pd.DataFrame(found, columns=["value", "error", "verdict", "reason"], index=rows.index)
    return pd.concat([rows, table], axis=1)


def shown(claims: pd.DataFrame) -> pd.DataFrame:
    """Judged rows as a table for a person."""
    return pd.DataFrame(
        {
            "claim": claims["claim"],
            "printed": [as_printed(text) for text in claims["printed"]],
            "ours": [as_ours(row.value, row.printed) for row in claims.itertuples()],
            "verdict": claims["verdict"],
        }
    )


def as_printed(text: str) -> str:
    """'450' of '4.5e2', '1 / 12' of '=1 / 12'."""
    text = text.removeprefix("=")
    return f"{float(text):,.0f}" if "e" in text else text.replace("*", "×")


def as_ours(number: float, printed: str) -> str:
    """Exact numbers in full, others with six figures."""
    if not np.isfinite(number):
        return ""
    return f"{number:,.0f}" if number == round(number) and abs(number) < 1e6 else f"{number:,.6g}"
