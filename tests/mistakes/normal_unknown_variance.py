"""Wrong versions and edge cases of a mean and a spread, neither known."""

import pandas as pd

MISTAKES = {
    "precision of mu without lam": ("tau=kappa * lam)", "tau=kappa)"),
    "sd for precision of mu": ("tau=kappa * lam)", "sigma=kappa * lam)"),
    "scale for rate in the prior": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.Gamma("lam", alpha, 1 / beta)',
    ),
    "prior of the variance taken for that of the precision": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.InverseGamma("lam", alpha, beta)',
    ),
    "sd for precision": ("np.float64(-0.5)", "np.float64(0.5)"),
    "variance for sd": ('pm.Normal("y", mu, sigma,', 'pm.Normal("y", mu, sigma**2,'),
    "second of the pair observed": (
        'pm.Data("y_data", data["y"], dims="row")',
        'pm.Data("y_data", data.get("y1", 2 * data["y"]), dims="row")',
    ),
    "observed twice": (
        'pm.Normal("y", mu, sigma, observed=y, dims="row")\n',
        'pm.Normal("y", mu, sigma, observed=y, dims="row")\n'
        '        pm.Normal("again", mu, sigma, observed=data["y"], dims="row")\n',
    ),
    "kappa and alpha swapped": (
        "NormalGamma(m, kappa, alpha, beta).given",
        "NormalGamma(m, alpha, kappa, beta).given",
    ),
    "a row dropped": (
        "given(y, times[:, None])",
        "given(y, (times * (np.arange(len(y)) > 0))[:, None])",
    ),
    "one row too few in the rate": (
        "first**2 / kappa) / 2",
        "first**2 / (kappa - 1)) / 2",
        "_conjugate.py",
    ),
    "half a row too many": ("self.shape + n / 2,", "self.shape + (n + 1) / 2,", "_conjugate.py"),
    "pull of the prior mean forgotten in the rate": (
        "(second - first**2 / kappa) / 2",
        "(second - first**2 / n) / 2",
        "_conjugate.py",
    ),
    "evidence of the prior forgotten": (
        "NormalGamma(m, kappa, alpha, beta).log_evidence(after)",
        "after.log_partition",
    ),
    "normal for Student t": (
        "stats.t, df=2 * self.shape, loc=self.m, scale=scale",
        "stats.norm, loc=self.m, scale=scale",
        "_conjugate.py",
    ),
    "effect in variances": ("(mu - null) / sigma)", "(mu - null) / sigma**2)"),
    "null less the mean in the effect": ("(mu - null) / sigma)", "(null - mu) / sigma)"),
    "effect with the mean of sigma for sigma": (
        "after.shape / after.rate)",
        "(after.shape - 0.5) / after.rate)",
    ),
    "spread of mu forgotten in the effect": (
        "Effect(D, after.kappa, after.shape)",
        "Effect(D, 2 * after.kappa, after.shape)",
    ),
    "n - 1 in the MLE": ("1 / alike.variance(y, times)", "1 / y.var(ddof=1)"),
    "variance for precision in the MLE": ("1 / alike.variance(y, times)", "y.var()"),
    "sd for variance in the MLE": ("1 / alike.variance(y, times)", "1 / y.std()"),
    "median for mean in the MLE": ('"mu": alike.mean(y, times)', '"mu": np.median(y)'),
    "distance from null for the mean": (
        '"mu": alike.mean(y, times)',
        '"mu": y.mean() - null - 0.5',
    ),
}  # fmt: skip


def measured(*y):
    return pd.DataFrame({"y": y})


OTHER = {"null": 1.0, "m": -2.0, "kappa": 3.0, "alpha": 2.5, "beta": 0.7}
CASES = {
    "all equal": (measured(3.5, 3.5, 3.5), {}, False),
    "one measurement": (measured(2.25), {}, False),
    "two measurements": (measured(0.4, -1.3), OTHER, True),
    "measured from elsewhere": (measured(0.4, -1.3, 2.2, 0.9), OTHER, True),
    "far from null": (
        measured(1012.5, 1013.25, 1011.0),
        {"m": 1000.0, "kappa": 0.01, "alpha": 2.0, "beta": 3.0},
        True,
    ),
    "far from null with a prior too weak": (
        measured(5e4),
        {"m": 5e4, "alpha": 0.05, "beta": 0.3},
        "refused",
    ),
    "pairs": (pd.DataFrame({"y0": [1.0, 2.0, 4.0], "y1": [1.5, 1.75, 6.0]}), {}, True),
}

EQUIVALENT = {
    "if not abs(law.mass - 1) < 1e-8:": {
        "no mass is off by 1e-8 to the last bit": [
            "not abs(law.mass - 1) < 1e-08 -> not abs(law.mass - 1) <= 1e-08"
        ]
    }
}
