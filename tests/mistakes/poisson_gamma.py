"""Wrong versions and edge cases of a rate of events."""

import pandas as pd

MISTAKES = {
    "prior off by one": ("alpha + k.sum(), beta", "alpha + k.sum() + 1, beta"),
    "rows counted for exposure": ("beta + t.sum()", "beta + len(t)"),
    "scale for rate in the prior": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.Gamma("lam", alpha, 1 / beta)',
    ),
    "swapped arguments": ('pm.Gamma("lam", alpha, beta)', 'pm.Gamma("lam", beta, alpha)'),
    "scale for rate in the posterior": ("stats.gamma(a, scale=1 / b)", "stats.gamma(a, scale=b)"),
    "exposure forgotten in the model": ("lam * exposure,", "lam + 0 * exposure,"),
    "divided by exposure": ("lam * exposure,", "lam / exposure,"),
    "exposure forgotten in the evidence": ("k * np.log(t) - gammaln", "-gammaln"),
    "factorials forgotten": ("k * np.log(t) - gammaln(k + 1)", "k * np.log(t)"),
    "n for n + 1 in the factorial": ("gammaln(k + 1)", "gammaln(k)"),
    "evidence of the prior forgotten": (" + alpha * np.log(beta)", ""),
    "a row dropped": ("k.sum(), beta + t.sum()", "k[1:].sum(), beta + t[1:].sum()"),
    "negative binomial for Poisson": (
        'pm.Poisson("count", lam * exposure,',
        'pm.NegativeBinomial("count", lam * exposure, np.float64(50),',
    ),
    "observed twice": (
        'observed=count, dims="row")\n',
        'observed=count, dims="row")\n'
        '        pm.Poisson("again", lam * exposure, observed=count, dims="row")\n',
    ),
    "mean and sd for shape and rate": (
        'pm.Gamma("lam", alpha, beta)',
        'pm.Gamma("lam", mu=alpha / beta, sigma=alpha / beta)',
    ),
    "Jacobian of the gap dropped": ("stats.invgamma(a, scale=b)", "stats.invgamma(a - 1, scale=b)"),
    "rate for scale in the gap": ("stats.invgamma(a, scale=b)", "stats.invgamma(a, scale=1 / b)"),
    "rows weigh alike in the MLE": (
        'data["count"].sum() / data["exposure"].sum()',
        '(data["count"] / data["exposure"]).mean()',
    ),
    "posterior mean under a flat prior for the MLE": (
        'data["count"].sum() / data["exposure"].sum()',
        '(data["count"].sum() + 1) / data["exposure"].sum()',
    ),
    "gap for rate in the MLE": (
        'data["count"].sum() / data["exposure"].sum()',
        'data["exposure"].sum() / data["count"].sum()',
    ),
}  # fmt: skip


def counted(*pairs):
    return pd.DataFrame(pairs, columns=["count", "exposure"])


CASES = {
    "no event at all": (counted((0, 3.5), (0, 1.25)), {}, "boundary"),
    "one row, no event": (counted((0, 20.0)), {"alpha": 3.0, "beta": 0.5}, "boundary"),
    "one row": (counted((7, 2.5)), {}, True),
    "unequal exposures": (counted((3, 0.7), (0, 0.1), (11, 4.0), (2, 2.5)), {}, True),
    "no exposure stated": (pd.DataFrame({"count": [2, 0, 1, 1, 5]}), {}, True),
    "another prior, large counts": (
        counted((12_040, 8.0), (11_930, 7.5), (3, 0.002)),
        {"alpha": 0.7, "beta": 1e-3},
        True,
    ),
}

EQUIVALENT = {}
