"""Simulations a minute: `make calibrate` and simuk on the same models, draws, tuning and cores.

    python -m benchmarks.calibration [TOPIC ...] [--ours 1000] [--simuk 5]

Both start cold and both count their compiling: ours once in each of the worker processes, simuk's
at every simulation. simuk samples with nutpie too, its chains on both cores; ours run one chain
after the other, in one process a core, and longer where the first chains were too short.
Writes docs/verification/benchmark.csv.
"""

import argparse
import logging
import os
import time
from pathlib import Path

import pandas as pd
import simuk

from workflow import calibrate, campaign, topic

OUT = topic.HOME / "docs" / "verification" / "benchmark.csv"


def ours(name: str, number: int, cores: int) -> float:
    """Seconds for `number` simulations in fresh worker processes."""
    jobs = list(range(number))
    file = topic.HOME / "results" / name / f"benchmark.{os.getpid()}.jsonl"
    start = time.perf_counter()
    try:
        executor = campaign.processes(cores)
        campaign.carry_out(calibrate.simulations, name, jobs, file, {}, executor, batch=20)
        return time.perf_counter() - start
    finally:
        file.unlink(missing_ok=True)
        _end_workers()


def _end_workers():
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


def simuks(name: str, number: int, cores: int) -> float:
    """Seconds for `number` simulations by simuk."""
    found = topic.load(name)
    model = found.model(topic.read(found), calibrate.settings_of(found)[0])
    how = {
        "draws": calibrate.DRAWS,
        "tune": calibrate.TUNE,
        "chains": calibrate.CHAINS,
        "cores": cores,
        "nuts_sampler": "nutpie",
    }
    start = time.perf_counter()
    simuk.SBC(
        model, num_simulations=number, sample_kwargs=how, seed=1, progress_bar=False
    ).run_simulations()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", default=topic.names())
    parser.add_argument("--ours", type=int, default=1_000, help="simulations of ours (1,000)")
    parser.add_argument("--simuk", type=int, default=5, help="simulations of simuk's (5)")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # simuk lets every sampler announce itself
    cores, rows = os.cpu_count(), []
    for name in options.topics or topic.names():
        theirs = 60 * options.simuk / simuks(name, options.simuk, cores)
        own = 60 * options.ours / ours(name, options.ours, cores)
        rows.append({"topic": name, "ours": own, "simuk": theirs, "ratio": own / theirs})
        print(f"{name:<{topic.WIDTH}} ours {own:8.0f}   simuk {theirs:6.1f}   "
              f"ratio {own / theirs:5.0f}", flush=True)  # fmt: skip
    table = pd.DataFrame(rows)
    # A minute of each topic's simulations, pooled: the time for one simulation of every topic.
    pooled = {side: 60 / (60 / table[side]).sum() for side in ("ours", "simuk")}
    table["cores"], table["ours_number"], table["simuk_number"] = cores, options.ours, options.simuk
    table.loc[len(table)] = [
        "all",
        *pooled.values(),
        pooled["ours"] / pooled["simuk"],
        *table.iloc[0, 4:],
    ]
    print(table.iloc[-1].to_dict())
    table.to_csv(options.out, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
