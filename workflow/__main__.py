"""The command line: python -m workflow COMMAND; `--help` lists what there is."""

import sys

from workflow import one, page
from workflow.interrupt import interruptible
from workflow.options import parser
from workflow.progress import Counts
from workflow.topic import HOME, WIDTH, Refused, load, names, pages

RIGHT = ("agree", "unproved")


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        with interruptible():
            return COMMANDS[options.command](options)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return one.REFUSED
    except OSError as problem:
        print(one.refusal_of_the_machine(problem), file=sys.stderr)
        return one.MACHINE
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        return one.broken(problem)


def _report(options) -> int:
    if options.out and len(options.topics) > 1:
        raise Refused("--out takes one topic at a time")
    if options.data and len(options.topics) > 1:
        raise Refused("--data takes one topic at a time")
    return one.each(options, write=True)


def _check(options) -> int:
    return one.each(options, write=False)


def _calibrate(options) -> int:
    from workflow import calibrate, report

    if options.number < calibrate.LEAST:
        raise Refused(f"--number {options.number}: a verdict needs at least {calibrate.LEAST}")
    tables = _campaign(options, calibrate.simulations, calibrate, "ranks", batch=20)
    found = calibrate.verdicts(tables)
    print("\n".join(calibrate.sentences(found)))
    for name, verdict in found.groupby("topic"):
        report.put_calibration(name, tables[name], verdict)
    return one.OK if found["calibrated"].all() and set(tables) >= set(options.topics) else one.WRONG


def _seeds(options) -> int:
    from workflow import reliability

    chosen = options.topics or names()
    options.topics = [name for name in chosen if reliability.measurable(load(name))]
    if without := ", ".join(name for name in chosen if name not in options.topics):
        print(f"{without}: no exact answer to measure draws against", file=sys.stderr)
    if not options.topics:
        return one.WRONG
    found = reliability.summary(_campaign(options, reliability.fits, reliability, "seeds", batch=5))
    print("\n".join(reliability.sentences(found)))
    return one.WRONG if found[["alarms", "gates_failed"]].to_numpy().any() else one.OK


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

    print(f"wrote {one.relative(publish.write())}")
    return one.OK


def _describe(options) -> int:
    from workflow.describe import describe

    print("\n\n".join(describe(load(name)) for name in options.topics))
    return one.OK


def _new(options) -> int:
    from workflow.new import new

    print(new(options.name, options.source))
    return one.OK


def _list(options) -> int:
    worst = one.OK
    from workflow.facts import load_page

    for name in names() + pages():
        try:
            found = load_page(name) if name in pages() else load(name)
            print(f"{name:<{WIDTH}} {found.analysis.QUESTION}")
        except Refused as problem:
            print(problem, file=sys.stderr)
            worst = one.REFUSED
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
    print(f"open {one.relative(HOME / 'results' / 'index.html')}")
    return one.WRONG if missing or any(f["verdict"] not in RIGHT for f in found) else one.OK


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
