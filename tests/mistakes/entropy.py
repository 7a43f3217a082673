"""Wrong versions and edge cases of the entropy of counted shares."""

import numpy as np
import pandas as pd
from scipy import stats

BITS = "_entropy.py"

MISTAKES = {
    "counts in reverse": ("prior.given(counts)", "prior.given(counts[::-1])"),
    "orders forgotten": ("float(orders + prior", "float(prior"),
    "n for n + 1 in the orders": ("gammaln(counts.sum() + 1)", "gammaln(counts.sum())"),
    "prior for posterior in the density": ("posterior.logpdf(theta", "prior.logpdf(theta"),
    "counts twice in H": ("bits.entropy_of(posterior.a)", "bits.entropy_of(posterior.a + counts)"),
    "the prior's H": ("bits.entropy_of(posterior.a)", "bits.entropy_of(prior.a)"),
    "cross-entropy for divergence": ("bits.divergence_of(", "bits.cross_entropy_of("),
    "reference not normalised": (
        "bits.reverse_of(posterior.a, q / q.sum())",
        "bits.reverse_of(posterior.a, q)",
    ),
    "H in nats": ("-xlogy(p, p).sum() / bits.BIT", "-xlogy(p, p).sum()"),
    "KL in nats beside H in bits": (
        "xlogy(p, p / q).sum() / bits.BIT",
        "xlogy(p, p / q).sum()",
    ),
    "weighed by the reference": ("xlogy(p, p / q)", "xlogy(q, p / q)"),
    "sign of the information lost": ("-xlogy(p, p)", "xlogy(p, p)"),
    "prior per category for one in all": (
        'pm.Dirichlet("p", a, ',
        'pm.Dirichlet("p", a / len(labels), ',
    ),
    "observed twice": (
        'p, observed=count, dims="category")\n',
        'p, observed=count, dims="category")\n'
        '        pm.Multinomial("again", count.sum(), p, observed=count, dims="category")\n',
    ),
    "sd in nats": ("np.sqrt(variance) / BIT", "np.sqrt(variance)", BITS),
    "variance for sd": ("np.sqrt(variance) / BIT", "variance / BIT", BITS),
    "mean of log p, not of p log p": (
        "(u * (digamma(a + 1) - digamma(total + 1)) + v)",
        "(u * (digamma(a) - digamma(total)) + v)",
        BITS,
    ),
    "variance of the logs forgotten": (
        "(same[0] * same[1] + uu * polygamma(1, a + 2))",
        "(same[0] * same[1])",
        BITS,
    ),
    "shares taken for independent": (" - uu * polygamma(1, total + 2)", "", BITS),
    "total as if independent in the other divergence": (
        " - polygamma(1, total)\n",
        "\n",
        BITS,
    ),
    "add-one shares for the MLE": (
        "counts / counts.sum()}",
        "(counts + 1) / (counts + 1).sum()}",
    ),
    "categories weigh alike in the MLE": (
        "counts / counts.sum()}",
        "np.full(counts.size, 1 / counts.size)}",
    ),
    "MLE in order of size": ("counts / counts.sum()}", "np.sort(counts) / counts.sum()}"),
}


def counted(*counts):
    return pd.DataFrame({"category": list("abcdefgh")[: len(counts)], "count": counts})


CASES = {
    "two categories, one a row": (pd.DataFrame({"category": [*"xyxxyxyyyx"]}), {}, True),
    "a category in several rows": (
        pd.DataFrame({"category": ["a", "b", "a", "c"], "count": [3, 9, 4, 5]}),
        {"a": [0.4, 1.3, 2.0], "q": [5.0, 3.0, 1.0]},
        True,
    ),
    "one prior for all, reference from first to last": (
        counted(7, 12, 5, 9),
        {"a": [0.5], "q": [1.0, 3.0]},
        True,
    ),
    "a category never seen": (counted(4, 0, 7), {"q": [2.0, 3.0, 4.0]}, "boundary"),
    "one category seen": (counted(0, 11), {}, "boundary"),
    "nothing counted": (counted(0, 0, 0), {"a": [2.0, 3.0, 5.0]}, False),
    "many": (counted(400_000, 900_000, 1_300_000), {"q": [4.0, 9.0, 12.0]}, True),
    "prior of zero": (counted(3, 4, 5), {"a": [0.0, 1.0]}, "refused"),
    "three numbers for four categories": (counted(3, 4, 5, 6), {"a": [1.0, 2.0, 3.0]}, "refused"),
    "reference of zero": (counted(3, 4, 5), {"q": [1.0, 0.0, 1.0]}, "refused"),
    "reference of other categories": (counted(3, 4), {"q": [1.0, 2.0, 3.0]}, "refused"),
}


def log_prior(theta, *, q, a):
    """The docstring's prior by SciPy: model and exact answer share the function that reads `a`."""
    p = theta["p"]
    here = np.interp(np.arange(p.size), np.arange(len(a)) * (p.size - 1) / max(len(a) - 1, 1), a)
    return stats.dirichlet(here).logpdf(p / p.sum())


EQUIVALENT = {}
