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
from pytensor.compile.sharedvalue import SharedVariable

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


def compile_model(model: pm.Model, names: list[str] | None = None):
    """The model as machine code; refused without observed data, as PyMC would draw its prior.

    Its draws are of `names`; left out, of every unknown and of all that is derived from them.
    """
    insist_on_data(model)
    return nutpie.compile_pymc_model(model, var_names=names)


def insist_on_data(model: pm.Model) -> None:
    if not model.observed_RVs:
        raise Refused(
            "the model has no observed variable: `observed=` is missing, so nothing is learnt"
        )


def with_data(compiled, model: pm.Model):
    """The compiled model on the data of `model`, which must be the same graph; of any length."""
    inside = {variable.name for variable in compiled.shared_var_keys}
    return compiled.with_data(**{k: v for k, v in data_of(model).items() if k in inside})


def data_of(model: pm.Model) -> dict[str, np.ndarray]:
    """What a model holds that may change without another graph: its data, and their lengths."""
    return {name: variable.get_value() for name, variable in shared(model).items()}


def shared(model: pm.Model) -> dict[str, SharedVariable]:
    """The variables that hold `data_of` a model."""
    lengths = {d: v for d, v in model.dim_lengths.items() if isinstance(v, SharedVariable)}
    return {data.name: data for data in model.data_vars} | lengths


def sample(compiled, seed: int, turned=()) -> xr.DataTree:
    """Draws in blocks until every ESS reaches `ESS`, with one retry; the tree says what was done.

    Groups: posterior, sample_stats (with `gradient` and `unconstrained_draw`, dims chain, draw,
    coordinate), and turned, unknowns that may be turned without a change: nobody looks at those.
    A block has four chains of its own, so a second block means eight chains.
    """

    def block(seed, target, adaptation):
        drawn = _drawn(
            compiled,
            seed,
            draws=BLOCK,
            tune=TUNE,
            chains=CHAINS,
            target_accept=target,
            adaptation=adaptation,
            store_gradient=True,
            store_unconstrained=True,
        )
        return _slim(drawn, list(turned))

    draws = enough(block, (seed,), TARGET_ACCEPT)
    draws.attrs.update(seed=seed, sampler=SAMPLER)
    return draws


def enough(block, seed: tuple[int, ...], targets: tuple[float, ...], least=ESS) -> xr.DataTree:
    """Blocks of draws until every ESS reaches `least`; at the next target after a divergence.

    `block(seed, target, adaptation)` draws one: the groups of the tree by name.
    """
    for attempt, target in enumerate(targets):
        draws, lowest = _blocks(block, (*seed, attempt), target, least)
        if not draws.sample_stats["diverging"].any() and lowest >= least:
            break
    draws.attrs.update(target_accept=target, attempts=attempt + 1)
    return draws


def _blocks(block, seed, target, least):
    """The draws of all blocks, and their lowest ESS."""
    blocks, rates, adaptation = [], {}, "diag"
    while True:
        blocks.append(block((*seed, len(blocks)), target, adaptation))
        draws = _joined(blocks)
        lowest = lowest_ess(draws.posterior)
        drawn = draws.posterior.sizes["chain"] * draws.posterior.sizes["draw"]
        if lowest >= least or drawn >= MOST_DRAWS:
            return draws, lowest
        own = lowest if len(blocks) == 1 else lowest_ess(blocks[-1]["posterior"])
        rates[adaptation] = own / (drawn / len(blocks))
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
        join = {"join": "outer", "coords": "minimal", "compat": "override"}
        whole = xr.concat(parts, dim="chain", **join) if len(parts) > 1 else parts[0]
        groups[name] = whole.assign_coords(chain=np.arange(whole.sizes["chain"]))
    return xr.DataTree.from_dict(groups)


def quick(compiled, seed: tuple, names: list[str], **how) -> tuple[dict[str, np.ndarray], int, int]:
    """Draws of `names`, each (chain, draw, element), their divergences, gradients they took."""
    found, gradients = arrays(compiled, seed, [*names, "diverging"], **how)
    return found, int(found.pop("diverging").sum()), gradients


def arrays(compiled, seed: tuple, names: list[str], **how) -> tuple[dict[str, np.ndarray], int]:
    """Draws and statistics of `names`, each (chain, draw, element), and gradients they took.

    For hundreds of small fits on one core: none of nutpie's xarray, whose building takes longer
    than the sampling does. `how` holds nutpie's draws, tune, chains, target_accept, adaptation.
    """
    trace = _drawn(compiled, seed, cores=1, return_raw_trace=True, **how)
    found, gradients = {name: [] for name in names}, 0
    for batches in zip(*trace.get_arrow_trace(), strict=True):  # one chain after the other
        draws, stats = map(pyarrow.record_batch, batches)
        kept = ~stats["tuning"].to_numpy(zero_copy_only=False)
        gradients += int(stats["n_steps"].to_numpy().sum())
        for name, parts in found.items():
            column = (draws if name in draws.schema.names else stats)[name]
            numbers = column.flatten() if pyarrow.types.is_nested(column.type) else column
            numbers = numbers.to_numpy(zero_copy_only=False)
            parts.append(numbers.reshape(kept.size, -1)[kept])
    return {name: np.stack(parts) for name, parts in found.items()}, gradients


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


def complete(model: pm.Model, draws: xr.DataTree, seed: int, times=None) -> xr.DataTree:
    """The draws to keep, with all that ArviZ asks for beside them.

    Everything is thinned to `KEPT` draws, the posterior predictive to `PREDICTED`; the log
    likelihood is left out from ten million numbers on. Where rows count so many `times` (n,), no
    data are replicated, and the log likelihood is that of all rows that are alike together.
    """
    tree = thin(draws, KEPT)
    few = thin(draws, PREDICTED)
    quiet = {"random_seed": seed, "compile_kwargs": INTERPRETED}
    rows = sum(model.rvs_to_values[v].size.eval() for v in model.observed_RVs)
    with model:
        number = max(PREDICTED, min(KEPT, int(1e7) // rows))
        prior = pm.sample_prior_predictive(number, **quiet)
        if times is None:
            replicated = pm.sample_posterior_predictive(few, progressbar=False, **quiet)
            tree["posterior_predictive"] = replicated["posterior_predictive"]
    if _terms(model) * KEPT < 1e7:
        found = density.log_densities(model, model.observed_RVs, tree.posterior)
        if times is not None:  # a term of all rows at once is weighed already
            found = found.map(lambda x: x * times if x.ndim > 2 else x)
        tree["log_likelihood"] = found
    tree["log_prior"] = density.log_densities(model, model.free_RVs, tree.posterior)
    for group in ("prior", "prior_predictive", "observed_data", "constant_data"):
        if group in prior.children:
            tree[group] = prior[group]
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
