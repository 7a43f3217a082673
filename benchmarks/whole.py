"""From a CSV to a report, as a whole process: ours beside a plain script that verifies nothing.

    python -m benchmarks.whole [TOPIC ...] [--together]

The script (benchmarks/plain.py) samples as many draws of the same model with the same sampler and
draws the same panels. Both start cold, with no compiled code of any earlier run, and
then warm; last, `workflow report` of all topics in one command, as `make` does it, stands beside
the sum of the scripts. Writes docs/verification/speed_whole.csv: seconds of every stage. All of it
takes an hour; of TOPICs named, or --together, the other lines of that file stay.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks import peers
from workflow import topic
from workflow.publish import TABLES

STATES = ("cold", "warm")
FILE = TABLES / "speed_whole.csv"
ALL = "all, in one command"


def timed(words: list, compiled: Path, stderr=subprocess.DEVNULL) -> tuple[float, str]:
    """Seconds of a process that keeps its compiled code in a folder, and what it printed."""
    flags = f"base_compiledir={compiled}"  # under which numba's code is kept, too
    own = {"PYTENSOR_FLAGS": flags, "NUMBA_CACHE_DIR": str(compiled / "numba")}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=topic.HOME, env=os.environ | own, check=True,
        stdout=subprocess.PIPE, stderr=stderr, text=True,
    )  # fmt: skip
    return time.perf_counter() - start, done.stdout


def ours(name: str, folder: Path, compiled: Path):
    """Seconds in all and by stage, and how many draws: (number of chains, draws of each)."""
    seconds, _ = timed(["workflow", "report", name, "--out", str(folder)], compiled)
    facts = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return seconds, facts["seconds"] | _rest(seconds, facts["seconds"]), facts["sampling"]


def plain(name: str, folder: Path, compiled: Path, sampling: dict):
    drawn = [f"--{word}={sampling[word]}" for word in ("chains", "draws")]
    seconds, said = timed(["benchmarks.plain", name, str(folder), *drawn], compiled)
    stages = json.loads(said)
    return seconds, stages | _rest(seconds, stages)


def _rest(seconds: float, stages: dict) -> dict:
    """What no stage claims: starting Python, and in ours importing and drawing."""
    return {"everything else": seconds - sum(stages.values())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help="which (all)")
    parser.add_argument("--together", action="store_true", help="only all in one command")
    options = parser.parse_args()
    every, some = topic.names(), bool(options.topics or options.together)
    names = [] if options.together else options.topics or every
    rows, environment = kept() if some else {}, peers.environment()

    def add(name: str, state: str, own: float, other: float, **stages):
        figures = {"ours": own, "plain": other, "ratio": own / other, **stages}
        rows[name, state] = {"topic": name, "state": state, **figures, "environment": environment}
        print(f"{name:<{topic.WIDTH}} {state}: ours {own:6.1f} s   plain {other:6.1f} s   "
              f"ratio {own / other:5.2f}", flush=True)  # fmt: skip
        order = sorted(rows, key=lambda key: (key[0] not in every, key))
        table = pd.DataFrame([rows[key] for key in order])
        table.to_csv(FILE, index=False, float_format="%.4g")

    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            place = Path(scratch) / name
            for state in STATES:
                own, stages, sampling = ours(name, place / "ours", place / "compiled")
                other, theirs = plain(name, place / "plain", place / "plain_compiled", sampling)
                add(name, state, own, other, **{f"ours: {k}": v for k, v in stages.items()},
                    **{f"plain: {k}": v for k, v in theirs.items()})  # fmt: skip
        for state in STATES if options.together or not some else ():
            together, _ = timed(["workflow", "report", *every], Path(scratch) / "together")
            add(ALL, state, together, sum(rows[name, state]["plain"] for name in every))


def kept() -> dict:
    """The lines of an earlier run, by topic and state."""
    if not FILE.exists():
        return {}
    return {(row["topic"], row["state"]): row for row in pd.read_csv(FILE).to_dict("records")}


if __name__ == "__main__":
    main()
