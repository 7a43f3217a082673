"""The command line: python -m workflow COMMAND; `--help` lists what there is."""

import argparse
import sys
import traceback
from pathlib import Path

from joblib import cpu_count

from workflow import page
from workflow.progress import Counts, Stages
from workflow.topic import HOME, Refused, describe, load, names, read, settings

OK, WRONG, REFUSED, MACHINE = 0, 1, 2, 3


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    except OSError as problem:
        print(_refusal_of_the_machine(problem), file=sys.stderr)
        return MACHINE
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workflow",
        description="Fit PyMC models and verify them against answers that are known.",
        epilog="Exit codes: 0, the answers agree; 1, they do not or the sampler did not converge; "
        "2, the input was refused and nothing written; 3, the machine would not let us.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text, *, topics, own_data=False):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if topics:
            sub.add_argument(
                "topics", nargs=topics, metavar="TOPIC", help="one of: " + ", ".join(names())
            )
        if own_data:
            sub.add_argument(
                "--data", type=Path, metavar="CSV", help="your rows instead of the shipped ones"
            )
            several = {"nargs": "+", "action": "extend", "default": []}
            sub.add_argument("--column", metavar="OURS=THEIRS", **several,
                             help="what a column is called in your file")  # fmt: skip
            sub.add_argument("--set", dest="given", metavar="NAME=VALUE", **several,
                             help="a prior or known value; a list as 1,2,3")  # fmt: skip
            sub.add_argument(
                "--seed", type=int, default=1, help="of all random numbers (default 1)"
            )
        return sub

    sub = command(
        "report",
        _report,
        "Fit, verify and write a report for each topic.",
        topics="+",
        own_data=True,
    )
    sub.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where to (default results/TOPIC, or results/mine/TOPIC)",
    )
    command("check", _check, "Fit and verify without writing anything.", topics="+", own_data=True)
    command("describe", _describe, "What a topic wants: columns, types, settings.", topics="+")
    _campaign_command(
        command(
            "calibrate",
            _calibrate,
            "Simulate data from the prior, refit, see whether the "
            "ranks of the truth are uniform. Goes on where it was stopped.",
            topics="*",
        ),
        1_000,
    )
    _campaign_command(
        command(
            "seeds",
            _seeds,
            "Fit under many seeds: false alarms and power of the comparison "
            "of draws with exact answers. Goes on where it was stopped.",
            topics="*",
        ),
        200,
    )
    command("publish", _publish, "Write docs/verification.md from what was measured.", topics=None)
    command("list", _list, "Every topic and its question.", topics=None)
    command("gallery", _gallery, "Write results/index.html and say every verdict.", topics=None)
    return parser


def _campaign_command(sub, number) -> None:
    sub.add_argument("--number", type=int, default=number, metavar="N",
                     help=f"fits of each topic (default {number:,})")  # fmt: skip
    sub.add_argument("--processes", type=int, default=cpu_count(), metavar="N",
                     help="worker processes on this machine (default: one a core)")  # fmt: skip
    sub.add_argument("--scheduler", metavar="ADDRESS",
                     help="a dask.distributed scheduler to use instead: tcp://...")  # fmt: skip


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
            code = _one(name, options, write=write)
        except Refused as problem:
            print(problem, file=sys.stderr)
            code = REFUSED
        except OSError as problem:
            print(f"{name}: {_refusal_of_the_machine(problem)}", file=sys.stderr)
            code = MACHINE
        except Exception:  # a broken topic must stop neither the others nor the gallery
            traceback.print_exc()
            code = WRONG
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
        data = read(topic, options.data, options.column)
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
    print(f"{name:<22} {run.verdict:<12} {progress.seconds:5.1f} s  {place}")
    print(f"  {summarise.sentence(run)}")
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
    for name, rows in found.groupby("topic"):
        report.put_calibration(name, tables[name], rows)
    return OK if found["calibrated"].all() and set(tables) >= set(options.topics) else WRONG


def _seeds(options) -> int:
    from workflow import reliability

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
    print("\n\n".join(describe(load(name)) for name in options.topics))
    return OK


def _list(options) -> int:
    for name in names():
        print(f"{name:<22} {load(name).analysis.QUESTION}")
    return OK


def _gallery(options) -> int:
    found = page.gallery(HOME / "results")
    missing = set(names()) - {f["topic"] for f in found}
    for f in found:
        misfit = "  (the data contradict the model)" if f["fit"]["misfit"] else ""
        print(f"{f['topic']:<22} {f['verdict']}{misfit}")
    for name in sorted(missing):
        print(f"{name:<22} missing")
    print(f"open {_short(HOME / 'results' / 'index.html')}")
    return WRONG if missing or any(f["verdict"] != "agree" for f in found) else OK


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path


if __name__ == "__main__":
    sys.exit(main())
