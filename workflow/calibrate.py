"""Simulation-based calibration (Talts et al. 2018): does the posterior hold the truth it should?

Draw the unknowns from the prior and data from the likelihood, fit, and look up the rank of the
truth among the draws: over many simulations every rank must be equally frequent. This is the one
rung that tests the simulator, the density and the sampler against each other on data never seen.
"""

import threading
import zlib

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from pymc.model.transform.conditioning import remove_value_transforms
from pymc.pytensorf import compile as compile_random
from pymc.pytensorf import reseed_rngs
from pytensor.graph.traversal import ancestors
from scipy import stats

from workflow import fit
from workflow.campaign import compiled_once, source
from workflow.page import versions
from workflow.topic import WIDTH, Refused, Topic, load, read

RANKS = 100  # a truth among 99 draws
BINS = 20  # must divide RANKS, or a bin would hold more ranks than its share
LEAST = 100  # simulations, so that a chi-square bin expects five
LEVEL = 0.01  # of all quantities together, after Holm
NEAR = 1.5 * RANKS  # the ESS from which 99 spread-out draws are nearly independent
RHAT = 1.05
CHAINS, TUNE, DRAWS = 2, 100, 200  # of a block
MAXDEPTH = 5  # of a tree, 31 steps: longer ones are mostly of chains that have not yet adapted
PILOTS = 5  # simulations under either metric, to choose the cheaper
BLOCKS = 8  # at most: one more while the ESS is short of NEAR or the chains differ
TARGETS = (0.8, 0.95, 0.99)  # of the acceptance: all over again after a divergence
LIKELIHOOD = "log likelihood"


class CannotSimulate(Refused):
    """The prior has no draws (pm.Flat), so there is nothing to calibrate against."""


class Calibrator:
    """One topic, compiled once, to be refitted to as many simulated data sets as wanted.

    The observed variable `y` has its data in `y_data`, as in every topic; covariates and the number
    of rows are those of `data`. What is known but for a turn has no rank; what is made of it has.
    """

    def __init__(self, topic: Topic, data: pd.DataFrame, settings: dict):
        model = topic.model(data, settings)
        (observed,) = model.observed_RVs
        self.name, self._free = topic.name, [v.name for v in model.free_RVs]
        turned = [model[name] for name in topic.turned]
        made = [v for v in model.deterministics if set(turned) & set(ancestors([v]))]
        self._all = self._free + [v.name for v in made]
        self.names = [name for name in self._all if name not in topic.turned]
        self.observed = observed.name + "_data"
        self._simulate, randomness = compile_random(
            [], [*model.free_RVs, *made, observed], random_seed=False, return_updates=True,
            mode=fit.INTERPRETED["mode"],
        )  # fmt: skip
        self._randomness = list(randomness)
        try:
            self._simulate()
        except NotImplementedError as problem:
            raise CannotSimulate(
                f"{topic.name}: its prior cannot be simulated: {problem}"
            ) from None
        bare = remove_value_transforms(model)
        self._likelihood = bare.compile_fn(
            bare.logp(vars=bare.observed_RVs),
            inputs=[bare.rvs_to_values[bare[name]] for name in self._free],
            point_fn=False,
            on_unused_input="ignore",  # an unknown above the data in a hierarchy
        )
        self._seen = bare[self.observed]
        self._compiled = fit.compile_model(model)
        self._lock = threading.Lock()  # one data set at a time, whatever a worker's threads
        self.adaptation = min(("diag", "low_rank"), key=self._cost)  # a matter of the model

    def simulation(self, job: int) -> dict:
        """Ranks of every unknown's elements and of the log likelihood, and whether it converged."""
        with self._lock:
            seed = (zlib.crc32(self.name.encode()), job)
            truth = self._made_up(seed)
            return self._ranked(job, truth, seed)

    def _made_up(self, seed) -> dict:
        """The unknowns of one simulation, by name; its data are what is fitted next."""
        reseed_rngs(self._randomness, seed)
        *truth, y = self._simulate()
        self._compiled = self._compiled.with_data(**{self.observed: y})
        self._seen.set_value(np.asarray(y, self._seen.dtype))
        return dict(zip(self._all, truth, strict=True))

    def _cost(self, adaptation) -> int:
        """Gradients that a few simulations take under a metric, none of them one that counts."""
        self.adaptation, cost = adaptation, 0
        for pilot in range(PILOTS):
            seed = (zlib.crc32(self.name.encode()), 0, pilot)
            self._made_up(seed)
            cost += self._drawn(seed)[-1]
        return cost

    def _ranked(self, job, truth, seed):
        draws, blocks, trouble, _ = self._drawn(seed)
        row = {"job": job, "blocks": blocks, "trouble": trouble}
        kept = {name: _spread(values) for name, values in draws.items()}
        for name in self.names:
            ranks = (kept[name] < np.ravel(truth[name])).sum(0)
            row |= dict(zip(_labels(name, np.shape(truth[name])), ranks.tolist(), strict=True))
        own = [truth[name] for name in self._free]
        shaped = [kept[n].reshape(-1, *v.shape) for n, v in zip(self._free, own, strict=True)]
        heights = [self._likelihood(*values) for values in zip(*shaped, strict=True)]
        return row | {LIKELIHOOD: int(np.sum(heights < self._likelihood(*own)))}

    def _drawn(self, seed) -> tuple[dict[str, np.ndarray], int, str, int]:
        """Draws that will do, or the last there were; blocks; what is wrong; gradients in all."""
        taken = cost = 0
        for target in TARGETS:
            draws = {}
            for _ in range(BLOCKS):
                block, divergences, gradients = self._block((*seed, taken), target)
                taken, cost = taken + 1, cost + gradients
                draws = (
                    {n: np.concatenate([draws[n], v]) for n, v in block.items()} if draws else block
                )
                trouble = f"{divergences} divergences" if divergences else self._trouble(draws)
                if divergences or not trouble:
                    break
            if not divergences:
                break
        return draws, taken, trouble, cost

    def _trouble(self, draws) -> str:
        """Why these draws are too few or not of one distribution; nothing where they will do."""
        every = np.concatenate([draws[name] for name in self.names], axis=-1)
        lowest = float(np.min(fit.ess(every, "bulk")))
        rhat = np.max(array_stats.rhat(every, chain_axis=0, draw_axis=1))
        trouble = [] if lowest >= NEAR else [f"ESS {lowest:.0f}"]
        return ", ".join(trouble + ([] if rhat <= RHAT else [f"R-hat {rhat:.2f}"]))

    def _block(self, seed, target):
        return fit.quick(
            self._compiled, seed, self._all, chains=CHAINS, tune=TUNE, draws=DRAWS,
            target_accept=target, adaptation=self.adaptation, maxdepth=MAXDEPTH,
        )  # fmt: skip


