"""Wrong versions and edge cases of probabilistic PCA."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "sigma for its square": ("signal + sigma**2 *", "signal + sigma *"),
    "precision for variance": ("sigma**2 * np.eye", "lam * np.eye"),
    "signal of half its size": ('"signal", W @ W.T,', '"signal", W @ W.T / np.float64(2),'),
    "a column of W alone": ('"signal", W @ W.T', '"signal", W[:, :1] @ W[:, :1].T'),
    "scale for the sd of the means": ('"W", np.float64(0), tau', '"W", np.float64(0), s'),
    "scale for rate": ('pm.Gamma("lam", alpha, beta)', 'pm.Gamma("lam", alpha, 1 / beta)'),
    "swapped arguments": ('pm.Gamma("lam", alpha, beta)', 'pm.Gamma("lam", beta, alpha)'),
    "precision for the sd of the means": ('"mu", m, s', '"mu", m, s**-2'),
    "noise in the first column only": (
        "sigma**2 * np.eye(len(axes))",
        "sigma**2 * np.diag(np.eye(len(axes))[0]) + 1e-3 * np.eye(len(axes))",
    ),
    "divisor n - 1": ("away.T @ away / n", "away.T @ away / (n - 1)", "_components.py"),
    "largest eigenvalue left out": ("values[q:].mean()", "values[:q].mean()", "_components.py"),
    "smallest eigenvalue for their mean": ("values[q:].mean()", "values[-1]", "_components.py"),
    "signal with the noise in it": (
        "np.maximum(values[:q] - square, 0)",
        "values[:q]",
        "_components.py",
    ),
    "eigenvalues for their roots": (
        "np.sqrt(np.maximum(values[:q] - square, 0))",
        "np.maximum(values[:q] - square, 0)",
        "_components.py",
    ),
    "axes of the least variance": ("vectors[:, :q] * np", "vectors[:, -q:] * np", "_components.py"),
    "axes in rows": ("vectors[:, :q] * np", "vectors[:q].T * np", "_components.py"),
    "sigma for its square in the MLE": ('"lam": 1 / square', '"lam": square**-0.5'),
    "loadings without their signs in the MLE": ('"W": W', '"W": abs(W)'),
    "loadings in reverse in the MLE": ('"W": W', '"W": W[::-1]'),
}


def made(n, d, q, *, seed=1, sigma=0.3, middle=3.0):
    """n made-up rows of d columns with q causes."""
    rng = np.random.default_rng(seed)
    x = middle + rng.normal(size=(n, q)) @ rng.normal(size=(q, d)) + sigma * rng.normal(size=(n, d))
    return pd.DataFrame(x, columns=list("abcdef")[:d])


LINE = pd.DataFrame({"a": [1.0, 2.0, 4.0, 5.0], "b": [3.0, 5.0, 9.0, 11.0]})

CASES = {
    "one cause": (lambda d: d, {"q": 1}, True),
    "all but one": (lambda d: d, {"q": 3}, True),
    "two columns": (made(12, 2, 1, seed=2), {"q": 1}, True),
    "six columns, three causes": (made(60, 6, 3, seed=3), {"q": 3, "tau": 0.9}, True),
    "the first column is noise": (made(40, 4, 2, seed=4).assign(a=[0.1, -0.1] * 20), {}, True),
    "two eigenvalues alike": (
        pd.DataFrame(
            np.vstack([np.diag([3.0, 1.0, 1.0]), -np.diag([3.0, 1.0, 1.0])]), columns=list("abc")
        ),
        {"q": 2},
        True,
    ),
    "another prior": (made(9, 3, 1, seed=5), {"q": 1, "m": -1.0, "s": 4.0, "alpha": 3.0}, True),
    "rows on a line": (LINE, {"q": 1}, False),
    "rows almost on a line": (
        1e4 * LINE + np.array([[0, 0.01], [0, -0.01], [0, 0.02], [0, 0]]),
        {"q": 1},
        False,
    ),
    "one row": (LINE.head(1), {"q": 1}, False),
    "fewer rows than causes": (made(2, 4, 2, seed=6), {}, False),
    "every row the same": (LINE.assign(a=1.0, b=2.0), {"q": 1}, False),
    "no cause": (LINE, {"q": 0}, "refused"),
    "as many causes as columns": (LINE, {"q": 2}, "refused"),
    "a cause and a half": (made(9, 3, 1), {"q": 1.5}, "refused"),
    "s of zero": (LINE, {"q": 1, "s": 0.0}, "refused"),
    "tau below zero": (LINE, {"q": 1, "tau": -1.2}, "refused"),
    "alpha of zero": (LINE, {"q": 1, "alpha": 0.0}, "refused"),
    "beta of zero": (LINE, {"q": 1, "beta": 0.0}, "refused"),
}

EQUIVALENT = {}


def log_prior(theta, *, q, m, s, tau, alpha, beta):
    """By the docstring, line by line."""
    return (
        stats.norm(m, s).logpdf(theta["mu"]).sum()
        + stats.norm(0, tau).logpdf(theta["W"]).sum()
        + stats.gamma(alpha, scale=1 / beta).logpdf(theta["lam"])
    )
