"""A rate of events from counts (Poisson counts, Gamma prior; BDA3 ch. 2).

    lam        ~ Gamma(alpha, rate beta)          the prior is worth alpha events in beta exposure
    count_i    ~ Poisson(lam exposure_i)          i = 1..S rows
    gap        = 1 / lam                          exposure from one event to the next, on average

Exact: conjugate; alpha grows by the events, beta by the exposure. A further count is then negative
binomial, exactly (`predict`).
MLE: all events over all exposure; with no event at all it sits on the boundary.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats
from scipy.special import gammaln

from models._exact import Exact
from models._reduced import totals


class Data(pa.DataFrameModel):
    """One row a count: of a year, a minute, a person, a stretch of road."""

    count: int = pa.Field(ge=0, coerce=True, description="events seen (count)")
    exposure: float = pa.Field(
        gt=0, coerce=True, description="time, people or length they were seen in; absent: 1 a row"
    )


def tidy(frame):
    """Rows that were all watched alike carry no `exposure` column: each then counts as one."""
    return frame if "exposure" in frame else frame.assign(exposure=1)


PRIOR = {"alpha": 2.0, "beta": 3.0}  # worth two events in an exposure of three


def model(data, *, alpha, beta):
    with pm.Model(coords={"row": data.index}) as built:
        exposure = pm.Data("exposure_data", data["exposure"], dims="row")
        count = pm.Data("count_data", data["count"], dims="row")
        lam = pm.Gamma("lam", alpha, beta)
        pm.Deterministic("gap", 1 / lam)
        pm.Poisson("count", lam * exposure, observed=count, dims="row")
    return built


def exact(data, *, alpha, beta):
    k, t = data["count"].to_numpy(float), data["exposure"].to_numpy(float)
    a, b = alpha + k.sum(), beta + t.sum()
    log_arrangements = k * np.log(t) - gammaln(k + 1)
    of_gammas = gammaln(a) - gammaln(alpha)
    return Exact(
        marginals={"lam": stats.gamma(a, scale=1 / b)},
        derived={"gap": stats.invgamma(a, scale=b)},
        log_evidence=log_arrangements.sum() + of_gammas + alpha * np.log(beta) - a * np.log(b),
        by="algebra",
    )


def mle(data):
    return {"lam": np.float64(data["count"].sum() / data["exposure"].sum())}


def predict(data, exposure, *, alpha, beta):
    """Further counts in `exposure`: what is not known about lam is integrated out."""
    a, b = alpha + data["count"].sum(), beta + data["exposure"].sum()
    return stats.nbinom(a, b / (b + exposure))


def reduced(rows):
    """One row, the sums of count k and exposure t.

    log p(data) grows by a constant, sum(k) ln sum(t) - ln sum(k)! - sum of (k ln t - ln k!).
    """
    return totals(rows, ["count", "exposure"])


def suggest(data):
    """Settings for another rate: a prior worth one event, at the rate that was seen."""
    events = max(int(data["count"].sum()), 1)
    return {"alpha": 1.0, "beta": float(f"{data['exposure'].sum() / events:.3g}")}
