"""What a topic wants, for a person at a terminal: columns, rules, settings, and an example."""

import inspect
import textwrap

import numpy as np

from models._alike import ALIKE
from workflow.rules import in_words
from workflow.topic import HOME, Topic

KINDS = {"int": "whole number", "float": "number", "category": "label", "string": "text",
         "str": "text", "object": "text", "bool": "true or false"}  # fmt: skip
EXAMPLE_LINES = 6  # a heading and rows enough to show what differs
MANY = "DATA='many/*.parquet', or of CSV"
FAR = "docs/speed.md says what 10,000 to a million cost"
FORMATS = (
    "CSV (commas, semicolons, tabs or pipes; UTF-8, UTF-16 or Windows-1252), Excel (.xlsx) or "
    "Parquet. `#` lines on top are comments. Where numbers have commas, say so: "
    '`--decimal ,` or `--thousands ,`, in make READ="decimal=, thousands=."'
)


def describe(topic: Topic) -> str:
    """The topic's docstring, columns, rules and settings, and how to give it rows of one's own."""
    schema, needs_csv = topic.module.Data.to_schema(), topic.csv.is_file()
    columns = [_column(name, column) for name, column in schema.columns.items()]
    width = max((len(row[1]) for row in columns), default=0)
    known = set(topic.known)
    return "\n".join(
        [
            inspect.cleandoc(topic.module.__doc__),
            "\nColumns: " + " ".join(inspect.cleandoc(topic.module.Data.__doc__ or "").split()),
            *(f"  {name:<12} {what:<{width}}  {meaning}" for name, what, meaning in columns),
            *(f"  rule: {check.error}" for check in schema.checks),
            *_adds_up(topic),
            '\nSettings (--set NAME=VALUE; in make SET="NAME=VALUE"; a list as 1,2,3)',
            *(
                f"  {name} = {_value(value)}{'  (taken as known)' if name in known else ''}"
                for name, value in topic.defaults.items()
            ),
            *(_example(topic) if needs_csv else []),
            "\nYour own file",
            *_commands(topic, schema),
            *textwrap.wrap(FORMATS, 96, initial_indent="  ", subsequent_indent="  "),
            "",
        ]
    )


def _adds_up(topic) -> list[str]:
    """Whether rows by the million can be given, and how."""
    if not hasattr(topic.module, "reduced"):
        return [f"  every row is looked at: {FAR}; of more rows fit a sample"]
    said = [f"  rows add up: of any number, in any number of files ({MANY})"]
    if getattr(topic.module, "WEIGHED", False):
        said.append(f"  `{ALIKE}`, a column of your own, may say how many rows each one stands for")
    return said


def _column(name, column):
    kind = next((word for start, word in KINDS.items() if str(column.dtype).startswith(start)),
                str(column.dtype))  # fmt: skip
    limits = [in_words(check.error).removeprefix("be ") for check in column.checks]
    absent = ["may be absent"] if not column.required else []
    holes = ["cells may be empty"] if column.nullable else []
    return name, ", ".join([kind, *limits, *absent, *holes]), column.description or ""


def _value(value) -> str:
    return str(value) if np.ndim(value) == 0 else ",".join(f"{v:g}" for v in value)


def _example(topic):
    lines = [line for line in topic.csv.read_text("utf-8").splitlines() if line[:1] != "#"]
    shown = [f"  {line}" for line in lines[:EXAMPLE_LINES]]
    return [f"\nAn example, {topic.csv.relative_to(HOME)}, begins", *shown]


def _commands(topic, schema) -> list[str]:
    """What to type; where names differ, FIELDS says so."""
    required = [name for name, column in schema.columns.items() if column.required]
    plain = f"  make {topic.name} DATA=mine.csv"
    fields = " ".join(f"{name}=THEIRS" for name in required)
    renamed = f'{plain} FIELDS="{fields}"  # if your columns have other names'
    return [plain, renamed] if fields else [plain]
