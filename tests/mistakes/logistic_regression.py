"""Wrong versions and edge cases of the logistic regression."""

import numpy as np
import pandas as pd

MISTAKES = {
    "tau for the intercept": ("np.r_[b_sd, np.full(p, tau)]", "np.r_[tau, np.full(p, tau)]"),
    "prior mean of the intercept forgotten": (
        "return np.r_[b_mean, np.zeros(p)]",
        "return np.r_[0.0, np.zeros(p)]",
    ),
    "variance for sd of the intercept": (
        'pm.Normal("b", b_mean, b_sd)',
        'pm.Normal("b", b_mean, b_sd**2)',
    ),
    "precision for sd of the weights": ("np.float64(0), tau, dims", "np.float64(0), tau=tau, dims"),
    "failures for successes": ("logit_p=line", "logit_p=-line"),
    "log-odds for the chance": ("logit_p=line", "p=pm.math.clip(line, 0.001, 0.999)"),
    "probit for logit": ("logit_p=line", "p=pm.math.invprobit(line)"),
    "columns not centred": ("pm.math.dot(x - mean, w_raw)", "pm.math.dot(x, w_raw)"),
    "sd of n - 1": ("(x - mean, w_raw)", "(x - mean, w_raw * np.sqrt(22 / 23))"),
    "a row dropped": (
        "Logit(A, outcome, *prior(data, **settings), times(data))",
        "Logit(A[1:], outcome[1:], *prior(data, **settings), times(data)[1:])",
    ),
    "outcome turned in the rows": ("(2 * outcome - 1)", "(1 - 2 * outcome)", "_logit.py"),
    "repeated rows counted once": ("self.Z.T) @ self.number", "self.Z.T).sum(-1)", "_logit.py"),
    "Jacobian of the turned axes forgotten": (
        "across(a)) - np.log(a @ a)",
        "across(a))",
        "_logit.py",
    ),
    "sum not moved back by its centre": (
        "expit(self.centre + s) if self.chance else self.scale * (self.centre + s)",
        "expit(s) if self.chance else self.scale * s",
        "_logit.py",
    ),
    "weights per original unit divided twice": ("scale=1 / sd)", "scale=1 / sd**2)"),
    "chance at the average for that asked": (
        "law([1, at], chance=True)",
        "law([1, 0], chance=True)",
    ),
    "chance of the other outcome": (
        '"chance", pm.math.sigmoid(b',
        '"chance", pm.math.sigmoid(-b',
    ),
    "penalty left in the MLE": (
        "classifier.maximum(A, outcome, 2, times(data)).ravel()",
        "classifier.most_probable(A, outcome, 2, np.eye(A.shape[1]) / 6.25)[0].ravel()",
    ),
    "weights per original unit in the MLE": (
        "A, outcome, _, _ = design(data)\n    b, *w",
        "A, outcome, _, sd = design(data)\n    A = A * np.r_[1, sd]\n    b, *w",
    ),
    "sign of the intercept in the MLE": ('{"b": b} |', '{"b": -b} |'),
    "a tie taken for an overlap": ("lead.min() > -1e-9", "lead.min() > 1e-9", "_classifier.py"),
    "one step of Newton": ("range(200)", "range(1)", "_classifier.py"),
}


def table(n, p, *, seed=1, scale=1.0):
    """n made-up rows of p predictors, in units of their own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * np.arange(1, p + 1) + 5
    score = scale * (x - 5) @ np.linspace(-1, 1.5, p) + 0.4
    happened = rng.random(n) < 1 / (1 + np.exp(-score))
    return pd.DataFrame(x, columns=[f"x{j}" for j in range(1, p + 1)]).assign(outcome=happened * 1)


APART = pd.DataFrame({"x": [1.0, 2.0, 4.0, 7.0, 9.0], "outcome": [0, 0, 0, 1, 1]})
MIXED = pd.DataFrame({"x": [1.0, 2.0, 4.0, 7.0, 9.0], "outcome": [0, 1, 0, 1, 1]})
TIED = pd.DataFrame({"x": [1.0, 2.0, 4.0, 4.0, 9.0], "outcome": [0, 0, 0, 1, 1]})

CASES = {
    "another prior": (table(12, 1), {"tau": 0.7, "b_mean": 1.3, "b_sd": 0.4}, True),
    "a prior narrower than one's rows": (table(9, 1), {"tau": 0.4, "b_sd": 0.3}, True),
    "separated": (APART, {}, False),
    "separated but for a tie": (TIED, {}, False),
    "separated, the prior wide": (APART, {"tau": 30.0, "b_sd": 20.0}, False),
    "no predictor": (pd.DataFrame({"outcome": [0, 1, 1, 0, 1, 1, 1]}), {}, True),
    "no predictor and all alike": (pd.DataFrame({"outcome": [1, 1, 1]}), {}, False),
    "all alike": (APART.assign(outcome=0), {}, False),
    "counts of trials": (
        pd.DataFrame({"dose": [1.0, 2.0, 3.0], "trials": [40, 50, 60], "outcome": [4, 20, 45]}),
        {"ask": 5.0},
        True,
    ),
    "asked too far away": (table(12, 1), {"ask": 900.0}, True),
    "asked as far above as may be": (MIXED, {"ask": 17.0}, True),
    "asked as far below as may be": (MIXED, {"ask": -7.0}, True),
    "asked a little too far below": (MIXED, {"ask": -7.5}, True),
    "two predictors": (table(30, 2), {}, True),
    "two collinear predictors": (table(30, 1).assign(x2=lambda d: 3 - 2 * d.x1), {}, True),
    "two predictors that separate together": (
        pd.DataFrame(
            {"x": [1.0, 2.0, 3.0, 4.0], "y": [1.5, 2.5, 2.6, 3.6], "outcome": [0, 0, 1, 1]}
        ).assign(y=lambda d: d.y - d.outcome * 0 + np.array([0.9, 0.7, -0.3, -0.4])),
        {},
        False,
    ),
    "tau of zero": (APART, {"tau": 0.0}, "refused"),
    "negative b_sd": (APART, {"b_sd": -1.0}, "refused"),
}

EQUIVALENT = {}
