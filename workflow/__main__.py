"""The command line: python -m workflow COMMAND; `--help` lists what there is."""

import sys

from workflow import one, page
from workflow.interrupt import interruptible
from workflow.options import parser
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


def _many(options) -> int:
    from workflow import many

    return getattr(many, options.command)(options)


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
    "groups": _many,
    "calibrate": _many,
    "seeds": _many,
    "publish": _publish,
    "new": _new,
    "list": _list,
    "gallery": _gallery,
}

if __name__ == "__main__":
    sys.exit(main())
