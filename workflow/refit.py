"""A model compiled once and fitted to one set of rows after the other.

Rows come in through `pm.Data`, whose length may change from fit to fit. Whatever else of the rows
is in the graph (how many categories, the times of a series) makes another graph, compiled anew.
"""

from functools import cached_property

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.graph.basic import equal_computations
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor.random.type import RandomType

from workflow import check, fit
from workflow.density import INTERPRETED, Unconstrained

TARGETS = (0.8, 0.95, 0.99)  # of the acceptance: all over again after a divergence
TUNE, DRAWS = 400, 3_000  # of each of `fit.CHAINS` chains, in one block
ESS = 4_000.0  # what every quantity must reach: a mean is known to 1/63 of its sd
POINTS = 8  # of those drawn, at which model and exact answer are compared
STATISTICS = ["diverging", "maxdepth_reached", "energy"]
SLOPES = ["gradient", "unconstrained_draw"]  # for Stein's identities


class Graph:
    """What a compiled model is tied to: its log density but for the data, its unknowns' sizes.

    Constants count, so that no number of one group's rows is left over in the fit of another.
    Variables made alike have the same density, and to see that takes a tenth of the time; where a
    density is Python of a topic's own, it is written out and compared.
    """

    def __init__(self, model: pm.Model):
        self.data = fit.shared(model)
        lengths = {d: int(self.data[d].get_value()) for d in model.dim_lengths if d in self.data}
        self.sizes = {v.name: _shape(model, v, lengths) for v in model.free_RVs}
        self._model = model
        self._open = [*model.value_vars, *(self.data[name] for name in sorted(self.data))]

    def __eq__(self, other):
        if self.sizes != other.sizes or self.data.keys() != other.data.keys():
            return False
        return _equal(self.made, other.made) or _equal(self.density, other.density)

    @cached_property
    def made(self) -> tuple[list, list]:
        """How every variable is drawn and turned into what the sampler sees; what may differ."""
        model = self._model
        turned = [
            transform.backward(model.rvs_to_values[v], *v.owner.inputs)
            for v in model.free_RVs
            if (transform := model.rvs_to_transforms[v]) is not None
        ]
        seen = [model.rvs_to_values[v] for v in model.observed_RVs]
        random = [
            i for v in model.basic_RVs for i in v.owner.inputs if isinstance(i.type, RandomType)
        ]
        return [*model.basic_RVs, *model.potentials, *turned, *seen], [*self._open, *random]

    @cached_property
    def density(self) -> tuple[list, list]:
        return [self._model.logp()], self._open

    __hash__ = None


def _equal(one, other) -> bool:
    return len(one[0]) == len(other[0]) and equal_computations(one[0], other[0], one[1], other[1])


def _shape(model, variable, lengths) -> tuple[int, ...]:
    dims = model.named_vars_to_dims.get(variable.name, ())
    known = len(dims) == variable.ndim and set(dims) <= set(lengths)
    return tuple(lengths[d] for d in dims) if known else tuple(map(int, variable.shape.eval()))


class Compiled:
    """Sampler and densities of one graph, for the rows of every model that has the same."""

    def __init__(self, model: pm.Model, graph: Graph):
        self.graph = graph
        self._sampler = fit.compile_model(model, list(self.graph.sizes))
        self._likelihood = Unconstrained(model, jacobian=False)
        bare = remove_value_transforms(model)
        self._joint = bare.compile_logp(mode=INTERPRETED)
        self._held = [self.graph.data, fit.shared(bare)]

    def belong(self, model: pm.Model, exact, draws: xr.DataTree) -> list[check.Check]:
        """Whether model and exact answer are one, at points spread over the draws."""
        self._put(model)
        own = {name: fit.flat(draws.posterior[name]) for name in self.graph.sizes}
        number = len(next(iter(own.values()))[0])
        points = np.linspace(0, number - 1, POINTS).astype(int)
        shapes = self.graph.sizes.items()
        thetas = ({k: own[k][0, i].reshape(shape) for k, shape in shapes} for i in points)
        return check.belong(lambda theta: float(self._joint(theta)), exact, thetas)

    def score(self, model: pm.Model, mle: dict) -> check.Maximum:
        """First-order conditions of the log likelihood at the MLE."""
        self._put(model)
        return check.score(model, mle, self._likelihood)

    def _put(self, model):
        for name, value in fit.data_of(model).items():
            for held in self._held:
                held[name].set_value(value)

    def draw(self, model: pm.Model, seed: tuple[int, ...], turned, *, slopes: bool) -> xr.DataTree:
        """Draws as `fit.sample` returns them, on one core; `slopes` asks for what Stein needs."""
        compiled, derived = fit.with_data(self._sampler, model), derivation(model)
        statistics = STATISTICS + (SLOPES if slopes else [])
        how = {"chains": fit.CHAINS, "tune": TUNE, "draws": DRAWS}
        how |= {"store_gradient": slopes, "store_unconstrained": slopes}

        def block(seed, target, adaptation):
            asked = how | {"target_accept": target, "adaptation": adaptation}
            found, _ = fit.arrays(compiled, seed, [*self.graph.sizes, *statistics], **asked)
            stats = {name: found.pop(name) for name in statistics}
            stats |= {name: stats[name][..., 0] for name in STATISTICS}
            shapes = self.graph.sizes
            free = {k: v.reshape(*v.shape[:2], *shapes[k]) for k, v in found.items()}
            every = free | derived(free)
            posterior = {name: values for name, values in every.items() if name not in turned}
            return {"posterior": _dataset(posterior), "sample_stats": _dataset(stats)}

        return fit.enough(block, seed, TARGETS, ESS)


def _dataset(arrays: dict) -> xr.Dataset:
    axes = {name: [f"{name}_{i}" for i in range(v.ndim - 2)] for name, v in arrays.items()}
    return xr.Dataset({k: (("chain", "draw", *axes[k]), v) for k, v in arrays.items()})


def derivation(model: pm.Model):
    """Unknowns by name, (chain, draw, ...) -> all that the model derives from them, the same."""
    unknowns, derived = model.free_RVs, model.deterministics
    if not derived:
        return lambda free: {}
    each = [pt.tensor(v.name, dtype=v.dtype, shape=(None, *v.type.shape)) for v in unknowns]
    made = vectorize_graph(derived, dict(zip(unknowns, each, strict=True)))
    function = pytensor.function(each, made, mode=INTERPRETED, on_unused_input="ignore")

    def derive(free):
        chains, draws = next(iter(free.values())).shape[:2]
        with np.errstate(all="ignore"):  # on a boundary 1 / 0 is what it is
            found = function(*(free[v.name].reshape(-1, *free[v.name].shape[2:]) for v in unknowns))
        return {
            v.name: np.broadcast_to(x, (chains * draws, *x.shape[x.ndim - v.ndim :])).reshape(
                chains, draws, *x.shape[x.ndim - v.ndim :]
            )
            for v, x in zip(derived, found, strict=True)
        }

    return derive
