"""Why ours is ahead or behind: from pm.sample's settings to those of workflow/fit.py, one by one.

    python -m benchmarks.settings [TOPIC ...] [--runs 7]

Each line keeps what the lines above it changed. Effective draws a second and a gradient, medians;
`kept` is the time for the gradient and the unconstrained draw, `fit.sample` that for blocks, their
effective draws and whatever else it does; the last line is the same with PyMC's usual acceptance.
Writes docs/verification/speed_settings.csv.
"""

import argparse
import logging
import warnings
from unittest import mock

import numpy as np
import nutpie
import pandas as pd

from benchmarks import contenders, peers
from benchmarks.given import given
from benchmarks.samplers import measured
from benchmarks.textbook import textbook, written
from workflow import fit, topic
from workflow.publish import TABLES

DEFAULT = {"draws": 1_000, "tune": None, "chains": fit.CHAINS}  # what pm.sample hands to nutpie
CHANGES = {
    "longer chains": {"draws": fit.BLOCK},
    "longer tuning": {"tune": fit.TUNE},
    "acceptance": {"target_accept": fit.TARGET_ACCEPT[0]},
    "kept": {"store_gradient": True, "store_unconstrained": True},
}


def steps(name: str) -> dict:
    """By name: seed -> draws, seconds, gradients."""
    found = topic.load(name)
    data, settings = topic.read(found), found.defaults
    model = found.model(data, settings)
    names = [v.name for v in model.free_RVs if v.name not in found.turned]
    compiled, every = fit.compile_model(model), {}

    def add(label, compiled, **how):
        every[label] = lambda seed: contenders.by_nutpie(
            names, lambda: fit._drawn(compiled, (seed,), **how)
        )

    if written(name):
        other = textbook(found, data, settings, given(found, data, settings))
        add("textbook model", nutpie.compile_pymc_model(other), **DEFAULT)
    add("our model", compiled, **DEFAULT)
    how = DEFAULT
    for label, change in CHANGES.items():
        how = how | change
        add(label, compiled, **how)
    every["fit.sample"] = lambda seed: contenders.by_nutpie(
        names, lambda: fit.sample(compiled, seed, found.turned)
    )
    every["fit.sample at 0.8"] = mock.patch.object(fit, "TARGET_ACCEPT", (0.8, 0.99))(
        every["fit.sample"]
    )
    return every


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help="which (all)")
    parser.add_argument("--runs", type=int, default=7, help="of every step (7)")
    parser.add_argument("--out", default=TABLES / "speed_settings.csv")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    environment, rows = peers.environment(), []
    for name in options.topics or topic.names():
        every = steps(name)
        taken = {label: [] for label in every}
        for run in range(options.runs + 1):  # the first is not counted
            for label, call in every.items():
                taken[label].append(measured(*call(run)))
        for label, found in taken.items():
            kept = ["seconds", "ess", "gradients", "ess_second", "ess_gradient"]
            middle = {k: float(np.median([each[k] for each in found[1:]])) for k in kept}
            rows.append({"topic": name, "step": label, **middle, "environment": environment})
            print(f"{name:<{topic.WIDTH}} {label:<17} {middle['ess_second']:9.0f} a second, "
                  f"{middle['ess_gradient']:7.4f} a gradient, "
                  f"{middle['gradients'] / middle['seconds']:9.0f} gradients a second",
                  flush=True)  # fmt: skip
        pd.DataFrame(rows).to_csv(options.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
