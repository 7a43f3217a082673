"""Rows that stand for several: model, exact answer, MLE and second sampler count them so often."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest

from models import _components as components
from models._alike import ALIKE, times
from workflow import alike, check, refit, report, topic, verify
from workflow.density import joint, log_densities
from workflow.refused import Refused

TIMES = [3, 1, 7, 2, 1, 4, 1, 2]
RNG = np.random.default_rng(6)
ROWS = {  # topic -> eight rows
    "gamma_precision": {"y": 734.5 + 70 * RNG.standard_normal(8)},
    "normal_unknown_variance": {"y": 0.7 + 1.2 * RNG.standard_normal(8)},
    "correlation": {"x": 240 + 45 * RNG.standard_normal(8), "y": RNG.normal(220, 40, 8)},
    "linear_regression": {
        "a": RNG.standard_normal(8), "b": RNG.uniform(9, 10, 8), "outcome": RNG.normal(150, 50, 8),
    },
    "probabilistic_pca": {name: RNG.normal(3.5, 1, 8) for name in "abcd"},
    "logistic_regression": {"x": [1.0, 2, 3, 1, 2, 3, 4, 4], "outcome": [0, 0, 1, 1, 1, 0, 1, 0]},
    "softmax_regression": {"x": [1.0, 2, 3, 1, 2, 3, 4, 4], "label": list("aabbabab")},
    "naive_bayes": {
        "label": list("aabbabab"), "word": list("yynnynyy"), "links": [0, 2, 1, 1, 0, 3, 1, 0],
        "count": [1, 1, 2, 1, 3, 1, 1, 1],
    },
}  # fmt: skip


def both(name):
    """The topic, eight rows of which some stand for several, and all of them one by one."""
    found, few = topic.load(name), pd.DataFrame(ROWS[name])
    every = few.loc[few.index.repeat(TIMES)].reset_index(drop=True)
    return found, topic.read(found, few.assign(**{ALIKE: TIMES})), topic.read(found, every)


@pytest.mark.parametrize("known", ROWS)
def test_the_log_joint_is_that_of_all_rows(known):
    found, few, every = both(known)
    models = [found.model(data, found.defaults) for data in (few, every)]
    left, right = map(joint, models)
    for theta in points(models[1]):
        assert left(theta) == pytest.approx(right(theta), rel=1e-12)


def points(model, number=10):
    drawn = pm.draw(model.free_RVs, draws=number, random_seed=1, mode="FAST_COMPILE")
    return [dict(zip([v.name for v in model.free_RVs], each, strict=True))
            for each in zip(*drawn, strict=True)]  # fmt: skip


@pytest.mark.parametrize("known", [name for name in ROWS if name != "probabilistic_pca"])
def test_the_exact_answer_is_that_of_all_rows(known):
    found, few, every = both(known)
    left, right = (found.exact(data, found.defaults) for data in (few, every))
    assert left.log_evidence == pytest.approx(right.log_evidence, rel=1e-12)
    for name, law in right.distributions.items():
        if name == "log_odds":
            continue  # of a row by its number, which is another one here
        np.testing.assert_allclose(left.distributions[name].mean(), law.mean(), rtol=1e-9)
        np.testing.assert_allclose(left.distributions[name].std(), law.std(), rtol=1e-9)


@pytest.mark.parametrize("known", ROWS)
def test_the_mle_is_that_of_all_rows_and_the_score_is_none(known):
    found, few, every = both(known)
    left, right = (found.mle(data, found.defaults) for data in (few, every))
    for name in right:
        turned = name in found.turned
        before, after = (x[name] @ x[name].T if turned else x[name] for x in (right, left))
        np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)
    assert check.score(found.model(few, found.defaults), left).check.passed


@pytest.mark.parametrize("known", ROWS)
def test_suggestions_are_those_of_all_rows(known):
    found, few, every = both(known)
    if hasattr(found.module, "suggest"):
        left, right = (found.module.suggest(data) for data in (few, every))
        assert left.keys() == right.keys()
        for name in left:
            assert left[name] == pytest.approx(right[name], rel=1e-9)


@pytest.mark.parametrize("known", sorted(ROWS.keys() - {"probabilistic_pca", "naive_bayes"}))
def test_the_answer_in_words_is_that_of_all_rows(known):
    found, few, every = both(known)
    said = []
    for data in (few, every):
        run = verify.Run(found, data, verify.FRAME, found.defaults, 1)
        verify.answer(run)
        said.append(found.analysis.answer(run))
    assert said[0] == said[1]


def test_rows_in_other_units_are_said_to_be():
    found, few, _ = both("gamma_precision")
    for scale, what in ((1, ""), (1e-3, "the mean of `y`"), (-1, "the mean of `y`")):
        run = verify.verify(found, few.assign(y=scale * few["y"]), found.defaults,
                            path=verify.FRAME)  # fmt: skip
        assert bool(run.warnings) == bool(what)
        assert what in " ".join(run.warnings)
    assert "Settings that would expect it" in run.warnings[-1]


def test_groups_of_rows_that_stand_for_several_are_one_graph():
    found, few, _ = both("gamma_precision")
    others = few.assign(**{ALIKE: TIMES[::-1]})
    one, two = (refit.Graph(found.model(data, found.defaults)) for data in (few, others))
    assert one == two


def test_a_second_sampler_of_hidden_scores_draws_those_of_all_rows():
    """The posterior means of what is determined, by either way, in standard errors."""
    found, few, every = both("probabilistic_pca")
    means = []
    for data in (few, every):
        rng = np.random.default_rng(2)
        drawn = found.module.gibbs(data, rng, 3_000, 4, **found.defaults)
        signal = np.log(np.trace(drawn["signal"], axis1=-2, axis2=-1))
        means.append((signal.mean(axis=1), np.log(drawn["sigma"]).mean(axis=1)))
    for left, right in zip(*means, strict=True):  # of four chains each
        error = np.sqrt((left.var(ddof=1) + right.var(ddof=1)) / 4)
        assert abs(left.mean() - right.mean()) < 6 * error


def test_few_of_one_more_row_are_no_wishart():
    """Fewer further rows than hidden dimensions: their scores are drawn one by one."""
    rng, x = np.random.default_rng(3), RNG.standard_normal((6, 4))
    prior = components.Beliefs(0.0, 2.0, 1.0, 2.0, 0.1)
    found = list(components.sweeps(x, 2, prior, rng, 5, burn=5, times=np.r_[2, np.ones(5)]))
    assert all(np.isfinite(part).all() for drawn in found for part in drawn)


def test_a_model_that_forgets_the_others_disagrees(monkeypatch):
    monkeypatch.setattr(alike, "repeated", lambda model, times: None)
    found, few, _ = both("gamma_precision")
    run = verify.Run(found, few, verify.FRAME, found.defaults, 1)
    verify.answer(run)
    assert run.verdict == "disagree"


@pytest.fixture(scope="module")
def run():
    found, few, _ = both("linear_regression")
    return verify.verify(found, few, found.defaults, path=verify.FRAME)


def test_a_report_of_rows_that_stand_for_several_says_what_is_left_out(run, tmp_path):
    assert run.verdict == "agree"
    assert not {"posterior_predictive", "prior_predictive"} & set(run.draws.children)
    np.testing.assert_array_equal(times(run.data), TIMES)
    facts = report.write(run, tmp_path)
    assert facts["fit"]["p"] is None
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "rows that stand for several are compared with no simulated ones" in page
    assert "a sample of the rows will tell" in page


def test_the_log_likelihood_is_that_of_all_rows(run):
    """What power-scaling asks for: each row's term counts so often."""
    found, _, every = both("linear_regression")
    model, kept = found.model(every, found.defaults), run.draws.posterior.isel(draw=slice(0, 9))
    whole = log_densities(model, model.observed_RVs, kept)["outcome"].sum("row")
    found = run.draws.log_likelihood["outcome"].isel(draw=slice(0, 9)).sum("row")
    np.testing.assert_allclose(found, whole, rtol=1e-12)


def test_a_topic_that_looks_at_each_row_refuses():
    found = topic.load("beta_binomial")
    rows = pd.DataFrame({"tested": [9, 9], "positive": [1, 2], ALIKE: [2, 3]})
    with pytest.raises(Refused, match="is not for this topic: it looks at each row"):
        topic.read(found, rows)


@pytest.mark.parametrize("bad", [0, -1, 0.5, 2.5, np.nan, np.inf, "many"])
def test_rows_that_stand_for_none_are_refused(bad):
    said = "nothing" if pd.isna(bad) else bad
    found, few, _ = both("gamma_precision")
    with pytest.raises(
        Refused, match=f"`rows alike` must be a whole number of rows, 1 or more; .*{said}"
    ):
        topic.read(found, few.reset_index(drop=True).assign(**{ALIKE: [bad, *TIMES[1:]]}))
