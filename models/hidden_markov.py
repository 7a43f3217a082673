"""Hidden states behind a sequence of symbols (hidden Markov model; PML2 ch. 9, Rabiner 1989).

    A_k       ~ Dirichlet(stay at k, move elsewhere)    row k: where state k goes next
    B_k       ~ Dirichlet(emission_k)                   row k: the symbols that state k makes
    z_1       ~ Categorical(start);  z_t ~ Categorical(A[z_{t-1}])     K states, never seen
    symbol_t  ~ Categorical(B[z_t])                     t = 1..T rows, in order, F symbols

Exact: on few rows every path z is summed over; given a path all rows of A and B are conjugate.
MLE: Baum-Welch from one stated start, so a local maximum, whose states keep their order.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from scipy.special import logsumexp

from models._conjugate import Dirichlet
from models._exact import Exact
from models._forward_backward import baum_welch, forward_backward
from models._forward_backward_op import ForwardBackward
from models._hidden_chain import beginning, draw_path, every_path, likeliest, viterbi, walk


class Data(pa.DataFrameModel):
    """One row a step of the sequence, in order. First rows keep the categories of all rows."""

    symbol: pa.Category = pa.Field(coerce=True, description="what was seen (any label; 2 or more)")
    truth: pa.Category | None = pa.Field(
        coerce=True, nullable=True, description="the hidden state where it is known; never fitted"
    )

    @pa.dataframe_check(error="`symbol` must take at least two different values")
    def more_than_one_symbol(cls, frame):
        return frame["symbol"].cat.categories.size > 1


# `emission` has a pseudo-count for each state, or for each symbol of state 1, of state 2, ...
# Here one die is trusted to be fair (50 rolls of each face), of the other nothing is known.
PRIOR = {"stay": 18.0, "move": 2.0, "emission": [50.0, 1.0]}
KNOWN = {"states": 2, "start": [0.5, 0.5]}
EXACT_ROWS = 10  # their paths can be enumerated


def design(data):
    """Symbols as whole numbers (T,), and their labels (F,) in the order of these numbers."""
    return data["symbol"].cat.codes.to_numpy("int64"), list(data["symbol"].cat.categories)


def priors(labels, states, start, stay, move, emission):
    """`start` (K,), and the priors of the rows of A (K, K) and of B (K, F)."""
    start, emission = beginning(states, start), np.asarray(emission, float)
    K, F = start.size, len(labels)
    if emission.size not in (K, K * F):
        raise ValueError(f"`emission` needs {K} or {K} x {F} numbers; it has {emission.size}")
    if min(stay, move, emission.min()) <= 0:
        raise ValueError("`stay`, `move` and `emission` must be positive")
    b = np.broadcast_to(emission.reshape(K, -1), (K, F)).copy()
    if len(np.unique(b, axis=0)) < K:
        raise ValueError("`emission` is the same for two states: nothing tells them apart")
    return start, Dirichlet(move + (stay - move) * np.eye(K)), Dirichlet(b)


def model(data, *, states, start, stay, move, emission):
    codes, labels = design(data)
    start, a, b = priors(labels, states, start, stay, move, emission)
    names = 1 + np.arange(start.size)
    coords = {"row": data.index, "state": names, "next": names, "kind": labels}
    with pm.Model(coords=coords) as built:
        symbol = pm.Data("symbol_data", codes, dims="row")
        A = pm.Dirichlet("A", a.a, dims=("state", "next"))
        B = pm.Dirichlet("B", b.a, dims=("state", "kind"))
        # A draw must know its length. It is read off the data: a row counter in a pm.Data of its
        # own would stand outside the log density, where a compiled model cannot be given one.
        steps = pt.arange(symbol.shape[0])
        pm.CustomDist(
            "symbol", start, A, B, steps, signature="(k),(k,k),(k,f),(t)->(t)", dtype="int64",
            logp=log_likelihood, random=draw_symbols, observed=symbol, dims="row",
        )  # fmt: skip
    return built


def log_likelihood(symbol, start, A, B, steps):
    return ForwardBackward()(pt.log(start), pt.log(A), pt.log(B).T, symbol)[0]


def draw_symbols(start, A, B, steps, rng=None, size=None):
    edges = B.cumsum(axis=1)[walk(start, A, len(steps), rng), :-1]
    return (rng.random((len(steps), 1)) >= edges).sum(axis=1)


def exact(data, *, states, start, stay, move, emission):
    codes, labels = design(data)
    start, a, b = priors(labels, states, start, stay, move, emission)
    z, log_first, moves = every_path(start, codes.size)
    seen = np.einsum("tpk,tf->pkf", z, np.eye(len(labels))[codes])
    log_joint = log_first + a.log_evidence(moves).sum(1) + b.log_evidence(seen).sum(1)
    log_evidence = logsumexp(log_joint)
    weights, A, B = np.exp(log_joint - log_evidence), a.given(moves), b.given(seen)

    def joint(theta):
        given = A.logpdf(theta["A"]).sum(1) + B.logpdf(theta["B"]).sum(1)
        return logsumexp(log_joint - log_evidence + given)

    return Exact(
        marginals={"A": A.marginals(weights), "B": B.marginals(weights)},
        log_evidence=float(log_evidence),
        by=f"enumeration of {weights.size:,} paths",
        joint=joint,
    )


def decode(data, start, A, B):
    """Filtered and smoothed states (T, K) and the most probable path (T,), given A and B."""
    with np.errstate(divide="ignore"):
        logs, codes = (np.log(start), np.log(A), np.log(B.T)), design(data)[0]
    _, filtered, smoothed, *_ = forward_backward(*logs, codes)
    return filtered / filtered.sum(1)[:, None], smoothed, viterbi(*logs[:2], logs[2][codes])[0]


def mle(data, *, states, start):
    """Start: 9 of 10 stay; state 1 is fair, state k half the (k - 1)th commonest symbol."""
    (codes, labels), start = design(data), beginning(states, start)
    K, F = start.size, len(labels)
    common = np.argsort(-np.bincount(codes, minlength=F), kind="stable")
    B = np.full((K, F), 1 / F)
    B[1:] = (B[1:] + np.eye(F)[np.resize(common, K - 1)]) / 2
    return baum_welch(codes, start, np.where(np.eye(K), 0.9, 0.1 / (K - 1)), B)[0]


def gibbs(data, rng, draws, chains, *, states, start, stay, move, emission, burn=500):
    """Draws (chains, draws, K, K or F) by turns: the path given A and B, A and B given the path."""
    codes, labels = design(data)
    start, a, b = priors(labels, states, start, stay, move, emission)
    symbols, kept = np.eye(len(labels))[codes], {"A": [], "B": []}
    for _ in range(chains):
        A, B = likeliest(start, lambda: (a.rvs(rng), b.rvs(rng)), codes)
        for _ in range(burn + draws):
            z = np.eye(start.size)[draw_path(start, A, B.T[codes], rng)]
            A, B = a.given(z[:-1].T @ z[1:]).rvs(rng), b.given(z.T @ symbols).rvs(rng)
            kept["A"].append(A), kept["B"].append(B)
    return {n: np.reshape(v, (chains, -1, *v[0].shape))[:, burn:] for n, v in kept.items()}


def suggest(data):
    """Settings where symbols are not equally common: state 1 near their shares, state 2 free."""
    codes, labels = design(data)
    near = 1 + 50 * len(labels) * np.bincount(codes, minlength=len(labels)) / codes.size
    return {"emission": [*near.tolist(), *np.ones(len(labels)).tolist()]}
