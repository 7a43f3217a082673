"""A thousand groups, from a CSV to a table: seconds of the whole process, compiling included.

    python -m benchmarks.groups [--number 1000]

`workflow groups` on all cores, with no compiled code of an earlier run. Groups of beta_binomial
have ten rows each, those of linear_regression thirty rows of three predictors, a third as many.
Beside it the loop one writes first: model, `pm.sample` with nutpie, `az.summary`, for five groups.
Writes docs/verification/speed_groups.csv.
"""

import argparse
import logging
import re
import tempfile
import time
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pymc as pm

from benchmarks import peers
from benchmarks.whole import timed
from workflow import refit, topic
from workflow.fit import CHAINS
from workflow.publish import TABLES

LOOP = 5  # groups of the loop
SAID = re.compile(r"groups: ([\d,]+) agree$", flags=re.M)


def counts(number: int) -> pd.DataFrame:
    """Ten days of tests at each site, under a rate of its own."""
    rng = np.random.default_rng(1)
    rate = np.repeat(rng.beta(1, 9, number), 10)
    tested = rng.integers(20, 200, rate.size)
    sites = np.repeat([f"site {i + 1}" for i in range(number)], 10)
    return pd.DataFrame({"group": sites, "tested": tested, "positive": rng.binomial(tested, rate)})


def lines(number: int) -> pd.DataFrame:
    """Thirty cases in each region, and weights of its own."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(number, 30, 3))
    w, noise = rng.normal(0, 20, (number, 3)), rng.normal(0, 50, (number, 30))
    outcome = 150 + np.einsum("gij,gj->gi", x, w) + noise
    frame = pd.DataFrame(x.reshape(-1, 3), columns=["x1", "x2", "x3"])
    regions = np.repeat([f"region {i + 1}" for i in range(number)], 30)
    return frame.assign(outcome=outcome.ravel(), group=regions)


def ours(name: str, frame: pd.DataFrame, scratch: Path) -> tuple[float, int]:
    """Seconds of the command, and how many groups agree."""
    frame.to_csv(path := scratch / f"{name}.csv", index=False)
    words = ["workflow", "groups", name, "--data", path, "--by", "group", "--out", scratch / name]
    kept = set((topic.HOME / "results" / name).glob("groups.*.jsonl"))
    seconds, said = timed(words, scratch, stderr=None)
    for file in set((topic.HOME / "results" / name).glob("groups.*.jsonl")) - kept:
        file.unlink()  # or the next run would find everything done
    print(said, end="")
    return seconds, int(SAID.search(said).group(1).replace(",", ""))


def loop(name: str, frame: pd.DataFrame) -> float:
    """Seconds a group."""
    found = topic.load(name)
    start = time.perf_counter()
    for label in frame["group"].unique()[:LOOP]:
        rows = topic.read(found, frame[frame["group"] == label].drop(columns="group"))
        with found.model(rows, found.defaults):
            drawn = pm.sample(
                refit.DRAWS, tune=refit.TUNE, chains=CHAINS, target_accept=refit.TARGETS[0],
                nuts_sampler="nutpie", random_seed=1, progressbar=False,
            )  # fmt: skip
        az.summary(drawn)
    return (time.perf_counter() - start) / LOOP


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=1_000, help="groups (1,000)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    made = {
        "beta_binomial": counts(options.number),
        "linear_regression": lines(max(1, options.number // 3)),
    }
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, frame in made.items():
            seconds, agree = ours(name, frame, Path(scratch))
            groups, other = frame["group"].nunique(), loop(name, frame)
            minute = {"minute": 60 * groups / seconds, "loop_minute": 60 / other}
            rows.append(
                {"topic": name, "groups": groups, "agree": agree, "seconds": seconds, **minute,
                 "ratio": minute["minute"] / minute["loop_minute"],
                 "environment": peers.environment()}
            )  # fmt: skip
    table = pd.DataFrame(rows)
    print(table.drop(columns="environment").to_string(index=False))
    table.to_csv(TABLES / "speed_groups.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
