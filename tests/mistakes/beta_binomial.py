"""Wrong versions and edge cases of the infection rate."""

import pandas as pd

MISTAKES = {
    "prior off by one": ("alpha + k.sum()", "alpha + k.sum() + 1"),
    "failures for tests": ("beta + (n - k).sum()", "beta + n.sum()"),
    "swapped arguments": ('pm.Beta("theta", alpha, beta)', 'pm.Beta("theta", beta, alpha)'),
    "coefficient dropped": ("log_binomial.sum() + betaln(a, b)", "betaln(a, b)"),
    "n for n + 1 in the coefficient": ("gammaln(n + 1)", "gammaln(n)"),
    "positives counted twice": ("alpha + k.sum()", "alpha + 2 * k.sum()"),
    "a row dropped": (
        'n, k = data["tested"].to_numpy(float), data["positive"].to_numpy(float)',
        'n, k = data["tested"].to_numpy(float)[1:], data["positive"].to_numpy(float)[1:]',
    ),
    "evidence of the prior forgotten": (" - betaln(alpha, beta)", ""),
    "negatives observed": ('data["positive"], dims', 'data["tested"] - data["positive"], dims'),
    "observed twice": (
        'observed=positive, dims="row")\n',
        'observed=positive, dims="row")\n'
        '        pm.Binomial("again", tested, theta, observed=positive, dims="row")\n',
    ),
    "mean and strength for alpha and beta": (
        'pm.Beta("theta", alpha, beta)',
        'pm.Beta("theta", alpha / (alpha + beta), alpha + beta)',
    ),
    "days weigh alike in the MLE": (
        'data["positive"].sum() / tested',
        '(data["positive"] / data["tested"]).mean()',
    ),
    "posterior mean under a flat prior for the MLE": (
        'data["positive"].sum() / tested',
        '(data["positive"].sum() + 1) / (tested + 2)',
    ),
    "odds for the share in the MLE": (
        'data["positive"].sum() / tested',
        'data["positive"].sum() / (tested - data["positive"].sum())',
    ),
}


def batches(*pairs):
    return pd.DataFrame(pairs, columns=["tested", "positive"])


CASES = {
    "none of twenty positive": (batches((20, 0)), {}, "boundary"),
    "all positive": (batches((12, 12), (8, 8)), {}, "boundary"),
    "nobody tested": (batches((0, 0)), {}, False),
    "a day without tests": (batches((0, 0), (9, 4)), {}, True),
    "one person a row": (pd.DataFrame({"positive": [0, 1, 1, 0, 1]}), {}, True),
    "another prior": (batches((12, 3), (8, 1)), {"alpha": 0.5, "beta": 0.7}, True),
}

EQUIVALENT = {}
