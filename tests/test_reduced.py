"""Rows and their sums: the same posterior, on every engine, in any order and in any parts."""

import math

import dask.dataframe as dd
import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pymc as pm
import pytest
from scipy.special import gammaln, xlogy

from models._reduced import totals
from workflow import check, describe, far_rules, topic
from workflow.density import INTERPRETED, joint

ADD_UP = [name for name in topic.names() if hasattr(topic.load(name).module, "reduced")]
ROWS = 2_000
ENGINES = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: pl.from_pandas(frame).lazy(),
    "duckdb": lambda frame: duckdb.connect().from_df(frame),
    "dask": lambda frame: dd.from_pandas(frame, npartitions=7),
}
pytestmark = pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")


def many(name) -> pd.DataFrame:
    """Rows such as a topic takes, none alike in what they count."""
    rng = np.random.default_rng(8)
    n = rng.integers(0, 9, ROWS)
    words = {k: rng.choice(["c", "a", "b b", "d"], ROWS) for k in ("category", "row", "column")}
    words |= {k: rng.choice(["sun", "rain", "snow"], ROWS) for k in ("state", "next")}
    words["study"] = rng.choice(["population", "positives", "negatives"], ROWS)
    some = rng.binomial(n, 0.2)
    numbers = {"tested": n, "positive": some, "flagged": some, "count": n}
    numbers["exposure"] = rng.gamma(2.0, 3.0, ROWS)
    if name in MEASURED:
        return pd.DataFrame(MEASURED[name](rng))
    columns = topic.load(name).module.Data.to_schema().columns
    return pd.DataFrame({column: (words | numbers)[column] for column in columns})


def line(rng, p):
    """Predictors that hang together, in units of their own, and an outcome of them all."""
    mixed = rng.standard_normal((ROWS, p)) @ rng.standard_normal((p, p))
    columns = {f"x{j}": 10.0**j * (mixed[:, j] + 3) for j in range(p)}
    return columns | {"outcome": 150 + 20 * mixed.sum(axis=1) + 40 * rng.standard_normal(ROWS)}


def choices(rng, name, labels):
    """A predictor of few values, and one of two labels."""
    dose = rng.integers(0, 4, ROWS) * 2.5
    yes = rng.random(ROWS) < 1 / (1 + np.exp(1 - 0.3 * dose))
    return {"dose": dose, name: np.array(labels)[yes.astype(int)]}


MEASURED = {  # topic -> rows of measurements
    "gamma_precision": lambda rng: {"y": 734.5 + 70 * rng.standard_normal(ROWS)},
    "normal_unknown_variance": lambda rng: {"y": 0.7 + 1.2 * rng.standard_normal(ROWS)},
    "normal_normal": lambda rng: {
        "value": 879 + 3 * rng.standard_normal(ROWS), "error": rng.gamma(4, 1, ROWS),
    },
    "correlation": lambda rng: {
        "x": 240 + 45 * rng.standard_normal(ROWS), "y": 220 + 40 * rng.standard_normal(ROWS),
    },
    "linear_regression": lambda rng: line(rng, 3),
    "probabilistic_pca": lambda rng: {
        f"x{j}": 3.5 + column for j, column in enumerate(rng.standard_normal((4, ROWS)).cumsum(0))
    },
    "logistic_regression": lambda rng: choices(rng, "outcome", [0, 1]),
    "softmax_regression": lambda rng: choices(rng, "label", ["a", "b"]),
    "naive_bayes": lambda rng: {
        "label": rng.choice(["ok", "spam"], ROWS), "word": rng.choice(["yes", "no"], ROWS),
        "links": rng.integers(0, 4, ROWS), "count": rng.integers(1, 9, ROWS),
    },
}  # fmt: skip


def added(name, frame, engine="pandas") -> pd.DataFrame:
    """The sums of rows on an engine, in order."""
    rows = nw.from_native(ENGINES[engine](frame))
    found = topic.load(name).module.reduced(rows).collect("pandas").to_native()
    labels = list(found.select_dtypes(exclude="number"))
    found = found.astype(dict.fromkeys(labels, "str"))
    return found.sort_values([*labels, *found.columns.difference(labels)], ignore_index=True)


def choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


STATED = {  # topic -> by how much log p(sums) exceeds log p(rows), as its `reduced` says
    "beta_binomial": lambda rows, sums: (
        choose(*sums.to_numpy().T).sum() - choose(*rows.to_numpy().T).sum()
    ),
    "base_rate": lambda rows, sums: (
        choose(sums["tested"], sums["flagged"]).sum()
        - choose(rows["tested"], rows["flagged"]).sum()
    ),
    "normal_normal": lambda rows, sums: (
        -np.log(sums["error"]).sum()
        + np.log(rows["error"]).sum()
        + (len(rows) - 1) * np.log(2 * np.pi) / 2
        + (((rows["value"] - sums["value"][0]) / rows["error"]) ** 2).sum() / 2
    ),
    "poisson_gamma": lambda rows, sums: np.subtract(
        *((xlogy(d["count"], d["exposure"]) - gammaln(d["count"] + 1)).sum() for d in (sums, rows))
    ),
}


def differences(name, rows, sums):
    """log p(sums, theta) - log p(rows, theta) at many theta, relative to the size of either."""
    found = topic.load(name)
    data = [topic.read(found, frame) for frame in (rows, sums)]
    models = [found.model(d, found.defaults) for d in data]
    of_rows, of_sums = map(joint, models)
    for theta in points(found, data[0], models[0]):
        left, right = of_rows(theta), of_sums(theta)
        yield right - left, 1 + abs(left) + abs(right)


def points(found, data, model):
    """Unknowns from the prior, and nearer and nearer to the posterior where that is known."""
    try:
        yield from check.identity_points(model, found.exact(data, found.defaults), 1)
    except NotImplementedError:
        drawn = pm.draw(model.free_RVs, draws=40, random_seed=1, mode=INTERPRETED)
        for each in zip(*drawn, strict=True):
            yield {v.name: value for v, value in zip(model.free_RVs, each, strict=True)}


@pytest.mark.parametrize("counted", ADD_UP)
def test_rows_and_sums_have_one_log_joint_but_for_the_stated_constant(counted):
    rows = many(counted)
    sums = added(counted, rows)
    assert len(sums) < 20
    constant = STATED.get(counted, lambda *_: 0.0)(rows, sums)
    apart = list(differences(counted, rows, sums))
    assert len(apart) == 40
    assert all(abs(gap - constant) < 1e-10 * size for gap, size in apart)


@pytest.mark.parametrize("counted", ADD_UP)
def test_a_row_that_is_lost_is_seen(counted):
    rows = many(counted)
    lost = rows.index[rows.select_dtypes("number").min(axis=1) > 0][0]
    sums = added(counted, rows.drop(index=lost))
    constant = STATED.get(counted, lambda *_: 0.0)(rows, sums)
    apart = differences(counted, rows, sums)
    assert any(abs(gap - constant) > 1e-6 * size for gap, size in apart)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("counted", ADD_UP)
def test_exact_answer_and_mle_are_those_of_the_rows_on_every_engine(counted, engine):
    found, rows = topic.load(counted), many(counted)
    data, sums = topic.read(found, rows), topic.read(found, added(counted, rows, engine))
    left, right = (laws(found, d) for d in (data, sums))
    assert left.keys() == right.keys()
    for name in left:
        sd = left[name].std()
        np.testing.assert_allclose(right[name].std(), sd, rtol=1e-12)
        assert (np.abs(right[name].mean() - left[name].mean()) <= 1e-12 * (1 + sd)).all()
    best = [found.mle(d, found.defaults) for d in (data, sums)]
    for name in best[0]:
        before, after = (b[name] @ b[name].T if name in found.turned else b[name] for b in best)
        np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-12 * np.abs(before).max())


