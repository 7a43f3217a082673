"""Forward-backward: the likelihood of a hidden Markov model, its states and its gradient.

T rows of F different kinds, K states. The arguments always stand in this order:

    log_start (K,)      log p(z_1)
    log_A     (K, K)    log p(z_t | z_{t-1}), a row for each state one comes from
    log_w     (F, K)    log p(a row of this kind | z_t), the emissions: any family, any units
    kind      (T,)      which kind each row is of, from 0; where no two rows are alike, 0..T-1

Emissions are tabulated by kind, so their exponentials are taken once for each and not at every row.
One kernel, three uses. Its first output is the likelihood; its expected counts are the E-step of
Baum-Welch; and by Fisher's identity the same counts are the gradient of the log likelihood with
respect to the three log arguments, so that `_forward_backward_op.py` needs no second pass to be
differentiated (Rabiner 1989; PML2 ch. 9).
"""

import numba
import numpy as np

SMALL = 1e-30  # what is passed along is scaled once it leaves (SMALL, 1 / SMALL)


@numba.njit(cache=True, error_model="numpy")
def forward_backward(log_start, log_A, log_w, kind, every=True):
    """Likelihood, filtered and smoothed states, and expected counts.

    Without `every` the smoothed states are those of the first row alone: a gradient needs no more,
    and a million rows less memory.

    Returns
    -------
    log_likelihood
        log p(all rows), nats; -inf where no path can make them.
    filtered
        (T, K) p(z_t | rows 1..t), each row up to a factor of its own.
    smoothed
        (T, K) or (1, K) p(z_t | all rows); its first row is the expected start.
    moves
        (K, K) expected number of moves from each state to each.
    seen
        (F, K) expected number of rows of each kind that each state made.

    IndexError where a kind is not one of 0..F-1.
    """
    rows, states = kind.size, log_start.size
    if rows and not 0 <= kind.min() <= kind.max() < len(log_w):
        raise IndexError("a row is of a kind that has no emissions")
    A, predicted, w, top = np.exp(log_A), np.exp(log_start), np.exp(log_w), np.zeros(len(log_w))
    for f in range(top.size):  # the best state of each kind weighs one, whatever the units
        if log_w[f].max() > -np.inf:
            top[f] = log_w[f].max()
            w[f] = np.exp(log_w[f] - top[f])
    filtered, smoothed = np.empty((rows, states)), np.empty((rows if every else 1, states))
    moves, seen, factor = np.zeros_like(A), np.zeros_like(w), np.empty(rows)
    log_likelihood = 0.0

    for t in range(rows):
        f, total = kind[t], 0.0
        for j in range(states):
            reached = predicted[j] * w[f, j]
            filtered[t, j] = reached
            total += reached
        factor[t] = top[f]
        if not total > SMALL:  # time to scale, or the best state of this row cannot be reached
            factor[t] = -np.inf
            for j in range(states):
                if predicted[j] > 0 and not log_w[f, j] <= factor[t]:
                    factor[t] = log_w[f, j]
            if factor[t] == -np.inf:
                return -np.inf, np.zeros_like(filtered), np.zeros_like(smoothed), moves, seen
            for j in range(states):
                filtered[t, j] = predicted[j] and predicted[j] * np.exp(log_w[f, j] - factor[t])
            total = filtered[t].sum()
            filtered[t] /= total
            log_likelihood += np.log(total)
        log_likelihood += factor[t]
        for j in range(states):
            reached = 0.0
            for i in range(states):
                reached += filtered[t, i] * A[i, j]
            predicted[j] = reached
    log_likelihood += np.log(filtered[-1].sum())

    here = filtered[-1] / filtered[-1].sum()
    smoothed[-1] = here
    ahead, behind = np.ones(states), np.empty(states)  # p(later | z_t), p(these, row t | z_t-1)
    for t in range(rows - 1, 0, -1):
        f, total = kind[t], 0.0
        for j in range(states):
            seen[f, j] += here[j]
            if factor[t] == top[f]:
                ahead[j] *= w[f, j]
            else:
                ahead[j] *= filtered[t, j] and np.exp(log_w[f, j] - factor[t])
        for i in range(states):
            reached = 0.0
            for j in range(states):
                reached += A[i, j] * ahead[j]
            behind[i] = reached
            total += filtered[t - 1, i] * reached
        scale = 1 / total
        for i in range(states):
            share = filtered[t - 1, i] * scale
            for j in range(states):
                moves[i, j] += share * ahead[j]
            here[i] = share * behind[i]
            if every:
                smoothed[t - 1, i] = here[i]
        if SMALL < total < 1 / SMALL:
            scale = 1.0
        for i in range(states):
            ahead[i] = behind[i] * scale
    seen[kind[0]] += here
    smoothed[0] = here
    return log_likelihood, filtered, smoothed, moves * A, seen


ZERO = 1e-9  # a probability below this is one that EM is taking to zero


def baum_welch(codes, start, A, B):
    """EM for symbols `codes` (T,) from A (K, K) and B (K, F), probabilities, until nothing moves.

    Returns the maximum reached and its log likelihood. A state that is never left, or never
    visited, keeps its row. What EM drives towards zero for ever ends there: at the boundary.
    """
    for _ in range(50_000):
        with np.errstate(divide="ignore"):
            logs = np.log(start), np.log(A), np.log(B.T)
        height, _, _, moves, seen = forward_backward(*logs, codes)
        old = A, B
        A, B = (
            np.divide(n, n.sum(1, keepdims=True), out=x.copy(), where=n.sum(1, keepdims=True) > 0)
            for n, x in ((moves, A), (seen.T, B))
        )
        if max(np.abs(A - old[0]).max(), np.abs(B - old[1]).max()) < 1e-12:
            break
    A, B = (np.where(x < ZERO, 0, x) for x in (A, B))
    return {n: x / x.sum(1, keepdims=True) for n, x in (("A", A), ("B", B))}, height
