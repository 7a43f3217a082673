"""Wrong versions and edge cases of the spread around a known value."""

import pandas as pd

MISTAKES = {
    "rate for scale": ("scale=1 / b)", "scale=b)"),
    "n - 1 for n": ("alpha + n / 2", "alpha + (n - 1) / 2"),
    "sd for precision": ("np.float64(-0.5)", "np.float64(0.5)"),
    "half forgotten": ("beta + squares / 2", "beta + squares"),
    "squares counted twice": ('(data["y"] - mu) ** 2).sum()', '(data["y"] - mu) ** 2).sum() * 2'),
    "spread about their own mean": (
        '(times * (data["y"] - mu) ** 2).sum()',
        '(times * (data["y"] - data["y"].mean()) ** 2).sum()',
    ),
    "2 pi forgotten": ("- n / 2 * np.log(2 * np.pi)", "- n / 2 * np.log(2)"),
    "scale for rate in the prior": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.Gamma("lam", alpha, 1 / beta)',
    ),
    "prior of the variance taken for that of the precision": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.InverseGamma("lam", alpha, beta)',
    ),
    "variance for sd": ('pm.Normal("y", mu, sigma,', 'pm.Normal("y", mu, sigma**2,'),
    "observed twice": (
        'observed=y_data, dims="row")\n',
        'observed=y_data, dims="row")\n'
        '        pm.Normal("again", mu, sigma, observed=data["y"], dims="row")\n',
    ),
    "Jacobian of sigma dropped": ("stats.gengamma(a, -2", "stats.gengamma(a - 1.5, -2"),
    "variance for sigma": (
        "stats.gengamma(a, -2, scale=np.sqrt(b))",
        "stats.invgamma(a, scale=b)",
    ),
    "square root forgotten in sigma": ("scale=np.sqrt(b)", "scale=b"),
    "n - 1 in the MLE": (
        "alike.times(data))\n    if mean",
        "alike.times(data)) * len(data) / (len(data) - 1)\n    if mean",
    ),
    "sd for variance in the MLE": ("1 / mean_square}", "1 / mean_square**0.5}"),
    "variance for precision in the MLE": ("1 / mean_square}", "mean_square}"),
}


def measured(*y):
    return pd.DataFrame({"y": y})


CASES = {
    "every measurement hits": (measured(734.5, 734.5, 734.5), {}, False),
    "one measurement": (measured(760.0), {}, True),
    "another unit": (measured(-0.4, 1.3, 0.2), {"mu": 0.0, "alpha": 3.5, "beta": 0.8}, True),
}

EQUIVALENT = {}
