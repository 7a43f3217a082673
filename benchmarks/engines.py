"""The same rows on every engine: how long each takes, and the exact answer it leads to.

    python -m benchmarks.engines [--rows 1_000_000]

The rows of `benchmarks.scale` in four files of Parquet; what is read, checked and reduced is what
`workflow report --engine NAME` does. Writes docs/verification/speed_engines.csv.
"""

import argparse
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks import peers
from benchmarks.scale import MADE
from workflow import adding, engines, topic
from workflow.publish import TABLES

FILES = 4


def stored(name: str, rows: int, folder: Path) -> Path:
    """A pattern that stands for the files."""
    each = -(-rows // FILES)
    for k in range(FILES):
        span = f"range({k * each}, {min(rows, (k + 1) * each)}) AS made(i)"
        file = folder / f"{name} {k}.parquet"
        duckdb.sql(f"COPY (SELECT {MADE[name]()} FROM {span}) TO '{file}' (FORMAT parquet)")
    return folder / f"{name} *.parquet"


def answer(exact) -> np.ndarray:
    """Means and sds of every unknown, and the log evidence."""
    laws = exact.distributions.values()
    moments = [np.ravel(m) for law in laws for m in (law.mean(), law.std())]
    return np.concatenate([*moments, [exact.log_evidence]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many")
    options = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in MADE:
            found, source = topic.load(name), stored(name, options.rows, Path(scratch))
            first = None
            for engine in engines.NAMES:
                sums = adding.rows(found, source, engine=engine)
                exact = found.exact(sums, found.defaults)
                told = answer(exact)
                first = told if first is None else first
                label, law = next(iter(exact.distributions.items()))
                table.append(
                    {"topic": name, "rows": options.rows, "engine": engines.NAMES[engine],
                     "seconds": sums.attrs["added"]["seconds"], "of": label,
                     "exact_mean": repr(float(np.ravel(law.mean())[0])),
                     "exact_sd": repr(float(np.ravel(law.std())[0])),
                     "apart": float(np.abs(told / first - 1).max()),
                     "environment": peers.environment()}
                )  # fmt: skip
    found = pd.DataFrame(table)
    print(found.drop(columns="environment").to_string(index=False))
    found.to_csv(TABLES / "speed_engines.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
