"""Every mutant of a topic up the rungs, until one catches it; what none catches has survived."""

import ast
import contextlib
import resource
import signal
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from unittest import mock

from tests.mistakes import PARTS, mutate, planted, rungs, source, variant
from workflow import check

SECONDS = 60  # in which each rung is through with each case, or the mutant hangs
MEMORY = 4 * 2**30  # bytes more than at the start: an edited size may ask for any number
WAYS = (*rungs.RUNGS, "crash", "hang")


class Hang(BaseException):
    """A mutant that does not come to an end."""


@contextlib.contextmanager
def guarded():
    """Time and memory are limited; what the real source has compiled is compiled once."""

    def ring(*_):
        raise Hang

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):  # no /proc, or no such limit, on some systems
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    old = signal.signal(signal.SIGALRM, ring)
    remembered = {name: lru_cache(50)(getattr(check, name)) for name in ("joint", "Unconstrained")}
    try:
        with mock.patch.multiple(check, **remembered):
            yield
    finally:
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@dataclass
class Outcome:
    """What became of the mutants of one topic."""

    caught: Counter = field(default_factory=Counter)
    equivalent: list = field(default_factory=list)  # (line, change, reason)
    survived: list = field(default_factory=list)  # (line, change): nobody saw them
    stale: list = field(default_factory=list)  # EQUIVALENT, but caught, or no mutant at all

    @property
    def number(self) -> int:
        return self.caught.total() + len(self.equivalent) + len(self.survived)


def run(name: str, posterior=None, tell=lambda *_: None) -> Outcome:
    """Every mutant of one topic up the rungs, until one catches it."""
    excused = {
        (line, change): reason
        for line, reasons in planted(name).EQUIVALENT.items()
        for reason, changes in reasons.items()
        for change in changes
    }
    outcome, right, unused = Outcome(), rungs.right_answers(name), set(excused)
    posterior = posterior or lru_cache(lambda: rungs.drawn(name))
    with guarded():
        _prepare(right, posterior)
        for part in PARTS:  # nothing may catch the real source, or it would catch anything
            way = caught(name, ast.parse(source(name)), right, {part}, posterior)
            assert way is None, f"{name}: the real {part} is caught by {way}"
        for key, tree, reach in mutate.mutants(name):
            way = caught(name, tree, right, reach, posterior)
            tell(*key, way)
            if way:
                outcome.caught[way] += 1
            elif key in excused:
                outcome.equivalent.append((*key, excused[key]))
                unused.discard(key)
            else:
                outcome.survived.append(key)
    outcome.stale = sorted(unused)
    return outcome


def _prepare(right, posterior):
    """What the real source has to say is made beforehand, so that it costs no mutant its time."""
    posterior()
    for known in right.values():
        if known.case.refused:
            assert any(known.refusals.values())
        else:
            assert known.weighted is None or known.small
            assert known.maximum is None or known.mle


def caught(name, tree, right, reach, posterior) -> str | None:
    try:
        return rungs.seen_by(variant(name, name, tree), right, reach, posterior, _in_time)
    except Hang:
        return "hang"
    except Exception:  # the file cannot even be loaded
        return "crash"


def _in_time(climb):
    signal.alarm(SECONDS)
    try:
        return climb()
    finally:
        signal.alarm(0)
