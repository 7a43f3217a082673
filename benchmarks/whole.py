"""From a CSV to a report, as a whole process: ours beside a plain script that verifies nothing.

    python -m benchmarks.whole [TOPIC ...]

The script (benchmarks/plain.py) samples as many draws of the same model with the same sampler and
draws the same kinds of picture. Both start cold, with no compiled code of any earlier run, and
then warm; last, `workflow report` of all topics in one process, as `make` does it, stands beside
the sum of the scripts. Writes docs/verification/speed_whole.csv: seconds of every stage.
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

from workflow import topic
from workflow.publish import TABLES


def timed(words: list[str], compiled: Path) -> tuple[float, str]:
    """Seconds of a process that keeps its compiled code in a folder, and what it printed."""
    flags = f"compiledir={compiled}"
    own = {"PYTENSOR_FLAGS": flags, "NUMBA_CACHE_DIR": str(compiled / "numba")}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=topic.HOME, env=os.environ | own, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    return time.perf_counter() - start, done.stdout


def ours(name: str, folder: Path, compiled: Path):
    """Seconds in all and by stage, and how many draws: (number of chains, draws of each)."""
    seconds, _ = timed(["workflow", "report", name, "--out", str(folder)], compiled)
    facts = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return seconds, facts["seconds"], facts["sampling"]


def plain(name: str, folder: Path, compiled: Path, sampling: dict):
    drawn = [f"--{word}={sampling[word]}" for word in ("chains", "draws")]
    seconds, said = timed(["benchmarks.plain", name, str(folder), *drawn], compiled)
    return seconds, json.loads(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help="which (all)")
    options = parser.parse_args()
    names, rows = options.topics or topic.names(), []
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            place = Path(scratch) / name
            for state in ("cold", "warm"):
                own, stages, sampling = ours(name, place / "ours", place / "compiled")
                other, theirs = plain(name, place / "plain", place / "plain_compiled", sampling)
                rows.append({"topic": name, "state": state, "ours": own, "plain": other,
                             "ratio": own / other,
                             **{f"ours: {k}": v for k, v in stages.items()},
                             **{f"plain: {k}": v for k, v in theirs.items()}})  # fmt: skip
                print(f"{name:<{topic.WIDTH}} {state}: ours {own:6.1f} s   plain {other:6.1f} s   "
                      f"ratio {own / other:5.2f}", flush=True)  # fmt: skip
        table = pd.DataFrame(rows)
        for state in ("cold", "warm"):
            together, _ = timed(["workflow", "report", *names], Path(scratch) / "together")
            apart = table.loc[table["state"] == state, "plain"].sum()
            table.loc[len(table), ["topic", "state", "ours", "plain", "ratio"]] = [
                "all, in one process", state, together, apart, together / apart
            ]  # fmt: skip
            print(f"all in one process, {state}: {together:.0f} s; the scripts {apart:.0f} s; "
                  f"ratio {together / apart:.2f}", flush=True)  # fmt: skip
    table.to_csv(TABLES / "speed_whole.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
