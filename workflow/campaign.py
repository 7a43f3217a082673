"""Many independent jobs, kept as they finish: stop at any time, go on later, on any executor.

A job is a whole number; what it yields depends on that number alone, never on the worker that did
it or on what was done before. Its result is one line of a file, so nothing finished is lost. The
file bears a digest of what its results depend on, so other results never mix with them.
"""

import ast
import fcntl
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from functools import wraps
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from workflow.topic import HOME, Refused, Topic, load, names

ATTEMPTS = 3  # in a row without a result, and it is the job that kills its workers

Work = Callable[[str, list[int]], list[dict]]  # topic and jobs -> a dict for each, with its "job"
Executor = Callable[[Work, str, Iterable[list]], Iterator[list[dict]]]


class WorkerDied(OSError):
    """A worker ended without an answer: killed, or out of memory."""


def processes(count: int) -> Executor:
    """This machine: `count` processes, or no other process where it is 1."""

    def run(work, name, batches):
        if count == 1:
            yield from (work(name, batch) for batch in batches)
            return
        parallel = Parallel(n_jobs=count, return_as="generator_unordered", batch_size=1)
        try:
            yield from parallel(delayed(work)(name, batch) for batch in batches)
        except TerminatedWorkerError as problem:
            raise WorkerDied(0, "a worker was killed, or ran out of memory", name) from problem

    return run


@contextmanager
def connected(address: str):
    """A client of a running dask.distributed scheduler; Refused where none with workers answers."""
    try:
        from distributed import Client
    except ImportError:
        raise Refused(
            "--scheduler needs dask.distributed: pip install -r requirements-cluster.txt"
        ) from None
    with ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=10))
            client.wait_for_workers(1, timeout=30)
        except (OSError, ValueError) as problem:  # a TimeoutError is an OSError
            raise Refused(
                f"--scheduler {address}: no scheduler with workers answers ({problem})"
            ) from None
        yield client


