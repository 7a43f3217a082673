"""Counts from a few hidden states that last (Poisson hidden Markov model; PML2 ch. 9).

    A_k      ~ Dirichlet(stay at k, move elsewhere)    row k: where state k goes next
    lam_k    ~ Gamma(shape_k, rate_k)                  its expected count; their means ascend
    z_1      ~ Categorical(start);  z_t ~ Categorical(A[z_{t-1}])     K states, never seen
    count_t  ~ Poisson(lam[z_t])                       t = 1..T rows, in order
    With `start` 0 the chain has always been running: z_1 has the long-run shares of A.

Exact: on few rows every path z is summed over; given a path all rows of A and all lam are
conjugate. From the long run A is not, and no exact answer is known.
MLE: Baum-Welch from one stated outset, so a local maximum, whose states keep their order; from the
long run BFGS goes on from there.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import LogExpM1
from scipy.special import gammaln, logsumexp

from models._conjugate import Dirichlet
from models._exact import Exact
from models._forward_backward_op import ForwardBackward
from models._hidden_chain import beginning, every_path, walk
from models._poisson_chain import Rates, climb, outset, stationary_maximum, sweeps


class Data(pa.DataFrameModel):
    """One row a step in time, in order: a year, a day, a visit."""

    count: int = pa.Field(ge=0, coerce=True, description="events seen (count)")
    year: int | None = pa.Field(coerce=True, description="when (whole number); a label only")


# The quieter state is expected near 15 a row, the busier near 26. At the mean of A a visit lasts 7
# rows; on average over A it lasts 19, as some A hardly ever leave.
PRIOR = {"stay": 9.0, "move": 1.5, "shape": [45.0, 75.0], "rate": [3.0, 2.9]}
KNOWN = {"states": 2, "start": [0.5, 0.5]}
EXACT_ROWS = 10  # their paths can be enumerated


class Softplus(LogExpM1):
    """PyMC's own, under a name in one word, which is what `remove_value_transforms` reads."""

    name = "softplus"


def beginnings(states, start):
    """`start` (K,), or None where the chain has always been running; refused if neither."""
    running = np.size(start) == 1 and not np.any(start)
    K = max(int(states), 1)
    start = beginning(states, np.full(K, 1 / K) if running else start)
    return None if running else start


def priors(states, start, stay, move, shape, rate):
    """`start`, and the priors of the rows of A (K, K) and of lam (K,)."""
    start, K = beginnings(states, start), int(states)
    for name, value in (("shape", shape), ("rate", rate)):
        if np.size(value) not in (1, K):
            raise ValueError(f"`{name}` needs 1 number or {K}; it has {np.size(value)}")
    shape, rate = (np.resize(np.asarray(v, float), K) for v in (shape, rate))
    if min(stay, move, shape.min(), rate.min()) <= 0:
        raise ValueError("`stay`, `move`, `shape` and `rate` must be positive")
    if not np.all(np.diff(shape / rate) > 0):
        raise ValueError(f"shape / rate must ascend, to tell states apart; it is {shape / rate}")
    return start, Dirichlet(move + (stay - move) * np.eye(K)), Rates(shape, rate)


def model(data, *, states, start, stay, move, shape, rate):
    start, a, rates = priors(states, start, stay, move, shape, rate)
    names = 1 + np.arange(rates.shape.size)
    with pm.Model(coords={"row": data.index, "state": names, "next": names}) as built:
        count = pm.Data("count_data", data["count"].to_numpy("int64"), dims="row")
        A = pm.Dirichlet("A", a.a, dims=("state", "next"))
        # Chains begin within 1 of the prior means, not within a factor e: the states in order.
        near = Softplus()
        lam = pm.Gamma("lam", rates.shape, rates.rate, dims="state", default_transform=near)
        if start is None:  # pi (I - A) is zero and pi adds up to one, said at once
            start = pt.linalg.solve((np.eye(names.size) - A + 1.0).T, np.ones(names.size))
        steps = pt.arange(count.shape[0])  # so that a draw knows its length
        pm.CustomDist(
            "count", start, A, lam, steps, signature="(k),(k,k),(k),(t)->(t)", dtype="int64",
            logp=log_likelihood, random=draw_counts, observed=count, dims="row",
        )  # fmt: skip
    return built


def log_likelihood(count, start, A, lam, steps):
    # A table of 0, 1, ... as far as it goes, where that is shorter than one of every row.
    few = count.max() < count.shape[0]
    size = pt.minimum(count.max() + 1, count.shape[0])
    kinds = pt.where(few, pt.arange(size), count[:size])
    log_w = pm.logp(pm.Poisson.dist(lam), kinds[:, None])
    return ForwardBackward()(pt.log(start), pt.log(A), log_w, pt.where(few, count, steps))[0]


def draw_counts(start, A, lam, steps, rng=None, size=None):
    return rng.poisson(lam[walk(start, A, len(steps), rng)])


def exact(data, *, states, start, stay, move, shape, rate):
    start, a, rates = priors(states, start, stay, move, shape, rate)
    if start is None:
        raise NotImplementedError("from its long run no path leaves A conjugate")
    y = data["count"].to_numpy(float)
    z, log_first, moves = every_path(start, y.size)
    seen = z.sum(0), np.einsum("tpk,t->pk", z, y)
    log_joint = log_first + a.log_evidence(moves).sum(1) + rates.log_evidence(*seen).sum(1)
    log_sum = logsumexp(log_joint)
    weights, A, lam = np.exp(log_joint - log_sum), a.given(moves), rates.given(*seen)

    def joint(theta):
        given = A.logpdf(theta["A"]).sum(1) + lam.law.logpdf(theta["lam"]).sum(1)
        return logsumexp(log_joint - log_sum + given)

    return Exact(
        marginals={"A": A.marginals(weights), "lam": lam.marginals(weights)},
        log_evidence=float(log_sum - gammaln(y + 1).sum()),
        by=f"enumeration of {weights.size:,} paths",
        joint=joint,
    )


def highest(data, states, start=0):
    """The MLE and its log likelihood; `start` as in the settings."""
    y, start, K = data["count"].to_numpy("int64"), beginnings(states, start), int(states)
    best, height = climb(y, np.full(K, 1 / K) if start is None else start, *outset(y, K))
    return stationary_maximum(y, **best) if start is None else (best, height)


def mle(data, *, states, start):
    return highest(data, states, start)[0]


def gibbs(data, rng, draws, chains, *, states, start, stay, move, shape, rate):
    """Draws (chains, draws, K, K or none) by turns: the path given the rest, the rest given it."""
    known, y = priors(states, start, stay, move, shape, rate), data["count"].to_numpy("int64")
    every = [list(zip(*sweeps(y, *known, rng, draws), strict=True)) for _ in range(chains)]
    return {"A": np.array([c[0] for c in every]), "lam": np.array([c[1] for c in every])}


def suggest(data):
    """Settings for other counts: one state about the lower fifth of the rows, one the upper."""
    low, high = np.quantile(data["count"], [0.2, 0.8])
    low = max(low, 0.3)
    means = np.array([low, max(high, 1.7 * low)])
    return PRIOR | KNOWN | {"rate": [float(f"{r:.3g}") for r in PRIOR["shape"] / means]}
