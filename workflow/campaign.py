"""Many independent jobs, kept as they finish: stop at any time, go on later, on any executor.

A job is a whole number; what it yields depends on that number alone, never on the worker that did
it or on what was done before. Its result is one line of a file, so nothing finished is lost.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from workflow.page import replacing
from workflow.topic import Refused, Topic

ATTEMPTS = 3  # a worker that dies is replaced this often; then it is the job that kills workers

Work = Callable[[str, list[int]], list[dict]]  # topic and jobs -> a dict for each, with its "job"
Executor = Callable[[Work, str, list[list[int]]], Iterator[list[dict]]]


class WorkerDied(Exception):
    """A worker ended without an answer: killed, or out of memory."""


def processes(count: int) -> Executor:
    """This machine: `count` processes of one thread each, or no other process where it is 1."""

    def run(work, name, batches):
        if count == 1:
            yield from (work(name, batch) for batch in batches)
            return
        parallel = Parallel(n_jobs=count, return_as="generator_unordered")
        try:
            yield from parallel(delayed(work)(name, batch) for batch in batches)
        except TerminatedWorkerError as problem:
            raise WorkerDied(str(problem)) from problem

    return run


def cluster(address: str) -> Executor:
    """A running dask.distributed scheduler, whose workers were started in a clone of this tree."""
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise Refused(
            "--scheduler needs dask.distributed: pip install -r requirements-cluster.txt"
        ) from None

    try:
        Client(address, timeout=10).close()
    except OSError as problem:
        raise Refused(f"--scheduler {address}: no scheduler answers ({problem})") from None

    def run(work, name, batches):
        with Client(address, timeout=10) as client:
            futures = client.map(lambda batch: work(name, batch), batches, pure=False)
            try:
                for future in as_completed(futures):
                    yield future.result()
            except KilledWorker as problem:
                raise WorkerDied(str(problem)) from problem

    return run


def carry_out(
    work: Work,
    name: str,
    jobs: list[int],
    file: Path,
    about: dict,
    executor: Executor,
    *,
    batch: int,
    tell: Callable[[int], None] = lambda done: None,
) -> pd.DataFrame:
    """One row a job, in the order of `jobs`; those the file already holds are not done again.

    `about` says what the results depend on; a file about something else is begun afresh.
    `tell` hears how many jobs are done.
    """
    found = read(file, about)
    if found is None:
        found = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as path:
            path.write_text(json.dumps(about) + "\n", encoding="utf-8")
    for attempt in range(ATTEMPTS):
        missing = [job for job in jobs if job not in found]
        tell(len(jobs) - len(missing))
        batches = [missing[i : i + batch] for i in range(0, len(missing), batch)]
        try:
            for rows in executor(work, name, batches) if batches else ():
                with file.open("a", encoding="utf-8") as out:
                    out.write("".join(json.dumps(row) + "\n" for row in rows))
                found |= {row["job"]: row for row in rows}
                tell(sum(job in found for job in jobs))
            break
        except WorkerDied:
            if attempt + 1 == ATTEMPTS:
                raise
    return pd.DataFrame([found[job] for job in jobs])


def read(file: Path, about: dict | None = None) -> dict[int, dict] | None:
    """Job -> row, of a file about the same thing; None where there is none.

    A last line cut short by a kill is taken off the file, so that the next one begins a line.
    """
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        with replacing(file) as path:
            path.write_text(whole, encoding="utf-8")
    head, *lines = whole.splitlines() or [""]
    if not head or (about is not None and json.loads(head) != json.loads(json.dumps(about))):
        return None
    rows = map(json.loads, lines)
    return {row["job"]: row for row in rows}


def about(file: Path) -> dict:
    """What a file of results says it depends on."""
    with file.open(encoding="utf-8") as lines:
        return json.loads(next(lines))


def fingerprint(topic: Topic) -> str:
    """Changes with the topic's statements or its data; comments and docstrings do not count."""
    tree = ast.parse(Path(topic.module.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode() + topic.csv.read_bytes()).hexdigest()[:16]
