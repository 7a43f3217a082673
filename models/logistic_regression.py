"""Logistic regression: binary cross-entropy is a Bernoulli likelihood (BDA3 ch. 16; PML1 10.2).

    b            ~ Normal(b_mean, b_sd)         log-odds of a row whose predictors are all average
    w_j          ~ Normal(0, tau)               j = 1..p; change in log-odds per sd of predictor j
    outcome_i    ~ Bernoulli(1 / (1 + exp(-(b + sum_j w_j x_ij))))    i = 1..n; x has mean 0, sd 1
    w_raw_j      = w_j / sd_j                   change in log-odds per original unit of predictor j
    chance       = P(outcome | predictor = ask), with one predictor and `ask` not far from its rows

Exact: with one predictor or none by quadrature, in either order; with more none is known.
MLE: Newton's method; none if a weighted sum of the predictors separates the outcomes.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm

from models import _classifier as classifier
from models import _predictors as columns
from models._alike import times
from models._exact import Exact
from models._logit import Logit
from models._reduced import counted

WORDS = {"yes": 1, "true": 1, "no": 0, "false": 0}


class Data(pa.DataFrameModel):
    """One row a case; every numeric column but `outcome` is a predictor, in its own unit."""

    outcome: int = pa.Field(isin=[0, 1], coerce=True, description="1 if it happened, 0 if not")

    @pa.dataframe_check(error="there must be a numeric column besides `outcome`, or none at all")
    def some_number(cls, frame):
        return classifier.some_number(frame, "outcome")


def predictors(data):
    """Every numeric column but `outcome`; labels such as names or dates ride along."""
    return columns.predictors(data, "outcome")


def tidy(frame):
    """Yes and no as 1 and 0; of so many `trials`, a row for each, `outcome` of them with a 1."""
    frame = columns.tidied(frame, ["outcome", "trials"])
    if "outcome" not in frame:
        return frame
    frame["outcome"] = classifier.in_numbers(frame["outcome"], WORDS)
    return classifier.one_by_one(frame, "outcome", "trials") if "trials" in frame else frame


PRIOR = {"tau": 2.5, "b_mean": -1.0, "b_sd": 1.5}  # damage is rarer than not, before any is seen
KNOWN = {"ask": 31.0}  # degrees: the forecast for the morning of the last launch
WEIGHED = True  # a column may say how many rows each one stands for


def design(data):
    """A (n, 1 + p), a column of ones and the standardised predictors; outcome; means and sds."""
    A, mean, sd = classifier.design(data, "outcome")
    return A, data["outcome"].to_numpy(int), mean, sd


def near(data, ask):
    """Whether there is one predictor, and `ask` no further from its rows than they are apart."""
    x = predictors(data).to_numpy(float)
    return x.shape[1] == 1 and x.min() - np.ptp(x) <= ask <= x.max() + np.ptp(x)


def asked(data, ask):
    """`ask`, standardised as the predictor is; None if it is not near."""
    _, _, mean, sd = design(data)
    return ((ask - mean) / sd).item() if near(data, ask) else None


def model(data, *, tau, b_mean, b_sd, ask):
    classifier.insist_on_sds(tau=tau, b_sd=b_sd)
    _, _, mean, sd = design(data)
    coords = {"row": data.index, "predictor": predictors(data).columns}
    with pm.Model(coords=coords) as built:
        x = pm.Data("x_data", predictors(data).astype(float), dims=("row", "predictor"))
        mean = pm.Data("mean_data", mean, dims="predictor")  # of these rows: new rows keep them
        sd = pm.Data("sd_data", sd, dims="predictor")
        outcome = pm.Data("outcome_data", data["outcome"], dims="row")
        line = b = pm.Normal("b", b_mean, b_sd)
        if len(coords["predictor"]):
            w = pm.Normal("w", np.float64(0), tau, dims="predictor")
            w_raw = pm.Deterministic("w_raw", w / sd, dims="predictor")
            line = b + pm.math.dot(x - mean, w_raw)
        if near(data, ask):
            pm.Deterministic("chance", pm.math.sigmoid(b + pm.math.dot(ask - mean, w_raw)))
        pm.Bernoulli("outcome", logit_p=line, observed=outcome, dims="row")
    return built


def prior(data, *, tau, b_mean, b_sd):
    """Means and sds (1 + p,) of all weights, the intercept first."""
    p = predictors(data).shape[1]
    return np.r_[b_mean, np.zeros(p)], np.r_[b_sd, np.full(p, tau)]


def known(data, **settings):
    """All that is known about b and w; NotImplementedError where nothing is."""
    A, outcome, _, sd = design(data)
    if len(sd) > 1:
        raise NotImplementedError(f"quadrature reaches one predictor; here are {len(sd)}")
    return Logit(A, outcome, *prior(data, **settings), times(data))


def exact(data, *, tau, b_mean, b_sd, ask):
    classifier.insist_on_sds(tau=tau, b_sd=b_sd)
    found, sd = known(data, tau=tau, b_mean=b_mean, b_sd=b_sd), design(data)[3]
    marginals, derived = {"b": found.law(np.eye(1 + len(sd))[0])}, {}
    if len(sd):
        marginals["w"] = found.law([0, 1], sd.shape)
        derived["w_raw"] = found.law([0, 1], sd.shape, scale=1 / sd)
    if (at := asked(data, ask)) is not None:
        derived["chance"] = found.law([1, at], chance=True)
    return Exact(
        marginals=marginals,
        derived=derived,
        log_evidence=found.log_evidence,
        by="quadrature",
        joint=lambda theta: found.joint(np.r_[theta["b"], theta.get("w", [])]),
        masses={name: law.mass for name, law in {**marginals, **derived}.items()},
        second_log_evidence=found.second_log_evidence,
    )


def mle(data, *, ask):
    A, outcome, _, _ = design(data)
    b, *w = classifier.maximum(A, outcome, 2, times(data)).ravel()
    return {"b": b} | ({"w": np.array(w)} if w else {})


def gibbs(data, rng, draws, chains, *, tau, b_mean, b_sd, ask):
    """Draws (chains, draws) of b and (chains, draws, p) of w, on ellipses about the MAP."""
    A, outcome, _, sd = design(data)
    centre, d = prior(data, tau=tau, b_mean=b_mean, b_sd=b_sd)
    how = np.diag(d**-2.0), centre[:, None], rng, draws, chains, times(data)
    found = classifier.drawn(A, outcome, 2, *how)[..., 0]
    return {"b": found[..., 0]} | ({"w": found[..., 1:]} if len(sd) else {})


def taken(others):  # every numeric column but `trials` is a predictor
    return dict.fromkeys(predictors(others.drop(columns="trials", errors="ignore")), float)


def reduced(rows):
    """Rows that differ, and how many are like each; log p(data) stays what it is."""
    return counted(rows)
