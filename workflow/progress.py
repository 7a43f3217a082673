"""What a person sees while they wait: the stage a run is in, or how many of many jobs are done."""

import sys
import time

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn


class Stages:
    """The stage a run is in, on one line wiped at the end; plain lines where no terminal is."""

    def __init__(self, name):
        self.name, self.start = name, time.perf_counter()
        self.console = Console(stderr=True)
        self.status = self.console.status(name) if self.console.is_terminal else None

    def __enter__(self):
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.start
        if self.status:
            self.status.stop()

    def __call__(self, stage):
        note = " (the first of a kind takes up to a minute)" if stage == "compiling" else ""
        if self.status:
            self.status.update(f"{self.name}: {stage}{note}")
        else:
            print(f"{self.name}: {stage}", file=sys.stderr, flush=True)


def bar() -> Progress:
    """A line a topic: how many of its jobs are done, and how long the rest will take."""
    columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True))
