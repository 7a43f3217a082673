"""The kernel of `_forward_backward.py` as an operation that PyMC can differentiate."""

import inspect
import zlib

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from models._forward_backward import forward_backward


class ForwardBackward(Op):
    """`forward_backward` in a PyMC model: log likelihood, expected start, moves and rows by kind.

    Only the first output can be differentiated, once: its gradient is the other three.
    """

    __props__ = ()

    def make_node(self, log_start, log_A, log_w, kind):
        logs = [pt.as_tensor_variable(x, dtype="float64") for x in (log_start, log_A, log_w)]
        inputs = [*logs, pt.as_tensor_variable(kind, dtype="int64")]
        return Apply(self, inputs, [pt.dscalar(), *(x.type() for x in logs)])

    def perform(self, node, inputs, outputs):
        log_likelihood, _, smoothed, moves, seen = forward_backward(*inputs, False)
        found = np.asarray(log_likelihood), smoothed[0], moves, seen
        for output, value in zip(outputs, found, strict=True):
            output[0] = value

    def pullback(self, inputs, outputs, cotangents):
        slope, *others = cotangents
        if not all(isinstance(c.type, DisconnectedType) for c in others):
            raise NotImplementedError("the expected counts have no gradient here")
        return [*(slope * count for count in outputs[1:]), disconnected_type()]

    def connection_pattern(self, node):
        return [[True] * 4] * 3 + [[False] * 4]  # nothing is a smooth function of `kind`

    def infer_shape(self, node, shapes):
        return [(), *shapes[:3]]


@register_funcify_default_op_cache_key(ForwardBackward)
def _funcify(op, **kwargs):
    @numba_njit
    def forward_backward_op(log_start, log_A, log_w, kind):
        found = forward_backward(log_start, log_A, log_w, kind, False)
        return np.asarray(found[0]), found[2][0], found[3], found[4]

    # PyTensor caches by this number: without it an edited kernel would go on running the old one.
    return forward_backward_op, zlib.crc32(inspect.getsource(forward_backward.py_func).encode())