def cluster(address: str) -> Executor:
    """A running dask.distributed scheduler, whose workers were started in a clone of this tree."""
    with connected(address):
        from distributed import KilledWorker, as_completed

    def run(work, name, batches):
        with connected(address) as client:
            futures = client.map(lambda batch: work(name, batch), list(batches), pure=False)
            try:
                for future in as_completed(futures):
                    yield future.result()
            except KilledWorker as problem:
                raise WorkerDied(0, "a worker was killed, or ran out of memory", name) from problem

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
    given: Callable[[int], object] = lambda job: job,
    lost: Callable[[int], dict] | None = None,
) -> pd.DataFrame:
    """One row a job, in the order of `jobs`; those the file already holds are not done again.

    `about` is written at its head, with the date. `tell` hears how many jobs are done. A worker is
    handed `given(job)` for each job of a batch. A job that kills its workers has the row
    `lost(job)`; without that, it ends them all.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{file}: another run is at work on it") from None
        found = _begun(out, about)
        failures = 0

        def keep(rows):
            out.write("".join(json.dumps(row) + "\n" for row in rows))
            out.flush()
            found.update({row["job"]: row for row in rows})
            tell(sum(job in found for job in jobs))

        while missing := [job for job in jobs if job not in found]:
            tell(len(jobs) - len(missing))
            parts = (missing[i : i + batch] for i in range(0, len(missing), batch))
            try:
                for rows in executor(work, name, ([given(job) for job in part] for part in parts)):
                    keep(rows)
                    failures = 0
            except WorkerDied:
                failures += 1
                if failures == ATTEMPTS and lost is None:
                    raise
                if failures == ATTEMPTS:
                    for rows in _alone(work, name, missing, executor, given, lost):
                        keep(rows)
                    failures = 0
    tell(len(jobs))
    return pd.DataFrame([found[job] for job in jobs])


def _alone(work, name, jobs, executor, given, lost) -> Iterator[list[dict]]:
    """Job after job, up to the first that kills its worker by itself: that one is given up."""
    for job in jobs:
        try:
            yield from executor(work, name, [[given(job)]])
        except WorkerDied:
            yield [lost(job)]
            return


def _begun(out, about) -> dict[int, dict]:
    """What an opened file holds; a last line cut short by a kill is taken off first."""
    out.seek(0)
    text = out.read()
    whole = text[: text.rfind("\n") + 1]
    out.truncate(len(whole.encode()))
    if not whole:
        out.write(json.dumps({"begun": date.today().isoformat(), "about": about}) + "\n")
        out.flush()
    return _rows(whole)


def _rows(text: str) -> dict[int, dict]:
    rows = map(json.loads, text[: text.rfind("\n") + 1].splitlines()[1:])
    return {row["job"]: row for row in rows}


def place(name: str, stem: str, about: dict) -> Path:
    """results/<topic>/<stem>.<digest of what it is about>.jsonl"""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:12]
    return HOME / "results" / name / f"{stem}.{digest}.jsonl"


def read(file: Path) -> tuple[dict, pd.DataFrame]:
    """The head of a file and its rows by job, or an empty head and no rows where there is none."""
    if not file.is_file():
        return {}, pd.DataFrame()
    text = file.read_text(encoding="utf-8")
    rows = _rows(text)
    head = json.loads(text.split("\n", 1)[0]) if rows else {}
    return head, pd.DataFrame(rows[job] for job in sorted(rows))


def measured(verb, stem: str, least: int) -> dict[str, tuple[dict, pd.DataFrame]]:
    """Topic -> head and rows, of topics with at least so many results of their present source."""
    found = {}
    begun = [name for name in names() if any((HOME / "results" / name).glob(f"{stem}.*"))]
    for name in begun:  # the others need not be loaded for their digest
        with suppress(Refused, OSError):  # somebody's topic that does not run is no matter of ours
            found[name] = read(place(name, stem, verb.about(load(name))))
    return {name: pair for name, pair in found.items() if len(pair[1]) >= least}


def compiled_once(make: Callable) -> Callable:
    """make(name), once in a process and by one thread; refused where its source changed since."""
    made, lock = {}, threading.Lock()

    @wraps(make)
    def get(name):
        now = source(load(name))
        with lock:
            if name not in made:
                made[name] = now, make(name)
            was, ready = made[name]
        if was != now:
            raise Refused(f"{name}: its source has changed since it was compiled; start again")
        return ready

    return get


def source(topic: Topic) -> str:
    """A digest of the topic's statements, those of what it imports from models/, and its data.

    Comments and docstrings do not count, nor does CALIBRATION: those settings are filed by name.
    Nor do `reduced` with its import, nor `taken`: what was measured never called them.
    """
    digest = hashlib.sha256(topic.csv.read_bytes())
    for path in _imported(Path(topic.module.__file__)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            kinds = ast.Module | ast.ClassDef | ast.FunctionDef
            if isinstance(node, kinds) and ast.get_docstring(node):
                node.body[0].value.value = ""
        tree.body = [node for node in tree.body if not _aside(node)]
        digest.update(ast.unparse(tree).encode())
    return digest.hexdigest()[:16]


def _aside(node: ast.stmt) -> bool:
    """Whether a statement is none of those that were measured."""
    match node:
        case ast.Assign():
            return ast.unparse(node.targets[0]) == "CALIBRATION"
        case ast.FunctionDef():
            return node.name in ("reduced", "taken")
        case ast.ImportFrom():
            return node.module == "models._reduced"
    return False


def _imported(path: Path) -> list[Path]:
    """This file of models/ and all that it imports from there, in a fixed order."""
    found, waiting = set(), [path]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.add(here)
        for node in ast.walk(ast.parse(here.read_text(encoding="utf-8"))):
            ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("models")
            if ours and not _aside(node):
                asked = [node.module, *(f"models.{alias.name}" for alias in node.names)]
                files = [path.parent / f"{name.removeprefix('models.')}.py" for name in asked]
                waiting += [file for file in files if file.is_file()]
    return sorted(found)
