"""What may be typed after `python -m workflow`: commands, options and their help."""

import argparse
from pathlib import Path

from joblib import cpu_count

from workflow.topic import names, pages

MOST = 8  # topics at a time: each takes a gigabyte of memory
READING = {
    "decimal": (",", "how your file writes the decimal point"),
    "thousands": (".", "what stands between thousands in your file"),
    "delimiter": (";", "what stands between cells, if it is not to be found out"),
    "encoding": ("NAME", "of your file, if it is not to be found out"),
    "sheet": ("NAME", "of your Excel file, or its number (default: the first)"),
}
ADDING = {
    "engine": (
        "NAME",
        "what adds up rows: duckdb (for many the default), polars, dask, pandas, none",
    ),
    "scheduler": ("ADDRESS", "of a dask.distributed scheduler whose workers add up: tcp://..."),
}


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="python -m workflow",
        description="Fit PyMC models and verify them against answers that are known.",
        epilog="Exit codes: 0, the answers agree; 1, they do not or the sampler did not converge; "
        "2, the input was refused and nothing written; 3, the machine would not let us.",
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name, text, *, topics, own_data=False):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=name)
        if topics:
            every = names() + (pages() if own_data else [])
            sub.add_argument(
                "topics", nargs=topics, metavar="TOPIC", help="one of: " + ", ".join(every)
            )
        if own_data:
            _own_data(sub, adds=name in ("report", "check"))
        return sub

    sub = command(
        "report",
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
    command("check", "Fit and verify without writing anything.", topics="+", own_data=True)
    sub = command(
        "groups",
        "Fit one topic to every group of a column, each as if its rows were all there are: one "
        "table of exact and drawn answers. Goes on where it was stopped. Exit code 1 if a group "
        "disagrees or did not converge, 2 if one was refused; the others stand all the same.",
        topics=1,
        own_data=True,
    )
    sub.add_argument("--by", required=True, metavar="COLUMN",
                     help="the column of your file that says which group a row is of")  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="FOLDER",
                     help="where to (default results/mine/TOPIC)")  # fmt: skip
    _workers(sub)
    command("describe", "What a topic wants: columns, types, settings.", topics="+")
    _campaign_command(
        command(
            "calibrate",
            "Simulate data from the prior, refit, see whether the "
            "ranks of the truth are uniform. Goes on where it was stopped.",
            topics="*",
        ),
        1_000,
    )
    _campaign_command(
        command(
            "seeds",
            "Fit under many seeds: false alarms and power of the comparison "
            "of draws with exact answers. Goes on where it was stopped.",
            topics="*",
        ),
        200,
    )
    command("publish", "Write docs/verification.md from what was measured.", topics=None)
    sub = command("new", "A working copy of a topic under another name.", topics=None)
    sub.add_argument("name", metavar="NAME", help="of the new topic: models/NAME.py and so on")
    sub.add_argument(
        "--from", dest="source", metavar="TOPIC", default="beta_binomial",
        help="which to copy (default beta_binomial)",
    )  # fmt: skip
    command("list", "Every topic and its question.", topics=None)
    command("gallery", "Write results/index.html and say every verdict.", topics=None)
    return whole


def _own_data(sub, *, adds: bool) -> None:
    """Rows and settings of one's own; `adds`, so many rows that they are added up elsewhere."""
    many = "; or many files, as a folder of Parquet or a pattern in quotes" if adds else ""
    sub.add_argument(
        "--data", type=Path, metavar="FILE",
        help=f"your rows instead of the shipped ones: CSV, Excel or Parquet{many}",
    )  # fmt: skip
    for option, (sign, meaning) in (READING | (ADDING if adds else {})).items():
        sub.add_argument(f"--{option}", metavar=sign, help=meaning)
    several = {"nargs": "+", "action": "extend", "default": []}
    sub.add_argument("--column", metavar="OURS=THEIRS", **several,
                     help="what a column is called in your file")  # fmt: skip
    sub.add_argument("--set", dest="given", metavar="NAME=VALUE", **several,
                     help="a prior or known value; a list as 1,2,3")  # fmt: skip
    sub.add_argument("--seed", type=int, default=1, help="of all random numbers (default 1)")
    if adds:
        sub.add_argument("--processes", type=int, default=min(cpu_count(), MOST), metavar="N",
                         help=f"topics at a time (default: a core each, up to {MOST})")  # fmt: skip


def _campaign_command(sub, number) -> None:
    sub.add_argument("--number", type=int, default=number, metavar="N",
                     help=f"fits of each topic (default {number:,})")  # fmt: skip
    _workers(sub)


def _workers(sub) -> None:
    sub.add_argument("--processes", type=int, default=cpu_count(), metavar="N",
                     help="worker processes on this machine (default: one a core)")  # fmt: skip
    sub.add_argument("--scheduler", metavar="ADDRESS",
                     help="a dask.distributed scheduler to use instead: tcp://...")  # fmt: skip


def rows(topic, options, tell=lambda rows, share: None):
    """The rows that a command line asks for."""
    from workflow import adding

    how = {k: getattr(options, k) for k in READING | ADDING if getattr(options, k) is not None}
    return adding.rows(topic, options.data, options.column, **how, tell=tell)
