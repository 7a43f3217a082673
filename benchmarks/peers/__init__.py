"""What runs in the peers' own environment, made from requirements.txt here: nothing of ours.

This file alone is used on both sides of the fence: it starts the peers and joins the tables.
"""

import argparse
import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

VERSIONS = ("numba", "numpy", "pytensor", "pymc", "pymc-extras", "jax", "numpyro")
TABLES = Path(__file__).parents[2] / "docs" / "verification"


def options(doc: str):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--peers", help="the Python of the peers' environment")
    return parser.parse_args()


def environment() -> str:
    """The machine, and what is installed of all that matters here."""
    cpu = platform.processor() or platform.machine()
    if (listed := Path("/proc/cpuinfo")).exists():
        names = [s.partition(":")[2].strip() for s in listed.read_text().splitlines()
                 if s.startswith("model name")]  # fmt: skip
        cpu = names[0] if names else cpu
    found = [f"{cpu}, {os.cpu_count()} cores", f"python {platform.python_version()}"]
    for name in VERSIONS:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return "; ".join(found)


def finish(table, python: str | None, stem: str, size: list[str]) -> None:
    """The peers' rows below ours, all of one likelihood and one gradient, into a CSV."""
    table = table.assign(environment=environment())
    if python:
        command = [python, "-m", f"benchmarks.peers.{stem}"]
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        table = pd.concat([table, pd.read_csv(StringIO(shown))])
    # The same function of the same numbers, or there is nothing to compare.
    for quantity in ("log_likelihood", "slope"):
        for _, same in table.groupby(size):
            np.testing.assert_allclose(same[quantity], same[quantity].iloc[0], rtol=1e-6)
    print("\n".join(table["environment"].unique()), file=sys.stderr)
    table.to_csv(TABLES / f"speed_{stem}.csv", index=False, float_format="%.6g")


def show(table) -> None:
    """A peer's table, to whoever started it."""
    table.assign(environment=environment()).to_csv(sys.stdout, index=False)
