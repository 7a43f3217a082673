"""Wrong versions and edge cases of the softmax regression.

The shipped rows have no exact answer; two classes with one predictor or none have.
"""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "classes taken for independent": (
        "np.eye(K - 1) + np.ones((K - 1, K - 1))",
        "2 * np.eye(K - 1)",
        "_classifier.py",
    ),
    "contrasts with the spread of one class": (
        "np.eye(K - 1) + np.ones((K - 1, K - 1))",
        "(np.eye(K - 1) + np.ones((K - 1, K - 1))) / 2",
        "_classifier.py",
    ),
    "intercepts under the prior of the weights": ("chol=b_sd * root", "chol=tau * root"),
    "root for the covariance": ("chol=tau * root", "cov=tau * root"),
    "columns not centred": ("dot((x - mean) / sd, w)", "dot(x / sd, w)"),
    "predictors in their own unit": ("dot((x - mean) / sd, w)", "dot(x - mean, w)"),
    "the last class the reference": (
        "concatenate([pt.zeros_like(score[..., :1]), score], axis=-1)",
        "concatenate([score, pt.zeros_like(score[..., :1])], axis=-1)",
    ),
    "scores turned": ("logit_p=scores", "logit_p=-scores"),
    "the classes of the neighbours": ("observed=label", "observed=label[::-1]"),
    "one class's sd in the answer": ("np.sqrt(2) * np.r_[b_sd", "np.r_[b_sd"),
    "variance for sd in the answer": ("np.sqrt(2) * np.r_[b_sd", "2 * np.r_[b_sd"),
    "tau for the intercept in the answer": (
        "np.r_[b_sd, np.full(len(sd), tau)]",
        "np.r_[tau, np.full(len(sd), tau)]",
    ),
    "a row dropped": (
        "Logit(A, label, np.zeros(d.size), d, times(data))",
        "Logit(A[1:], label[1:], np.zeros(d.size), d, times(data)[1:])",
    ),
    "intercept for the weight": (
        "found.law(own[1], shape=(1, 1))",
        "found.law(own[0], shape=(1, 1))",
    ),
    "intercept and weights exchanged in the MLE": (
        '{"b": theta[0]} | ({"w": theta[1:]}',
        '{"b": theta[-1]} | ({"w": theta[:-1]}',
    ),
    "classes in reverse in the MLE": ('{"b": theta[0]}', '{"b": theta[0][::-1]}'),
    "contrasts with the mean of classes in the MLE": (
        "theta = classifier.maximum(A, label, len(classes(data)), times(data))",
        "theta = classifier.maximum(A, label, len(classes(data)), times(data))\n"
        "    theta = theta - theta.sum(1, keepdims=True) / len(classes(data))",
    ),
    "a tie taken for an overlap": ("lead.min() > -1e-9", "lead.min() > 1e-9", "_classifier.py"),
}


def log_prior(theta, tau, b_sd):
    """Of contrasts: the density of differences of K independent normals, by SciPy."""
    others = np.size(theta["b"])
    S = np.eye(others) + 1
    found = stats.multivariate_normal(cov=b_sd**2 * S).logpdf(np.ravel(theta["b"]))
    w = np.reshape(theta.get("w", []), (-1, others))
    return found + sum(stats.multivariate_normal(cov=tau**2 * S).logpdf(row) for row in w)


def table(n, p, K=2, *, seed=1):
    """n made-up rows of p predictors and K classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * np.arange(1, p + 1) + 5
    scores = (x - 5) @ rng.normal(size=(p, K)) + rng.gumbel(size=(n, K))
    names = np.array(list("cabd"))[:K]
    return pd.DataFrame(x, columns=[f"x{j}" for j in range(1, p + 1)]).assign(
        label=names[scores.argmax(axis=1)]
    )


APART = pd.DataFrame({"x": [1.0, 2.0, 4.0, 7.0, 9.0], "label": [*"aaabb"]})
TIED = pd.DataFrame({"x": [1.0, 2.0, 4.0, 4.0, 9.0], "label": [*"aaabb"]})

CASES = {
    "shipped": (lambda shipped: shipped, {}, False),
    "two classes, one predictor": (table(14, 1), {}, True),
    "another prior": (table(14, 1, seed=3), {"tau": 0.7, "b_sd": 0.4}, True),
    "two classes apart": (APART, {}, False),
    "apart but for a tie": (TIED, {}, False),
    "two classes, no predictor": (pd.DataFrame({"label": [*"abbab"]}), {}, True),
    "three classes, no predictor": (pd.DataFrame({"label": [*"abbacab"]}), {}, True),
    "three classes": (table(60, 2, 3), {}, True),
    "four classes": (table(90, 1, 4), {"tau": 0.5}, True),
    "two classes, two predictors": (table(30, 2, seed=2), {}, True),
    "two collinear predictors": (
        table(40, 1, 3).assign(x2=lambda d: 3 - 2 * d.x1),
        {},
        True,
    ),
    "tau of zero": (APART, {"tau": 0.0}, "refused"),
    "negative b_sd": (APART, {"b_sd": -1.0}, "refused"),
}

EQUIVALENT = {}
