"""From a model to draws: the only sampler settings of this repository.

Compiling costs seconds, sampling tenths of a second, so a model is compiled once (`compile_model`)
and drawn from as often as wanted (`sample`), also on other data of the same kind.
"""

import logging
from importlib.metadata import version
from pathlib import Path

import numpy as np
import nutpie
import pyarrow
import pymc as pm
import xarray as xr
from arviz_stats.base import array_stats
from pytensor import config

from workflow import density
from workflow.topic import Refused

CHAINS = 4  # always, whatever the number of cores
TUNE = 1_000
BLOCK = 5_000  # draws of each chain in one block
ESS = 6_400.0  # what every quantity must reach: then a mean is known to 1/80 of its sd
MOST_DRAWS = 64_000
TARGET_ACCEPT = (0.95, 0.99)  # the second is the one retry after divergences or poor mixing
SLOW = 0.15  # below this ESS per draw the next block adapts a low-rank metric instead
KEPT = 4_000  # draws that go into posterior.nc
PREDICTED = 500
SAMPLER = f"NUTS (nutpie {version('nutpie')})"
INTERPRETED = {"mode": density.INTERPRETED}  # no machine code: for functions called a few times

# Beside what is compiled from it; else every function leaves a file among the temporary ones.
config.generated_src_dir = str(Path(config.base_compiledir) / "source")

for talker in ("pymc", "arviz_stats"):  # what they announce stands in the report
    logging.getLogger(talker).setLevel(logging.ERROR)


def compile_model(model: pm.Model):
    """The model as machine code; refused without observed data, as PyMC would draw its prior."""
    insist_on_data(model)
    return nutpie.compile_pymc_model(model)


def insist_on_data(model: pm.Model) -> None:
    if not model.observed_RVs:
        raise Refused(
            "the model has no observed variable: `observed=` is missing, so nothing is learnt"
        )


def with_data(compiled, model: pm.Model):
    """The compiled model on the data of `model`, which must be the same graph."""
    inside = {variable.name for variable in compiled.shared_var_keys}
    values = {d.name: d.get_value() for d in model.data_vars if d.name in inside}
    return compiled.with_data(**values)


def sample(compiled, seed: int, turned=()) -> xr.DataTree:
    """Draws in blocks until every ESS reaches `ESS`, with one retry; the tree says what was done.

    Groups: posterior, sample_stats (with `gradient` and `unconstrained_draw`, dims chain, draw,
    coordinate), and turned, unknowns that may be turned without a change: nobody looks at those.
    A block has four chains of its own, so a second block means eight chains.
    """
    attempts = []
    for attempt, target in enumerate(TARGET_ACCEPT):
        draws, lowest = _blocks(compiled, (seed, attempt), target, list(turned))
        attempts.append(target)
        if not draws.sample_stats["diverging"].any() and lowest >= ESS:
            break
    draws.attrs.update(target_accept=target, attempts=len(attempts), seed=seed, sampler=SAMPLER)
    return draws


def _blocks(compiled, seed, target, turned):
    """The draws of all blocks, and their lowest ESS."""
    blocks, rates, adaptation = [], {}, "diag"
    while True:
        block = _drawn(
            compiled,
            (*seed, len(blocks)),
            draws=BLOCK,
            tune=TUNE,
            chains=CHAINS,
            target_accept=target,
            adaptation=adaptation,
            store_gradient=True,
            store_unconstrained=True,
        )
        blocks.append(_slim(block, turned))
        draws = _joined(blocks)
        lowest, drawn = lowest_ess(draws.posterior), len(blocks) * CHAINS * BLOCK
        if lowest >= ESS or drawn >= MOST_DRAWS:
            return draws, lowest
        own = lowest if len(blocks) == 1 else lowest_ess(blocks[-1]["posterior"])
        rates[adaptation] = own / (CHAINS * BLOCK)
        if rates["diag"] < SLOW and "low_rank" not in rates:
            adaptation = "low_rank"
        else:
            adaptation = max(rates, key=rates.get)


def _drawn(compiled, seed: tuple[int, ...], **how):
    """nutpie's draws. No two tuples share random numbers, as seeds that are sums or steps would."""
    number = int(np.random.SeedSequence(seed).generate_state(1)[0]) >> 1  # nutpie takes 31 bits
    how = {"save_warmup": False} | how
    sampling = nutpie.sample(compiled, seed=number, progress_bar=False, blocking=False, **how)
    try:
        return sampling.wait()
    except BaseException:  # Ctrl-C above all, which nutpie would answer with the draws so far
        sampling.cancel()
        raise


def _slim(block, turned):
    kept = ["diverging", "maxdepth_reached", "energy", "n_steps", "gradient", "unconstrained_draw"]
    stats = block.sample_stats.to_dataset()[kept]
    own = {stats[name].dims[2] for name in ("gradient", "unconstrained_draw")}
    stats = stats.rename(dict.fromkeys(own, "coordinate"))
    posterior = block.posterior.to_dataset()
    groups = {"posterior": posterior.drop_vars(turned), "sample_stats": stats}
    return groups | ({"turned": posterior[turned]} if turned else {})


