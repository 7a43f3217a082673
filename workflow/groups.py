"""One topic over the groups of a column: thousands of fits, compiled once in each process.

A source is split by the values of one of its columns, as they are written there; each group is
fitted by itself (`group.py`), and all come under one bound when all are done (`tally.py`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from workflow import fit, refit
from workflow.campaign import Executor, carry_out, place, source
from workflow.cells import Notation, as_text
from workflow.group import blank, ready
from workflow.page import versions
from workflow.reading import validated, written
from workflow.refused import Refused, insist, listed, nearest, short
from workflow.rows import Places, Rows
from workflow.topic import Topic
from workflow.verify import Run, answer

BATCH = 10  # groups that a worker is handed at a time
DEAD = "its worker was killed again and again, or ran out of memory"


@dataclass
class Groups:
    """Rows by the values of a column, in the order in which these first appear."""

    rows: Rows  # without the column
    by: str
    places: dict[str, pd.Index]  # group -> where its rows are
    adrift: str  # what is wrong with rows that are of no group; '' where there are none
    lost: int  # how many these are
    columns: list[str]  # ours=theirs
    notation: Notation
    options: list[str]  # the words of a command line that make it be read like this

    @property
    def names(self) -> list[str]:
        return list(self.places)

    def part(self, places=None) -> Rows:
        """The rows of one group; or all of them."""
        whole = self.rows
        frame = whole.frame if places is None else whole.frame.loc[places]
        labels = whole.places.labels.loc[frame.index]
        index = None if whole.index is None else whole.index.loc[frame.index]
        return Rows(whole.source, frame, Places(whole.places.noun, labels, frame), index=index)

    @property
    def digest(self) -> str:
        """Of everything that the results depend on."""
        table = self.part().frame.assign(**{"group of a row": self._of_each()})
        words = [self.by, *self.columns, *map(str, table.columns), str(asdict(self.notation))]
        parts = [pd.util.hash_pandas_object(table), self.rows.places.labels.astype(str)]
        made = hashlib.sha256("\0".join(words).encode(errors="replace"))
        for part in parts:
            made.update(pd.util.hash_pandas_object(part).to_numpy().tobytes())
        return made.hexdigest()

    def _of_each(self) -> pd.Series:
        found = pd.Series("", index=self.rows.frame.index)
        for name, places in self.places.items():
            found[places] = name
        return found


def split(topic: Topic, path, by: str, columns: list[str], **how) -> Groups:
    """The groups of a file or frame; refused where `by` is not a column of its own."""
    rows, notation = written(topic, path, **how)
    insist(rows.source, rows.problems)
    there = rows.frame.columns
    if by not in rows.frame:
        found = f"no column `{short(by)}`{nearest(by, there)}; the file has: {listed(there)}"
        raise Refused(f"{rows.source}: --by {short(by)}: {found}")
    ours, theirs = ({pair.partition("=")[i].strip() for pair in columns} for i in (0, 2))
    if by in theirs or (by in topic.module.Data.to_schema().columns and by not in ours):
        raise Refused(f"--by {by}: {topic.name} itself needs `{by}`; name another column")
    labels, adrift = as_text(rows.frame[by], notation), ""
    if labels.isna().any():
        found = rows.places.found(rows.frame[[by]], labels.isna())
        adrift = f"`{short(by)}` must be present in every row; {found}"
    if labels.isna().all():
        raise Refused(f"{rows.source}: {adrift}")
    rows.frame = rows.frame.drop(columns=by)
    places = {str(k): v for k, v in rows.frame.groupby(labels, sort=False).groups.items()}
    lost = int(labels.isna().sum())
    options = [word for key, value in how.items() if key != "tell" for word in (f"--{key}", value)]
    return Groups(rows, by, places, adrift, lost, list(columns), notation, options)


def insist_on_some(topic: Topic, groups: Groups, settings: dict, seed: int) -> None:
    """Refused at once where what is wrong is wrong with the file, the settings or the topic.

    So it is where the first group, the last, and all rows together are refused in the same words.
    """
    said, every = set(), list(groups.places.values())
    for places in (every[0], every[-1], None):
        rows = groups.part(places)
        try:
            data = validated(topic, rows, groups.columns, groups.notation)
            answer(Run(topic, data, rows.source, settings, seed))
            groups.rows.notes += rows.notes
            return
        except Refused as problem:
            said.add(str(problem))
    if len(said) == 1:
        raise Refused(said.pop())


def carried_out(
    topic: Topic, groups: Groups, settings: dict, seed: int, executor: Executor, tell: Callable
) -> list[dict]:
    """A row a group, in their order, done now or found done; then that of rows without a group."""
    names, every = groups.names, list(groups.places.values())
    about = {
        "source": source(topic),
        "settings": {k: np.asarray(v).tolist() for k, v in settings.items()},
        "seed": seed,
        "rows": groups.digest,
        "draws": [fit.CHAINS, refit.TUNE, refit.DRAWS, refit.ESS, list(refit.TARGETS)],
        "versions": versions(),
    }
    how = {"columns": groups.columns, "notation": groups.notation, "settings": settings}
    table = carry_out(
        partial(fits, **how, seed=seed), topic.name, list(range(len(names))),
        place(topic.name, "groups", about), about, executor, batch=BATCH, tell=tell,
        given=lambda job: (job, names[job], groups.part(every[job])),
        lost=lambda job: blank(job, names[job], len(every[job]), DEAD),
    )  # fmt: skip
    adrift = [blank(-1, "", groups.lost, groups.adrift)] if groups.adrift else []
    return table.to_dict("records") + adrift


def fits(name: str, batch: list[tuple[int, str, Rows]], **how) -> list[dict]:
    """The rows of some groups of one topic."""
    made = ready(name)
    return [made.row(*group, **how) for group in batch]
