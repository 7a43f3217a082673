"""Wrong versions and edge cases of the line under Laplace noise."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "Gaussian noise": ('pm.Laplace("y", ', 'pm.Normal("y", '),
    "sd for the scale of the noise": (
        "b + w_raw * (x - mean), scale",
        "b + w_raw * (x - mean), scale / np.sqrt(2)",
    ),
    "tau in units of y": ("np.float64(0), tau * scale)", "np.float64(0), tau)"),
    "reach of b in units of y": ("b_mean, b_reach * scale)", "b_mean, b_reach)"),
    "tau for the intercept": ("b_mean, b_reach * scale)", "b_mean, tau * scale)"),
    "Gamma for the inverse Gamma": (
        'pm.InverseGamma("scale", alpha, beta)',
        'pm.Gamma("scale", alpha, beta)',
    ),
    "x not centred": ("w_raw * (x - mean)", "w_raw * x"),
    "weight per standard deviation for that per unit": ("b + w_raw * (x", "b + w * (x"),
    "multiplied for divided by sd": ('"w_raw", w / sd)', '"w_raw", w * sd)'),
    "a power of the scale too few": ("N = alpha + n + 2", "N = alpha + n + 1"),
    "the two of the density forgotten": (" - n * np.log(2)", ""),
    "two for four in the priors": ("np.log(4 * tau * b_reach)", "np.log(2 * tau * b_reach)"),
    "reaches exchanged": ("beta, b_reach, tau)", "beta, tau, b_reach)"),
    "prior mean of b not taken off": ("Fold(z, y - b_mean, ", "Fold(z, y, "),
    "prior mean of b not added back": ("S.marginal(0, N, shift=b_mean)", "S.marginal(0, N)"),
    "beta forgotten": ("Fold(z, y - b_mean, beta,", "Fold(z, y - b_mean, 0.0,"),
    "a row dropped": ("Fold(z, y - b_mean,", "Fold(z[1:], y[1:] - b_mean,"),
    "b and w exchanged": (
        'marginals={"scale": scale, "b": b, "w": w}',
        'marginals={"scale": scale, "b": w, "w": b}',
    ),
    "sd not divided by": ("times(1 / design(data)[3])", "times(design(data)[3])"),
    "errors squared": (
        "np.sum(self.weight * np.abs(self.y - self.A @ [b, w]))",
        "np.sum(self.weight * np.abs(self.y - self.A @ [b, w]) ** 2)",
        "_absolute.py",
    ),
    "equal rows counted once": (
        "self.weight = np.r_[counts, ",
        "self.weight = np.r_[counts**0, ",
        "_absolute.py",
    ),
    "ends of the line forgotten": (
        "np.log(inside.sum(axis=1) + outside.sum(axis=1)) - N",
        "np.log(inside.sum(axis=1)) - N",
        "_absolute.py",
    ),
    "slope of the ends halved": (
        "((N - 1) * self.total",
        "((N - 1) * 2 * self.total",
        "_absolute.py",
    ),
    "Jacobian of log scale dropped": ("ends)) - u, -np.inf)", "ends)), -np.inf)", "_absolute.py"),
    "least squares": (
        "(b, w) = design(data), quantile(data, 0.5)",
        "(w, b) = design(data), np.polyfit(*design(data)[:2], 1)",
    ),
    "another quantile": ("quantile(data, 0.5)", "quantile(data, 0.45)"),
    "divisor n - 1": (
        "np.abs(y - b - w * z).mean()",
        "np.abs(y - b - w * z).sum() / (len(y) - 1)",
    ),
    "median for the mean error": (
        "scale = np.abs(y - b - w * z).mean()",
        "scale = np.median(np.abs(y - b - w * z))",
    ),
    "sd for the mean error": (
        "scale = np.abs(y - b - w * z).mean()",
        "scale = np.std(y - b - w * z)",
    ),
}


def table(n, *, seed=1, scale=1.0, slope=2.0):
    """n made-up rows in units of their own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) * 3 + 5
    return pd.DataFrame({"x": x, "y": scale * (140 + slope * x + 2 * rng.laplace(size=n))})


# An alpha well above 2: few rows leave a funnel else, which weighted draws from a t do not fill.
UNIT = {"tau": 1.7, "b_mean": 140.0, "b_reach": 6.0, "alpha": 12.0, "beta": 25.0}
LINE = pd.DataFrame({"x": [1.0, 2.0, 4.0, 5.0], "y": [3.0, 5.0, 9.0, 11.0]})
WHOLE = pd.DataFrame({"x": [1, 2, 3, 4, 5], "y": [2, 1, 4, 3, 7]})  # one z is 0

CASES = {
    "nine rows": (table(9), UNIT, True),
    "equal rows": (pd.concat([table(6, seed=2)] * 3), UNIT, True),
    "four rows, as likely along a whole segment": (
        pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0], "y": [1.0, 2.0, 4.0, 6.0]}),
        UNIT | {"b_mean": 2.0},
        True,
    ),
    "a row where x is average": (WHOLE, UNIT | {"b_mean": 3.0}, True),
    "tight priors": (
        table(7, seed=3),
        {"tau": 0.3, "b_mean": 149.0, "b_reach": 0.4, "alpha": 14.0, "beta": 30.0},
        True,
    ),
    "tiny units": (table(8, seed=4, scale=1e-9), UNIT | {"b_mean": 1.4e-7, "beta": 2.5e-8}, True),
    "alpha below one": (table(9, seed=7), UNIT | {"alpha": 0.7, "beta": 1.5}, True),
    "three hundred rows": (table(300, seed=5), UNIT, True),
    "three rows": (table(3, seed=6), UNIT, True),
    "two rows": (LINE.head(2), UNIT | {"b_mean": 5.0}, False),
    "all on a line": (LINE, UNIT | {"b_mean": 8.0}, False),
    "constant y": (LINE.assign(y=7.0), UNIT | {"b_mean": 8.0}, False),
    "tau of zero": (LINE, {"tau": 0.0}, "refused"),
    "negative b_reach": (LINE, {"b_reach": -5.0}, "refused"),
    "alpha of zero": (LINE, {"alpha": 0.0}, "refused"),
    "beta of zero": (LINE, {"beta": 0.0}, "refused"),
}

EQUIVALENT = {}


def log_prior(theta, *, tau, b_mean, b_reach, alpha, beta):
    """By the docstring, line by line."""
    scale = theta["scale"]
    return (
        stats.invgamma(alpha, scale=beta).logpdf(scale)
        + stats.laplace(b_mean, b_reach * scale).logpdf(theta["b"])
        + stats.laplace(0, tau * scale).logpdf(theta["w"])
    )
