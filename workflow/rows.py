"""Rows as a user wrote them: cells under names, and where each row stands."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from workflow.cells import Notation, as_text
from workflow.refused import cell, short

SHOWN_ROWS = 5  # of the rows that break a rule, the first few are named


class Places:
    """Where rows stand in the user's own file or frame, for messages.

    labels: frame index -> line number of a file, row number of a sheet, or label of a frame.
    cells: the rows as they were written, so that what is shown is what the user can search for.
    """

    def __init__(self, noun: str, labels: pd.Series, cells: pd.DataFrame):
        self.noun, self.labels, self.cells = noun, labels, cells

    def found(self, frame: pd.DataFrame, bad, number: int | None = None) -> str:
        """'line 4 has 9; line 7 has x; and 3 more': what the rows `bad` have, or all `number`."""
        chosen = frame[np.asarray(bad)]
        shown = []
        for index, row in chosen.head(SHOWN_ROWS).iterrows():
            found = {k: self._written(index, k, v) for k, v in row.items()}
            cells = [v if len(found) == 1 else f"{short(k)} {v}" for k, v in found.items()]
            shown.append(f"{self.of(index)} has {', '.join(cells)}")
        more = (number or len(chosen)) - len(shown)
        return "; ".join(shown) + (f"; and {more:,} more" if more > 0 else "")

    def _written(self, index, name, value) -> str:
        if name in self.cells and index in self.cells.index:
            value = self.cells.loc[index, name]
        return cell(value)

    def of(self, index) -> str:
        label = self.labels.get(index)
        return f"row {short(index)}" if label is None else f"{self.noun} {short(label)}"


@dataclass
class Rows:
    """What a source held: cells as written, text or a frame's own values, and where each stood."""

    source: object  # what messages call it
    frame: pd.DataFrame
    places: Places
    comments: list[str] = field(default_factory=list)  # lines above the header, `#` included
    notes: list[str] = field(default_factory=list)  # what the user should know though all is well
    problems: list[str] = field(default_factory=list)
    index: pd.Series | None = None  # of a frame from Python, where it tells rows apart


def named(source, header, columns, noun, labels, comments, notes, problems) -> Rows:
    """Columns under their names: none twice, and none without but a first one that labels rows."""
    frame, seen = {}, {}
    for number, (name, cells) in enumerate(zip(header, columns, strict=True), 1):
        if name in seen and name:
            problems.append(
                f"the name `{short(name)}` stands over columns {seen[name]} and {number}: each "
                "column needs its own"
            )
        elif name:
            frame[name] = cells
            seen[name] = number
        elif (text := as_text(cells, Notation())).notna().any():
            if number == 1 and len(header) > 1 and text.notna().all() and text.is_unique:
                label = next(n for n in ("row", "label", "_row") if n not in header)
                bare = text.str.fullmatch(r"[0-9.]+").all()
                frame[label] = "row " + text if bare else text
                notes.append("the first column has no name: it labels the rows and is not data")
            else:
                at = int(np.argmax(text.notna()))
                problems.append(
                    f"column {number} has no name, yet {noun} {short(labels.iloc[at])} has "
                    f"{short(text.iloc[at])} in it"
                )
    table = pd.DataFrame(frame, index=labels.index)
    return Rows(source, table, Places(noun, labels, table), comments, notes, problems)
