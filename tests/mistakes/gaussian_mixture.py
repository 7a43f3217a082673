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
    "shares in reverse": (' NormalMixture("y", w, ', ' NormalMixture("y", w[::-1], '),
    "observed twice": (
        'observed=y, dims="row")\n',
        'observed=y, dims="row")\n'
        '        NormalMixture("again", w, mu, sigma, observed=data["y"], dims="row")\n',
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


LOCAL = True

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
    "means that descend at last": (measured(60, 70), THREE | {"m": [50, 80, 65]}, "refused"),
    "means close together": (measured(50, 61, 80, 79, 57, 85, 66), {"m": [60, 60.5]}, True),
    "means that are equal": (measured(60, 70), {"m": 60}, "refused"),
    "too many rows to enumerate": (lambda shipped: shipped.head(17), {}, "refused"),
}

EQUIVALENT = {
    "log_joint = share.log_evidence(counts) + group.log_evidence(groups).sum(-1)": {
        "assignments times components: the second axis is the last": ["-1 -> 1"],
    },
    'given = groups.logpdf(theta["mu"], theta["lam"]).sum(-1) + shares.logpdf(theta["w"])': {
        "assignments times components: the second axis is the last": ["-1 -> 1"],
    },
    "names = 1 + np.arange(group.m.size)": {
        "names of the groups for a reader, on no number": [
            "1 + np.arange(group.m.size) -> 1 - np.arange(group.m.size)",
            "1 + np.arange(group.m.size) -> 2 + np.arange(group.m.size)",
            "1 + np.arange(group.m.size) -> 0 + np.arange(group.m.size)",
        ]
    },
    "weights = np.exp(log_joint - log_evidence)": {
        "`Mixture` divides its weights by their sum": [
            "log_joint - log_evidence -> log_joint + log_evidence"
        ]
    },
    "return np.log(w) + (np.log(lam / (2 * np.pi)) - lam * (y[:, None] - mu) ** 2) / 2": {
        "a factor common to all components, which responsibilities divide out": [
            "np.log(lam / (2 * np.pi)) -> np.log(lam * (2 * np.pi))",
            "lam / (2 * np.pi) -> lam / (2 / np.pi)",
            "2 * np.pi -> 3 * np.pi",
            "2 * np.pi -> 1 * np.pi",
        ]
    },
    "r = softmax(log_parts(y, w, mu, lam), axis=-1)": {
        "in the MLE there are two axes, and the second is the last": ["-1 -> 1"]
    },
    'start = {"tol": 1e-6, "max_iter": 1000, "init_params": "random_from_data"}': {
        "how far EM's first attempt goes: `em_step` goes on from there until nothing moves": [
            "1000 -> 1001",
            "1000 -> 999",
        ]
    },
    "ends = [GaussianMixture(K, random_state=i, **start).fit(x[:, None]) for i in range(20)]": {
        "one random start more or less": ["range(20) -> range(21)", "range(20) -> range(19)"]
    },
    "inside = [end for end in ends if end.precisions_.max() < 100 * end.precisions_.min()]": {
        "no data have a ratio of exactly 100": ["... < ... -> ... <= ..."]
    },
    "now = np.array([best.weights_, best.means_[:, 0], best.precisions_[:, 0, 0]])": {
        "one column of data: its first entry is its last": [
            "(:, 0) -> (:, -1)",
            "(:, 0, 0) -> (:, -1, 0)",
            "(:, 0, 0) -> (:, 0, -1)",
        ]
    },
    "for _ in range(100_000):": {
        "one step of a hundred thousand": [
            "range(100000) -> range(100001)",
            "range(100000) -> range(99999)",
        ]
    },
    "if np.abs(now - before).max() < 1e-12 * np.abs(now).max():": {
        "when EM counts as at rest: the score is within its 1e-4 standard errors either way": [
            "... < ... -> ... <= ...",
            "np.abs(now - before).max() -> np.abs(now - before).min()",
            "1e-12 * np.abs(now).max() -> 1e-12 / np.abs(now).max()",
            "np.abs(now).max() -> np.abs(now).min()",
        ]
    },
    "if np.unique(y).size <= K:": {
        "with as many values as groups every start shrinks onto single values: refused below": [
            "np.unique(y).size <= K -> np.unique(y).size < K"
        ]
    },
    "if K**y.size > 65_536:": {
        "a guard far from the ten rows that the workflow hands over": [
            "K ** y.size > 65536 -> K ** y.size >= 65536",
            "K ** y.size > 65536 -> K ** y.size > 65537",
            "K ** y.size > 65536 -> K ** y.size > 65535",
        ]
    },
}


def in_order(mle):
    return np.all(np.diff(mle["mu"]) > 0)
