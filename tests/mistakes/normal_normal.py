"""Wrong versions and edge cases of measurements with known errors."""

import pandas as pd

MISTAKES = {
    "variance for sd of the prior": ('pm.Normal("mu", m, s)', 'pm.Normal("mu", m, s**2)'),
    "precision for sd of the prior": ('pm.Normal("mu", m, s)', 'pm.Normal("mu", m, tau=s)'),
    "precision for the errors": (
        '"value", mu, error, observed',
        '"value", mu, tau=error, observed',
    ),
    "one error for every row": (
        'pm.Data("error_data", data["error"], dims="row")',
        'pm.Data("error_data", 0 * data["error"] + data["error"].mean(), dims="row")',
    ),
    "observed twice": (
        'observed=value, dims="row")\n',
        'observed=value, dims="row")\n'
        '        pm.Normal("again", mu, error, observed=data["value"], dims="row")\n',
    ),
    "weights of 1 / error": ("(value - m) / error**2", "(value - m) / error"),
    "errors added for precisions": ("np.sum(error**-2.0)", "np.sum(error) ** -2.0"),
    "precision of the prior forgotten": ("s**-2.0 + np.sum", "0 * s + np.sum"),
    "variance for sd of mu": (
        "stats.norm(mean, precision**-0.5)",
        "stats.norm(mean, 1 / precision)",
    ),
    "scaled by chi-square": (
        "mu = stats.norm(mean, precision**-0.5)\n",
        "scale = np.sqrt(np.mean(((value - mean) / error) ** 2))\n"
        "    mu = stats.norm(mean, scale * precision**-0.5)\n",
    ),
    "shrunk towards 0 instead of m": (
        "m + np.sum((value - m) / error**2)",
        "np.sum(value / error**2)",
    ),
    "a row dropped": (
        'data["error"].to_numpy(float)\n    precision',
        'data["error"].to_numpy(float)\n    value, error = value[1:], error[1:]\n    precision',
    ),
    "evidence of the prior forgotten": (" + stats.norm(m, s).logpdf(mean)", ""),
    "likelihood at its peak for the evidence": (
        "log_evidence=log_likelihood + stats.norm(m, s).logpdf(mean) - mu.logpdf(mean)",
        "log_evidence=log_likelihood",
    ),
    "plain mean for the MLE": (", weights=weight)", ")"),
    "weights of 1 / error in the MLE": ("to_numpy(float) ** -2", "to_numpy(float) ** -1"),
    "weighed by the errors in the MLE": ("to_numpy(float) ** -2", "to_numpy(float) ** 2"),
    "median for the MLE": (
        "value[0] + np.average(value - value[0], weights=weight)",
        "np.median(value)",
    ),
}

ALWAYS = True


def measured(*pairs):
    return pd.DataFrame(pairs, columns=["value", "error"])


CASES = {
    "one measurement": (measured((882.6, 2.7)), {}, True),
    "one sure and one vague": (measured((880.0, 1e-3), (900.0, 40.0)), {}, True),
    "a prior surer than any measurement": (
        measured((3.0, 2.0), (5.0, 4.0)),
        {"m": -1.0, "s": 0.25},
        True,
    ),
    "a prior that is hardly there": (measured((3.0, 2.0), (5.0, 4.0)), {"m": 7.0, "s": 1e6}, True),
    "all the same": (measured((5.0, 0.5), (5.0, 0.7), (5.0, 0.5)), {"m": 2.0, "s": 3.0}, True),
    "far from the prior": (measured((-40.0, 1.0), (-42.0, 2.0)), {"m": 5.0, "s": 4.0}, True),
    "statistical errors alone": (
        pd.DataFrame({"value": [878.0, 885.0], "stat": [2.0, 3.0]}),
        {},
        True,
    ),
}

EQUIVALENT = {}
