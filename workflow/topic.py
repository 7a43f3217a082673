"""A topic, found by name, and its settings; its rows are read in `reading.py`.

The folder is the registry: `models/<name>.py`, `analyses/<name>.py`, `data/<name>.csv`.
Nothing here imports PyMC before a topic is loaded, so listing and refusing names is instant.
"""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from models._alike import ALIKE, times
from workflow.reading import read
from workflow.refused import Refused, nearest

__all__ = ["HOME", "WIDTH", "Refused", "Topic", "load", "names", "pages", "read", "settings"]

HOME = Path(__file__).resolve().parent.parent
WIDTH = 23  # of the longest name: lines about topics stand in columns
MOST_BITS = 16  # of assignments enumerated: 2**16 = 65,536


@dataclass(frozen=True)
class Topic:
    """One topic: its model file, and its analysis where there is one."""

    name: str
    module: ModuleType
    analysis: ModuleType

    @property
    def csv(self) -> Path:
        return HOME / "data" / f"{self.name}.csv"

    @property
    def known(self) -> dict:
        return getattr(self.module, "KNOWN", {})

    @property
    def turned(self) -> list[str]:
        """Unknowns that may be turned without a change: no draw of them is compared."""
        return getattr(self.module, "TURNED", [])

    @property
    def defaults(self) -> dict:
        """Every setting with its default, as the arrays PyTensor computes in double precision."""
        every = {**self.module.PRIOR, **self.known}
        return {name: np.asarray(value, dtype=np.float64)[()] for name, value in every.items()}

    def model(self, data, settings):
        built = self.module.model(data, **settings)
        if ALIKE in data:
            from workflow.alike import repeated

            repeated(built, times(data))
        return built

    def exact(self, data, settings):
        return self.module.exact(data, **settings)

    def mle(self, data, settings) -> dict | None:
        """The maximum-likelihood answer; ValueError where the likelihood has no maximum."""
        known = {name: settings[name] for name in self.known}
        found = self.module.mle(data, **known)
        return found and {k: np.asarray(v, float) for k, v in found.items()}

    def exact_rows(self, data: pd.DataFrame, settings: dict) -> pd.DataFrame:
        """The rows whose posterior is known exactly: all, or the first EXACT_ROWS.

        A topic with EXACT_ROWS sums over K**rows assignments, K being the first of its KNOWN;
        more than 65,536 are not summed.
        """
        if not hasattr(self.module, "EXACT_ROWS"):
            return data
        states = max(2.0, float(settings[next(iter(self.known))]))
        return data.head(min(self.module.EXACT_ROWS, int(MOST_BITS / np.log2(states))))


def names() -> list[str]:
    """Every topic, by listing the folder."""
    return _stems("models")


def pages() -> list[str]:
    """Every page of facts: an analysis without a model; see `facts.py`."""
    return sorted(set(_stems("analyses")) - set(names()))


def _stems(folder: str) -> list[str]:
    return sorted(p.stem for p in (HOME / folder).glob("*.py") if not p.stem.startswith("_"))


def load(name: str) -> Topic:
    if name in pages():
        raise Refused(
            f"{name} is a page of facts without a model (there is no models/{name}.py): it can be "
            f"made by `make {name}` and checked by `python -m workflow check {name}`, no more"
        )
    if name not in names():
        every = names() + pages()
        raise Refused(f"no topic {name!r}{nearest(name, every)}; there are: {', '.join(every)}")
    from workflow.locate import whole  # which says file and line of what does not run

    return Topic(name, *whole(name))


def settings(topic: Topic, given: list[str]) -> dict:
    """The topic's defaults with `name=value` or `name=v1,v2,...` put over them."""
    chosen = topic.defaults
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name not in chosen:
            raise Refused(
                f"--set {item}: {topic.name} has no setting {name!r}{nearest(name, chosen)}; "
                f"it has: {', '.join(chosen)}"
            )
        try:
            value = np.array([float(part) for part in text.split(",")])
        except ValueError:
            raise Refused(f"--set {item}: {text!r} is not a number or a list of numbers") from None
        if not np.isfinite(value).all():
            raise Refused(f"--set {item}: a setting must be finite")
        if np.ndim(chosen[name]) == 0 and value.size != 1:
            raise Refused(f"--set {item}: `{name}` takes one number, not {value.size}")
        chosen[name] = value if np.ndim(chosen[name]) else value[0]
    return chosen