def _joined(blocks):
    groups = {}
    for name in blocks[0]:
        parts = [block[name] for block in blocks]
        whole = xr.concat(parts, dim="chain", join="outer", coords="minimal", compat="override")
        groups[name] = whole.assign_coords(chain=np.arange(whole.sizes["chain"]))
    return xr.DataTree.from_dict(groups)


def quick(compiled, seed: tuple, names: list[str], **how) -> tuple[dict[str, np.ndarray], int, int]:
    """Draws of `names`, each (chain, draw, element), divergences among them, gradients they took.

    For hundreds of small fits on one core: no xarray, whose building takes longer than the
    sampling does. `how` holds nutpie's draws, tune, chains, target_accept, adaptation.
    """
    trace = _drawn(compiled, seed, cores=1, return_raw_trace=True, **how)
    found, divergences, gradients = {name: [] for name in names}, 0, 0
    for batches in zip(*trace.get_arrow_trace(), strict=True):  # one chain after the other
        draws, stats = map(pyarrow.record_batch, batches)
        kept = ~stats["tuning"].to_numpy(zero_copy_only=False)
        gradients += int(stats["n_steps"].to_numpy().sum())
        divergences += int(stats["diverging"].to_numpy(zero_copy_only=False)[kept].sum())
        for name, parts in found.items():
            column = draws[name]
            numbers = column.flatten() if pyarrow.types.is_nested(column.type) else column
            parts.append(numbers.to_numpy().reshape(kept.size, -1)[kept])
    return {name: np.stack(parts) for name, parts in found.items()}, divergences, gradients


def lowest_ess(posterior) -> float:
    """The lowest bulk or tail (5 and 95 %) ESS over every element of every variable."""
    each = [ess(flat(v), kind) for v in posterior.values() for kind in ("bulk", "tail")]
    return float(np.min(np.concatenate([np.ravel(x) for x in each])))  # NaN if any is NaN


def ess(draws: np.ndarray, kind: str = "mean") -> np.ndarray:
    """Effective sample size of each element of (chain, draw, element)."""
    more = {"prob": (0.05, 0.95)} if kind == "tail" else {}
    return array_stats.ess(draws, chain_axis=0, draw_axis=1, method=kind, **more)


def flat(variable) -> np.ndarray:
    """A variable's draws as (chain, draw, element)."""
    values = variable.transpose("chain", "draw", ...).values
    return values.reshape(*values.shape[:2], -1)


def complete(model: pm.Model, draws: xr.DataTree, seed: int) -> xr.DataTree:
    """The draws to keep, with all that ArviZ asks for beside them.

    Everything is thinned to `KEPT` draws, the posterior predictive to `PREDICTED`; the log
    likelihood is left out from ten million numbers on.
    """
    tree = thin(draws, KEPT)
    few = thin(draws, PREDICTED)
    quiet = {"random_seed": seed, "compile_kwargs": INTERPRETED}
    rows = sum(model.rvs_to_values[v].size.eval() for v in model.observed_RVs)
    with model:
        prior = pm.sample_prior_predictive(max(PREDICTED, min(KEPT, int(1e7) // rows)), **quiet)
        replicated = pm.sample_posterior_predictive(few, progressbar=False, **quiet)
    if _terms(model) * KEPT < 1e7:
        tree["log_likelihood"] = density.log_densities(model, model.observed_RVs, tree.posterior)
    tree["log_prior"] = density.log_densities(model, model.free_RVs, tree.posterior)
    for group in ("prior", "prior_predictive", "observed_data", "constant_data"):
        if group in prior.children:
            tree[group] = prior[group]
    tree["posterior_predictive"] = replicated["posterior_predictive"]
    if "turned" in draws.children:
        tree["posterior"] = tree.posterior.to_dataset().drop_vars(draws.turned.data_vars)
    tree.attrs = draws.attrs
    return tree


def _terms(model: pm.Model) -> int:
    """Numbers in the log likelihood of one draw: of a law of several numbers at once, one."""
    shapes = {v: model.rvs_to_values[v].shape.eval() for v in model.observed_RVs}
    return int(sum(np.prod(s[: len(s) - v.owner.op.ndim_supp]) for v, s in shapes.items()))


def whole(draws: xr.DataTree) -> xr.Dataset:
    """The posterior of every unknown, those set aside as turned among them."""
    posterior = draws.posterior.to_dataset()
    return posterior.merge(draws.turned.to_dataset()) if "turned" in draws.children else posterior


def thin(draws: xr.DataTree, number: int) -> xr.DataTree:
    """Every k-th draw of each chain, so that `number` (or slightly more) remain in all.

    What was set aside as turned is among the posterior again, as PyMC needs it.
    """
    sizes = draws.posterior.sizes
    step = max(1, sizes["chain"] * sizes["draw"] // number)
    names = ["diverging", "maxdepth_reached", "energy", "n_steps"]
    return xr.DataTree.from_dict(
        {
            "posterior": whole(draws).isel(draw=slice(None, None, step)),
            "sample_stats": draws.sample_stats.to_dataset()[names].isel(
                draw=slice(None, None, step)
            ),
        }
    )
