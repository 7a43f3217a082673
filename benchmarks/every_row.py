"""Topics whose rows do not add up: what a draw costs, and how much memory, by rows.

    python -m benchmarks.every_row [TOPIC ...] [--rows 10_000 100_000 1_000_000]

The shipped rows come again and again, until there are so many; what takes time is a gradient, which
looks at each of them. Sampled are a hundred draws after a hundred steps of tuning, by one chain:
enough to measure what a thousand cost, not to answer anything. Every size has a process to itself.
Writes docs/verification/speed_every_row.csv.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from benchmarks import peers
from workflow import fit, topic
from workflow.progress import peak
from workflow.publish import TABLES

FILE = TABLES / "speed_every_row.csv"
SIZES = [10_000, 100_000, 1_000_000]
HOW = {"draws": 100, "tune": 100, "chains": 1, "target_accept": fit.TARGET_ACCEPT[0]}


def each() -> list[str]:
    """The topics with no `reduced`."""
    return [name for name in topic.names() if not hasattr(topic.load(name).module, "reduced")]


def many(found, rows: int) -> pd.DataFrame:
    """The shipped rows, over and over; times go on, so that they stay in order."""
    data = topic.read(found)
    again = -(-rows // len(data))
    whole = pd.concat([data] * again, ignore_index=True).head(rows)
    whole.index = pd.RangeIndex(1, rows + 1, name=data.index.name)
    if found.name == "local_level":
        whole["time"] = np.arange(1.0, rows + 1)
    return whole


def one(name: str, rows: int) -> dict:
    """What one size takes; to be asked of a fresh process."""
    found = topic.load(name)
    data, before = many(found, rows), peak() / 2**30
    start = time.perf_counter()
    compiled = fit.compile_model(found.model(data, found.defaults))
    ready = time.perf_counter()
    draws = fit._drawn(compiled, (1,), **HOW, save_warmup=True)
    taken = time.perf_counter() - ready
    steps = [draws[group]["n_steps"] for group in ("warmup_sample_stats", "sample_stats")]
    gradient = taken / sum(int(n.sum()) for n in steps)
    a_draw = float(steps[1].mean())
    return {"topic": name, "rows": rows, "compile": ready - start, "gradient_ms": 1e3 * gradient,
            "gradients_a_draw": a_draw, "thousand": 1e3 * gradient * a_draw, "holding": before,
            "gigabytes": peak() / 2**30}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="which (those without sums)")
    parser.add_argument("--rows", nargs="+", type=int, default=SIZES, help="how many")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.topics[0], options.rows[0])))
        return
    table = []
    for name in options.topics or each():
        for rows in options.rows:
            words = ["-m", "benchmarks.every_row", name, "--rows", str(rows), "--one"]
            done = subprocess.run(
                [sys.executable, *words], cwd=topic.HOME, stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                print(f"{name:<{topic.WIDTH}} {rows:>9,} rows: not fitted (exit {done.returncode})")
                continue
            row = json.loads(done.stdout.splitlines()[-1])
            table.append(row | {"environment": peers.environment()})
            print(f"{name:<{topic.WIDTH}} {rows:>9,} rows: {row['gradient_ms']:8.2f} ms a gradient "
                  f"{row['thousand']:7.1f} s a thousand draws, {row['gigabytes']:.2f} GB",
                  flush=True)  # fmt: skip
            pd.DataFrame(table).to_csv(FILE, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
