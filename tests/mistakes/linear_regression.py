"""Wrong versions and edge cases of the regression."""

import numpy as np
import pandas as pd

MISTAKES = {
    "tau for the intercept": ("d = np.r_[b_sd, ", "d = np.r_[tau, "),
    "sd of n - 1": ("(x - mean, w_raw)", "(x - mean, w_raw * np.sqrt(1 - 1 / 442))"),
    "prior mean forgotten": ("Integrated(X, outcome - b_mean, d", "Integrated(X, outcome, d"),
    "scale halved": (
        'pm.HalfNormal("sigma", sigma_scale)',
        'pm.HalfNormal("sigma", sigma_scale / 2)',
    ),
    "variance for sd of the weights": (
        'pm.Normal("w", np.float64(0), tau',
        'pm.Normal("w", np.float64(0), np.sqrt(tau)',
    ),
    "precision for sd of the outcome": ('"outcome", line, sigma', '"outcome", line, tau=sigma'),
    "columns not centred": ("pm.math.dot(x - mean, w_raw)", "pm.math.dot(x, w_raw)"),
    "a row dropped": (
        "Integrated(X, outcome - b_mean, d, prior, alike.times(data))",
        "Integrated(X[1:], outcome[1:] - b_mean, d, prior)",
    ),
    "a whole Normal for the half": ("stats.halfnorm(", "stats.norm("),
    "prior of log sigma for that of sigma": (
        "stats.halfnorm(scale=sigma_scale).logpdf",
        "lambda s: stats.halfnorm(scale=sigma_scale).logpdf(np.log(s))",
    ),
    "variance of the weights squared once": ("** 2 + d**-2.0", "** 2 + 1 / d", "_linear.py"),
    "penalty forgotten in the mean": ("s * c / sigma**2 / precision", "s * c / s**2", "_linear.py"),
    "Jacobian of log sigma dropped": (
        "log_density(np.exp(u)) + u",
        "log_density(np.exp(u))",
        "_integrated.py",
    ),
    "Jacobian of the density dropped": (
        'lambda u: u),\n        "logit"',
        'lambda u: 0 * u),\n        "logit"',
        "_distributions.py",
    ),
    "labels shifted by one": (
        '"w": known.along(np.array(pick_w))',
        '"w": known.along(np.roll(pick_w, 1, 0))',
    ),
    "prior mean not added back": ("known.along(pick_b, b_mean)", "known.along(pick_b)"),
    "sd multiplied for divided": (
        "np.array(pick_w) / sd[:, None]",
        "np.array(pick_w) * sd[:, None]",
    ),
    "scales of the neighbour": (
        "np.array(pick_w) / sd[:, None]",
        "np.array(pick_w) / np.roll(sd, 1)[:, None]",
    ),
    "scatter added to the weights": ("(pick_b, b_mean)", "(pick_b, b_mean, noise=True)"),
    "divisor n - 1 in the MLE": ("turned.rss / turned.n", "turned.rss / (turned.n - 1)"),
    "variance for sd in the MLE": ("np.sqrt(turned.rss / turned.n)", "turned.rss / turned.n"),
    "weights in reverse in the MLE": ('"w": np.array(w)', '"w": np.array(w)[::-1]'),
    "weights per original unit in the MLE": (
        "X, outcome, _, _ = design(data)\n    turned",
        "X, outcome, _, sd = design(data)\n    X = X * sd\n    turned",
    ),
}


def table(n, p, *, seed=1, scatter=2.0):
    """n made-up rows of p predictors, in units of their own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * np.arange(1, p + 1) + 5
    y = 140 + x @ np.linspace(-2, 2, p) + scatter * rng.normal(size=n)
    return pd.DataFrame(x, columns=[f"x{j}" for j in range(1, p + 1)]).assign(outcome=y)


LINE = pd.DataFrame({"x": [1.0, 2.0, 4.0, 5.0], "outcome": [3.0, 5.0, 9.0, 11.0]})

CASES = {
    "one predictor": (table(6, 1), {}, True),
    "another prior": (
        table(8, 2),
        {"tau": 3.0, "b_mean": 100.0, "b_sd": 7.0, "sigma_scale": 1.5},
        True,
    ),
    "every prior narrower than one": (
        table(8, 2) / 100,
        {"tau": 0.3, "b_mean": 1.2, "b_sd": 0.9, "sigma_scale": 0.02},
        True,
    ),
    "more predictors than rows": (table(3, 5), {}, False),
    "as many weights as rows": (table(4, 3), {}, False),
    "collinear predictors": (table(9, 2).assign(x3=lambda d: d.x1 - 2 * d.x2), {}, True),
    "a line without scatter": (LINE, {}, "refused"),
    "constant outcome": (LINE.assign(outcome=7.0), {}, "refused"),
    "tau of zero": (LINE, {"tau": 0.0}, "refused"),
    "negative scale of sigma": (table(6, 1), {"sigma_scale": -80.0}, "refused"),
    "b_sd of zero": (table(6, 1), {"b_sd": 0.0}, "refused"),
}

EQUIVALENT = {}
