"""The contenders of `benchmarks/samplers.py`: each compiled once, then run under many seeds."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import nutpie
import pymc as pm

from benchmarks.textbook import written
from workflow import fit, topic

CHAINS = 4
CORES = min(4, os.cpu_count())  # what pm.sample takes
QUIET = {"chains": CHAINS, "progressbar": False, "compute_convergence_checks": False}


@dataclass
class Contender:
    """`run`: seed -> draws (chain, draw, ...) of each unknown, seconds, gradients of all chains."""

    how: str
    compile: float  # seconds
    run: Callable


def ready(name: str, models: dict, peer) -> dict[str, Contender]:
    """Everybody, compiled and run once, so that nobody's first run is timed."""
    turned = topic.load(name).turned
    names = [v.name for v in models["ours"].free_RVs if v.name not in turned]
    start = time.perf_counter()
    compiled = fit.compile_model(models["ours"])
    sides = {"ours": Contender(f"{fit.SAMPLER}, workflow.fit", time.perf_counter() - start, None)}
    sides["ours"].run = lambda seed: by_nutpie(names, lambda: fit.sample(compiled, seed, turned))
    sides["default"] = default(models["textbook"], names, compiled if not written(name) else None)
    if peer:
        sides |= {side: peer.ready(side, names) for side in ("numpyro", "numpyro run")}
    for side in ("ours", "default"):
        sides[side].run(0)
    return sides


def default(model, names, compiled) -> Contender:
    """`pm.sample()`, which compiles at every call: here the sampling that it asks for, alone."""
    start = time.perf_counter()
    tree = pm.sample(model=model, random_seed=0, **QUIET)
    attrs = tree.posterior.attrs
    if attrs["inference_library"] != "nutpie":
        raise SystemExit(f"pm.sample picked {attrs['inference_library']}, not nutpie")
    compiling = time.perf_counter() - start - attrs["sampling_time"]
    compiled = compiled or nutpie.compile_pymc_model(model, backend="numba")
    # With `tune` left out nutpie's own number of steps stands, which is not PyMC's 1,000.
    how = {"draws": tree.posterior.sizes["draw"], "tune": int(attrs["tuning_steps"])}
    how |= {"chains": CHAINS, "cores": CORES}

    def run(seed):
        return by_nutpie(names, lambda: fit._drawn(compiled, (seed,), **how))

    return Contender(
        f"{fit.SAMPLER}, tuned {how['tune']}: PyMC {pm.__version__}'s pick", compiling, run
    )


def by_nutpie(names, call):
    """Draws, seconds and gradients of a call of `fit._drawn`, however it comes to be made."""
    start = time.perf_counter()
    posterior = call().posterior
    seconds = time.perf_counter() - start
    gradients, drawn = [], fit._drawn

    def counting(*args, **how):
        block = drawn(*args, **how, save_warmup=True)
        gradients.extend(int(block[group]["n_steps"].sum())
                         for group in ("sample_stats", "warmup_sample_stats"))  # fmt: skip
        return block

    # The same seed draws the same again. What is timed does not keep its tuning, so this does.
    with mock.patch.object(fit, "_drawn", counting):
        np.testing.assert_array_equal(call().posterior[names[0]], posterior[names[0]])
    return {name: fit.flat(posterior[name]) for name in names}, seconds, sum(gradients)


class Peer:
    """NumPyro, in a process of its own environment that lives as long as the race."""

    def __init__(self, python: str, name: str, folder):
        command = [python, "-m", "benchmarks.peers.samplers", name, str(folder)]
        self.folder = folder
        self.process = subprocess.Popen(
            command, cwd=topic.HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **what) -> dict:
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("the peers' process ended: what it said stands above")
        return json.loads(answer)

    def log_densities(self, points: dict) -> list[float]:
        np.savez(self.folder / "points.npz", **points)
        return self.ask(points=str(self.folder / "points.npz"))["logs"]

    def ready(self, side: str, names: list[str]) -> Contender:
        told = self.ask(side=side, compile=0)
        used = ", ".join(f"{k} {v}" for k, v in told["versions"].items())
        return Contender(f"{used}; {told['way']}", told["compile"], partial(self.run, side, names))

    def run(self, side: str, names: list[str], seed: int):
        told = self.ask(side=side, seed=seed)
        draws = np.load(self.folder / "draws.npz")
        return {name: draws[name] for name in names}, told["seconds"], told["gradients"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
