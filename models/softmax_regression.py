"""Softmax regression: categorical cross-entropy is a categorical likelihood (PML1 10.3).

    b            ~ MvNormal(0, b_sd^2 S)    K - 1 log-odds against the first class, in alphabetical
    w_j          ~ MvNormal(0, tau^2 S)     order, of an average row; their change per sd of
                                            predictor j = 1..p
    label_i      ~ Categorical(softmax(0, b + sum_j w_j x_ij))    i = 1..n; x has mean 0, sd 1

S has 2 on its diagonal and 1 elsewhere: such are differences of K independent normals, so no class
is special. That one is the reference changes nothing but what the weights are called.

Exact: two classes and at most one predictor, as in logistic regression; of more none is known.
MLE: Newton's method; none if weighted sums of the predictors separate a class from another.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt

from models import _classifier as classifier
from models import _predictors as columns
from models._alike import times
from models._exact import Exact
from models._logit import Logit
from models._reduced import counted

MOST = 30  # classes


class Data(pa.DataFrameModel):
    """One row a case; every numeric column but `label` is a predictor, in its own unit."""

    label: pa.Category = pa.Field(coerce=True, description="the class it belongs to (any label)")

    @pa.dataframe_check(error=f"`label` must take 2 to {MOST} different values")
    def some_classes(cls, frame):
        return 2 <= frame["label"].nunique() <= MOST

    @pa.dataframe_check(error="there must be a numeric column besides `label`, or none at all")
    def some_number(cls, frame):
        return classifier.some_number(frame, "label")


def predictors(data):
    """Every numeric column but `label`; names of rows or dates ride along."""
    return columns.predictors(data, "label")


def tidy(frame):
    """True and false among the predictors as 1 and 0; of labels those that there are."""
    frame = columns.tidied(frame, ["label"])
    if "label" in frame and isinstance(frame["label"].dtype, pd.CategoricalDtype):
        frame["label"] = frame["label"].cat.remove_unused_categories()
    return frame


PRIOR = {"tau": 1.5, "b_sd": 5.0}  # of one class's weights; scikit-learn's C is tau squared
WEIGHED = True  # a column may say how many rows each one stands for


def design(data):
    """A (n, 1 + p), a column of ones and the standardised predictors; classes; means and sds."""
    A, mean, sd = classifier.design(data, "label")
    return A, data["label"].cat.codes.to_numpy(int), mean, sd


def classes(data):
    """The labels there are, the reference first."""
    return data["label"].cat.categories


def model(data, *, tau, b_sd):
    classifier.insist_on_sds(tau=tau, b_sd=b_sd)
    _, label, mean, sd = design(data)
    root = np.linalg.cholesky(classifier.differences(len(classes(data))))
    names = predictors(data).columns
    coords = {"row": data.index, "predictor": names, "class": classes(data)[1:]}
    with pm.Model(coords=coords) as built:
        x = pm.Data("x_data", predictors(data).astype(float), dims=("row", "predictor"))
        mean = pm.Data("mean_data", mean, dims="predictor")  # of these rows: new rows keep them
        sd = pm.Data("sd_data", sd, dims="predictor")
        label = pm.Data("label_data", label, dims="row")
        score = b = pm.MvNormal("b", np.zeros(len(root)), chol=b_sd * root, dims="class")
        if len(names):
            zeros = np.zeros((len(names), len(root)))
            w = pm.MvNormal("w", zeros, chol=tau * root, dims=("predictor", "class"))
            score = b + pm.math.dot((x - mean) / sd, w)
        scores = pm.math.concatenate([pt.zeros_like(score[..., :1]), score], axis=-1)
        pm.Categorical("label", logit_p=scores, observed=label, dims="row")
    return built


def exact(data, *, tau, b_sd):
    classifier.insist_on_sds(tau=tau, b_sd=b_sd)
    A, label, _, sd = design(data)
    K = len(classes(data))
    if K > 2 or len(sd) > 1:
        found = f"{K} classes and {len(sd)} predictors"
        raise NotImplementedError(f"quadrature reaches two classes and one predictor, not {found}")
    d = np.sqrt(2) * np.r_[b_sd, np.full(len(sd), tau)]  # of a difference of two
    found, own = Logit(A, label, np.zeros(d.size), d, times(data)), np.eye(d.size)
    laws = {"b": found.law(own[0], shape=(1,))}
    laws |= {"w": found.law(own[1], shape=(1, 1))} if len(sd) else {}
    return Exact(
        marginals=laws,
        log_evidence=found.log_evidence,
        by="quadrature",
        joint=lambda theta: found.joint(np.concatenate([np.ravel(theta[k]) for k in laws])),
        masses={name: law.mass for name, law in laws.items()},
        second_log_evidence=found.second_log_evidence,
    )


def mle(data):
    A, label, _, sd = design(data)
    theta = classifier.maximum(A, label, len(classes(data)), times(data))
    return {"b": theta[0]} | ({"w": theta[1:]} if len(sd) else {})


def precision(data, *, tau, b_sd):
    """Of the prior of all weights, the intercepts first: (k (K - 1), the same)."""
    each, K = np.r_[b_sd, np.full(predictors(data).shape[1], tau)], len(classes(data))
    return np.kron(np.diag(each**-2.0), np.eye(K - 1) - 1 / K)  # the latter is S inverted


def most_probable(data, *, tau, b_sd):
    """The weights (1 + p, K - 1) of the highest posterior density: the MAP."""
    A, label, _, _ = design(data)
    prior = precision(data, tau=tau, b_sd=b_sd)
    K = len(classes(data))
    return classifier.most_probable(A, label, K, prior, times=times(data))[0]


def gibbs(data, rng, draws, chains, *, tau, b_sd):
    """Draws (chains, draws, K - 1) of b and (chains, draws, p, K - 1) of w, on ellipses."""
    A, label, _, sd = design(data)
    prior, K = precision(data, tau=tau, b_sd=b_sd), len(classes(data))
    how = prior, 0.0, rng, draws, chains, times(data)
    found = classifier.drawn(A, label, K, *how)
    return {"b": found[..., 0, :]} | ({"w": found[..., 1:, :]} if len(sd) else {})


def taken(others):  # every numeric column is a predictor
    return dict.fromkeys(predictors(others), float)


def reduced(rows):
    """Rows that differ, and how many are like each; log p(data) stays what it is."""
    return counted(rows)
