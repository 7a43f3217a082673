"""To which class does a thing belong? Each feature speaks by itself (naive Bayes; PML1 9.3).

    theta       ~ Dirichlet(a)               the share of each of C classes
    p_f[c]      ~ Dirichlet(b)               within class c, the share of each level of feature f
    rate[c, g]  ~ Gamma(alpha, rate beta)    within class c, the mean of the counted feature g
    label_i     ~ Categorical(theta)         i = 1..n things; given the label features are apart:
    f_i         ~ Categorical(p_f[label_i])  case_i is label_i with all its features
    g_i         ~ Poisson(rate[label_i, g])
    log_odds[c] = log P(c | features) / P(first class | features)    of a thing like row `asked`

Exact: conjugate. The class of a further thing: products of posterior means, counts foretold by
negative binomials (`beliefs`); of log_odds mean and sd by digamma and trigamma.
MLE: the observed shares and means; none where a class is empty, on the boundary with a zero count.
"""

import narwhals as nw
import numpy as np
import pandera.pandas as pa
import pymc as pm

from models._alike import ALIKE, summed
from models._categories import per_category
from models._class_beliefs import ClassBeliefs, draw_cases, log_joint
from models._exact import Exact, NoMaximum
from models._features import categories, codes, counts, features_of, named, sorted_out, tally
from models._reduced import totals


class Data(pa.DataFrameModel):
    """One row a thing, or a kind of thing and how many. Every other column is a feature: 0/1, and
    text if a value repeats, are categories (or `..._code`); other numbers counts (`..._count`)."""

    label: pa.Category = pa.Field(coerce=True, description="the class it belongs to (any label)")
    count: int = pa.Field(ge=0, coerce=True, description="how many such things; absent: 1 a row")

    @pa.dataframe_check(error="`label` must take at least two different values")
    def more_than_one_class(cls, frame):
        return frame["label"].cat.categories.size > 1

    @pa.dataframe_check(error="there must be a feature: text that repeats, or whole numbers")
    def some_feature(cls, frame):
        return len(categories(frame) + counts(frame)) > 0

    @pa.dataframe_check(error="`count` must add up to 1 to 200,000 (more: --engine duckdb)")
    def so_many(cls, frame):
        return 1 <= frame["count"].sum() <= 200_000


def tidy(frame):
    """Each feature becomes categories or counts; rows without a `count` count once each."""
    return sorted_out(frame if "count" in frame else frame.assign(count=1))


PRIOR = {"a": [1.5, 1.0], "b": [0.8, 1.2], "alpha": 2.0, "beta": 0.5}  # a, b: one, two ends, each
KNOWN = {"asked": 2.0}  # the number of the row whose like is asked about; of kinds, where added up
WEIGHED = True  # a column may say how many rows each one stands for


def design(data):
    """What the rows add up to, the names of the p_f, and coords for names and labels."""
    return tally(data), *named(data, "p_")


def prior(seen, a, b, alpha, beta):
    """Pseudo-counts for every number of a `Tally`."""
    if not min(alpha, beta) > 0:
        raise ValueError("`alpha` and `beta` must be positive")
    C, G = seen.events.shape
    levels = [np.tile(per_category("b", b, x.shape[1]), (C, 1)) for x in seen.levels]
    rates = np.full((C, G), alpha), np.full((C, 1), beta)
    return ClassBeliefs(per_category("a", a, C), levels, *rates)


def model(data, *, asked, a, b, alpha, beta):
    seen, names, coords = design(data)
    before, F = prior(seen, a, b, alpha, beta), len(names)
    one_each = data.loc[data.index.repeat(data["count"])]
    every = codes(one_each)
    classes, features = np.arange(seen.n.size)[:, None], features_of(data, asked)
    alike = np.hstack([classes, np.tile(features, classes.shape)])
    with pm.Model(coords=coords | {"row": np.arange(1, len(every) + 1)}) as built:
        case = pm.Data("case_data", every, dims=("row", "column"))
        theta = pm.Dirichlet("theta", before.a, dims="label")
        each = zip(names, before.b, strict=True)
        laws = [pm.Dirichlet(name, x, dims=("label", f"{name}_level")) for name, x in each]
        if coords["counted"]:
            laws.append(pm.Gamma("rate", alpha, beta, dims=("label", "counted")))
        of_each = log_joint(alike, theta, laws[:F], laws[F:])
        pm.Deterministic("log_odds", of_each[1:] - of_each[0], dims="other")
        pm.CustomDist(
            "case", theta, *laws, *map(np.arange, every.shape), dtype="int64", observed=case,
            signature=",".join(["(c)", *(f"(c,k{i})" for i in range(len(laws))), "(m),(d)->(m,d)"]),
            logp=lambda case, theta, *x: summed(log_joint(case, theta, x[:F], x[F:-2]), one_each),
            random=lambda theta, *rest, **how: draw_cases(theta, rest[:F], *rest[F:-1], **how),
            dims=("row", "column"),
        )  # fmt: skip
    return built


def exact(data, *, asked, a, b, alpha, beta):
    seen, names, coords = design(data)
    before = prior(seen, a, b, alpha, beta)
    after, names = before.given(seen), ["theta", *names]
    marginals = {k: law.marginals() for k, law in zip(names, after.shares, strict=True)}
    no_rate = np.zeros_like(after.alpha)
    return Exact(
        marginals=marginals | ({"rate": after.rate} if coords["counted"] else {}),
        derived={"log_odds": after.log_odds(features_of(data, asked))},
        log_evidence=after.log_partition - before.log_partition - seen.log_factorials,
        by="algebra",
        joint=lambda x: after.logpdf([x[k] for k in names], x.get("rate", no_rate)),
    )


def mle(data, *, asked):
    features_of(data, asked)  # what is no row is refused here too
    seen, names, coords = design(data)
    if seen.n.min() == 0:
        empty = coords["label"][seen.n.argmin()]
        raise NoMaximum(f"no single maximum: nothing is labelled {empty}, so any feature fits it")
    n = seen.n[:, None]
    shares = {name: levels / n for name, levels in zip(names, seen.levels, strict=True)}
    rate = {"rate": seen.events / n} if coords["counted"] else {}
    return {"theta": seen.n / seen.n.sum()} | shares | rate


def beliefs(data, *, a, b, alpha, beta, **known):
    """What is known of the classes after the rows."""
    seen = tally(data)
    return prior(seen, a, b, alpha, beta).given(seen)


def taken(others):  # every column is a feature
    return dict.fromkeys(others, "category")


def reduced(rows):
    """Kinds of things, one of each, and how many are like it; log p(data) stays what it is."""
    kinds = [name for name in rows.collect_schema().names() if name != "count"]
    found, n = totals(rows, ["count"], by=kinds), nw.col("count")
    some = (n > 0).cast(nw.Int64)  # what is listed and never seen stays a level
    return found.select(*kinds, some.alias("count"), (n + 1 - some).alias(ALIKE))


def suggest(data):
    """Settings for data the default prior does not expect: Laplace's rule, one thing's counts."""
    seen = tally(data)
    mean = seen.events.sum() / seen.n.sum() / max(seen.events.shape[1], 1)
    return {"a": [1.0], "b": [1.0], "alpha": 1.0, "beta": float(f"{1 / max(mean, 1e-3):.3g}")}
