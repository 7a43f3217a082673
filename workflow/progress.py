"""What a person sees while they wait: the stage a run is in, or how many of many jobs are done."""

import resource
import sys
import time

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

EVERY = 20.0  # seconds between plain lines
PATIENCE = 2.0  # seconds before the rows read are counted aloud


class Stages:
    """The stage a run is in, on one line wiped at the end; plain lines where no terminal is.

    `quiet` where others run at the same time, of which `Counts` tells.
    """

    def __init__(self, name, *, quiet=False):
        self.name, self.start, self.quiet = name, time.perf_counter(), quiet
        self.said = self.start
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
        elif not self.quiet:
            print(f"{self.name}: {stage}", file=sys.stderr, flush=True)

    def rows(self, done, share):
        """How many rows of a large file have been read, or none: an engine adds them up.

        Where there is nobody to see it, a line now and then for an engine alone.
        """
        now = time.perf_counter()
        if done is not None:
            of_all = f" ({share:.0%} of the file)" if share is not None else ""
            text = f"{self.name}: reading, {done:,} rows{of_all}"
        else:
            of_all = f", {share:.0%} of this scan" if share else ""
            text = f"{self.name}: adding up{of_all}, {peak() / 2**30:.2f} GB of memory"
        if self.status and now - self.start > PATIENCE:
            self.status.update(text)
        elif not self.quiet and done is None and now - self.said >= EVERY:
            print(text, file=sys.stderr, flush=True)
            self.said = now


def peak() -> int:
    """The most memory this process has held so far, in bytes."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


class Counts:
    """How many of many jobs are done: a bar a topic; plain lines where no terminal is."""

    def __init__(self):
        columns = [*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()]
        console = Console(stderr=True)
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal)

    def __enter__(self):
        self.bar.start()
        return self

    def __exit__(self, *_):
        self.bar.stop()

    def __call__(self, name, total):
        """A function that takes how many of `total` jobs of `name` are done."""
        line, said = self.bar.add_task(name, total=total), time.perf_counter() - EVERY

        def tell(done):
            nonlocal said
            self.bar.update(line, completed=done)
            now = time.perf_counter()
            if not self.bar.console.is_terminal and (done == total or now - said >= EVERY):
                print(f"{name}: {done:,} of {total:,}", file=sys.stderr, flush=True)
                said = now

        return tell
