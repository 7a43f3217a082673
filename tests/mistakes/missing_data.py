"""Wrong versions and edge cases of the missing data."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "rate for the square of the scale": (
        'pm.Gamma("lam", alpha, alpha * s**2',
        'pm.Gamma("lam", alpha, alpha * s',
    ),
    "shape without its rate": ('"lam", alpha, alpha * s**2', '"lam", alpha, s**2'),
    "units of the earlier column forgotten": (
        "tau * sigma[later] / s[earlier]",
        "tau * sigma[later]",
    ),
    "sigma of the earlier column": ("tau * sigma[later]", "tau * sigma[earlier]"),
    "prior of the second mean not on its line": ("m[1] + slope[0] * (mu_1 - m[0])", "m[1]"),
    "slopes of the third line exchanged": (
        "slope[1] * (mu_1 - m[0]) + slope[2] * (mu_2",
        "slope[2] * (mu_1 - m[0]) + slope[1] * (mu_2",
    ),
    "change from the second": ("mu_3 - mu_1)", "mu_3 - mu_2)"),
    "means exchanged": ("stack([mu_1, mu_2, mu_3])", "stack([mu_1, mu_3, mu_2])"),
    "first mean surer where rows scatter more": ("tau * sigma[0])", "tau / sigma[0])"),
    "s for its square in the answer": ("alpha * s[k] ** 2)", "alpha * s[k])"),
    "tau for alpha": ("Weights(X, y, tau, alpha,", "Weights(X, y, alpha, tau,"),
    "change from the second in the answer": (
        "known.mean(2, less_first=True)\n    laws",
        "known.mean(2)\n    laws",
    ),
    "laws of the means in another order": ("enumerate(MEANS)}", "enumerate(MEANS[::-1])}"),
    "complete cases alone": ("design(data), m, s, line", "design(data.dropna()), m, s, line"),
    "a row dropped": ("design(data), m, s, line", "design(data)[1:], m, s, line"),
    "precision for the sd": (
        "dist(np.float64(0), lam **",
        "dist(np.float64(0), tau=lam **",
        "_cells.py",
    ),
    "a cell in another row": (
        "[self.row, self.column], x)",
        "[self.row[::-1], self.column], x)",
        "_cells.py",
    ),
    "line in the values, not in what they are off": ("table - mu, 0.0", "table, 0.0", "_cells.py"),
    "holes taken for means": ("pt.switch(self.there, each, 0.0).sum()", "each.sum()", "_cells.py"),
    "simulated cells off their lines": ("rise * away[:, j]", "0 * away[:, j]", "_cells.py"),
    "simulated variances": ("/ np.sqrt(lam)", "/ lam", "_cells.py"),
    "Jacobian of the units forgotten": (" + np.log(self.s[:k]).sum()", "", "_monotone.py"),
    "units forgotten in what is foretold": ("/ self.s[:k]])", "])", "_monotone.py"),
    "a law of cells for that of their mean": (
        "df, loc, scale = self.foretold(nodes, k, noise=False).args",
        "df, loc, scale = self.foretold(nodes, k).args",
        "_monotone.py",
    ),
    "spread of the earlier mean forgotten": (
        "middle + scale * np.sinh(u)",
        "middle + 0 * np.sinh(u)",
        "_monotone.py",
    ),
    "step of the sum forgotten": ("np.cosh(u) * step", "np.cosh(u)", "_monotone.py"),
    "complete cases in the MLE": (
        "least_squares(design(data))",
        "least_squares(design(data.dropna()))",
    ),
    "variances for precisions in the MLE": ('"lam": 1 / variance', '"lam": variance'),
    "divisor of all rows in the MLE": ("rest / len(seen)", "rest / len(rows)", "_monotone.py"),
    "mean of those who stayed in the MLE": (
        "slope @ (np.array(mu) - before.mean(axis=0))",
        "0 * slope.sum()",
        "_monotone.py",
    ),
}


def rows(n, second, third, *, seed=1, scale=1.0, middle=0.0):
    """n made-up rows, of which so many have a second and a third number."""
    noise = np.random.default_rng(seed).normal(size=(n, 3))
    x = noise @ np.array([[1.0, 0.7, 0.3], [0, 0.6, 0.5], [0, 0, 0.8]])
    x = (middle + scale * x).round(6)
    x[second:, 1], x[third:, 2] = np.nan, np.nan
    return pd.DataFrame(x, columns=["x1", "x2", "x3"])


UNIT = {"m": [0.2, -0.3, 0.4], "s": [1.2, 0.8, 0.9], "tau": 2.0, "alpha": 2.5}
LINE = pd.DataFrame(
    {"x1": [1.0, 2.0, 4.0, 5.0], "x2": [3.0, 5.0, 9.0, 11.0], "x3": [1.0, 0, 2, np.nan]}
)

CASES = {
    "holes in two columns": (rows(14, 11, 7), UNIT, True),
    "no holes": (rows(9, 9, 9, seed=2), UNIT | {"tau": 0.7, "alpha": 0.8}, True),
    "units far apart": (
        rows(15, 15, 9, seed=3, scale=1e4, middle=5e5),
        {"m": [4e5, 5e5, 6e5], "s": [2e4, 1e4, 3e4], "tau": 3.0, "alpha": 2.2},
        True,
    ),
    "holes in another order": (rows(12, 10, 8, seed=4).iloc[::-1], UNIT, True),
    "nobody came a third time": (rows(8, 8, 0, seed=5), UNIT, False),
    "nobody came again": (rows(8, 0, 0, seed=5), UNIT, False),
    "as many rows as weights": (rows(9, 9, 3, seed=6), UNIT, False),
    "one more": (rows(9, 9, 4, seed=6), UNIT, True),
    "one row": (rows(1, 1, 1), UNIT, False),
    "two columns on a line": (LINE, UNIT | {"alpha": 6.0}, False),
    "x1 is constant": (rows(9, 9, 6).assign(x1=2.0), UNIT, False),
    "s of zero": (rows(5, 5, 5), {"s": [1.0, 0.0, 2.0]}, "refused"),
    "tau of zero": (rows(5, 5, 5), {"tau": 0.0}, "refused"),
    "alpha of zero": (rows(5, 5, 5), {"alpha": 0.0}, "refused"),
    "a number of m too few": (rows(5, 5, 5), {"m": [1.0, 2.0]}, "refused"),
    "a number of s too many": (rows(5, 5, 5), {"s": [1.0, 2.0, 3.0, 4.0]}, "refused"),
}

STRICT = "both are always of the same length; strict only says so if they ever were not"
EQUIVALENT = {
    'names = [f"{COLUMNS[k]} on {COLUMNS[j]}" for k, j in zip(later, earlier, strict=True)]': {
        STRICT: ["True -> False"]
    },
    'f"{COLUMNS[k]}: {data.index[i]}" for i, k in zip(cells.row, cells.column, strict=True)': {
        STRICT: ["True -> False"]
    },
    "means = dict(zip(MEANS, mu, strict=True))": {STRICT: ["True -> False"]},
}


def log_prior(theta, *, m, s, tau, alpha):
    """By the docstring, line by line."""
    lam, slope = theta["lam"], theta["slope"]
    mu = [theta["mu_1"], theta["mu_2"], theta["mu_3"]]
    sd = lam**-0.5
    total = stats.gamma(alpha, scale=1 / (alpha * s**2)).logpdf(lam).sum()
    for value, k, j in zip(slope, (1, 2, 2), (0, 0, 1), strict=True):
        total += stats.norm(0, tau * sd[k] / s[j]).logpdf(value)
    lines = [0.0, slope[0] * (mu[0] - m[0]), slope[1:] @ (np.array(mu[:2]) - m[:2])]
    return total + sum(stats.norm(m[k] + lines[k], tau * sd[k]).logpdf(mu[k]) for k in range(3))
