"""The commands that fit many times: calibrate, seeds, groups. Each goes on where it was stopped."""

import sys
from pathlib import Path

from workflow.one import OK, REFUSED, WRONG
from workflow.options import READING
from workflow.page import insist_writable
from workflow.progress import Counts, Stages
from workflow.topic import HOME, Refused, load, names, settings


def calibrate(options) -> int:
    from workflow import calibrate, report

    if options.number < calibrate.LEAST:
        raise Refused(f"--number {options.number}: a verdict needs at least {calibrate.LEAST}")
    tables = _campaign(options, calibrate.simulations, calibrate, "ranks", batch=20)
    found = calibrate.verdicts(tables)
    print("\n".join(calibrate.sentences(found)))
    for name, verdict in found.groupby("topic"):
        report.put_calibration(name, tables[name], verdict)
    return OK if found["calibrated"].all() and set(tables) >= set(options.topics) else WRONG


def seeds(options) -> int:
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
    from workflow.campaign import carry_out, place

    if options.number < 1:
        raise Refused("--number must be at least 1")
    tables, chosen = {}, [load(name) for name in options.topics or names()]
    executor = _executor(options)
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


def _executor(options):
    from workflow.campaign import cluster, processes

    if options.processes < 1:
        raise Refused("--processes must be at least 1")
    return cluster(options.scheduler) if options.scheduler else processes(options.processes)


def groups(options) -> int:
    """One topic over the groups of a column; REFUSED where one group was, whatever the others."""
    (name,) = options.topics
    topic, out = load(name), options.out or HOME / "results" / "mine" / name
    chosen, how = settings(topic, options.given), {k: getattr(options, k) for k in READING}
    how = {k: v for k, v in how.items() if v is not None}
    with Stages(name) as progress:
        progress("reading")
        from workflow.groups import carried_out, insist_on_some, split
        from workflow.tally import sentences, tally

        found = split(topic, options.data, options.by, options.column, **how, tell=progress.rows)
        insist_writable(out)
        executor = _executor(options)
        progress("starting PyMC")
        from pytensor import config

        insist_writable(Path(config.base_compiledir))  # what is compiled is kept there
        insist_on_some(topic, found, chosen, options.seed)
    with Counts() as counts:
        tell = counts(name, len(found.places))
        rows = carried_out(topic, found, chosen, options.seed, executor, tell)
    result = tally(rows)
    said = sentences(name, options.by, result)
    if set(result.counts) == {"refused"}:
        raise Refused("\n".join(["no group has an answer, so nothing was written", *said[1:]]))
    from workflow.tally_page import write

    write(topic, found, result, chosen, options, out)
    print("\n".join([*(f"{name}: warning: {note}" for note in found.rows.notes), *said]))
    print(out / "groups.html")
    if "refused" in result.counts:
        return REFUSED
    return WRONG if result.without else OK
