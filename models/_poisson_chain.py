"""Poisson counts behind which a chain changes between K states: beliefs, highest points, draws.

    y      (T,)      counts, in order
    start  (K,)      p(z_1); or None: the chain has always been running, and starts from the long
                     run of its own A
    A      (K, K)    p(z_t | z_{t-1}), a row for each state one comes from
    lam    (K,)      expected count in each state

The likelihood is `_forward_backward.py`'s, from a table of the different counts that occur. The
draws do not use it: they are a second route to the same posterior.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy import stats
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp, softmax

from models._conjugate import _marginal
from models._exact import NoMaximum
from models._forward_backward import ZERO, forward_backward
from models._hidden_chain import draw_path, viterbi
from models._long_run import long_run

MOST_STEPS = 50_000  # of EM
ALIKE = 1e-5  # two rates closer than this, relatively, are one


@dataclass(frozen=True)
class Rates:
    """lam ~ Gamma(shape, rate), elementwise: (..., K), rate in rows, shape in events."""

    shape: np.ndarray
    rate: np.ndarray

    def given(self, rows, events):
        """The posterior after `rows` (..., K) rows held `events` (..., K) in all."""
        return Rates(self.shape + events, self.rate + rows)

    def log_evidence(self, rows, events):
        """log p of these rows, but for their factorials, elementwise."""
        return self.given(rows, events).log_partition - self.log_partition

    @property
    def log_partition(self):
        return gammaln(self.shape) - self.shape * np.log(self.rate)

    @property
    def law(self):
        return stats.gamma(self.shape, scale=1 / self.rate)

    def marginals(self, weights):
        """Each rate by itself, a mixture over the leading axis, (P,) weights."""
        return _marginal(weights, stats.gamma, a=self.shape, scale=1 / self.rate)

    def rvs(self, rng):
        return rng.standard_gamma(self.shape) / self.rate


def begin(start, A):
    """p(z_1), (K,)."""
    return long_run(A) if start is None else start


def messages(y, start, A, lam):
    """What `forward_backward` says of these counts: log likelihood, filtered, smoothed, ..."""
    kinds, codes = np.unique(y, return_inverse=True)
    with np.errstate(divide="ignore"):
        logs = np.log(begin(start, A)), np.log(A), stats.poisson.logpmf(kinds[:, None], lam)
    return forward_backward(*logs, codes)


def decode(y, start, A, lam):
    """Filtered and smoothed states (T, K) and the most probable path (T,), given A and lam."""
    _, filtered, smoothed, *_ = messages(y, start, A, lam)
    with np.errstate(divide="ignore"):
        logs = np.log(begin(start, A)), np.log(A), stats.poisson.logpmf(y[:, None], lam)
    return filtered / filtered.sum(1, keepdims=True), smoothed, viterbi(*logs)[0]


def climb(y, start, A, lam):
    """Baum-Welch from A and lam until nothing moves: the maximum reached and its log likelihood.

    `start` is known here. A state that is never left, or never visited, keeps what it has. What
    EM drives towards zero for ever ends there: at the boundary. Raises NoMaximum where two rates
    come to the same, or EM does not come to rest.
    """
    kinds = np.unique(y)
    for _ in range(MOST_STEPS):
        height, _, _, moves, seen = messages(y, start, A, lam)
        old, left, rows = (A, lam), moves.sum(1, keepdims=True), seen.sum(0)
        A = np.divide(moves, left, out=A.copy(), where=left > 0)
        lam = np.divide(kinds @ seen, rows, out=lam.copy(), where=rows > 0)
        moved = np.abs(A - old[0]).max(), np.max(np.abs(lam - old[1]) / (1 + lam))
        if max(moved) < 1e-13:
            return _ended(A, lam, ZERO), height
    raise NoMaximum(f"no maximum: EM does not come to rest in {MOST_STEPS:,} steps")


def _ended(A, lam, zero):
    """A and lam where a climb ended, what is below `zero` taken there."""
    A, lam = (np.where(x < zero, 0, x) for x in (A, lam))
    if (np.diff(np.sort(lam)) <= ALIKE * lam.max()).any():
        raise NoMaximum(
            "no maximum: two states come to the same rate, where A can be anything; use fewer"
        )
    return {"A": A / A.sum(1, keepdims=True), "lam": lam}


def outset(y, states):
    """Where climbing starts: 9 of 10 stay; rates at the middles of `states` equal parts of y."""
    parts = np.quantile(y, (np.arange(states) + 0.5) / states)
    apart = 1e-3 * (1 + parts[-1]) * np.arange(states)  # equal rates would stay equal for ever
    stay = np.where(np.eye(states), 0.9, 0.1 / max(states - 1, 1))
    return stay / stay.sum(1, keepdims=True), parts + apart


def stationary_maximum(y, A, lam):
    """The maximum next to A and lam of a chain that has always been running, and its height.

    Here the start depends on A, so that EM has no closed step: BFGS on log lam and the rows'
    log-odds, with the exact gradient. By Fisher's identity the slopes in log start, log A and log w
    are expected counts; a change dA moves the long run by delta dA Z, Z = (I - A + 1 delta)^-1.
    Raises NoMaximum where two rates come to the same.
    """
    K, kinds = lam.size, np.unique(y)

    def split(u):
        return softmax(u[K:].reshape(K, K), axis=1), np.exp(u[:K])

    def depth(u):
        A, lam = split(u)
        height, _, smoothed, moves, seen = messages(y, None, A, lam)
        delta = long_run(A)
        Z = np.linalg.inv(np.eye(K) - A + delta)
        counts = moves + A * np.outer(delta, Z @ (smoothed[0] / delta))  # slope in log A
        by_row = counts - A * counts.sum(1, keepdims=True)
        return -height, -np.r_[kinds @ seen - lam * seen.sum(0), by_row.ravel()]

    u = np.log(np.maximum(np.r_[lam, A.ravel()], 1e-3))  # on the boundary there is no slope
    for _ in range(5):  # again with a fresh curvature: the last digits come late
        u = minimize(depth, u, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5_000}).x
    A, lam = split(u)
    order = np.argsort(lam, kind="stable")
    return _ended(A[np.ix_(order, order)], lam[order], 100 * ZERO), -depth(u)[0]


def sweeps(y, start, a, rates, rng, number, burn=500):
    """`number` turns of the path given A and lam, and A and lam given the path.

    `a` (a `Dirichlet`, rows of A) and `rates` are priors. Yields A, lam and the counts behind the
    next: moves (K, K), rows (K,) and events (K,). Where the chain starts from its long run a new A
    is taken with the odds by which it makes the first state more probable than the old one.
    """
    A, lam = a.rvs(rng), rates.rvs(rng)
    for turn in range(burn + number):
        log_w = y[:, None] * np.log(lam) - lam  # factorials are the same in every state
        w = np.exp(log_w - log_w.max(1, keepdims=True))
        z = np.eye(lam.size)[draw_path(begin(start, A), A, w, rng)]
        counts = z[:-1].T @ z[1:], z.sum(0), y @ z
        new = a.given(counts[0]).rvs(rng)
        if start is not None or rng.random() * (z[0] @ long_run(A)) < z[0] @ long_run(new):
            A = new
        lam = rates.given(*counts[1:]).rvs(rng)
        if turn >= burn:
            yield A, lam, counts


def evidence_by_draws(y, start, a, rates, rng, number):
    """log p(y) and its standard error, from draws (Chib 1995): any posterior point will do.

    log p(y) = log p(y | point) + log p(point) - log p(point | y), the last averaged over the paths
    drawn and over all names of the states: priors that tell no state apart, and a `start` that
    does not either, make every one of K! modes equally high, of which a sampler may see one.
    """
    every = list(sweeps(y, start, a, rates, rng, number))
    heights = [messages(y, start, A, lam)[0] for A, lam, _ in every]
    A, lam, _ = every[int(np.argmax(heights))]
    prior = a.logpdf(A).sum() + rates.law.logpdf(lam).sum()
    counts = [np.array(c) for c in zip(*(found for *_, found in every), strict=True)]
    rows_of, rates_of = a.given(counts[0]), rates.given(*counts[1:])
    named = [
        rows_of.logpdf(A[np.ix_(p, p)]).sum(1) + rates_of.law.logpdf(lam[list(p)]).sum(1)
        for p in permutations(range(lam.size))
    ]
    each = logsumexp(named, axis=0) - np.log(len(named))
    batches = np.exp(each - each.max())[: number // 40 * 40].reshape(40, -1).mean(1)
    error = batches.std(ddof=1) / np.sqrt(40) / batches.mean()
    return max(heights) + prior - np.log(batches.mean()) - each.max(), error
