"""One topic or page of facts: from what was asked on the command line to its verdict, printed."""

import io
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

from workflow import page
from workflow.interrupt import interruptible
from workflow.locate import located
from workflow.options import ADDING, READING, rows
from workflow.progress import Counts, Stages
from workflow.topic import HOME, WIDTH, Refused, load, pages, settings

OK, WRONG, REFUSED, MACHINE = 0, 1, 2, 3


def each(options, *, write: bool) -> int:
    """Every topic asked for, several at once where `--processes` says so; the worst code wins."""
    if options.processes < 1:
        raise Refused(f"--processes {options.processes}: there must be at least 1")
    at_once = min(options.processes, len(options.topics))
    if at_once == 1:
        return max(_guarded(options, write, name) for name in options.topics)
    from workflow.campaign import processes

    run, codes = processes(at_once), [OK]
    with Counts() as counts:
        tell = counts("topics", len(options.topics))
        tell(0)
        for finished in run(partial(_apart, options, write), "", [[n] for n in options.topics]):
            for code, said, complained in finished:
                codes.append(code)
                print(complained, end="", file=sys.stderr, flush=True)
                print(said, end="", flush=True)
                tell(len(codes) - 1)
    return max(codes)


def _apart(options, write, _, some: list[str]) -> list[tuple[int, str, str]]:
    """In another process: the codes of some topics, and what they printed to either stream."""
    found = []
    for name in some:
        with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()) as complained:
            code = _guarded(options, write, name, quiet=True)
        found.append((code, said.getvalue(), complained.getvalue()))
    return found


def _guarded(options, write, name, *, quiet=False) -> int:
    """The exit code of one topic, whose troubles stop neither the others nor the gallery."""
    try:
        one = _page if name in pages() else _one
        with interruptible():
            return one(name, options, write=write, quiet=quiet)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    except OSError as problem:
        print(f"{name}: {refusal_of_the_machine(problem)}", file=sys.stderr)
        return MACHINE
    except Exception as problem:
        return broken(problem)


def broken(problem: Exception) -> int:
    """A topic's file that does not run is input to be mended; anything else is a fault of ours."""
    words = located(problem)
    if words:
        print(words, file=sys.stderr)
        return REFUSED
    traceback.print_exc()
    return WRONG


def refusal_of_the_machine(problem: OSError) -> str:
    """'results/mine: cannot be written (No space left on device)', as far as it is known."""
    return ": ".join(str(x) for x in (problem.filename, problem.strerror or problem) if x)


def _one(name, options, *, write, quiet) -> int:
    out = options.out or _folder(name, options) if write else None
    with Stages(name, quiet=quiet) as progress:
        progress("loading")
        topic = load(name)
        chosen = settings(topic, options.given)
        data = rows(topic, options, progress.rows)
        if write:
            page.insist_writable(out)
        progress("starting PyMC")
        from pytensor import config

        from workflow import report, summarise
        from workflow.verify import verify

        page.insist_writable(Path(config.base_compiledir))  # what is compiled is kept there
        how = {"seed": options.seed, "path": options.data, "columns": options.column}
        run = verify(topic, data, chosen, tell=progress, **how)
        place = ""
        if write:
            with run.timed("report", progress):
                report.write(run, out)
            place = relative(out / "report.html")
    for warning in run.warnings:
        print(f"{name}: warning: {warning}")
    print(f"{name:<{WIDTH}} {run.verdict:<12} {progress.seconds:5.1f} s  {place}")
    print(f"  {summarise.sentence(run)}")
    if run.added:
        print(f"  {report.adding.in_words(run.added)}")
    if not write or not run.good:
        for c in run.gates + run.checks:
            if not c.applies:
                print(f"  --   {c.name}: {c.note}")
                continue
            side = "at least" if c.at_least else "at most"
            found = f"{c.name}: {page.short(c.value)} ({side} {page.short(c.limit)})"
            note = f"; {c.note}" if c.note and not c.passed else ""
            print(f"  {'ok  ' if c.passed else 'FAIL'} {found}{note}")
    return OK if run.good else WRONG


def _page(name, options, *, write, quiet) -> int:
    """A page of facts: it has no model, so neither rows nor settings of one's own."""
    from workflow import facts

    own = {"--data": options.data, "--column": options.column, "--set": options.given}
    own |= {f"--{key}": getattr(options, key) for key in READING | ADDING}
    for option in (option for option, given in own.items() if given):
        raise Refused(f"{option}: {name} is a page of facts without a model, and takes none")
    out = options.out or _folder(name, options) if write else None
    with Stages(name, quiet=quiet) as progress:
        progress("loading")
        page_of_facts = facts.load_page(name, options.seed)
        if write:
            page.insist_writable(out)
        facts.establish(page_of_facts, progress)
        if write:
            with page_of_facts.timed("report", progress):
                facts.write(page_of_facts, out)
    place = relative(out / "report.html") if write else ""
    print(f"{name:<{WIDTH}} {page_of_facts.verdict:<12} {progress.seconds:5.1f} s  {place}")
    print(f"  {facts.sentence(page_of_facts)}")
    for line in facts.told(page_of_facts, every=not write):
        print(line)
    return OK if page_of_facts.good else WRONG


def _folder(name, options) -> Path:
    """results/TOPIC is for the repository's own answer; anybody else's goes to results/mine."""
    own = options.data or options.given or options.column or options.seed != 1
    return HOME / "results" / "mine" / name if own else HOME / "results" / name


def relative(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path
