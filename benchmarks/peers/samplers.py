"""NumPyro's side of `benchmarks/samplers.py`, which starts it: `... TOPIC FOLDER`.

Reads FOLDER/given.npz; then answers each line of its input, a JSON object, with one of its own:

    {"points": FILE}                unknowns, (points, ...) each -> {"logs": log densities}
    {"side": SIDE, "compile": SEED} -> {"versions", "way", "compile"}: the fastest way, and seconds
    {"side": SIDE, "seed": SEED}    -> {"seconds", "gradients"}; draws.npz: (chain, draw, ...) each
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import jax
import numpy as np
import numpyro
from numpyro.infer import MCMC, NUTS
from numpyro.infer.util import log_density

from benchmarks.peers import hidden, models

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")
CHAINS, TUNE, DRAWS = 4, 1_000, 1_000


def one_chain(model, key):
    """NUTS at its defaults, tuning and all, as one compiled function: draws, and gradients."""
    mcmc = MCMC(NUTS(model), num_warmup=TUNE, num_samples=DRAWS, progress_bar=False)
    mcmc.warmup(key, collect_warmup=True, extra_fields=("num_steps",))
    gradients = mcmc.get_extra_fields()["num_steps"].sum()
    mcmc.run(mcmc.post_warmup_state.rng_key, extra_fields=("num_steps",))
    return mcmc.get_samples(), gradients + mcmc.get_extra_fields()["num_steps"].sum()


def compiled(model):
    """Four chains by each way there is: keys (4,) -> a list of chains, or all of them stacked."""
    chain, pool = jax.jit(partial(one_chain, model)), ThreadPoolExecutor(os.cpu_count())
    return {
        "in turn": lambda keys: [jax.block_until_ready(chain(key)) for key in keys],
        "in threads": lambda keys: list(pool.map(lambda k: jax.block_until_ready(chain(k)), keys)),
        "vectorised": jax.jit(jax.vmap(partial(one_chain, model))),
    }


def called(model):
    """The same as its manual has it, `MCMC.run`: every call sets up its chains anew."""

    def way(method):
        mcmc = MCMC(NUTS(model), num_warmup=TUNE, num_samples=DRAWS, num_chains=CHAINS,
                    chain_method=method, progress_bar=False)  # fmt: skip

        def run(keys):
            mcmc.run(keys)
            return mcmc.get_samples(group_by_chain=True), np.nan  # steps of tuning are not kept

        return run

    return {"in turn": way("sequential"), "vectorised": way("vectorized")}


SIDES = {"numpyro": compiled, "numpyro run": called}


def timed(way, seed):
    """Seconds, draws (chain, draw, ...) by name, and gradients of all chains."""
    keys = jax.random.split(jax.random.key(seed), CHAINS)
    start = time.perf_counter()
    found = jax.block_until_ready(way(keys))
    if isinstance(found, list):
        found = jax.tree.map(lambda *each: np.stack(each), *found)
    draws = {name: np.asarray(x) for name, x in found[0].items()}
    return time.perf_counter() - start, draws, float(np.sum(found[1]))


def fastest(ways, seed):
    """The way that takes the least time once compiled, its name, and seconds to compile."""
    found = {}
    for name, way in ways.items():
        first = timed(way, seed)[0]
        again = min(timed(way, seed + i)[0] for i in (1, 2))
        found[name] = again, max(first - again, 0.0), way
    name = min(found, key=lambda n: found[n][0])
    # Threads run what has been compiled for chains in turn.
    return found[name][2], name, found["in turn" if name == "in threads" else name][1]


def main():
    topic, folder = sys.argv[1], Path(sys.argv[2])
    given = dict(np.load(folder / "given.npz"))
    model, ready = partial((vars(models) | vars(hidden))[topic], **given), {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "points" in asked:
            points = dict(np.load(asked["points"]))
            number = len(next(iter(points.values())))
            each = [{k: v[i] for k, v in points.items()} for i in range(number)]
            answer = {"logs": [float(log_density(model, (), {}, p)[0]) for p in each]}
        elif "compile" in asked:
            side = asked["side"]
            ready[side], name, seconds = fastest(SIDES[side](model), asked["compile"])
            versions = {"numpyro": numpyro.__version__, "jax": jax.__version__}
            answer = {"versions": versions, "way": name, "compile": seconds}
        else:
            seconds, draws, gradients = timed(ready[asked["side"]], asked["seed"])
            np.savez(folder / "draws.npz", **draws)
            answer = {"seconds": seconds, "gradients": gradients}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
