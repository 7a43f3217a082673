"""Wrong versions and edge cases of the groups in one measurement."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "sd for precision": ("tau=group.kappa * lam", "tau=group.kappa / lam"),
    "kappa forgotten": ("tau=group.kappa * lam", "tau=lam"),
    "sd for tau": ('"mu", group.m, tau=', '"mu", group.m, sigma='),
    "scale for rate": ('"lam", group.shape, group.rate', '"lam", group.shape, 1 / group.rate'),
    "variance for sigma": ("lam**-0.5", "lam**-1.0"),
    "shares in reverse": ('pm.NormalMixture("y", w, ', 'pm.NormalMixture("y", w[::-1], '),
    "observed twice": (
        'observed=y, dims="row")\n',
        'observed=y, dims="row")\n'
        '        pm.NormalMixture("again", w, mu, sigma, observed=data["y"], dims="row")\n',
    ),
    "one assignment short": (
        "z = np.arange(K**y.size)[:, None]",
        "z = np.arange(1, K**y.size)[:, None]",
    ),
    "prior of w twice": ("share.given(counts), group", "share.given(counts + share.a), group"),
    "evidence of the shares forgotten": ("share.log_evidence(counts) + group", "group"),
    "assignments weigh alike": (
        "np.exp(log_joint - log_evidence)\n",
        "np.full(log_joint.size, 1 / log_joint.size)\n",
    ),
    "n for n / 2": ("self.shape + n / 2", "self.shape + n", "_conjugate.py"),
    "shrinkage forgotten": ("second - first**2 / kappa", "second", "_conjugate.py"),
    "half the degrees of freedom": ("df=2 * self.shape", "df=self.shape", "_conjugate.py"),
    "square root forgotten in sigma": (
        "scale=np.sqrt(self.rate)",
        "scale=self.rate",
        "_conjugate.py",
    ),
    "Jacobian of sigma dropped": (
        "stats.gengamma, a=self.shape",
        "stats.gengamma, a=self.shape - 1.5",
        "_conjugate.py",
    ),
    "total for the rest in a share": ("b=total - self.a", "b=total", "_conjugate.py"),
    "weighted sd without what lies between the parts": (
        "self.parts.var() + (self.parts.mean() - self.mean()[..., None]) ** 2",
        "self.parts.var()",
        "_distributions.py",
    ),
    "sd for precision in EM": ("- lam * (y[:, None] - mu) ** 2", "- (y[:, None] - mu) ** 2 / lam"),
    "n - 1 in EM": ("mean, n / (r", "mean, (n - 1) / (r"),
    "shared over rows in EM": (
        "r = softmax(log_parts(y, w, mu, lam), axis=-1)",
        "r = softmax(log_parts(y, w, mu, lam), axis=-2)",
    ),
    "shares of the other group in the MLE": ('return {"w": w, ', 'return {"w": w[::-1], '),
    "unit forgotten in the MLE": ("lam / y.var()", "lam / y.std()"),
    "shares that do not add up in the MLE": ('return {"w": w, ', 'return {"w": w * y.size, '),
    "named by their shares in the MLE": ("np.argsort(now[1])", "np.argsort(now[0])"),
    "the lowest maximum for the highest": ("best = max(inside", "best = min(inside"),
}

THREE = {
    "components": 3,
    "a": [1.0, 2.0, 3.0],
    "m": [50.0, 65.0, 80.0],
    "kappa": [0.5, 0.7, 0.9],
    "shape": [3.0, 4.0, 5.0],
    "rate": [120.0, 90.0, 150.0],
}


def measured(*y):
    return pd.DataFrame({"y": np.array(y, dtype=float)})


def two_groups(ratio):
    """Twelve rows about 0 with sd 1 and twelve about 60 with variance `ratio`."""
    z = stats.norm.ppf((np.arange(12) + 0.5) / 12)
    return measured(*(z / z.std()), *(60 + z / z.std() * np.sqrt(ratio)))


CASES = {
    "three groups": (measured(50, 53, 64, 67, 80, 84, 79), THREE, True),
    "few rows": (measured(51, 80, 55, 78, 49, 60, 83, 75), {}, True),
    "one number for both": (measured(50, 61, 80, 79, 57, 85, 66), {"kappa": 0.7, "rate": 90}, True),
    "no more values than groups": (measured(60, 70, 60, 70, 70), {}, False),
    "constant": (measured(60, 60, 60), {}, False),
    "the larger group first": (measured(50, 52, 47, 49, 53, 55, 51, 78, 82, 83), {}, True),
    "one sigma nearly a tenth of the other": (two_groups(99.5), {}, True),
    "one sigma hardly below a tenth of the other": (two_groups(100.5), {}, False),
    "a group shrinks onto a row": (measured(1, 2, 4, 100), {}, False),
    "means that descend": (measured(60, 70), {"m": [80, 52]}, "refused"),
    "means that are equal": (measured(60, 70), {"m": 60}, "refused"),
    "too many rows to enumerate": (lambda shipped: shipped, {}, "refused"),
}

EQUIVALENT = {}


def in_order(mle):
    return np.all(np.diff(mle["mu"]) > 0)
