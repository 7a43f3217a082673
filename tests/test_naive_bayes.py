"""Naive Bayes by other routes: scikit-learn, everything alike enumerated, draws, one by one."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, MultinomialNB

from analyses import _mails, _told
from analyses import naive_bayes as analysis
from models import naive_bayes as topic
from models._class_beliefs import chances
from models._exact import NoMaximum
from models._features import categories, counts, sorted_out
from tests.mistakes.naive_bayes import MAILS
from workflow import prior
from workflow import topic as topics

FOUND = topics.load("naive_bayes")
DATA = topics.read(FOUND)
SETTINGS = FOUND.defaults
MIXED = topics.read(FOUND, MAILS)
LAPLACE = SETTINGS | {"a": 1.0, "b": 1.0, "alpha": 1.0}


def one_by_one(data):
    """Rows of one thing each (n, 1 + F + G)."""
    return np.repeat(topic.codes(data), data["count"], axis=0)


# --- against scikit-learn -----------------------------------------------------------------------


def test_categorical_features_are_scikit_learns_at_alpha_1_given_its_class_shares():
    rows = one_by_one(DATA)
    theirs = CategoricalNB(alpha=1.0).fit(rows[:, 1:], rows[:, 0])
    share, *ours = topic.beliefs(DATA, **LAPLACE).factors(rows)
    np.testing.assert_allclose(
        theirs.class_log_prior_ + sum(ours), theirs.predict_joint_log_proba(rows[:, 1:]), rtol=1e-12
    )
    assert not np.allclose(share, theirs.class_log_prior_, rtol=1e-12)  # which theirs leaves raw
    assert share == pytest.approx(np.tile(theirs.class_log_prior_, (len(rows), 1)), abs=1e-3)


def test_two_levels_are_scikit_learns_bernoulli():
    rows = one_by_one(DATA.drop(columns="class"))
    theirs = BernoulliNB(alpha=1.0).fit(rows[:, 1:], rows[:, 0])
    _, *ours = topic.beliefs(DATA.drop(columns="class"), **LAPLACE).factors(rows)
    joint = theirs.predict_joint_log_proba(rows[:, 1:]) - theirs.class_log_prior_
    np.testing.assert_allclose(sum(ours), joint, rtol=1e-12)


def test_shares_of_words_are_scikit_learns_multinomial_whatever_the_exposure():
    """Poisson means over their sum: with the same alpha the exposure and its prior drop out."""
    data = topics.read(FOUND, MAILS.drop(columns=["sent at", "level_code"]))
    after = topic.beliefs(data, **SETTINGS | {"alpha": 0.7, "beta": 3.0})
    shares = after.rate.mean() / after.rate.mean().sum(axis=1, keepdims=True)
    rows = one_by_one(data)
    theirs = MultinomialNB(alpha=0.7).fit(rows[:, 1:], rows[:, 0])
    np.testing.assert_allclose(shares, np.exp(theirs.feature_log_prob_), rtol=1e-12)
    raw = topic.mle(data, asked=1)["rate"]
    theirs = MultinomialNB(alpha=1e-10).fit(rows[:, 1:], rows[:, 0])
    np.testing.assert_allclose(
        raw / raw.sum(axis=1, keepdims=True), np.exp(theirs.feature_log_prob_), rtol=1e-8
    )


# --- the posterior predictive -------------------------------------------------------------------


@pytest.mark.parametrize("data", [DATA, MIXED], ids=["categories", "both kinds"])
def test_what_is_foretold_is_what_one_more_row_adds_to_the_evidence(data):
    """The chance of a class and features, once more: evidence with the row over that without."""
    before = topic.exact(data, **SETTINGS).log_evidence
    found = sum(topic.beliefs(data, **SETTINGS).factors(topic.codes(data)))
    for i in (0, len(data) // 2, len(data) - 1):
        for c, label in enumerate(data["label"].cat.categories):
            one = data.iloc[[i]].assign(label=pd.Categorical([label], data["label"].cat.categories))
            more = pd.concat([data, one.assign(count=1)], ignore_index=True)
            for name in ["label", *categories(data)]:
                more[name] = pd.Categorical(more[name], data[name].cat.categories)
            gain = topic.exact(more, **SETTINGS).log_evidence - before
            assert found[i, c] == pytest.approx(gain, abs=1e-9)


def test_what_is_foretold_is_the_average_over_posterior_draws(run_of_mails):
    """P(class, features) averaged over draws of shares and means, and only then divided."""
    draws, rows = run_of_mails, topic.codes(MIXED)
    found = topic.beliefs(MIXED, **SETTINGS).factors(rows)
    joint = np.exp(sum(found))
    for c in range(joint.shape[1]):
        terms = draws["theta"][:, None, c] * np.ones(len(rows))
        for f, name in enumerate(["p_sent_at", "p_level_code"], start=1):
            terms = terms * draws[name][:, c][:, rows[:, f]]
        for g in range(2):
            terms = terms * stats.poisson(draws["rate"][:, c, g, None]).pmf(rows[:, 3 + g])
        error = terms.std(axis=0) / np.sqrt(len(terms))
        assert np.abs((terms.mean(axis=0) - joint[:, c]) / error).max() < 4.5


@pytest.fixture(scope="module")
def run_of_mails():
    """Independent draws of the posterior, each law by NumPy."""
    rng, n = np.random.default_rng(1), 40_000
    after = topic.beliefs(MIXED, **SETTINGS)
    found = {"theta": rng.dirichlet(after.a, n)}
    for name, b in zip(["p_sent_at", "p_level_code"], after.b, strict=True):
        found[name] = np.stack([rng.dirichlet(row, n) for row in b], axis=1)
    found["rate"] = rng.gamma(after.alpha, 1 / after.beta, (n, *after.alpha.shape))
    return found


def test_mean_and_sd_of_the_log_odds_are_those_of_draws(run_of_mails):
    draws, row = run_of_mails, topic.codes(MIXED)[5]
    law = topic.exact(MIXED, **SETTINGS | {"asked": 6.0}).derived["log_odds"]
    logs = np.log(draws["theta"])
    for f, name in enumerate(["p_sent_at", "p_level_code"], start=1):
        logs = logs + np.log(draws[name][:, :, row[f]])
    logs = logs + stats.poisson(draws["rate"]).logpmf(row[3:]).sum(axis=-1)
    odds = logs[:, 1:] - logs[:, :1]
    assert np.abs(odds.mean(0) - law.mean()).max() < 4.5 * odds.std(0).max() / 200
    assert odds.std(0) == pytest.approx(law.std(), rel=0.02)


@pytest.mark.parametrize("data", [DATA, MIXED], ids=["categories", "both kinds"])
def test_each_thing_foretold_from_the_others_is_that_thing_taken_out(data):
    """By dropping it from the rows and asking anew."""
    rows = topic.codes(data)
    found = topic.beliefs(data, **SETTINGS).foretold(rows, out=1.0)
    for i in range(len(data)):
        fewer = data.assign(count=data["count"] - (np.arange(len(data)) == i))
        anew = topic.beliefs(fewer, **SETTINGS).foretold(rows[[i]])[0]
        assert found[i] == pytest.approx(anew, rel=1e-10)


def test_foretelling_from_the_others_is_no_better_than_looking_things_up():
    """On noise alone: looked up, it seems right more often than chance; left out, it is not."""
    rng, right = np.random.default_rng(3), {0.0: [], 1.0: []}
    for _ in range(10):
        noise = pd.DataFrame({f"f{i}": rng.choice(list("abcdefgh"), 60) for i in range(8)})
        data = topics.read(FOUND, noise.assign(label=rng.choice(["x", "y"], 60)))
        rows = topic.codes(data)
        for out, found in right.items():
            told = topic.beliefs(data, **LAPLACE).foretold(rows, out=out).argmax(axis=1)
            found.append(np.mean(told == rows[:, 0]))
    assert np.mean(right[0.0]) > 0.75
    assert abs(np.mean(right[1.0]) - 0.5) < 4 * np.sqrt(0.25 / 600)


def test_shares_are_a_law_over_everything_a_thing_could_be():
    """All classes and all features together have chance one."""
    after = topic.beliefs(DATA, **SETTINGS)
    sizes = [DATA[name].cat.categories.size for name in categories(DATA)]
    every = np.array([[0, *x] for x in itertools.product(*map(range, sizes))])
    assert np.exp(sum(after.factors(every))).sum() == pytest.approx(1, abs=1e-12)
    counted = topic.beliefs(topics.read(FOUND, MAILS[["label", "money"]]), **SETTINGS)
    x = np.array([[0, k] for k in range(400)])
    assert np.exp(sum(counted.factors(x))).sum() == pytest.approx(1, abs=1e-9)


# --- rows ---------------------------------------------------------------------------------------


def test_things_one_by_one_are_things_counted():
    rows = DATA.loc[np.repeat(DATA.index, DATA["count"])].drop(columns="count")
    shuffled = topics.read(FOUND, rows.sample(frac=1, random_state=1).astype(str))
    one, two = (topic.exact(each, **SETTINGS) for each in (DATA, shuffled))
    assert two.log_evidence == pytest.approx(one.log_evidence, rel=1e-12)
    for name, law in one.marginals.items():
        np.testing.assert_allclose(two.marginals[name].mean(), law.mean(), rtol=1e-12)


def test_one_after_the_other_is_all_at_once():
    """Half the rows, then the other half with the first posterior for a prior."""
    half = MIXED["count"] // 2
    seen = [topic.tally(MIXED.assign(count=part)) for part in (half, MIXED["count"] - half)]
    before = topic.prior(topic.tally(MIXED), *(SETTINGS[k] for k in ("a", "b", "alpha", "beta")))
    after = before.given(seen[0]).given(seen[1])
    at_once = topic.beliefs(MIXED, **SETTINGS)
    parts = [[x.a, *x.b, x.alpha, x.beta] for x in (after, at_once)]
    for one, two in zip(*parts, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-13)


def test_which_columns_are_categories_and_which_counts():
    frame = pd.DataFrame({
        "label": list("aabb"), "text": list("xyxy"), "flag": [True, False, True, True],
        "bit": [0, 1, 1, 0], "bit_count": [0, 1, 1, 0], "number": [3, 0, 1, 2],
        "number_code": [3, 1, 1, 3], "float": [2.0, 0.0, 1.0, 1.0], "who": list("wxyz"),
    })  # fmt: skip
    found = sorted_out(frame)
    assert categories(found) == ["text", "flag", "bit", "number_code"]
    assert counts(found) == ["bit_count", "number", "float"]
    assert list(found["number_code"].cat.categories) == [1, 3]
    assert found["who"].tolist() == list("wxyz")


@pytest.mark.parametrize(("column", "said"), [
    ([1.5, 2.0, 1.0], "must hold text"), ([-1, 2, 3], "must hold text"),
    (["a", None, "a"], "present in every row; row 2"), (["a", "a", "a"], "2 to 40"),
    ([str(i // 2) for i in range(90)], "it takes 45"),
])  # fmt: skip
def test_a_column_that_is_neither_is_refused_by_name(column, said):
    frame = pd.DataFrame({"label": (["a", "b"] * 90)[: len(column)], "odd": column})
    with pytest.raises(ValueError, match=said) as refused:
        sorted_out(frame)
    assert "`odd`" in str(refused.value)


def test_names_of_any_kind_become_variables_of_their_own():
    frame = MAILS.rename(columns={"sent at": "a/b", "level_code": "a.b_code"})
    frame["a b"] = list("xyxyxyxyx")
    data = topics.read(FOUND, frame)
    names = topic.design(data)[1]
    assert len(set(names)) == len(names) == 3
    assert all(name.isidentifier() for name in names)
    assert {v.name for v in topic.model(data, **SETTINGS).free_RVs} == {"theta", "rate", *names}


def test_a_class_with_nothing_in_it_is_named():
    data = DATA.assign(count=DATA["count"] * (DATA["label"] == "died"))
    with pytest.raises(NoMaximum, match="nothing is labelled survived"):
        topic.mle(data, asked=1)


# --- the report ---------------------------------------------------------------------------------


def test_logs_add_up_where_products_are_zero():
    logs = np.array([[-1e5, -1e5 - np.log(3)], [-800.0, -790.0]])
    assert chances(logs)[0] == pytest.approx([0.75, 0.25], rel=1e-9)
    assert chances(logs).sum(axis=1) == pytest.approx([1, 1], abs=1e-10)  # 1e5 has no more digits
    assert chances(np.array([0.0, -np.inf])).tolist() == [1.0, 0.0]


def test_the_textbooks_mails():
    """Present words by hand, Bernoulli by scikit-learn with the table put in, Poisson by SciPy."""
    both = SimpleNamespace(spam=0.3 * 0.8 * 0.7 * 0.75, other=0.7 * 0.1 * 0.15 * 0.02)
    assert _mails.spam("money free winner")[0] == pytest.approx(
        both.spam / (both.spam + both.other)
    )
    model = BernoulliNB(class_prior=_mails.SHARE).fit(np.eye(4, dtype=int)[[0, 1]], [0, 1])
    model.feature_log_prob_ = np.log(_mails.CHANCE)
    for mail in _mails.MAILS:
        x = np.array([[word in mail.split() for word in _mails.WORDS]], dtype=int)
        assert _mails.spam(mail)[1] == pytest.approx(model.predict_proba(x)[0, 0], rel=1e-12)
    rate = -np.log1p(-_mails.CHANCE)
    joint = _mails.SHARE * stats.poisson(rate).pmf([3, 0, 0, 1]).prod(axis=1)
    assert _mails.spam("money money money meeting")[2] == pytest.approx(joint[0] / joint.sum())


def test_features_that_go_together_are_seen_and_those_that_do_not_are_not():
    rng, n = np.random.default_rng(2), 400
    label, one = rng.integers(0, 2, (2, n))
    other = {
        "apart": rng.integers(0, 2, n),
        "together": np.where(rng.random(n) < 0.8, one, 1 - one),
    }
    found = {}
    for name, two in other.items():
        rows = np.column_stack([label, one, two])
        run = SimpleNamespace(
            data=topics.read(FOUND, pd.DataFrame(rows, columns=["label", "x", "z"]))
        )
        found[name] = analysis.discrepancy(rows, run)
        tables = [pd.crosstab(one[label == c], two[label == c]) for c in (0, 1)]
        want = sum(stats.chi2_contingency(t, correction=False)[0] for t in tables)
        assert found[name] == pytest.approx(want, rel=1e-10)
    assert found["apart"] < stats.chi2(2).isf(0.001) < found["together"]


def test_counts_that_scatter_too_much_are_seen():
    rng = np.random.default_rng(4)
    label, x = rng.integers(0, 2, 200), rng.poisson(5, 200)
    run = SimpleNamespace(data=topics.read(FOUND, pd.DataFrame({"label": label, "hits": x})))
    plain, wide = (analysis.discrepancy(np.column_stack([label, y]), run) for y in (x, 3 * x))
    assert stats.chi2(198).cdf(plain) < 0.999
    assert wide == pytest.approx(3 * plain)


def test_recall_and_precision():
    table = _told.confusion([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], [8, 2, 3, 1, 6], 2)
    assert table.tolist() == [[8, 2], [6, 4]]
    shown = _told.shown(table, ["x", "y"])
    assert shown["recall"].tolist() == ["80.0%", "40.0%"]
    assert shown["precision"].tolist() == ["57.1%", "66.7%"]
    assert _told.ratios([0.0], [0.0]) == ["none"]


def test_the_pull_of_the_prior_is_measured_though_arviz_has_a_label_of_its_own():
    """Its dimension `label` met ArviZ's in `psense_summary`, and there was no table at all."""
    assert "label" in topic.model(DATA, **SETTINGS).coords
    rng = np.random.default_rng(1)
    theta = xr.DataArray(rng.normal(size=(2, 500, 2)), dims=["chain", "draw", "label"])
    each = {"posterior": theta, "log_prior": -(theta**2) / 8, "log_likelihood": -(theta**2) / 2}
    groups = {group: values.to_dataset(name="theta") for group, values in each.items()}
    table = prior.sensitivity(xr.DataTree.from_dict(groups))
    assert list(table.index) == ["theta[0]", "theta[1]"]
    assert (table["likelihood"] > table["prior"]).all()
