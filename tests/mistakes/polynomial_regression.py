"""Wrong versions and edge cases of the polynomial."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "prior of the weights in units of y": ("tau * sigma, dims", "tau, dims"),
    "precision for sd of the weights": ("np.float64(0), tau * sigma", "np.float64(0), tau * lam"),
    "variance for sd of the noise": ("at, w), sigma, observed", "at, w), sigma**2, observed"),
    "level forgotten": ("level + pm.math.dot(at, w), sigma", "pm.math.dot(at, w), sigma"),
    "precision for sigma": ("lam ** np.float64(-0.5)", "lam ** np.float64(-1)"),
    "rate for the scale of lam": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.Gamma("lam", alpha, 1 / beta)',
    ),
    "powers in reverse": ("pm.math.dot(at, w)", "pm.math.dot(at[:, ::-1], w)"),
    "level not taken off": ("Weights(columns, y - level, tau", "Weights(columns, y, tau"),
    "a row dropped": (
        "Weights(columns, y - level, tau",
        "Weights(columns[1:], y[1:] - level, tau",
    ),
    "weights exchanged": ("np.eye(after.m.size)", "np.eye(after.m.size)[::-1]"),
    "scatter added to the weights": (
        "after.along(np.eye(after.m.size))",
        "after.along(np.eye(after.m.size), noise=True)",
    ),
    "tau for its square": ("np.eye(k) / tau", "np.eye(k) / np.sqrt(tau)", "_weights.py"),
    "half a degree of freedom a weight": ("alpha + n / 2", "alpha + (n - k) / 2", "_weights.py"),
    "penalty left out of the rate": (
        " + np.sum(self.m**2) / tau**2) / 2",
        ") / 2",
        "_weights.py",
    ),
    "twice the log determinant": (
        "- self.shape * np.log(self.rate) - log_width",
        "- self.shape * np.log(self.rate) - 2 * log_width",
        "_weights.py",
    ),
    "columns of mean square 1 / (2 k + 1)": (
        "least_squares(columns, y - level)",
        "least_squares(columns / np.sqrt(2 * np.arange(columns.shape[1]) + 1), y - level)",
    ),
    "prior's width forgotten": (" + k * np.log(tau)", "", "_weights.py"),
    "degrees of freedom halved": ("stats.t(2 * self.shape, ", "stats.t(self.shape, ",
                                  "_weights.py"),
    "divisor n - 1 in the MLE": ('"lam": y.size / rss', '"lam": (y.size - 1) / rss'),
    "sd for lam in the MLE": ('"lam": y.size / rss', '"lam": (rss / y.size) ** 0.5'),
    "ridge for least squares": (
        "w = least_squares(columns, y - level)",
        "w = Weights(columns, y - level, 2.0, 1.0, 1.0).m",
    ),
    "level left in the MLE's curve": (
        "least_squares(columns, y - level)",
        "least_squares(columns, y)",
    ),
}  # fmt: skip


def table(n, *, seed=1, scatter=1.0, distinct=None):
    """n made-up rows about a cubic."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(2, 9, size=n) if distinct is None else np.arange(n) % distinct + 1.0
    z = (x - 5) / 4
    return pd.DataFrame({"x": x, "y": 3 + 2 * z - 4 * z**3 + scatter * rng.normal(size=n)})


UNIT = {"tau": 1.7, "alpha": 3.5, "beta": 2.4, "degree": 2.0, "level": 3.0}
HELD = table(9, seed=2).assign(held=[0, 1, 0, 0, 1, 0, 0, 0, 1])

CASES = {
    "a line": (table(7), UNIT | {"degree": 1.0}, True),
    "a constant": (table(6, seed=4), UNIT | {"degree": 0.0}, True),
    "degree six": (table(14, seed=5), UNIT | {"degree": 6.0}, True),
    "some rows held back": (HELD, UNIT, True),
    "fewer values of x than powers": (table(9, seed=6, distinct=3), UNIT | {"degree": 4.0}, True),
    "another level": (table(8, seed=7), UNIT | {"level": -40.0, "tau": 30.0}, True),
    "every prior narrower than one": (
        table(8, seed=8, scatter=0.5),
        {"tau": 0.6, "alpha": 0.9, "beta": 0.2, "degree": 3.0, "level": 2.5},
        True,
    ),
    "as many powers as rows": (table(4), UNIT | {"degree": 3.0}, False),
    "more powers than rows": (table(3), UNIT | {"degree": 5.0}, False),
    "one row fitted": (table(3).assign(held=[0, 1, 1]), UNIT, False),
    "no noise": (table(9, scatter=0.0), UNIT | {"degree": 3.0}, False),
    "y is the level": (table(5).assign(y=3.0), UNIT, False),
    "near no noise": (
        table(9, seed=9, scatter=1e-7),
        {"tau": 1e8, "alpha": 2.5, "beta": 1e-14, "degree": 3.0, "level": 2.5},
        True,
    ),
    "tiny units": (
        table(9, seed=9).assign(y=lambda f: f.y * 1e-9),
        UNIT | {"level": 3e-9, "beta": 2e-18},
        True,
    ),
    "far from zero": (
        table(9, seed=9, scatter=1e-3).assign(y=lambda f: f.y + 1e9),
        UNIT | {"level": 1e9 + 3, "tau": 3e3, "beta": 1e-6, "degree": 3.0},
        True,
    ),
    "two rows fitted of nine": (table(9).assign(held=[0, 0, 1, 1, 1, 1, 1, 1, 1]), UNIT, False),
    "degree forty": (table(5), UNIT | {"degree": 40.0}, False),
    "degree forty-one": (table(5), {"degree": 41.0}, "refused"),
    "half a degree": (table(5), {"degree": 1.5}, "refused"),
    "a negative degree": (table(5), {"degree": -1.0}, "refused"),
    "tau of zero": (table(5), {"tau": 0.0}, "refused"),
    "alpha below zero": (table(5), {"alpha": -1.0}, "refused"),
    "beta of zero": (table(5), {"beta": 0.0}, "refused"),
}

EQUIVALENT = {}


def log_prior(theta, *, degree, level, tau, alpha, beta):
    """By the docstring, line by line."""
    lam, w = theta["lam"], theta["w"]
    return stats.gamma(alpha, scale=1 / beta).logpdf(lam) + np.sum(
        stats.norm(0, tau / np.sqrt(lam)).logpdf(w)
    )
