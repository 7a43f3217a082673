"""The command line: python -m workflow COMMAND; `--help` lists what there is."""

import sys
import traceback
from pathlib import Path

from workflow import page
from workflow.interrupt import interruptible
from workflow.locate import located
from workflow.options import READING, parser, rows
from workflow.progress import Counts, Stages
from workflow.topic import HOME, WIDTH, Refused, load, names, pages, settings

OK, WRONG, REFUSED, MACHINE = 0, 1, 2, 3
RIGHT = ("agree", "unproved")


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        with interruptible():
            return COMMANDS[options.command](options)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    except OSError as problem:
        print(_refusal_of_the_machine(problem), file=sys.stderr)
        return MACHINE
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        return _broken(problem)


def _broken(problem: Exception) -> int:
    """A topic's file that does not run is input to be mended; anything else is a fault of ours."""
    words = located(problem)
    if words:
        print(words, file=sys.stderr)
        return REFUSED
    traceback.print_exc()
    return WRONG


def _report(options) -> int:
    if options.out and len(options.topics) > 1:
        raise Refused("--out takes one topic at a time")
    if options.data and len(options.topics) > 1:
        raise Refused("--data takes one topic at a time")
    return _each(options, write=True)


def _check(options) -> int:
    return _each(options, write=False)


def _each(options, *, write) -> int:
    """Every topic in one process, since starting and compiling is what costs; worst code wins."""
    worst = OK
    for name in options.topics:
        try:
            one = _page if name in pages() else _one
            with interruptible():
                code = one(name, options, write=write)
        except Refused as problem:
            print(problem, file=sys.stderr)
            code = REFUSED
        except OSError as problem:
            print(f"{name}: {_refusal_of_the_machine(problem)}", file=sys.stderr)
            code = MACHINE
        except Exception as problem:  # it must stop neither the other topics nor the gallery
            code = _broken(problem)
        worst = max(worst, code)
    return worst


def _refusal_of_the_machine(problem: OSError) -> str:
    """'results/mine: cannot be written (No space left on device)', as far as it is known."""
    return ": ".join(str(x) for x in (problem.filename, problem.strerror or problem) if x)


def _one(name, options, *, write) -> int:
    out = options.out or _folder(name, options) if write else None
    with Stages(name) as progress:
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
            place = _short(out / "report.html")
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


def _page(name, options, *, write) -> int:
    """A page of facts: it has no model, so neither rows nor settings of one's own."""
    from workflow import facts

    own = {"--data": options.data, "--column": options.column, "--set": options.given}
    own |= {f"--{key}": getattr(options, key) for key in READING}
    for option in (option for option, given in own.items() if given):
        raise Refused(f"{option}: {name} is a page of facts without a model, and takes none")
    out = options.out or _folder(name, options) if write else None
    with Stages(name) as progress:
        progress("loading")
        page_of_facts = facts.load_page(name, options.seed)
        if write:
            page.insist_writable(out)
        facts.establish(page_of_facts, progress)
        if write:
            with page_of_facts.timed("report", progress):
                facts.write(page_of_facts, out)
    place = _short(out / "report.html") if write else ""
    print(f"{name:<{WIDTH}} {page_of_facts.verdict:<12} {progress.seconds:5.1f} s  {place}")
    print(f"  {facts.sentence(page_of_facts)}")
    for line in facts.told(page_of_facts, every=not write):
        print(line)
    return OK if page_of_facts.good else WRONG


def _folder(name, options) -> Path:
    """results/TOPIC is for the repository's own answer; anybody else's goes to results/mine."""
    own = options.data or options.given or options.column or options.seed != 1
    return HOME / "results" / "mine" / name if own else HOME / "results" / name


def _calibrate(options) -> int:
    from workflow import calibrate, report

    if options.number < calibrate.LEAST:
        raise Refused(f"--number {options.number}: a verdict needs at least {calibrate.LEAST}")
    tables = _campaign(options, calibrate.simulations, calibrate, "ranks", batch=20)
    found = calibrate.verdicts(tables)
    print("\n".join(calibrate.sentences(found)))
    for name, verdict in found.groupby("topic"):
        report.put_calibration(name, tables[name], verdict)
    return OK if found["calibrated"].all() and set(tables) >= set(options.topics) else WRONG


def _seeds(options) -> int:
    from workflow import reliability

    chosen = options.topics or names()
    options.topics = [name for name in chosen if reliability.measurable(load(name))]
    if without := ", ".join(name for name in chosen if name not in options.topics):
        print(f"{without}: no exact answer to measure draws against", file=sys.stderr)
    if not options.topics:
        return WRONG
    found = reliability.summary(_campaign(options, reliability.fits, reliability, "seeds", batch=5))
    print("\n".join(reliability.sentences(found)))
    return WRONG if found[["alarms", "gates_failed"]].to_numpy().any() else OK


def _campaign(options, work, verb, stem, *, batch) -> dict:
    """Topic -> the table of its jobs, done now or found done."""
    from workflow.calibrate import CannotSimulate
    from workflow.campaign import carry_out, cluster, place, processes

    if options.number < 1 or options.processes < 1:
        raise Refused("--number and --processes must be at least 1")
    tables, chosen = {}, [load(name) for name in options.topics or names()]
    executor = cluster(options.scheduler) if options.scheduler else processes(options.processes)
    with Counts() as counts:
        for topic in chosen:
            about, jobs = verb.about(topic), list(range(options.number))
            try:
                tables[topic.name] = carry_out(
                    work, topic.name, jobs, place(topic.name, stem, about), about, executor,
                    batch=batch, tell=counts(topic.name, options.number),
                )  # fmt: skip
            except CannotSimulate as problem:
                print(problem, file=sys.stderr)
    if not tables:
        raise Refused("none of these can be simulated")
    return tables


def _publish(options) -> int:
    from workflow import publish

    print(f"wrote {_short(publish.write())}")
    return OK


def _describe(options) -> int:
    from workflow.describe import describe

    print("\n\n".join(describe(load(name)) for name in options.topics))
    return OK


def _new(options) -> int:
    from workflow.new import new

    print(new(options.name, options.source))
    return OK


def _list(options) -> int:
    worst = OK
    from workflow.facts import load_page

    for name in names() + pages():
        try:
            found = load_page(name) if name in pages() else load(name)
            print(f"{name:<{WIDTH}} {found.analysis.QUESTION}")
        except Refused as problem:
            print(problem, file=sys.stderr)
            worst = REFUSED
    return worst


def _gallery(options) -> int:
    found = page.gallery(HOME / "results")
    missing = {*names(), *pages()} - {f["topic"] for f in found}
    for f in found:
        contradicted = f.get("fit", {}).get("misfit")  # a page of facts has no model to contradict
        misfit = "  (the data contradict the model)" if contradicted else ""
        print(f"{f['topic']:<{WIDTH}} {f['verdict']}{misfit}")
    for name in sorted(missing):
        print(f"{name:<{WIDTH}} missing")
    print(f"open {_short(HOME / 'results' / 'index.html')}")
    return WRONG if missing or any(f["verdict"] not in RIGHT for f in found) else OK


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


COMMANDS = {
    "report": _report,
    "check": _check,
    "describe": _describe,
    "calibrate": _calibrate,
    "seeds": _seeds,
    "publish": _publish,
    "new": _new,
    "list": _list,
    "gallery": _gallery,
}

if __name__ == "__main__":
    sys.exit(main())
