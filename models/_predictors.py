"""Predictors are the numeric columns of a user's own, under any name; text and dates ride along."""

import numpy as np
import pandas as pd

from models._alike import ALIKE


def predictors(frame, label):
    """Every numeric column but the one to be explained."""
    return frame.select_dtypes("number").drop(columns=[label, ALIKE], errors="ignore")


def tidied(frame, label):
    """True and false as 1 and 0; a column at fault is refused here, where it can be named.

    `label` lists the columns that are none.
    """
    frame = frame.copy()
    for name, column in frame.drop(columns=[*label, ALIKE], errors="ignore").items():
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.isna().all() and not pd.api.types.is_numeric_dtype(column):
            continue  # text or dates: they name the rows
        bad = ~np.isfinite(numbers.astype(float))
        if bad.any():
            found = f"row {np.argmax(bad) + 1} has {column[bad].iloc[0]}"
            raise ValueError(f"`{name}` must be a finite number in every row or in none; {found}")
        if numbers.min() == numbers.max():
            raise ValueError(f"`{name}` is {column.iloc[0]} in every row: it can explain nothing")
        frame[name] = numbers.astype(int) if numbers.dtype == bool else numbers
    return frame
