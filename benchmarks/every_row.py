"""Topics whose rows do not add up: what a draw and the exact answer cost, by rows.

    python -m benchmarks.every_row [TOPIC ...] [--rows ROWS ...] [--limit 120]

The shipped rows come again and again, until there are so many, measured numbers moved a little, so
that no two rows are alike; what takes time is a gradient, which looks at each of them. Sampled are
a hundred draws after a hundred steps of tuning, by one chain: enough to measure what a thousand
cost, not to answer anything. The exact answer is given up after `--limit` seconds, and not tried
with more rows. What a topic refuses is noted in its own words. Every measurement has a process to
itself. Writes docs/verification/speed_every_row.csv; of TOPICs named, the other lines of that file
stay. Left out, ROWS are 1e3 to 1e6.
"""

import argparse
import json
import signal
import subprocess
import time

import numpy as np
import pandas as pd

from benchmarks import peers
from benchmarks.alone import alone
from workflow import fit, topic
from workflow.progress import peak
from workflow.publish import TABLES

FILE = TABLES / "speed_every_row.csv"
SIZES = [1_000, 10_000, 100_000, 1_000_000]
LATE = "no exact answer in time"
HOW = {"draws": 100, "tune": 100, "chains": 1, "target_accept": fit.TARGET_ACCEPT[0]}


def each() -> list[str]:
    """The topics with no `reduced`."""
    return [name for name in topic.names() if not hasattr(topic.load(name).module, "reduced")]


def many(found, rows: int) -> pd.DataFrame:
    """The shipped rows, over and over, measured numbers moved by a tenth of their spread.

    Counts and labels stay; times go on, so that they stay in order.
    """
    data, rng = topic.read(found), np.random.default_rng(1)
    again = -(-rows // len(data))
    whole = pd.concat([data] * again, ignore_index=True).head(rows)
    whole.index = pd.RangeIndex(1, rows + 1, name=data.index.name)
    for column in data.select_dtypes("float"):
        whole[column] += data[column].std() / 10 * rng.standard_normal(rows)
    if found.name == "local_level":
        whole["time"] = np.arange(1.0, rows + 1)
    return whole


def sampled(found, data) -> dict:
    """Seconds to compile, and of a thousand draws once tuned."""
    start = time.perf_counter()
    compiled = fit.compile_model(found.model(data, found.defaults))
    ready = time.perf_counter()
    draws = fit._drawn(compiled, (1,), **HOW, save_warmup=True)
    taken = time.perf_counter() - ready
    steps = [draws[group]["n_steps"] for group in ("warmup_sample_stats", "sample_stats")]
    gradient, a_draw = taken / sum(int(n.sum()) for n in steps), float(steps[1].mean())
    return {"compile": ready - start, "gradient_ms": 1e3 * gradient, "gradients_a_draw": a_draw,
            "thousand": 1e3 * gradient * a_draw, "gigabytes": peak() / 2**30}  # fmt: skip


def answered(found, data) -> dict:
    """Seconds of the exact answer."""
    start = time.perf_counter()
    found.exact(data, found.defaults)
    return {"exact": time.perf_counter() - start, "exact_gigabytes": peak() / 2**30}


PARTS = {"sampled": sampled, "answered": answered}


def one(name: str, rows: int, part: str) -> dict:
    """A measurement; or, if there is none, why, in the topic's words."""
    found = topic.load(name)
    try:
        return PARTS[part](found, many(found, rows))
    except (ValueError, NotImplementedError) as refused:
        return {"why": str(refused)}


def measured(name: str, rows: int, part: str, seconds: float | None = None) -> dict:
    """The same in a process to itself; `seconds` are as many as it may take."""
    try:
        return alone("every_row", name, "--rows", rows, "--part", part, seconds=seconds)
    except subprocess.TimeoutExpired:
        return {"why": LATE}
    except subprocess.CalledProcessError as ended:
        if ended.returncode != -signal.SIGKILL:
            raise
        return {"why": "more memory than there is"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="which (those without sums)")
    parser.add_argument("--rows", nargs="+", type=int, default=SIZES, help="how many")
    parser.add_argument("--limit", type=float, default=120, help="seconds for the exact answer")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.topics[0], options.rows[0], options.part)))
        return
    names, environment = options.topics or each(), peers.environment()
    table = pd.read_csv(FILE).to_dict("records") if FILE.exists() else []
    table = [row for row in table if row["topic"] not in names]
    for name in names:
        seconds = options.limit
        for rows in sorted(options.rows):
            drawn = measured(name, rows, "sampled")
            exact = measured(name, rows, "answered", seconds)
            seconds = 0 if exact.get("why") == LATE else seconds
            why = dict.fromkeys(part["why"] for part in (drawn, exact) if "why" in part)
            row = {"topic": name, "rows": rows} | drawn | exact
            row |= {"why": "; ".join(why), "environment": environment}
            print(", ".join(f"{k} {_short(v)}" for k, v in row.items() if k != "environment"),
                  flush=True)  # fmt: skip
            table.append(row)
            found = pd.DataFrame(table).sort_values("topic", kind="stable")
            found.to_csv(FILE, index=False, float_format="%.4g")


def _short(x) -> str:
    return f"{x:.4g}" if isinstance(x, float) else str(x)


if __name__ == "__main__":
    main()
