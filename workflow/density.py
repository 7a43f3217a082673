"""PyMC's own log density as a plain function of numpy arrays, interpreted, no sampler in sight."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import get_mode, predefined_linkers
from pytensor.graph.replace import vectorize_graph
from pytensor.graph.rewriting.utils import rewrite_graph
from pytensor.graph.traversal import ancestors
from pytensor.scalar.basic import Sign
from pytensor.tensor.elemwise import Elemwise

from workflow import alike

# A tenth of a second to build; the calls are few. Not without what makes log(1 - sigmoid) stable:
# of a chance near one it would have no digits, or be minus infinity.
INTERPRETED = get_mode("FAST_COMPILE").including("stabilize")
# Nor may it compile: PyTensor would have graphs within graphs, such as that of a derivative of the
# gamma function, go through a C compiler for half a second each.
predefined_linkers["vm"].c_thunks = False
AT_ONCE = 2_000_000  # observed numbers, times the points where a density is wanted


def joint(model: pm.Model):
    """theta (dict of constrained values by unknown) -> log p(theta, data), every constant in."""
    logp = remove_value_transforms(model).compile_logp(mode=INTERPRETED)
    return lambda theta: float(logp(theta))


def at_many_points(model: pm.Model, values: list, graphs: list) -> Callable:
    """Graphs of `values` as a function of many points at once: each array has one more, first axis.

    So many points at a time that the data fit into memory beside them.
    """
    many = [v.type.clone(shape=(None, *v.type.shape))(v.name) for v in values]
    wide = vectorize_graph(graphs, dict(zip(values, many, strict=True)))
    found = pytensor.function(many, wide, mode=INTERPRETED, on_unused_input="ignore")
    observed = sum(int(model.rvs_to_values[v].size.eval()) for v in model.observed_RVs)
    step = max(1, AT_ONCE // max(1, observed))

    def at(*points):
        total, parts = len(points[0]), []
        for start in range(0, total, step):
            part = found(*(p[start : start + step] for p in points))
            size = min(step, total - start)  # what depends on no value is the same at every point
            parts.append(
                [
                    x if x.ndim > graph.ndim else np.broadcast_to(x, (size, *x.shape))
                    for x, graph in zip(part, graphs, strict=True)
                ]
            )
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    return at


def log_densities(model: pm.Model, variables: list, posterior: xr.Dataset) -> xr.Dataset:
    """log p of every draw, term by term: (chain, draw, and a variable's own dims)."""
    plain = remove_value_transforms(model)
    wanted = [plain[v.name] for v in variables]
    unknowns = [v.name for v in plain.free_RVs]
    draws = [posterior[name].transpose("chain", "draw", ...).values for name in unknowns]
    terms = plain.logp(vars=wanted, jacobian=False, sum=False)
    at = at_many_points(plain, [plain.rvs_to_values[plain[n]] for n in unknowns], terms)
    found = at(*(d.reshape(-1, *d.shape[2:]) for d in draws))
    each, first = {}, draws[0].shape[:2]
    for variable, term in zip(variables, found, strict=True):
        named = model.named_vars_to_dims.get(variable.name, ())
        own = [*named, *(f"{variable.name}_dim_{i}" for i in range(len(named), term.ndim - 1))]
        each[variable.name] = (
            ("chain", "draw", *own[: term.ndim - 1]),
            term.reshape(*first, *term.shape[1:]),
        )
    dims = {dim for names, _ in each.values() for dim in names}
    coords = {dim: list(labels) for dim, labels in model.coords.items() if dim in dims}
    return xr.Dataset(each, coords={"chain": posterior.chain, "draw": posterior.draw, **coords})


class Unconstrained:
    """A log density and its gradient in PyMC's unconstrained coordinates, as one flat vector u.

    Parameters
    ----------
    model
        Any model of this repository.
    jacobian
        True: the log joint with the Jacobian of the transforms, the density NUTS walks on.
        False: the log likelihood alone, whose maximum does not care for coordinates.
    """

    def __init__(self, model: pm.Model, *, jacobian: bool):
        values = [model.rvs_to_values[v] for v in model.free_RVs]
        likelihood = [*model.observed_RVs, *alike.of(model)]
        logp = model.logp() if jacobian else model.logp(vars=likelihood, jacobian=False)
        gradients = pytensor.grad(logp, values, disconnected_inputs="ignore")
        self.kinked = _signs(gradients)
        outputs = [logp, *gradients]
        self._evaluate = model.compile_fn(outputs, inputs=values, mode=INTERPRETED, point_fn=False)
        self.names = [v.name for v in model.free_RVs]
        self._shapes = [tuple(np.shape(x)) for x in model.initial_point().values()]
        self._to_u, self._to_theta = _coordinates(model, values)
        self._graph = model, values, [logp]

    def to_u(self, theta: dict) -> np.ndarray:
        """Constrained values -> u; infinite where theta lies on a boundary."""
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = self._to_u(*(np.asarray(theta[name], dtype=float) for name in self.names))
        return np.concatenate([np.ravel(part) for part in parts])

    def to_theta(self, u: np.ndarray) -> dict:
        return dict(zip(self.names, self._to_theta(*self._split(u)), strict=True))

    def _split(self, u):
        """The unknowns that u, or each row of many, is made of."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        parts = np.split(u, ends, axis=-1)
        return [p.reshape((*u.shape[:-1], *s)) for p, s in zip(parts, self._shapes, strict=True)]

    def __call__(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        value, *gradients = self._evaluate(*self._split(u))
        return float(value), np.concatenate([np.ravel(g) for g in gradients])

    def heights(self, u: np.ndarray) -> np.ndarray:
        """The log density alone at each row of u, of many points at once: shape (len(u),)."""
        return self._heights(*self._split(u))[0]

    @cached_property
    def _heights(self):
        return at_many_points(*self._graph)

    def curvature(self, u: np.ndarray, step: float = 1e-5, size=None) -> np.ndarray:
        """Minus the Hessian, by central differences of the gradient, symmetrised.

        `size` is how far to go in each coordinate, where a step in proportion will not do.
        """
        size = step * (1 + np.abs(u)) if size is None else size
        columns = [
            (self(u + h * e)[1] - self(u - h * e)[1]) / (2 * h)
            for h, e in zip(size, np.eye(u.size), strict=True)
        ]
        hessian = np.array(columns)
        return -(hessian + hessian.T) / 2

    def slopes(self, u: np.ndarray, step: float = 1e-5) -> np.ndarray:
        """d theta / d u, every unknown flattened and stacked: shape (elements of theta, len(u))."""

        def stacked(v):
            return np.concatenate([np.ravel(x) for x in self.to_theta(v).values()])

        return np.stack(
            [(stacked(u + step * e) - stacked(u - step * e)) / (2 * step) for e in np.eye(u.size)],
            axis=-1,
        )


def _signs(gradients) -> bool:
    """Whether a gradient jumps: the slope of an absolute value, such as Laplace's, is a sign.

    Signs that only say that shares add up to one are multiplied by 0 and fall away.
    """
    if not _holds_sign(gradients):
        return False
    return _holds_sign(rewrite_graph(gradients, include=("canonicalize",)))


def _holds_sign(graphs) -> bool:
    made = (v.owner.op for v in ancestors(graphs) if v.owner)
    return any(isinstance(op, Elemwise) and isinstance(op.scalar_op, Sign) for op in made)


def _coordinates(model, values):
    """Two compiled functions: constrained values -> unconstrained, and back."""
    transforms = [model.rvs_to_transforms[v] for v in model.free_RVs]
    inputs = [v.owner.inputs for v in model.free_RVs]
    constrained = [pt.as_tensor(v).type(f"{v.name}_constrained") for v in model.free_RVs]
    forward = [
        c if t is None else t.forward(c, *i)
        for c, t, i in zip(constrained, transforms, inputs, strict=True)
    ]
    backward = [
        v if t is None else t.backward(v, *i)
        for v, t, i in zip(values, transforms, inputs, strict=True)
    ]
    options = {"mode": INTERPRETED, "on_unused_input": "ignore"}
    return (
        pytensor.function(constrained, forward, **options),
        pytensor.function(values, backward, **options),
    )
