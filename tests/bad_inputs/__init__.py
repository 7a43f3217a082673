"""Files that are wrong, or odd and yet right, and what must become of each: expected.csv.

A row: the topic, the file in the topic's folder here (or the name of one in `made.py`, which is
too large or too special to keep), further arguments, the exit code (2, refused; 0, read), what the
message must say (pieces in their order, parted by ` … `), and what is the matter in words.
"""

import contextlib
import csv
import io
import shlex
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.bad_inputs import made
from workflow import topic
from workflow.__main__ import main
from workflow.options import parser, rows
from workflow.refused import plain, short

HERE = Path(__file__).parent
PAGE = topic.HOME / "docs" / "bad_inputs.md"


@dataclass(frozen=True)
class Case:
    topic: str
    file: str
    arguments: str
    code: int
    message: str
    what: str

    @property
    def pieces(self) -> list[str]:
        return self.message.split(" … ")

    def path(self, folder: Path) -> Path:
        """The file, made in `folder` if it is not kept."""
        name = self.file.removeprefix("made/")
        return HERE / self.topic / name if name == self.file else made.MADE[name](folder)

    def words(self, path: Path) -> list[str]:
        return [self.topic, "--data", str(path), *shlex.split(self.arguments)]


def cases() -> list[Case]:
    with (HERE / "expected.csv").open(encoding="utf-8", newline="") as file:
        return [Case(**{**row, "code": int(row["code"])}) for row in csv.DictReader(file)]


def outcome(case: Case, folder: Path) -> tuple[int, str]:
    """Exit code and message, as from the shell; of a file that should be read, what was read."""
    path = case.path(folder)
    with made.as_nobody(case.file) as run:
        code, text = run(_read if case.code == 0 else _refused, case, path, folder)
    for name in (path, HERE.relative_to(topic.HOME) / case.topic / path.name):
        text = text.replace(plain(str(name)), short(path.name, 40))
    return code, text


def _refused(case, path, folder):
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(shown):
        code = main(["report", *case.words(path), "--out", str(folder / "out")])
    lines = shown.getvalue().splitlines()
    return code, "\n".join(line for line in lines if not line.startswith(f"{case.topic}: "))


def _read(case, path, folder):
    found = topic.load(case.topic)
    try:
        data = rows(found, parser().parse_args(["report", *case.words(path)]))
    except topic.Refused as problem:
        return 2, str(problem)
    return 0, described(found, data)


def described(found, data: pd.DataFrame) -> str:
    """What was read: rows, our columns, labels, notes."""
    parts = [f"{len(data):,} row{'s' * (len(data) != 1)}"]
    for name in found.module.Data.to_schema().columns:
        if name in data and pd.api.types.is_numeric_dtype(data[name]):
            parts.append(f"{name} from {data[name].min():.12g} to {data[name].max():.12g}")
        elif name in data and data[name].notna().any():
            kinds = sorted(data[name].dropna().unique(), key=str)
            parts.append(f"{name} one of {', '.join(map(short, kinds))}")
    text = ", ".join(parts)
    if not pd.api.types.is_numeric_dtype(data.index):
        text += f"; labelled by {data.index.name}: {', '.join(map(short, data.index[:3]))}"
    return "; ".join([text, *data.attrs["notes"]])


def page(outcomes: dict[Case, str]) -> str:
    """docs/bad_inputs.md: what was tried, and what was said."""
    refused = sum(case.code == 2 for case in outcomes)
    lines = [
        "# Bad inputs",
        "",
        f"{len(outcomes)} inputs were tried: {refused} are refused, with exit code 2, nothing "
        f"written and the message shown; {len(outcomes) - refused} are odd but right, and read.",
        "Messages are shortened here; a ` / ` stands between the rules that a file breaks.",
        "",
        "The files are in [`tests/bad_inputs/`](../tests/bad_inputs); those called `made/` are "
        "made by [`made.py`](../tests/bad_inputs/made.py).",
        "This page is written by `python -m tests.bad_inputs`.",
    ]
    for name in sorted({case.topic for case in outcomes}):
        chosen = {case: text for case, text in outcomes.items() if case.topic == name}
        lines += ["", f"## {name}: {len(chosen)}", ""]
        lines += ["| file | what is the matter | what becomes of it |", "|---|---|---|"]
        for case, text in chosen.items():
            said = text.replace("\n", " / ").replace(f"{Path(case.file).name}: ", "")
            said = short(said.replace("rows.csv: ", ""), 240).replace("|", "\\|")
            what = case.what.replace("|", "\\|")
            given = f" `{case.arguments}`".replace("|", "\\|") if case.arguments else ""
            verdict = "refused" if case.code else "read"
            lines.append(f"| `{case.file}`{given} | {what} | {verdict}: `` {said} `` |")
    return "\n".join(lines) + "\n"


def told(case: Case, text: str) -> list[str]:
    """The pieces that the message should say and does not, or not in their order."""
    at, absent = 0, []
    for piece in case.pieces:
        found = text.find(piece, at)
        absent += [piece] * (found < 0)
        at = max(at, found + len(piece))
    return absent
