"""A chain of K hidden states over T rows: all its paths, the best one, and drawn ones.

`start` (K,) and the rows of `A` (K, K) are probabilities. Nothing here uses the forward-backward
kernel: enumeration and the Gibbs samplers built on `draw_path` check what does.
"""

from bisect import bisect

import numba
import numpy as np

MOST_PATHS = 65_536  # that enumeration takes


def beginning(states, start):
    """`start` (K,) as an array, once it agrees with the number of states."""
    start = np.asarray(start, float)
    if states != int(states) or states < 2:
        raise ValueError(f"`states` must be a whole number from 2 on, not {states:g}")
    if start.shape != (states,) or start.min() < 0 or abs(start.sum() - 1) > 1e-9:
        raise ValueError(f"`start` must be {states:g} probabilities that add up to 1, not {start}")
    return start


def every_path(start, rows):
    """All P paths that can begin: as zeros and ones (T, P, K), their log p(z_1) (P,), their moves.

    Moves (P, K, K) count how often a path goes from each state to each.
    """
    K = start.size
    if K**rows > MOST_PATHS:
        raise ValueError(f"{K}^{rows} paths through {K} states: too many to sum over")
    paths = np.indices((K,) * rows).reshape(rows, -1)
    paths = paths[:, start[paths[0]] > 0]
    z = np.eye(K)[paths]
    return z, np.log(start[paths[0]]), np.einsum("tpi,tpj->pij", z[:-1], z[1:])


def viterbi(log_start, log_A, log_w):
    """The one most probable path, (T,) of states from 0, and log p(path, rows)."""
    best, came_from = log_start + log_w[0], []
    for row in log_w[1:]:
        reach = best[:, None] + log_A
        came_from.append(reach.argmax(axis=0))
        best = reach.max(axis=0) + row
    path = [int(best.argmax())]
    for origin in reversed(came_from):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1]), float(best.max())


def walk(start, A, steps, rng):
    """States of a chain nobody has looked at, (steps,): how a data set of its own begins.

    `start` (K,) and `A` (K, K) are probabilities; their last column is what the others leave.
    """
    odds, *rows = np.vstack([start, A]).cumsum(axis=1)[:, :-1].tolist()
    path = []
    for u in rng.random(steps).tolist():
        path.append(bisect(odds, u))
        odds = rows[path[-1]]
    return np.array(path)


@numba.njit(cache=True)
def filter_forwards(start, A, w):
    """p(z_t | rows 1..t) as (T, K), and log p(all rows).

    `start` (K,), `A` (K, K) and `w` (T, K) are probabilities here, not logs; a row of `w` may
    carry any positive factor, which log p(all rows) then carries too.
    """
    belief, log_likelihood, before = np.empty(w.shape), 0.0, start
    for t in range(len(w)):
        belief[t] = (before if t == 0 else before @ A) * w[t]
        total = belief[t].sum()
        belief[t] /= total
        log_likelihood += np.log(total)
        before = belief[t]
    return belief, log_likelihood


@numba.njit(cache=True)
def draw_path(start, A, w, rng):
    """One path drawn from p(path | rows): filter forwards, sample backwards.

    Arguments as above; `rng` is a numpy Generator.
    """
    rows, states = w.shape
    belief, _ = filter_forwards(start, A, w)
    path = np.empty(rows, np.int64)
    odds = belief[-1]
    for t in range(rows - 1, -1, -1):
        if t < rows - 1:
            odds = belief[t] * A[:, path[t + 1]]
        path[t] = min(np.searchsorted(np.cumsum(odds), rng.random() * odds.sum()), states - 1)
    return path


def likeliest(start, draw, codes, of=50):
    """The likeliest of so many draws (A, B) of the prior: where a Gibbs chain begins.

    `draw()` gives A (K, K) and B (K, F); `codes` (T,) are the columns of B that were seen. With
    a few thousand rows a chain that begins at a single draw may never leave a lower mode, in
    which states have changed places.
    """

    def log_likelihood(theta):
        return filter_forwards(start, theta[0], theta[1].T[codes])[1]

    return max((draw() for _ in range(of)), key=log_likelihood)
