"""The fit of one group, as if its rows were all the rows there are: exact answer, draws, checks.

The rungs are those of `verify.py` that take milliseconds; only the compiled code is shared with
other groups. The limit is left out, and where there is no exact answer calibration and a second
sampler. What is wrong with a group is said of it, and the others stand.
"""

import hashlib
import threading
import zlib

import numpy as np

from models._exact import NoMaximum
from workflow import compare, disagreement, prior, refit, summarise, unproved
from workflow.campaign import compiled_once
from workflow.check import Check, Maximum
from workflow.interrupt import interruptible
from workflow.locate import engine, located, named, rules
from workflow.reading import validated
from workflow.refused import Refused
from workflow.rows import Rows
from workflow.topic import Topic, load
from workflow.verify import Run

MOST_GRAPHS = 50  # compiled ones that a process keeps
QUANTILES = {"q5.5": 0.055, "q94.5": 0.945}  # the ends of an equal-tailed interval of 89 %


def blank(job: int, group: str, rows: int, refused: str = "") -> dict:
    """What is kept of a group of which nothing is known, or why there is nothing."""
    return {"job": job, "group": group, "rows": rows, "refused": refused, "unproved": "",
            "draws": 0, "gates": [], "checks": [], "z": {}, "unknowns": []}  # fmt: skip


class Fitter:
    """One topic in one process: its compiled graphs, put on the rows of one group at a time."""

    def __init__(self, topic: Topic):
        self.topic, self._compiled = topic, []
        self._lock = threading.Lock()  # whatever a worker's threads

    def row(self, job: int, group: str, rows: Rows, *, columns, notation, settings, seed) -> dict:
        """All that is to be known of a group, or why there is nothing."""
        try:
            with self._lock, interruptible():
                data = validated(self.topic, rows, columns, notation)
                run = Run(self.topic, data, rows.source, settings, seed, columns)
                return blank(job, group, len(rows.frame)) | self._fitted(run, group)
        except OSError:  # of the machine, which would spare no other group
            raise
        except Refused as problem:
            lines = (s.removeprefix(f"{rows.source}: ") for s in str(problem).split("\n"))
            words = "; ".join(lines)
        except Exception as problem:
            words = located(problem) or named(problem)
        return blank(job, group, len(rows.frame), words)

    def _fitted(self, run: Run, group: str) -> dict:
        topic = self.topic
        with rules(topic, run.settings, run.path):
            run.model = topic.model(run.data, run.settings)
        with engine(topic, "while compiling the model"):
            compiled = self._for(run.model)
        with rules(topic, run.settings, run.path):
            _answer(run, compiled)
            _maximise(run, compiled)
        with engine(topic, "while sampling"):
            seed = (run.seed, zlib.crc32(topic.name.encode()), *_numbers(group))
            draws = compiled.draw(run.model, seed, topic.turned, slopes=run.exact is None)
        run.all_draws = run.exact_draws = draws
        run.gates = compare.gates(draws, refit.ESS)
        zs = _compare(run, compiled)
        sizes = draws.posterior.sizes
        return {
            "unproved": run.unknown if run.exact is None else "",
            "draws": sizes["chain"] * sizes["draw"],
            "gates": [_plain(c) for c in run.gates],
            "checks": [_plain(c) for c in run.checks],
            "z": {name: [_largest(z), z.size] for name, z in zs.items()},
            "unknowns": summarise.records(run, quantiles=QUANTILES),
        }

    def _for(self, model) -> refit.Compiled:
        """What was compiled for the same graph, or is now."""
        graph = refit.Graph(model)
        same = [c for c in self._compiled if c.graph == graph] or [refit.Compiled(model, graph)]
        others = [c for c in self._compiled if c is not same[0]]
        self._compiled = [same[0], *others][:MOST_GRAPHS]
        return same[0]


@compiled_once
def ready(name: str) -> Fitter:
    """The fitter of one topic, in this process."""
    return Fitter(load(name))


def _numbers(group: str) -> list[int]:
    """Four numbers for the seed: a group draws alike whichever others stand beside it."""
    digest = hashlib.sha256(group.encode(errors="replace")).digest()
    return np.frombuffer(digest, ">u4")[:4].tolist()


def _answer(run: Run, compiled: refit.Compiled) -> None:
    topic, data, settings = run.topic, run.data, run.settings
    run.exact_data = topic.exact_rows(data, settings)
    if len(run.exact_data) < len(data):
        run.unknown = f"of {len(data)} rows no more than {len(run.exact_data)} can be enumerated"
        return
    run.exact, run.unknown = unproved.asked(topic, "exact", data, settings)
    if run.exact is None:
        return
    prior.insist_on_an_answer(topic, settings, run.exact)
    shapes = {name: np.shape(law.mean()) for name, law in run.exact.marginals.items()}
    derived = {v.name for v in run.model.deterministics}
    if shapes != compiled.graph.sizes or set(run.exact.derived) - derived:
        strange = disagreement.strangers(run.model, shapes, "exact", run.exact.derived)
        raise Refused(f"model and exact disagree: {strange}")


def _maximise(run: Run, compiled: refit.Compiled) -> None:
    """The MLE, and whether the likelihood is highest there."""
    run.maximum = Maximum(Check("score", 0.0, 0.0, "there is no MLE", applies=False), None, "")
    try:
        run.mle, _ = unproved.asked(run.topic, "mle", run.data, run.settings)
    except NoMaximum:
        return
    if run.mle is not None:
        run.maximum = compiled.score(run.model, run.mle)
        run.checks.append(run.maximum.check)


def _compare(run: Run, compiled: refit.Compiled) -> dict[str, np.ndarray]:
    """Every z by its kind; the identity among the checks."""
    if run.exact is None:
        return {"Stein identities, largest |z|": compare.stein(run.all_draws)}
    run.checks += compiled.belong(run.model, run.exact, run.all_draws)
    run.z = compare.against_exact(run.all_draws, run.exact)
    every = [np.ma.compressed(z) for each in run.z.values() for z in each.values()]
    return {"draws against exact, largest |z|": np.concatenate(every)}


def _largest(zs: np.ndarray) -> float:
    return float(np.abs(zs).max()) if np.isfinite(zs).all() else np.inf


def _plain(found: Check) -> list:
    """As a line of JSON holds it; `Check(*it)` is the same again."""
    return [found.name, float(found.value), float(found.limit), found.note, found.at_least]
