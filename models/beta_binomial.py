"""Infection rate from test counts (beta-binomial; BDA3 ch. 2).

    theta        ~ Beta(alpha, beta)            the prior is worth alpha + beta tests
    positive_i   ~ Binomial(tested_i, theta)    i = 1..S rows

Exact: conjugate; alpha grows by the positives, beta by the negatives.
MLE: the pooled share of positives; at 0 or all positives it sits on the boundary.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy import stats
from scipy.special import betaln, gammaln

from models._exact import Exact, NoMaximum
from models._reduced import totals


class Data(pa.DataFrameModel):
    """One row a batch of tests: a day, a site, or a single person."""

    tested: int = pa.Field(ge=0, coerce=True, description="tests made (count); absent: one a row")
    positive: int = pa.Field(ge=0, coerce=True, description="tests that came back positive (count)")

    @pa.dataframe_check(error="`positive` must be at most `tested`")
    def positive_within_tested(cls, frame):
        return frame["positive"] <= frame["tested"]


def tidy(frame):
    """Rows of one test each carry no `tested` column: every row then counts one test."""
    return frame if "tested" in frame else frame.assign(tested=1)


PRIOR = {"alpha": 1.0, "beta": 9.0}  # worth ten tests, one of them positive


def model(data, *, alpha, beta):
    with pm.Model(coords={"row": data.index}) as built:
        tested = pm.Data("tested_data", data["tested"], dims="row")
        positive = pm.Data("positive_data", data["positive"], dims="row")
        theta = pm.Beta("theta", alpha, beta)
        pm.Binomial("positive", tested, theta, observed=positive, dims="row")
    return built


def exact(data, *, alpha, beta):
    n, k = data["tested"].to_numpy(float), data["positive"].to_numpy(float)
    a, b = alpha + k.sum(), beta + (n - k).sum()
    log_binomial = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return Exact(
        marginals={"theta": stats.beta(a, b)},
        log_evidence=log_binomial.sum() + betaln(a, b) - betaln(alpha, beta),
        by="algebra",
    )


def mle(data):
    tested = data["tested"].sum()
    if tested == 0:
        raise NoMaximum("no maximum: nothing was tested")
    return {"theta": np.float64(data["positive"].sum() / tested)}


def reduced(rows):
    """One row, the sums. log p(data) grows by a constant, ln C(sum n, sum k) - sum ln C(n, k)."""
    return totals(rows, ["tested", "positive"])


def suggest(data):
    """Settings for data the default prior does not expect: a flat prior."""
    return {"alpha": 1.0, "beta": 1.0}