def laws(found, data) -> dict:
    """The exact answer's distributions, where there are any."""
    try:
        every = found.exact(data, found.defaults).distributions
    except NotImplementedError:
        return {}
    return {name: law for name, law in every.items() if name != "log_odds"}  # of a row by number


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("counted", ADD_UP)
def test_sums_are_the_same_to_the_last_bit_in_any_order(counted, engine):
    rows = many(counted)
    shuffled = rows.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        added(counted, shuffled, engine), added(counted, rows), check_exact=True
    )


@pytest.mark.parametrize("parts", [1, 2, 61])
def test_sums_are_the_same_to_the_last_bit_in_any_parts(parts):
    rows = many("poisson_gamma")
    cut = nw.from_native(dd.from_pandas(rows, npartitions=parts))
    found = topic.load("poisson_gamma").module.reduced(cut).collect("pandas").to_native()
    pd.testing.assert_frame_equal(found, added("poisson_gamma", rows), check_exact=True)


FAR = {  # columns whose sums are easily got wrong
    "mean 1e9, sd 1": lambda rng: 1e9 + rng.standard_normal(200_000),
    "a tenth": lambda rng: np.full(200_000, 0.1),
    "both signs": lambda rng: rng.standard_normal(200_000),
    "all sizes": lambda rng: 10.0 ** rng.uniform(-99, 99, 200_000),
    "one large": lambda rng: np.r_[1e16, np.full(199_999, 0.3)],
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", FAR)
def test_a_sum_of_floats_loses_no_digits(kind, engine):
    x = FAR[kind](np.random.default_rng(5))
    rows = nw.from_native(ENGINES[engine](pd.DataFrame({"x": x, "g": np.arange(x.size) % 3})))
    exact = math.fsum(x)
    found = totals(rows, ["x"]).collect("pandas")["x"].to_list()[0]
    assert found == pytest.approx(exact, rel=4e-16)
    groups = totals(rows, ["x"], by=["g"]).collect("pandas").to_native().set_index("g")["x"]
    for g in range(3):  # digits are those of the largest number of all groups
        assert groups[g] == pytest.approx(math.fsum(x[g::3]), rel=1e-15, abs=4e-16 * abs(exact))


def test_one_after_the_other_loses_digits_that_are_kept_here():
    x = FAR["a tenth"](None)
    assert abs(np.cumsum(x)[-1] - math.fsum(x)) > 1e-13 * math.fsum(x)


@pytest.mark.parametrize("engine", ENGINES)
def test_small_whole_numbers_add_up_beyond_their_own_size(engine):
    x = np.full(10_000, 2**31 - 1, dtype=np.int32)
    rows = nw.from_native(ENGINES[engine](pd.DataFrame({"x": x})))
    assert totals(rows, ["x"]).collect("pandas")["x"].to_list() == [10_000 * (2**31 - 1)]


@pytest.mark.parametrize("counted", ADD_UP)
def test_every_rule_can_be_asked_far_away_or_of_the_sums(counted):
    """A rule about all rows together is one number of the sums; any other is an expression."""
    schema = topic.load(counted).module.Data.to_schema()
    asked = {rule.words for rule in far_rules.rules(schema)}
    data = topic.read(topic.load(counted), added(counted, many(counted)))
    for one in schema.checks:
        if one.error not in asked:
            assert isinstance(bool(one(data).check_passed), bool)
            open_columns = hasattr(topic.load(counted).module, "taken")
            assert open_columns or not isinstance(one._check_fn(data), pd.Series)
    cells = sum(len(column.checks) for column in schema.columns.values())
    assert cells <= len(asked)


def test_a_rule_that_cannot_be_asked_far_away_is_an_error():
    class Strange(pa.DataFrameModel):
        x: int = pa.Field(str_length={"min_value": 3})

    class All(pa.DataFrameModel):
        x: int

        @pa.dataframe_check(error="strange")
        def strange(cls, frame):
            return True

    for model in (Strange, All):
        with pytest.raises(NotImplementedError):
            far_rules.rules(model.to_schema())


def test_describe_says_whether_rows_add_up(name):
    found = topic.load(name)
    shown = describe.describe(found)
    assert ("rows add up" in shown) == (name in ADD_UP)
    assert ("every row is looked at" in shown) == (name not in ADD_UP)
