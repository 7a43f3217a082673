"""More rows than memory: seconds to scan and to sample, and the most memory held, by rows.

    python -m benchmarks.scale [TOPIC ...] [--rows ROWS ...] [--whole 1_000_000]

Of every topic, if none is named; then `benchmarks.engines` and `benchmarks.groups` follow.

Rows are made as they are read, by DuckDB, each from its number, and stored nowhere: of
beta_binomial one test each, 23 in a hundred positive; of linear_regression ten predictors that hang
together, and an outcome. They are held to the rules of `Data`, reduced, and what is left is fitted
and compared with the exact answer. Up to `--whole` rows the same model is given all rows, too, and
both sample as many draws. Every size has a process to itself. Writes
docs/verification/speed_scale.csv; left out, ROWS are 1e4, 1e6, 1e8 and 1e9.
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import product

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pandera.pandas as pa

from benchmarks import peers
from benchmarks.alone import alone
from workflow import breaches, compare, far_rules, fit, others, topic
from workflow.cells import Notation
from workflow.duck import MEMORY
from workflow.progress import peak
from workflow.publish import TABLES

FILE = TABLES / "speed_scale.csv"
SIZES = [10_000, 1_000_000, 100_000_000, 1_000_000_000]
HOW = {"draws": 250, "tune": 250, "chains": 2, "target_accept": fit.TARGET_ACCEPT[0]}
BATCH = 1_000_003.0
PREDICTORS = 10
SPAN = 16 * 122_880  # sixteen of the groups that DuckDB spreads over threads


def tests() -> str:
    """One test a row."""
    return "1 AS tested, (hash(i) % 100 < 23)::INT AS positive"


def line() -> str:
    """Each predictor shares half of its variance with the next; noise of three uniforms."""

    def uniform(k):
        return f"(hash(i, {k}) % 1000003)::DOUBLE / {BATCH}"

    each = [uniform(k) for k in range(PREDICTORS + 1)]
    x = [f"100 + 10 * ({each[j]} + {each[j + 1]})" for j in range(PREDICTORS)]
    noise = " + ".join(uniform(PREDICTORS + 1 + k) for k in range(3))
    signal = " + ".join(f"{j - 4} * ({each[j]} + {each[j + 1]})" for j in range(PREDICTORS))
    columns = [f"{value} AS x{j}" for j, value in enumerate(x)]
    return ", ".join([*columns, f"150 + {signal} + 60 * ({noise} - 1.5) AS outcome"])


MADE = {"beta_binomial": tests, "linear_regression": line}


def streamed(connection, name: str, rows: int):
    """So many rows, made on all cores: `range` by itself keeps one busy."""
    connection.sql(f"CREATE TABLE span AS SELECT * FROM range({SPAN}) AS numbers(j)")
    spans = f"range({-(-rows // SPAN)}) AS spans(k)"
    numbered = f"(SELECT {SPAN} * k + j AS i FROM span, {spans}) WHERE i < {rows}"
    return connection.sql(f"SELECT {MADE[name]()} FROM {numbered}")


def one(name: str, rows: int, whole: int) -> dict:
    """What one size takes; to be asked of a fresh process."""
    found = topic.load(name)
    schema = found.module.Data.to_schema()
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        made = streamed(connection, name, rows)
        head = made.limit(100).df().drop(columns=list(schema.columns))
        taken = others.Others(getattr(found.module, "taken", lambda head: {})(head), [], [])
        columns = schema.columns | {n: pa.Column(kind) for n, kind in taken.kinds.items()}
        start = time.perf_counter()
        typed = far_rules.typed(nw.from_native(made).lazy(), columns, Notation(), {})
        every = others.asked(taken) + far_rules.rules(schema)
        counted = breaches.counted(typed, every, taken.numbers)
        checked = time.perf_counter() - start
        sums = found.module.reduced(far_rules.whole(typed, schema)).collect("pandas").to_native()
        scanned = time.perf_counter() - start
        all_rows = made.df() if rows <= whole else None
    assert counted["rows"] == rows
    assert not any(counted[name] for name in counted if name.startswith("rule"))
    held = peak() / 2**30
    sampled, z = seconds(found, topic.read(found, sums))
    figures = {"topic": name, "rows": rows, "check": checked, "scan": scanned, "sample": sampled,
               "largest_z": z, "scanning": held, "gigabytes": peak() / 2**30}  # fmt: skip
    if all_rows is not None:
        whole_rows, _ = seconds(found, topic.read(found, all_rows))
        figures |= {"all_rows": whole_rows, "ratio": whole_rows / sampled}
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
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"which ({', '.join(MADE)})")
    parser.add_argument("--rows", nargs="+", type=int, default=SIZES, help="how many")
    parser.add_argument("--whole", type=int, default=1_000_000, help="given whole up to here")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.topics[0], options.rows[0], options.whole)))
        return
    table = []
    for name, rows in product(options.topics or MADE, options.rows):
        row = alone("scale", name, "--rows", rows, "--whole", options.whole)
        table.append(row | {"environment": peers.environment()})
        ratio = f"   all rows {row['ratio']:,.0f} times" if "ratio" in row else ""
        print(f"{name:<{topic.WIDTH}} {rows:>13,} rows: scan {row['scan']:7.2f} s   "
              f"sample {row['sample']:5.2f} s   {row['scanning']:.2f} GB{ratio}",
              flush=True)  # fmt: skip
        pd.DataFrame(table).to_csv(FILE, index=False, float_format="%.4g")
    for other in () if options.topics else ("engines", "groups"):
        subprocess.run([sys.executable, "-m", f"benchmarks.{other}"], check=True, cwd=topic.HOME)


if __name__ == "__main__":
    main()
