"""Wrong versions and edge cases of naive Bayes."""

import numpy as np
import pandas as pd
from scipy import stats

BELIEFS, FEATURES = "_class_beliefs.py", "_features.py"

MISTAKES = {
    "every kind of thing once": ('data.index.repeat(data["count"])', "data.index"),
    "share of the class forgotten": (
        "total = pt.log(theta)[label]",
        "total = pt.log(theta)[label] * 0",
        BELIEFS,
    ),
    "features of another class": (
        "pt.log(shares)[label, case[:, f]]",
        "pt.log(shares)[-1 - label, case[:, f]]",
        BELIEFS,
    ),
    "a feature left out": (
        "for f, shares in enumerate(p, start=1)",
        "for f, shares in enumerate(p[:-1], start=1)",
        BELIEFS,
    ),
    "share of the class within the level": (
        "pt.log(shares)[label",
        "pt.log(shares / shares.sum(axis=0))[label",
        BELIEFS,
    ),
    "Poisson without its exponential": (" - rate[label] - pt", " - pt", BELIEFS),
    "order of the counts forgotten": (" - pt.gammaln(x + 1)).sum", ").sum", BELIEFS),
    "odds the other way round": ("of_each[1:] - of_each[0]", "of_each[0] - of_each[1:]"),
    "share of the class forgotten in the odds": (
        'pm.Deterministic("log_odds", of_each[1:] - of_each[0]',
        'pm.Deterministic("log_odds", (of_each - pm.math.log(theta))[1:] - of_each[0]',
    ),
    "pseudo-counts of levels twice": (
        "before.given(seen), [",
        "before.given(seen._replace(levels=[x + b for x, b in zip(seen.levels, before.b)])), [",
    ),
    "factorials forgotten": (" - seen.log_factorials", ""),
    "the next row is asked about": (
        "log_odds(features_of(data, asked))",
        "log_odds(features_of(data, asked % len(data) + 1))",
    ),
    "levels' total for the class's": ("digamma(b.sum(axis=1))", "digamma(b[:, k].sum())", BELIEFS),
    "classes' variances subtracted": (
        "square[1:] + square[0]",
        "np.abs(square[1:] - square[0])",
        BELIEFS,
    ),
    "exposure left as it was": ("self.beta + n)", "self.beta + 0 * n)", BELIEFS),
    "kinds of thing counted, not things": (
        "events, rows[:, 0], times[:, None] * counted",
        "events, rows[:, 0], counted",
        FEATURES,
    ),
    "Laplace's rule for the MLE": (
        "name: levels / n for",
        "name: (levels + 1) / (n + levels.shape[1]) for",
    ),
    "share of the class in a level for the MLE": (
        "name: levels / n for",
        "name: levels / levels.sum(axis=0) for",
    ),
    "classes alike in the MLE": (
        '{"theta": seen.n / seen.n.sum()}',
        '{"theta": np.full(seen.n.size, 1 / seen.n.size)}',
    ),
    "total for mean in the MLE": ('"rate": seen.events / n', '"rate": seen.events / n.sum()'),
}

MAILS = pd.DataFrame({
    "label": ["spam", "ok", "ok", "spam", "ok", "list", "list", "spam", "list"],
    "money": [3, 0, 1, 4, 2, 2, 1, 0, 0],
    "hits_count": [0, 1, 1, 1, 0, 1, 0, 1, 1],
    "sent at": list("mnenmenem"),
    "level_code": [1, 2, 2, 1, 1, 2, 1, 2, 1],
    "count": [4, 30, 12, 7, 5, 2, 9, 1, 3],
})  # fmt: skip
PLAIN = {"asked": 1.0}
WEATHER = pd.DataFrame({
    "label": ["wet", "dry", "dry", "wet", "dry"], "sky": ["grey", "blue", "blue", "grey", "grey"],
})  # fmt: skip
COUNTS = pd.DataFrame({"label": ["a", "b", "a", "b"], "hits": [3, 0, 5, 1]})

CASES = {
    "three classes, counts and categories": (MAILS, {"asked": 6.0}, True),
    "another prior": (
        MAILS,
        {"asked": 2.0, "a": [0.7, 2.0, 3.0], "b": [1.4], "alpha": 0.6, "beta": 3.0},
        True,
    ),
    "counts alone": (COUNTS.assign(hits=[3, 2, 5, 1]), {"asked": 3.0}, True),
    "no thing with a count": (COUNTS.assign(hits=[3, 0, 5, 0]), PLAIN, "boundary"),
    "a level never seen in a class": (WEATHER, PLAIN, "boundary"),
    "one feature, rows one by one": (
        WEATHER.assign(sky=["grey", "blue", "grey", "blue", "grey"]),
        {"asked": 5.0},
        True,
    ),
    "a class with nothing in it": (WEATHER.assign(count=[0, 3, 2, 0, 1]), {"asked": 4.0}, False),
    "many": (
        WEATHER.assign(sky=["grey", "blue", "grey", "blue", "grey"], count=[700, 2000, 600, 7, 3]),
        PLAIN,
        True,
    ),
    "two features called alike": (
        WEATHER.assign(
            **{"sky ": ["b", "a", "a", "a", "b"], "sky": ["grey", "blue", "grey", "blue", "grey"]}
        ),
        PLAIN,
        True,
    ),
    "a of zero": (WEATHER, {**PLAIN, "a": [1.0, 0.0]}, "refused"),
    "b below zero": (WEATHER, {**PLAIN, "b": [-1.0]}, "refused"),
    "alpha of zero": (COUNTS, {**PLAIN, "alpha": 0.0}, "refused"),
    "beta below zero": (COUNTS, {**PLAIN, "beta": -0.5}, "refused"),
    "asked about no row": (WEATHER, {"asked": 0.0}, "refused"),
    "asked about a row too far": (WEATHER, {"asked": 6.0}, "refused"),
    "asked about half a row": (WEATHER, {"asked": 1.5}, "refused"),
}

STRICT = "both lists have one entry a feature; strict only says so if they ever had not"
EQUIVALENT = {
    "each = zip(names, before.b, strict=True)": {STRICT: ["True -> False"]},
    "marginals = {k: law.marginals() for k, law in zip(names, after.shares, strict=True)}": {
        STRICT: ["True -> False"]
    },
    "shares = {name: levels / n for name, levels in zip(names, seen.levels, strict=True)}": {
        STRICT: ["True -> False"]
    },
    'empty = coords["label"][seen.n.argmin()]': {
        "words for a reader; tests/test_naive_bayes.py asks for the right class": [
            "seen.n.argmin() -> seen.n.argmax()"
        ]
    },
}


def log_prior(theta, *, asked, a, b, alpha, beta):
    """By the docstring, each class and feature for itself."""
    total = 0.0
    for name, value in theta.items():
        if name == "rate":
            total += stats.gamma(alpha, scale=1 / beta).logpdf(value).sum()
        else:
            given = np.atleast_1d(a if name == "theta" else b)
            for row in np.atleast_2d(value):
                ends = np.linspace(given[0], given[-1], row.size)
                each = given if given.size == row.size else ends
                total += stats.dirichlet(each).logpdf(row / row.sum())
    return total
