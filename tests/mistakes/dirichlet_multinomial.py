"""Wrong versions and edge cases of the shares of categories."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "prior in reverse": (
        'pm.Dirichlet("theta", pseudo_counts(labels, a).a,',
        'pm.Dirichlet("theta", pseudo_counts(labels, a).a[::-1],',
    ),
    "prior normalised": (
        'pm.Dirichlet("theta", pseudo_counts(labels, a).a,',
        'pm.Dirichlet("theta", pseudo_counts(labels, a).a / pseudo_counts(labels, a).a.sum(),',
    ),
    "shares in reverse": ("count.sum(), theta, observed", "count.sum(), theta[::-1], observed"),
    "a flat prior": (
        'pm.Dirichlet("theta", pseudo_counts(labels, a).a,',
        'pm.Dirichlet("theta", 0 * pseudo_counts(labels, a).a + 1,',
    ),
    "observed twice": (
        'observed=count, dims="category")\n',
        'observed=count, dims="category")\n'
        '        pm.Multinomial("again", count.sum(), theta, observed=counts, dims="category")\n',
    ),
    "ranks for values of the categories": (
        "pm.math.dot(theta, labels.to_numpy(float))",
        "pm.math.dot(theta, np.arange(float(counts.size)))",
    ),
    "counts twice": ("theta = prior.given(counts)", "theta = prior.given(2 * counts)"),
    "prior twice": ("theta = prior.given(counts)", "theta = prior.given(counts + prior.a)"),
    "posterior is the prior": ("theta = prior.given(counts)", "theta = prior"),
    "one order of the trials": ("float(orders + prior", "float(0 * orders + prior"),
    "N for N + 1 in the coefficient": ("gammaln(counts.sum() + 1)", "gammaln(counts.sum())"),
    "n for n + 1 in the coefficient": ("gammaln(counts + 1).sum()", "gammaln(counts + 2).sum()"),
    "evidence of the posterior counted": (
        "prior.log_evidence(counts)),",
        "theta.log_evidence(counts)),",
    ),
    "total for the rest in a share": ("b=total - self.a", "b=total", "_conjugate.py"),
    "marginals in reverse": (
        'marginals={"theta": theta.marginals()}',
        'marginals={"theta": Dirichlet(theta.a[::-1]).marginals()}',
    ),
    "mean under the prior": ("DirichletMean(theta.a, labels)", "DirichletMean(prior.a, labels)"),
    "mean of another trial": (
        "np.sqrt(self.a @ (self.x - self._centre) ** 2 / total / (total + 1))",
        "np.sqrt(self.a @ (self.x - self._centre) ** 2 / total)",
        "_dirichlet_mean.py",
    ),
    "half of the line": (
        "+ beyond).imag / np.pi",
        "+ beyond).imag / np.pi / 2",
        "_dirichlet_mean.py",
    ),
    "tails exchanged": ("return tail if lower", "return tail if not lower", "_dirichlet_mean.py"),
    "a trial more in the MLE": ("counts / counts.sum()}", "counts / (counts.sum() + 1)}"),
    "posterior mean under a flat prior for the MLE": (
        "counts / counts.sum()}",
        "(counts + 1) / (counts.sum() + counts.size)}",
    ),
    "most frequent first in the MLE": (
        "counts / counts.sum()}",
        "np.sort(counts)[::-1] / counts.sum()}",
    ),
}


def counted(**counts):
    return pd.DataFrame({"category": counts.keys(), "count": counts.values()})


def numbered(*pairs):
    return pd.DataFrame(pairs, columns=["category", "count"])


CASES = {
    "three genres, a number each": (
        counted(rock=7, alternative=3, pop=2),
        {"a": [2.0, 5.0, 3.0]},
        True,
    ),
    "a category never seen": (counted(rock=7, alternative=3, pop=0), {}, "boundary"),
    "only one category seen": (numbered((1, 0), (2, 9), (3, 0)), {}, "boundary"),
    "nothing counted": (counted(heads=0, tails=0), {}, False),
    "two categories": (counted(heads=9, tails=4), {"a": [0.5, 0.7]}, True),
    "one trial a row": (pd.DataFrame({"category": [3, 1, 1, 2, 3, 3, 2]}), {}, True),
    "a category in several rows": (numbered((1, 4), (5, 2), (1, 3), (2.5, 6)), {}, True),
    "one number for all": (numbered((1, 4), (2, 2), (3, 3), (4, 9)), {"a": [0.6]}, True),
    "truth values": (pd.DataFrame({"category": [True, False, True], "count": [3, 4, 1]}), {}, True),
    "too many pseudo-counts": (counted(a=1, b=2, c=3), {"a": [1.0, 2.0, 3.0, 4.0]}, "refused"),
    "a pseudo-count of none": (counted(a=1, b=2, c=3), {"a": [1.0, 0.0, 2.0]}, "refused"),
}

EQUIVALENT = {}


def log_prior(theta, *, a):
    """Pseudo-counts one by one: as given, or going evenly from the first to the last."""
    shares = theta["theta"]
    last = len(shares) - 1
    first, end = (a[0], a[-1]) if np.ndim(a) else (a, a)
    even = [first + (end - first) * k / last for k in range(last + 1)]
    return stats.dirichlet(a if np.size(a) == last + 1 else even).logpdf(shares)
