"""What a topic's textbook form and its NumPyro model are given: its rows and settings, as arrays.

They come from the topic's own `design`, so that all contenders look at the same numbers.
"""

import numpy as np

from models import _categories as categories

COLUMNS = {  # where the rows are handed over as they are
    "beta_binomial": ["tested", "positive"],
    "gamma_precision": ["y"],
    "normal_normal": ["value", "error"],
    "normal_unknown_variance": ["y"],
    "poisson_gamma": ["count", "exposure"],
}


def given(found, data, settings) -> dict:
    """Every argument of the topic's functions in textbook.py and peers/models.py, by name."""
    if found.name in COLUMNS:
        rows = {column: data[column] for column in COLUMNS[found.name]}
    else:
        rows = globals()[found.name](found.module, data, settings)
    return {k: np.asarray(v) for k, v in (settings | rows).items()}


def base_rate(module, data, settings):
    _, tested, flagged = module.design(data)
    return {"tested": tested, "flagged": flagged}  # population, positives, negatives


def contingency_table(module, data, settings):
    count = module.design(data)[0].ravel().astype(int)
    return {"count": count, "a": categories.per_category("a", settings["a"], count.size)}


def correlation(module, data, settings):
    return {"pair": module.design(data)}


def covariate_shift(module, data, settings):
    z, y, *_ = module.design(data)
    return {"z": z, "y": y}


def dirichlet_multinomial(module, data, settings):
    count, labels = module.design(data)
    return {"count": count, "a": module.pseudo_counts(labels, settings["a"]).a}


def entropy(module, data, settings):
    count = module.design(data)[0].astype(int)
    return {"count": count, "a": categories.per_category("a", settings["a"], count.size)}


def gaussian_mixture(module, data, settings):
    share, group = module.priors(**settings)
    priors = {name: getattr(group, name) for name in ("m", "kappa", "shape", "rate")}
    return {"y": data["y"], "a": share.a} | priors


def hidden_markov(module, data, settings):
    codes, labels = module.design(data)
    start, a, b = module.priors(labels, **settings)
    return {"symbol": codes, "start": start, "a": a.a, "b": b.a}


def laplace_regression(module, data, settings):
    z, y, *_ = module.design(data)
    return {"z": z, "y": y}


def linear_regression(module, data, settings):
    X, outcome, *_ = module.design(data)
    return {"X": X, "outcome": outcome}


def local_level(module, data, settings):
    time, y = data["time"].to_numpy(), data["y"].to_numpy()
    return {"y": y, "gap": np.diff(time, prepend=time[0])}


def logistic_regression(module, data, settings):
    A, outcome, *_ = module.design(data)
    return {"X": A[:, 1:], "outcome": outcome}


def markov_chain(module, data, settings):
    count, labels = module.design(data)
    return {"count": count, "a": module.prior(len(labels), settings["stay"], settings["move"]).a}


def missing_data(module, data, settings):
    """The rows that have each column, with the columns before it."""
    rows = module.design(data)
    seen = (rows[~np.isnan(rows[:, k])][:, : k + 1] for k in range(rows.shape[1]))
    return dict(zip(module.COLUMNS, seen, strict=True))


def naive_bayes(module, data, settings):
    """`b_NAME` and `seen_NAME` for each categorical feature; `events` are the counted ones."""
    seen, names, _ = module.design(data)
    prior = {name: settings[name] for name in ("a", "b", "alpha", "beta")}
    before, every = (
        module.prior(seen, **prior),
        np.repeat(module.codes(data), data["count"], axis=0),
    )
    levels = {f"b_{name}": b for name, b in zip(names, before.b, strict=True)}
    levels |= {f"seen_{name}": every[:, f] for f, name in enumerate(names, start=1)}
    return levels | {"a": before.a, "label": every[:, 0], "events": every[:, 1 + len(names) :]}


def poisson_hidden_markov(module, data, settings):
    start, a, rates = module.priors(**settings)
    return {"count": data["count"], "start": start, "a": a.a, "shape": rates.shape,
            "rate": rates.rate}  # fmt: skip


def polynomial_regression(module, data, settings):
    columns, y = module.design(data, settings["degree"])
    return {"columns": columns, "y": y}


def probabilistic_pca(module, data, settings):
    x, q = module.design(data, settings["q"])
    return {"x": x, "q": q}


def softmax_regression(module, data, settings):
    A, label, *_ = module.design(data)
    return {"X": A[:, 1:], "label": label, "root": np.linalg.cholesky(module.spread(data))}
