"""Measurements of one quantity, each with its own known error (normal-normal; BDA3 section 2.5).

    mu         ~ Normal(m, s)              the prior counts as one more measurement, m with error s
    value_i    ~ Normal(mu, error_i)       i = 1..n rows; every error_i is known, none is estimated

Exact: conjugate; precisions 1 / error^2 add up, and each value weighs as much as its precision.
MLE: the mean weighted by the precisions of the rows alone; it always exists.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm
from scipy import stats

from models._exact import Exact
from models._reduced import pooled


class Data(pa.DataFrameModel):
    """One row a measurement of the same quantity: an experiment, a sensor, a forecast."""

    value: float = pa.Field(coerce=True, description="what was measured (any unit)")
    error: float = pa.Field(
        gt=0, coerce=True, description="its standard error; absent: from stat and syst"
    )
    stat: float | None = pa.Field(ge=0, coerce=True, description="statistical part of the error")
    syst: float | None = pa.Field(ge=0, coerce=True, description="systematic part of the error")


def tidy(frame):
    """Independent parts of an error add in quadrature."""
    parts = [pd.to_numeric(frame[name], errors="coerce") for name in ("stat", "syst")
             if name in frame]  # fmt: skip
    if "error" in frame or not parts:
        return frame
    # What is no number is refused under its own name: any error will do there.
    error = np.sqrt(sum(part.fillna(1) ** 2 for part in parts))
    return frame.assign(error=error)


PRIOR = {"m": 900.0, "s": 30.0}  # seconds: what was known of the neutron before these seven


def model(data, *, m, s):
    with pm.Model(coords={"row": data.index}) as built:
        value = pm.Data("value_data", data["value"], dims="row")
        error = pm.Data("error_data", data["error"], dims="row")
        mu = pm.Normal("mu", m, s)
        pm.Normal("value", mu, error, observed=value, dims="row")
    return built


def exact(data, *, m, s):
    value, error = data["value"].to_numpy(float), data["error"].to_numpy(float)
    precision = s**-2.0 + np.sum(error**-2.0)
    mean = m + np.sum((value - m) / error**2) / precision  # from m, where little cancels
    mu = stats.norm(mean, precision**-0.5)
    # Bayes' theorem solved for p(data), at the one point where no term is large without need.
    log_likelihood = stats.norm(mean, error).logpdf(value).sum()
    return Exact(
        marginals={"mu": mu},
        log_evidence=log_likelihood + stats.norm(m, s).logpdf(mean) - mu.logpdf(mean),
        by="algebra",
    )


def mle(data):
    value, weight = data["value"].to_numpy(float), data["error"].to_numpy(float) ** -2
    return {"mu": value[0] + np.average(value - value[0], weights=weight)}


def reduced(rows):
    """One row, the weighted mean; log p(data) grows by what their scatter about it costs."""
    return pooled(rows, "value", "error")


def suggest(data):
    """Settings for other units, from the data themselves: a wide prior about their middle."""
    spread = float(data["value"].max() - data["value"].min() + data["error"].max())
    return {"m": float(data["value"].median()), "s": 10 * spread}
