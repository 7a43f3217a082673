"""Effective draws a second and a gradient: ours, pm.sample at its defaults, and NumPyro.

    python -m benchmarks.samplers [TOPIC ...] [--runs 7] [--peers PYTHON]

ours            the topic's model under `workflow.fit.sample`
default         its textbook form under `pm.sample()`, which picks nutpie where that is installed
numpyro         the same in NumPyro, its NUTS at its defaults, tuning and draws compiled as one
numpyro run     the same as its manual has it, with `MCMC.run`: here the whole call, set-up and all

PYTHON is the interpreter of an environment made from benchmarks/peers/requirements.txt.

All of them run 4 chains, tuning counted, compiling not: that stands beside it. They take turns, and
a ratio is of two that ran one after the other. The effective draws are those of the unknown that
has fewest, in bulk, by ArviZ. A gradient is a leapfrog step, in tuning too. With `--runs 0` nothing
is drawn: only the log densities are compared. Writes docs/verification/speed_samplers.csv.
"""

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats

from benchmarks import contenders, peers
from benchmarks.given import given
from benchmarks.textbook import textbook
from workflow import density, fit, topic
from workflow.publish import TABLES

POINTS = 8  # at which log densities are compared
ALARM = 1e-4  # the chance that means disagree by bad luck, of all of a topic's together


def same_density(name: str, models: dict, peer) -> None:
    """The log joint densities, no Jacobian in them, may differ by one constant and no more."""
    unknowns = [v.name for v in models["ours"].free_RVs]
    drawn = pm.draw(models["ours"].free_RVs, POINTS, random_seed=1, **fit.INTERPRETED)
    points = dict(zip(unknowns, drawn, strict=True))
    each = [{k: v[i] for k, v in points.items()} for i in range(POINTS)]
    logs = {side: [density.joint(model)(p) for p in each] for side, model in models.items()}
    if peer:
        logs["numpyro"] = peer.log_densities(points)
    for side in list(logs)[1:]:
        apart = np.subtract(logs[side], logs["ours"])
        allowed = 1e-9 * (1 + np.abs(logs["ours"]).max())
        print(f"{name:<{topic.WIDTH}} {side:<9} log density {np.median(apart):+.6g} everywhere, "
              f"within {np.ptp(apart):.1e} (allowed {allowed:.1e})", flush=True)  # fmt: skip
        if not np.ptp(apart) < allowed:
            raise SystemExit(
                f"{name}: {side} is another posterior: log densities differ by {apart}"
            )


def measured(draws: dict, seconds: float, gradients: int) -> dict:
    """What one run is judged by, and its means with their errors (element,)."""
    every = np.concatenate([x.reshape(*x.shape[:2], -1) for x in draws.values()], axis=-1)
    ess = float(np.min(fit.ess(every, "bulk")))
    error = every.std((0, 1)) / np.sqrt(fit.ess(every))
    return {"seconds": seconds, "draws": every[..., 0].size, "ess": ess, "gradients": gradients,
            "ess_second": ess / seconds, "ess_gradient": ess / gradients,
            "mean": every.mean((0, 1)), "error": error}  # fmt: skip


def race(name: str, runs: int, python: str | None, folder: Path) -> list[dict]:
    """One row a contender."""
    found = topic.load(name)
    data, settings = topic.read(found), found.defaults
    handed = given(found, data, settings)
    np.savez(folder / "given.npz", **handed)
    models = {
        "ours": found.model(data, settings),
        "textbook": textbook(found, data, settings, handed),
    }
    peer = contenders.Peer(python, name, folder) if python else None
    try:
        same_density(name, models, peer)
        if not runs:
            return []
        sides = contenders.ready(name, models, peer)
        taken = {side: [] for side in sides}
        for run in range(1, runs + 1):
            order = list(sides)[run % len(sides) :] + list(sides)[: run % len(sides)]
            for side in order:
                taken[side].append(measured(*sides[side].run(run)))
                told = {k: f"{v:.4g}" for k, v in taken[side][-1].items() if np.ndim(v) == 0}
                print(f"    run {run} {side:<12} {told}", file=sys.stderr, flush=True)
    finally:
        if peer:
            peer.close()
    return [row(name, side, taken, sides[side]) for side in sides]


def row(name: str, side: str, taken: dict, contender) -> dict:
    """Medians over runs; the ratios are ours to theirs, run by run; z is of means against ours."""
    own, ours = pd.DataFrame(taken[side]), pd.DataFrame(taken["ours"])
    line = {"topic": name, "contender": side, "how": contender.how, "compile": contender.compile}
    figures = ["seconds", "draws", "ess", "gradients", "ess_second", "ess_gradient"]
    line |= own[figures].median().to_dict()
    for unit in ("second", "gradient"):
        ratio = ours[f"ess_{unit}"] / own[f"ess_{unit}"]
        line |= {f"ratio_{unit}": ratio.median(), f"ratio_{unit}_min": ratio.min(),
                 f"ratio_{unit}_max": ratio.max()}  # fmt: skip
    apart = [(a["mean"] - b["mean"]) / np.hypot(a["error"], b["error"])
             for a, b in zip(taken["ours"], taken[side], strict=True)]  # fmt: skip
    number = np.size(apart) * (len(taken) - 1)
    line["z"], line["z_allowed"] = np.abs(apart).max(), stats.norm.isf(ALARM / 2 / number)
    spread = f"({line['ratio_second_min']:.2f} to {line['ratio_second_max']:.2f})"
    print(f"{name:<{topic.WIDTH}} {side:<12} {line['ess_second']:9.0f} a second, "
          f"{line['ess_gradient']:7.4f} a gradient; ours to it {line['ratio_second']:6.2f} "
          f"{spread}, {line['ratio_gradient']:5.2f}; means within {line['z']:.1f} errors",
          flush=True)  # fmt: skip
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", help="which (all)")
    parser.add_argument("--runs", type=int, default=7, help="of every contender (7)")
    parser.add_argument("--peers", dest="python", help="the Python of the peers' environment")
    parser.add_argument("--out", type=Path, default=TABLES / "speed_samplers.csv")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    environment, rows = peers.environment(), []
    print(environment, flush=True)
    for name in options.topics or topic.names():
        with tempfile.TemporaryDirectory() as folder:
            rows += race(name, options.runs, options.python, Path(folder))
        if rows:  # each topic when it is done
            table = pd.DataFrame(rows).assign(runs=options.runs, environment=environment)
            if options.out.exists():  # other topics' races stand
                old = pd.read_csv(options.out)
                table = pd.concat([old[~old["topic"].isin(table["topic"])], table])
            table = table.sort_values("topic", kind="stable")
            table.to_csv(options.out, index=False, float_format="%.4g")
    off = [f"{r['topic']}: {r['contender']}" for r in rows if not r["z"] < r["z_allowed"]]
    if off:
        raise SystemExit(f"means further apart than chance allows: {'; '.join(off)}")


if __name__ == "__main__":
    main()
