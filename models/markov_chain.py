"""Which state follows which (a Markov chain with Dirichlet rows; Markov 1913, PML2 2.6).

    A_k      ~ Dirichlet(stay at k, move elsewhere)    row k: where state k goes next; sums to 1
    count_k  ~ Multinomial(departures_k, A_k)          row k: how often which state came next
    pi       = pi A                                    the share of each state in the long run

What is given is how often each state was left (departures). A sequence as such has the likelihood
prod A[k, l]**count[k, l]: the same but for a factor that A is not in, hence the same posterior.
Exact: every row is conjugate. With two states the odds in pi are a ratio of two independent Betas;
with more, draws of pi stand alone: what is verified is A, from which each is computed.
MLE: the shares in each row; none where a state was never left, as any row would do.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from scipy.special import gammaln

from models._conjugate import Dirichlet
from models._exact import Exact, NoMaximum
from models._long_run import LongRun
from models._reduced import totals

MOST = 40  # states; with more, the column rather holds a measurement than a state


class Data(pa.DataFrameModel):
    """One row a step, or a number of equal steps; or one row a state, in order, of one sequence."""

    state: pa.Category = pa.Field(coerce=True, description="where the step began (any label)")
    next: pa.Category = pa.Field(
        coerce=True, description="where it led; absent (with `count`): the state in the row below"
    )
    count: int = pa.Field(ge=0, coerce=True, description="how many such steps; absent: one a row")

    @pa.dataframe_check(error=f"`state` and `next` must take from 2 to {MOST} different values")
    def some_states(cls, frame):
        return 2 <= len(every_label(frame)) <= MOST


def every_label(data):
    """The labels of all states (K,): sorted, and each once."""
    return sorted({*data["state"].cat.categories, *data["next"].cat.categories})


def tidy(frame):
    """A sequence becomes its steps, one fewer than it has rows; steps alone count once each."""
    if "state" not in frame:
        return frame
    if not {"next", "count"} & set(frame):
        state = frame["state"].astype("category")
        steps = max(len(frame) - 1, 1) if state.notna().all() else len(frame)  # a hole is refused
        frame = frame.assign(next=state.shift(-1).fillna(state).ffill()).head(steps)
    if "next" in frame and "count" not in frame:
        frame = frame.assign(count=1)
    ends = [name for name in ("state", "next") if name in frame]
    if len({pd.api.types.is_numeric_dtype(_plain(frame[name])) for name in ends}) > 1:
        frame = frame.astype(dict.fromkeys(ends, "str"))  # 1 and "1" are one state
    return frame


def _plain(column):
    return column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column


PRIOR = {"stay": 1.0, "move": 2.0}  # from each state one step to itself, two to each other state


def design(data):
    """How often which state (row) was followed by which (column), (K, K); their labels (K,)."""
    labels, count = every_label(data), data["count"].to_numpy()
    number = {label: k for k, label in enumerate(labels)}
    ends = (data[name].map(number).to_numpy(int) for name in ("state", "next"))
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(table, tuple(ends), count)
    return table, labels


def prior(K, stay, move):
    """Row by row, the prior of A (K, K)."""
    if min(stay, move) <= 0:
        raise ValueError("`stay` and `move` must be positive: they count steps")
    return Dirichlet(np.where(np.eye(K), stay, move))


def model(data, *, stay, move):
    count, labels = design(data)
    coords = {"state": labels, "next": labels}
    with pm.Model(coords=coords) as built:
        departures = pm.Data("departures_data", count.sum(axis=1), dims="state")
        seen = pm.Data("count_data", count, dims=("state", "next"))
        A = pm.Dirichlet("A", prior(len(labels), stay, move).a, dims=("state", "next"))
        ones = np.ones(len(labels))
        pi = pt.linalg.solve((np.diag(ones) - A + ones).T, ones)  # pi (I - A) = 0, sum of pi = 1
        pm.Deterministic("pi", pi, dims="state")
        pm.Multinomial("count", departures, A, observed=seen, dims=("state", "next"))
    return built


def exact(data, *, stay, move):
    count, labels = design(data)
    before = prior(len(labels), stay, move)
    rows = before.given(count)
    orders = gammaln(count.sum(axis=1) + 1).sum() - gammaln(count + 1).sum()
    pi = LongRun(rows) if len(labels) == 2 else None
    return Exact(
        marginals={"A": rows.marginals()},
        derived={"pi": pi} if pi else {},
        log_evidence=orders + before.log_evidence(count).sum(),
        by="algebra, and quadrature for pi" if pi else "algebra",
        joint=lambda theta: rows.logpdf(theta["A"]).sum(),
        masses={"pi": pi.mass} if pi else {},
    )


def mle(data):
    count, labels = design(data)
    departures = count.sum(axis=1)
    if (departures == 0).any():
        raise NoMaximum(
            f"no single maximum: {labels[departures.argmin()]} was never left, so any row of A for "
            "it fits alike"
        )
    return {"A": count / departures[:, None]}


def over_independence(data, *, stay, move):
    """log evidence of the chain less that of steps that ignore the state they begin in, in nats.

    Of the steps in order; ignoring it is one row for all, its pseudo-counts the mean of all rows'.
    """
    count, labels = design(data)
    rows = prior(len(labels), stay, move)
    one = Dirichlet(rows.a.mean(axis=0))
    return rows.log_evidence(count).sum() - one.log_evidence(count.sum(axis=0))


def reduced(rows):  # one row a kind of step, the sums; they are all that `design` takes
    return totals(rows, ["count"], by=["state", "next"])


def suggest(data):
    """Settings for other chains: as many pseudo-steps a row as states and one, spread as seen."""
    count, labels = design(data)
    K, stays, steps = len(labels), np.trace(count), count.sum()
    share = (stays + 1) / (steps + 2)
    stay, move = (K + 1) * share, (K + 1) * (1 - share) / (K - 1)
    return {"stay": float(f"{stay:.2g}"), "move": float(f"{move:.2g}")}
