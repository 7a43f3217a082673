"""More rows than memory: seconds to scan and to sample, and the most memory held, by rows.

    python -m benchmarks.scale [ROWS ...] [--whole 1_000_000]

Rows are made as they are read, by DuckDB, each from its number, and stored nowhere: one test each,
23 in a hundred positive. They are held to the rules of `Data`, added up, and the sums are fitted
and compared with the exact answer. Up to `--whole` rows the same model is given all rows, too, and
both sample as many draws. Every size has a process to itself. Writes
docs/verification/speed_scale.csv; without ROWS 1e4, 1e6, 1e8 and 1e9.
"""

import argparse
import json
import subprocess
import sys
import time

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from benchmarks import peers
from workflow import breaches, compare, far_rules, fit, topic
from workflow.cells import Notation
from workflow.duck import MEMORY
from workflow.progress import peak
from workflow.publish import TABLES

FILE = TABLES / "speed_scale.csv"
NAME = "beta_binomial"
SIZES = [10_000, 1_000_000, 100_000_000, 1_000_000_000]
HOW = {"draws": 250, "tune": 250, "chains": 2, "target_accept": fit.TARGET_ACCEPT[0]}
MADE = "SELECT 1 AS tested, (hash(i) % 100 < 23)::INT AS positive FROM range({rows}) AS made(i)"


def one(rows: int, whole: int) -> dict:
    """What one size takes; to be asked of a fresh process."""
    found = topic.load(NAME)
    schema = found.module.Data.to_schema()
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        made = connection.sql(MADE.format(rows=rows))
        start = time.perf_counter()
        typed = far_rules.typed(nw.from_native(made).lazy(), schema.columns, Notation(), {})
        counted = breaches.counted(typed, far_rules.rules(schema), [])
        checked = time.perf_counter() - start
        sums = found.module.reduced(far_rules.whole(typed, schema)).collect("pandas").to_native()
        scanned = time.perf_counter() - start
        every = made.df() if rows <= whole else None
    assert counted["rows"] == rows
    assert not any(counted[name] for name in counted if name.startswith("rule"))
    held = peak()
    sampled, z = seconds(found, topic.read(found, sums))
    figures = {"rows": rows, "check": checked, "scan": scanned, "sample": sampled, "largest_z": z,
               "memory_scan": held, "memory": peak()}  # fmt: skip
    if every is not None:
        all_rows, _ = seconds(found, topic.read(found, every))
        figures |= {"all_rows": all_rows, "ratio": all_rows / sampled}
    return figures


def seconds(found, data) -> tuple[float, float]:
    """Of so many draws, once compiled; and the largest |z| against the exact answer."""
    compiled = fit.compile_model(found.model(data, found.defaults))
    start = time.perf_counter()
    draws = fit._drawn(compiled, (1,), **HOW)
    taken = time.perf_counter() - start
    z = compare.against_exact(draws, found.exact(data, found.defaults))
    every = [np.ma.compressed(values) for row in z.values() for values in row.values()]
    return taken, float(np.abs(np.concatenate(every)).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", type=int, help="how many (1e4, 1e6, 1e8, 1e9)")
    parser.add_argument("--whole", type=int, default=1_000_000, help="given whole up to here")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.rows[0], options.whole)))
        return
    table = []
    for rows in options.rows or SIZES:
        words = [str(rows), "--whole", str(options.whole), "--one"]
        done = subprocess.run([sys.executable, "-m", "benchmarks.scale", *words], check=True,
                              cwd=topic.HOME, stdout=subprocess.PIPE, text=True)  # fmt: skip
        row = json.loads(done.stdout.splitlines()[-1])
        table.append({"topic": NAME} | row | {"environment": peers.environment()})
        ratio = f"   all rows {row['ratio']:,.0f} times" if "ratio" in row else ""
        print(f"{rows:>13,} rows: scan {row['scan']:7.2f} s   sample {row['sample']:5.2f} s   "
              f"{row['memory'] / 2**30:.2f} GB{ratio}", flush=True)  # fmt: skip
        pd.DataFrame(table).to_csv(FILE, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
