"""Fits a minute on fresh data of one shape: compiled once, beside pm.sample in a loop.

    python -m benchmarks.refits [TOPIC ...] [--ours 500] [--loop 3]

Both draw the same: 4 chains of 1,000 after 1,000 steps of tuning, same acceptance, both on all
cores, from data simulated by the model itself. Ours is what a calibration does: a metric chosen by
three pilots, a fit a core, draws as plain arrays. The loop is what one writes first: build the
model on the new rows, `pm.sample` with nutpie, its pick where that is installed, or with PyMC's own
sampler (`pymc`). Compiling and pilots count. Writes docs/verification/speed_refits.csv.
"""

import argparse
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pymc as pm
from joblib import cpu_count

from benchmarks import peers
from workflow import fit, topic
from workflow.publish import TABLES

HOW = {"draws": 1_000, "tune": 1_000, "chains": 4, "target_accept": fit.TARGET_ACCEPT[0]}
PILOTS = 3


def fresh(model, number: int):
    """Data sets of the model's own shape, drawn from its prior predictive."""
    (observed,) = model.observed_RVs
    made = pm.draw(observed, draws=number, random_seed=1)
    return observed.name + "_data", list(made.astype(model[observed.name + "_data"].dtype))


def ours(build, name: str, sets: list) -> tuple[float, float, float]:
    """Seconds a fit, compiling among them; seconds of compiling; gradients a fit."""
    start = time.perf_counter()
    model = build()
    compiled = fit.compile_model(model)
    ready = time.perf_counter() - start
    unknowns = [v.name for v in model.free_RVs + model.deterministics]

    def gradients(seed: int, adaptation: str) -> int:
        data = compiled.with_data(**{name: sets[seed]})
        return fit.quick(data, (seed,), unknowns, adaptation=adaptation, **HOW)[2]

    def cost(adaptation: str) -> int:
        return sum(gradients(seed, adaptation) for seed in range(PILOTS))

    metric = min(("diag", "low_rank"), key=cost)
    with ThreadPoolExecutor(cpu_count()) as pool:  # nutpie lets go of Python while it samples
        taken = list(pool.map(lambda seed: gradients(seed, metric), range(len(sets))))
    return (time.perf_counter() - start) / len(sets), ready, sum(taken) / len(sets)


def loop(build, name: str, sets: list, sampler: str) -> float:
    """Seconds a fit, each with a model built anew."""
    start = time.perf_counter()
    for seed, values in enumerate(sets):
        with build() as model:
            model.set_data(name, values)
            pm.sample(**HOW, nuts_sampler=sampler, random_seed=seed, progressbar=False,
                      compute_convergence_checks=False)  # fmt: skip
    return (time.perf_counter() - start) / len(sets)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help="which (all)")
    parser.add_argument("--ours", type=int, default=500, help="fits of ours (500)")
    parser.add_argument("--loop", type=int, default=3, help="fits of either loop (3)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for name in options.topics or topic.names():
        found = topic.load(name)
        data, settings = topic.read(found), found.defaults

        def build(found=found, data=data, settings=settings):
            return found.model(data, settings)

        column, sets = fresh(build(), options.ours)
        own, compiling, gradients = ours(build, column, sets)
        seconds = {"ours": own}
        for sampler in ("nutpie", "pymc"):
            seconds[sampler] = loop(build, column, sets[: options.loop], sampler)
        minute = {side: 60 / s for side, s in seconds.items()}
        rows.append({"topic": name, **minute, "fits": options.ours, "compiling": compiling,
                     "gradients": gradients, "environment": peers.environment(),
                     "ratio_nutpie": minute["ours"] / minute["nutpie"],
                     "ratio_pymc": minute["ours"] / minute["pymc"]})  # fmt: skip
        print("   ".join(f"{k} {v:.4g}" if not isinstance(v, str) else f"{v:<23}"
                         for k, v in rows[-1].items()), flush=True)  # fmt: skip
        table = pd.DataFrame(rows)  # after every topic, as all of them take an hour
        table.to_csv(TABLES / "speed_refits.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
