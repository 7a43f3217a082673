"""Forward-backward: the likelihood of a hidden Markov model, its states and its gradient.

T rows, K states. The arguments are logs, always in this order:

    log_start (K,)      log p(z_1)
    log_A     (K, K)    log p(z_t | z_{t-1}), a row for each state one comes from
    log_w     (T, K)    log p(row t | z_t), the emissions: any family, any units

One kernel, three uses. Its first output is the likelihood; its expected counts are the E-step of
Baum-Welch; and by Fisher's identity the same counts are the gradient of the log likelihood with
respect to the three log arguments, so `ForwardBackward` needs no second pass to be differentiated
(Rabiner 1989; PML2 ch. 9).
"""

import inspect
import zlib

import numba
import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key


@numba.njit(cache=True)
def forward_backward(log_start, log_A, log_w):
    """Likelihood, filtered and smoothed states, and expected transitions.

    Returns
    -------
    log_likelihood
        log p(all rows), nats; -inf where no path can make them.
    filtered
        (T, K) p(z_t | rows 1..t).
    smoothed
        (T, K) p(z_t | all rows); its first row is the expected start.
    counts
        (K, K) expected number of moves from each state to each.
    """
    rows, states = log_w.shape
    A, predicted = np.exp(log_A), np.exp(log_start)
    w, filtered, smoothed = np.empty((3, rows, states))
    counts = np.zeros((states, states))
    log_likelihood = 0.0

    for t in range(rows):
        if t > 0:
            for j in range(states):
                predicted[j] = 0.0
                for i in range(states):
                    predicted[j] += filtered[t - 1, i] * A[i, j]
        # Scaled by the best state that can be reached: no row underflows, whatever its units.
        top = -np.inf
        for j in range(states):
            if predicted[j] > 0 and not log_w[t, j] <= top:
                top = log_w[t, j]
        if top == -np.inf:
            return -np.inf, np.zeros_like(w), np.zeros_like(w), counts
        total = 0.0
        for j in range(states):
            w[t, j] = np.exp(log_w[t, j] - top) if predicted[j] > 0 else 0.0
            filtered[t, j] = predicted[j] * w[t, j]
            total += filtered[t, j]
        for j in range(states):
            filtered[t, j] /= total
        log_likelihood += top + np.log(total)

    ahead, behind = np.ones(states), np.empty(states)  # p(rows after t | z_t), scaled
    smoothed[-1] = filtered[-1]
    for t in range(rows - 1, 0, -1):
        total = 0.0
        for i in range(states):
            behind[i] = 0.0
            for j in range(states):
                behind[i] += A[i, j] * w[t, j] * ahead[j]
            total += filtered[t - 1, i] * behind[i]
        for i in range(states):
            share = filtered[t - 1, i] / total
            for j in range(states):
                counts[i, j] += share * A[i, j] * w[t, j] * ahead[j]
            smoothed[t - 1, i] = share * behind[i]
        for i in range(states):
            ahead[i] = behind[i] / total
    return log_likelihood, filtered, smoothed, counts


class ForwardBackward(Op):
    """`forward_backward` in a PyMC model: log likelihood, expected counts, smoothed states.

    Only the first output can be differentiated, once: its gradient is the other two.
    """

    __props__ = ()

    def make_node(self, log_start, log_A, log_w):
        inputs = [pt.as_tensor_variable(x, dtype="float64") for x in (log_start, log_A, log_w)]
        return Apply(self, inputs, [pt.dscalar(), inputs[1].type(), inputs[2].type()])

    def perform(self, node, inputs, outputs):
        log_likelihood, _, smoothed, counts = forward_backward(*inputs)
        outputs[0][0], outputs[1][0], outputs[2][0] = np.asarray(log_likelihood), counts, smoothed

    def pullback(self, inputs, outputs, cotangents):
        slope, *others = cotangents
        if not all(isinstance(c.type, DisconnectedType) for c in others):
            raise NotImplementedError("the expected counts have no gradient here")
        _, counts, smoothed = outputs
        return [slope * smoothed[0], slope * counts, slope * smoothed]

    def infer_shape(self, node, shapes):
        return [(), shapes[1], shapes[2]]


@register_funcify_default_op_cache_key(ForwardBackward)
def _funcify(op, **kwargs):
    @numba_njit
    def forward_backward_op(log_start, log_A, log_w):
        log_likelihood, _, smoothed, counts = forward_backward(log_start, log_A, log_w)
        return np.asarray(log_likelihood), counts, smoothed

    # PyTensor caches by this number: without it an edited kernel would go on running the old one.
    return forward_backward_op, zlib.crc32(inspect.getsource(forward_backward.py_func).encode())


ZERO = 1e-9  # a probability below this is one that EM is taking to zero


def baum_welch(codes, start, A, B):
    """EM for symbols `codes` (T,) from A (K, K) and B (K, F), probabilities, until nothing moves.

    Returns the maximum reached and its log likelihood. A state that is never left, or never
    visited, keeps its row. What EM drives towards zero for ever ends there: at the boundary.
    """
    symbols = np.eye(B.shape[1])[codes]
    for _ in range(50_000):
        with np.errstate(divide="ignore"):
            logs = np.log(start), np.log(A), np.log(B).T[codes]
        height, _, smoothed, moves = forward_backward(*logs)
        old = A, B
        A, B = (
            np.divide(n, n.sum(1, keepdims=True), out=x.copy(), where=n.sum(1, keepdims=True) > 0)
            for n, x in ((moves, A), (smoothed.T @ symbols, B))
        )
        if max(np.abs(A - old[0]).max(), np.abs(B - old[1]).max()) < 1e-12:
            break
    A, B = (np.where(x < ZERO, 0, x) for x in (A, B))
    return {n: x / x.sum(1, keepdims=True) for n, x in (("A", A), ("B", B))}, height
