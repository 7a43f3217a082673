"""The forward-backward recursion and nothing else: the yardstick of every hidden Markov benchmark.

Probabilities come in ready-made, no row is scaled by more than its own total, no row is impossible:
what is left is what any implementation must do at least.
"""

import sys
import time

import numba
import numpy as np
import pandas as pd
from scipy.special import softmax


@numba.njit(cache=True)
def forward_backward(start, A, w, kind):
    """Log likelihood, and expected start (K,), moves (K, K) and rows by kind (F, K): its gradient.

    start (K,), A (K, K), w (F, K): probabilities; kind (T,): which row of w is row t's.
    """
    rows, states = kind.size, start.size
    filtered, total = np.empty((rows, states)), np.empty(rows)
    moves, seen, log_likelihood = np.zeros_like(A), np.zeros_like(w), 0.0
    for t in range(rows):
        total[t] = 0.0
        for j in range(states):
            reached = 0.0
            if t == 0:
                reached = start[j]
            else:
                for i in range(states):
                    reached += filtered[t - 1, i] * A[i, j]
            filtered[t, j] = reached * w[kind[t], j]
            total[t] += filtered[t, j]
        for j in range(states):
            filtered[t, j] /= total[t]
        log_likelihood += np.log(total[t])
    later, ahead = np.ones(states), np.empty(states)
    for t in range(rows - 1, 0, -1):
        for j in range(states):
            seen[kind[t], j] += filtered[t, j] * later[j]
            ahead[j] = w[kind[t], j] * later[j] / total[t]
        for i in range(states):
            later[i] = 0.0
            for j in range(states):
                later[i] += A[i, j] * ahead[j]
                moves[i, j] += filtered[t - 1, i] * A[i, j] * ahead[j]
    first = filtered[0] * later
    seen[kind[0]] += first
    return log_likelihood, first, moves, seen


def problem(states: int, rows: int, symbols: int = 6, seed: int = 1):
    """Logits of A (K, K) and B (K, F), and a sequence (T,) that a sticky chain made of symbols."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(states, states)) + 3 * np.eye(states)
    B = rng.normal(size=(states, symbols))
    edges = np.cumsum(softmax(A, axis=1), axis=1), np.cumsum(softmax(B, axis=1), axis=1)
    return A, B, _walk(*edges, rng.random((rows, 2)))


@numba.njit(cache=True)
def _walk(A, B, u):
    z, seen = 0, np.empty(len(u), np.int64)
    for t in range(len(u)):
        z = min(np.searchsorted(A[z], u[t, 0]), len(A) - 1)
        seen[t] = min(np.searchsorted(B[z], u[t, 1]), B.shape[1] - 1)
    return seen


def seconds(call, least: float = 0.5, repeats: int = 5) -> float:
    """The median time of one call, each timing long enough to be one; that of a long call alone."""
    call()
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-9)
    if once > least:
        return once
    number = max(1, int(least / repeats / once))
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(number):
            call()
        found.append((time.perf_counter() - start) / number)
    return float(np.median(found))


def alone(A, B, seen):
    """A call of the bare loop on such a problem."""
    emissions = np.ascontiguousarray(softmax(B, axis=1).T)
    ready = np.full(len(A), 1 / len(A)), softmax(A, axis=1), emissions
    return lambda: forward_backward(*ready, seen)


STATES, ROWS = (2, 3, 8), (1_000, 10_000, 1_000_000)


def race(contenders: dict) -> pd.DataFrame:
    """Every contender at every size: seconds, the bare loop's seconds, and the log likelihood."""
    rows = []
    for states in STATES:
        for length in ROWS:
            A, B, seen = problem(states, length)
            bare = alone(A, B, seen)
            for name, build in contenders.items():
                found = beside(bare, build(A, B, seen), name, length)
                rows.append({"contender": name, "states": states, "rows": length, **found})
    return pd.DataFrame(rows)


def beside(bare, call, name: str, length: int) -> dict:
    """Nanoseconds a row of a call and of the bare loop, which take turns on the same machine."""
    value, *slopes = (np.asarray(x) for x in call())
    timed = [(seconds(bare), seconds(call)) for _ in range(3)]
    loop, own = 1e9 * np.median(timed, axis=0) / length
    said = f"{length:>9,} rows {own:10.1f} ns a row {own / loop:8.2f} times the bare loop"
    print(f"{name:<34}", said, file=sys.stderr, flush=True)
    slope = float(sum((x**2).sum() for x in slopes) ** 0.5)
    return {"ns": own, "bare_ns": loop, "ratio": own / loop,
            "log_likelihood": float(value), "slope": slope}  # fmt: skip
