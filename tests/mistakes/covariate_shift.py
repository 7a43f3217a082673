"""Wrong versions and edge cases of the line asked about another range of x."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "standard deviation for precision of the level": (
        'pm.Normal("level", m, tau=kappa * lam)',
        'pm.Normal("level", m, sigma=kappa * lam)',
    ),
    "prior of the slope not scaled by the noise": (
        "np.float64(0), tau=tau * lam)",
        "np.float64(0), tau=tau)",
    ),
    "precision for sd of y": ("slope * z, sigma, observed", "slope * z, lam, observed"),
    "slope for each unit times the sd": ('"slope_raw", slope / sd', '"slope_raw", slope * sd'),
    "target not standardised": (
        "slope * (target.mean() - mean) / sd)",
        "slope * (target.mean() - mean))",
    ),
    "pseudo-rows forgotten in the level": ("m + n * off / (kappa + n)", "m + off"),
    "pull of the prior forgotten": ("(turned.rss + pulled) / 2", "turned.rss / 2"),
    "a row too few in the shape": ('"alpha": alpha + n / 2', '"alpha": alpha + (n - 1) / 2'),
    "sd for variance in the slope of x": (
        'after["tau"] * sd**2',
        'after["tau"] * sd',
    ),
    "no growth with the distance": (' + z**2 / after["tau"]', ' + 1 / after["tau"]'),
    "noise in the line at the target": (
        "along(after, (target.mean() - mean) / sd)",
        "along(after, (target.mean() - mean) / sd, 1.0)",
    ),
    "evidence without the slope": (' + np.log(tau / after["tau"]) / 2', ""),
    "slope of the prior for that after the rows": (
        'slope = about(after, after["slope"], after["tau"])',
        'slope = about(after, after["slope"], tau)',
    ),
    "evidence with pi for two pi": (
        "n / 2 * np.log(2 * np.pi)",
        "n / 2 * np.log(np.pi)",
        "_conjugate.py",
    ),
    "divisor n - 2 in the MLE": (
        '"lam": turned.n / turned.rss',
        '"lam": (turned.n - 2) / turned.rss',
    ),
    "slope for each unit in the MLE": ('"slope": slope}', '"slope": slope / design(data)[3]}'),
    "intercept at x = 0 in the MLE": (
        '"level": y.mean()',
        '"level": y.mean() - slope / design(data)[3] * design(data)[2]',
    ),
}


def line(x, y, target=(9.0, 10.0, 14.0)):
    """Training rows, and a target without outcomes."""
    train = pd.DataFrame({"x": x, "y": y, "where": "train"})
    return pd.concat(
        [train, pd.DataFrame({"x": target, "y": np.nan, "where": "target"})], ignore_index=True
    )


UNIT = {"m": 0.4, "kappa": 0.7, "tau": 1.3, "alpha": 2.5, "beta": 0.8}
X = [0.0, 1.0, 1.0, 3.0, 4.0, 7.0]
Y = [1.2, 0.3, 1.9, 2.2, 3.1, 2.4]

CASES = {
    "another prior": (line(X, Y), UNIT, True),
    "a target inside": (line(X, Y, target=(2.0, 2.5)), UNIT, True),
    "one target row": (line(X, Y, target=(-30.0,)), UNIT, True),
    "far from zero": (
        line(np.add(X, 1e6), 1e3 * np.array(Y), target=(1e6 + 20,)),
        {"m": 2000.0, "kappa": 0.3, "tau": 0.9, "alpha": 2.0, "beta": 1e5},
        True,
    ),
    "where left out": (line(X, Y).drop(columns="where"), UNIT, True),
    "no slope at all": (line([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 3.0, 1.0]), UNIT, True),
    "two training rows": (line([1.0, 2.0], [3.0, 1.0]), UNIT, False),
    "on a line": (line([1.0, 2.0, 4.0], [3.0, 5.0, 9.0]), UNIT, False),
    "y is constant": (line([1.0, 2.0, 4.0], [3.0, 3.0, 3.0]), UNIT, False),
    "kappa of zero": (line(X, Y), {"kappa": 0.0}, "refused"),
    "tau of zero": (line(X, Y), {"tau": 0.0}, "refused"),
    "alpha of zero": (line(X, Y), {"alpha": 0.0}, "refused"),
    "beta below zero": (line(X, Y), {"beta": -3.0}, "refused"),
}

EQUIVALENT = {
    'return z, train["y"].to_numpy(float), mean, sd, data.loc[data["where"] == "target", "x"]': {
        "model and exact answer ask about the same rows, whichever; tests/test_covariate_shift.py "
        "asks for the line at the mean of the target": [
            "data['where'] == 'target' -> data['where'] != 'target'"
        ]
    },
}


def log_prior(theta, *, m, kappa, tau, alpha, beta):
    """By the docstring, line by line."""
    lam = theta["lam"]
    return (
        stats.gamma(alpha, scale=1 / beta).logpdf(lam)
        + stats.norm(m, 1 / np.sqrt(kappa * lam)).logpdf(theta["level"])
        + stats.norm(0, 1 / np.sqrt(tau * lam)).logpdf(theta["slope"])
    )
