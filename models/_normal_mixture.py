"""A mixture of normals whose log density and gradient come from one pass over the rows.

The probability r_ik that row i belongs to component k, given its value, is EM's E-step. By Fisher's
identity the same r weighs the gradient: of log p(y_i) it is the gradient of log w_k Normal(y_i |
mu_k, sigma_k), times r_ik, summed over k. So a row costs one exponential for each component, and
nothing is stored for a second pass.
"""

import inspect
import zlib

import numba
import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type, grad_not_implemented
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key


@numba.njit(cache=True, error_model="numpy")
def normal_mixture(y, w, mu, sigma, weight):
    """log p(y_i) (n,), and the gradient of sum_i weight_i log p(y_i) in w, mu and sigma (K,)."""
    log_scale, per_sigma = np.log(w / sigma) - np.log(2 * np.pi) / 2, 1 / sigma
    heights, (z, part) = np.empty(y.size), np.empty((2, w.size))
    count, first, second = np.zeros((3, w.size))  # sums of r, r z and r z^2 over rows
    for i in range(y.size):
        top = -np.inf
        for k in range(w.size):
            z[k] = (y[i] - mu[k]) * per_sigma[k]
            part[k] = log_scale[k] - z[k] * z[k] / 2
            if not part[k] <= top:  # what is not a number is passed on, not skipped
                top = part[k]
        heights[i] = top
        if top == -np.inf:
            continue
        total = 0.0
        for k in range(w.size):  # the likeliest component counts one, however far the row
            part[k] = np.exp(part[k] - top)
            total += part[k]
        heights[i] += np.log(total)
        share = weight[i] / total
        for k in range(w.size):
            r = part[k] * share
            count[k] += r
            first[k] += r * z[k]
            second[k] += r * z[k] * z[k]
    slope = count / w
    for k in range(w.size):
        if w[k] == 0:  # nobody belongs there, but with a little weight somebody would
            slope[k] = 0.0
            for i in range(y.size):
                away = (y[i] - mu[k]) * per_sigma[k]
                log_p = np.log(per_sigma[k]) - np.log(2 * np.pi) / 2 - away * away / 2
                slope[k] += weight[i] * np.exp(log_p - heights[i])
    return heights, slope, first * per_sigma, (second - count) * per_sigma


class LogDensity(Op):
    """`normal_mixture` for PyMC. Only the first output, the log densities, can be differentiated.

    Their gradient is this operation once more, weighted by what follows. Where that is a sum, as in
    a model, all weights are one, the two are one computation, and PyTensor merges them.
    """

    __props__ = ()

    def make_node(self, *inputs):
        vectors = [pt.as_tensor_variable(x, dtype="float64") for x in inputs]
        if any(v.ndim != 1 for v in vectors):
            raise TypeError("rows, shares, means and sds of a normal mixture are vectors")
        return Apply(self, vectors, [v.type() for v in vectors[:4]])

    def perform(self, node, inputs, outputs):
        for output, value in zip(outputs, normal_mixture(*inputs), strict=True):
            output[0] = value

    def pullback(self, inputs, outputs, cotangents):
        weight, *others = cotangents
        if not all(isinstance(c.type, DisconnectedType) for c in others):
            raise NotImplementedError("a normal mixture has first derivatives only")
        slopes = self(*inputs[:4], weight)[1:]
        return [grad_not_implemented(self, 0, inputs[0]), *slopes, disconnected_type()]

    def connection_pattern(self, node):
        return [[True] * 4] * 4 + [[False, True, True, True]]

    def infer_shape(self, node, shapes):
        return shapes[:4]


@register_funcify_default_op_cache_key(LogDensity)
def _funcify(op, **kwargs):
    @numba_njit
    def log_density_op(y, w, mu, sigma, weight):
        return normal_mixture(y, w, mu, sigma, weight)

    # PyTensor caches by this number: without it an edited kernel would go on running the old one.
    return log_density_op, zlib.crc32(inspect.getsource(normal_mixture.py_func).encode())


def log_density(y, w, mu, sigma):
    """log p(y_i), row by row."""
    return LogDensity()(y, w, mu, sigma, pt.ones_like(y))[0]


def NormalMixture(name, w, mu, sigma, **where):
    """`pm.NormalMixture`: its draws, and the same density, by the kernel above."""

    def drawn(w, mu, sigma, size):
        return pm.NormalMixture.dist(w, mu, sigma, size=size)

    return pm.CustomDist(
        name, w, mu, sigma, dist=drawn, logp=log_density, signature="(k),(k),(k)->()",
        class_name="NormalMixture", **where,
    )  # fmt: skip