def _spread(values):
    """RANKS - 1 draws, evenly spread over all chains: (draw, element)."""
    flat = values.reshape(-1, values.shape[-1])
    return flat[np.linspace(0, len(flat) - 1, RANKS - 1).round().astype(int)]


def _labels(name, shape):
    if not shape:
        return [name]
    return [f"{name}[{','.join(str(i + 1) for i in index)}]" for index in np.ndindex(shape)]


@compiled_once
def ready(name: str) -> Calibrator:
    """The calibrator of one topic, compiled at a worker's first call."""
    topic = load(name)
    return Calibrator(topic, read(topic), settings_of(topic)[0])


def simulations(name: str, jobs: list[int]) -> list[dict]:
    """The rows of some simulations of one topic."""
    made = ready(name)
    return [made.simulation(job) for job in jobs]


def settings_of(topic: Topic) -> tuple[dict, str]:
    """The settings a topic is calibrated under, and why not its own; it may ask for a tighter prior
    as `CALIBRATION = ({"name": value}, "reason")`."""
    changes, reason = getattr(topic.module, "CALIBRATION", ({}, ""))
    return topic.defaults | {k: np.asarray(v, np.float64)[()] for k, v in changes.items()}, reason


def about(topic: Topic) -> dict:
    """What the ranks of a topic depend on; other ranks are not continued."""
    settings, _ = settings_of(topic)
    return {
        "source": source(topic),
        "settings": {k: np.asarray(v).tolist() for k, v in settings.items()},
        "ranks": [RANKS, NEAR, RHAT],
        "draws": [CHAINS, TUNE, DRAWS, MAXDEPTH, BLOCKS, PILOTS, list(TARGETS)],
        "versions": versions(),
    }


def verdicts(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What `uniformity` and `holm` say of topic -> rows of `simulations`."""
    return holm(uniformity(tables))


def uniformity(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Chi-square of every quantity's ranks. Unconverged simulations are in, as they are.

    Columns: topic, quantity, simulations, unconverged, longer (more than one block), chi2, p.
    """
    rows = []
    for topic, table in tables.items():
        if len(table) < LEAST:
            raise Refused(f"{topic}: {len(table)} simulations; a verdict needs at least {LEAST}")
        stuck, longer = int((table["trouble"] != "").sum()), int((table["blocks"] > 1).sum())
        for quantity, ranks in quantities(table).items():
            found = stats.chisquare(np.bincount(ranks * BINS // RANKS, minlength=BINS))
            rows.append([topic, quantity, len(table), stuck, longer, *found])
    columns = ["topic", "quantity", "simulations", "unconverged", "longer", "chi2", "p"]
    return pd.DataFrame(rows, columns=columns)


def holm(found: pd.DataFrame) -> pd.DataFrame:
    """With Holm's correction over all rows: columns holm and calibrated."""
    order = found["p"].to_numpy().argsort()
    steps = found["p"].to_numpy()[order] * np.arange(len(found), 0, -1)
    adjusted = np.empty(len(found))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found.assign(holm=adjusted, calibrated=adjusted >= LEVEL)


def sentences(found: pd.DataFrame) -> list[str]:
    """One line a topic: the verdict, and what it rests on."""
    said = []
    for name, rows in found.groupby("topic"):
        worst = rows.loc[rows["p"].idxmin()]
        said.append(
            f"{name:<{WIDTH}} {'calibrated' if rows['calibrated'].all() else 'NOT calibrated'}: "
            f"{worst['simulations']:,} simulations, {worst['unconverged']} unconverged; smallest p "
            f"{worst['p']:.2g} ({worst['quantity']}), {worst['holm']:.2g} after Holm"
        )
    return said


def quantities(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of ranks alone."""
    return table.drop(columns=["job", "blocks", "trouble"])
