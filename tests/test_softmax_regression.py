"""What only softmax regression can show: no class is special, and two classes are logistic."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from analyses import _cross_entropy as shown
from analyses import _held_out as held_out
from models import _classifier as classifier
from models import logistic_regression
from models import softmax_regression as topic
from models._exact import NoMaximum
from workflow import check, unproved
from workflow.density import Unconstrained
from workflow.topic import load, read

FOUND = load("softmax_regression")
DATA = read(FOUND)
SETTINGS = FOUND.defaults
A, Y, _, _ = topic.design(DATA)
TWO = read(FOUND, DATA.loc[DATA["label"] != "setosa", ["petal_width", "label"]])


def made_up(n, p, K, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * 2 + 7
    scores = (x - 7) @ rng.normal(size=(p, K)) / 2 + rng.gumbel(size=(n, K))
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(p)])
    return read(FOUND, frame.assign(label=[f"k{k}" for k in scores.argmax(axis=1)]))


def test_cross_entropy_times_rows_is_minus_pymcs_log_likelihood():
    likelihood = Unconstrained(topic.model(DATA, **SETTINGS), jacobian=False)
    rng = np.random.default_rng(1)
    for _ in range(10):
        theta = rng.normal(size=(5, 2)) * 3
        loss = log_loss(Y, shown.chances(theta, A)) * len(Y)
        found = likelihood(likelihood.to_u({"b": theta[0], "w": theta[1:]}))[0]
        assert found == pytest.approx(-loss, abs=1e-12 * (1 + loss))
        assert classifier.log_likelihood(theta, A, Y) == pytest.approx(
            -loss, abs=1e-12 * (1 + loss)
        )


def test_the_texts_own_batch_of_three_one_hot_rows():
    chance = np.array([[0.8, 0.15, 0.05], [0.3, 0.5, 0.2], [0.33, 0.33, 0.34]])
    scores = np.log(chance[:, 1:] / chance[:, :1])
    rows, label = np.eye(3), np.array([0, 1, 2])
    mine = classifier.log_likelihood(scores, rows, label)
    assert np.exp(mine) == pytest.approx(0.8 * 0.5 * 0.34, rel=1e-12)


@pytest.mark.parametrize("C", [1.0, 9.0])
def test_the_map_is_scikit_learns_with_c_of_tau_squared(C):
    """scikit-learn decays the weights of every class; ours are differences, and agree."""
    theirs = LogisticRegression(C=C, solver="newton-cg", tol=1e-13, max_iter=10_000).fit(
        A[:, 1:], Y
    )
    ours = topic.most_probable(DATA, tau=C**0.5, b_sd=1e7)
    np.testing.assert_allclose(ours[1:].T, theirs.coef_[1:] - theirs.coef_[0], atol=1e-6)
    np.testing.assert_allclose(ours[0], theirs.intercept_[1:] - theirs.intercept_[0], atol=1e-6)


def test_the_map_is_that_of_a_penalty_on_every_class():
    """3 x 5 weights without a reference, decayed one by one, by a general optimiser."""
    tau, b_sd = 3.0, 5.0
    scale = np.r_[b_sd, np.full(4, tau)][:, None]

    def loss(flat):
        weights = flat.reshape(5, 3)
        likelihood = log_softmax(A @ weights, axis=1)[np.arange(len(Y)), Y].sum()
        return -likelihood + np.sum((weights / scale) ** 2) / 2

    found = optimize.minimize(loss, np.zeros(15), tol=1e-9, options={"maxiter": 5000}).x
    found = found.reshape(5, 3)
    ours = topic.most_probable(DATA, tau=tau, b_sd=b_sd)
    np.testing.assert_allclose(ours, found[:, 1:] - found[:, :1], atol=2e-4)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=2e-4)  # what no row tells, the prior does


def test_which_class_is_the_reference_changes_nothing():
    other = DATA.assign(label=DATA["label"].cat.rename_categories({"setosa": "zetosa"}))
    other = read(FOUND, other.assign(label=other["label"].astype(str)))
    assert list(topic.classes(other)) == ["versicolor", "virginica", "zetosa"]
    one, two = (topic.most_probable(d, **SETTINGS) for d in (DATA, other))
    np.testing.assert_allclose(one[:, 1] - one[:, 0], two[:, 0], atol=1e-9)
    np.testing.assert_allclose(-one[:, 0], two[:, 1], atol=1e-9)
    ours, theirs = (Unconstrained(topic.model(d, **SETTINGS), jacobian=True) for d in (DATA, other))
    w, v = one[1:], np.column_stack([one[1:, 1] - one[1:, 0], -one[1:, 0]])
    b, a = one[0], np.r_[one[0, 1] - one[0, 0], -one[0, 0]]
    left, right = ours(ours.to_u({"b": b, "w": w})), theirs(theirs.to_u({"b": a, "w": v}))
    assert left[0] == pytest.approx(right[0], abs=1e-9)


def test_two_classes_and_one_predictor_are_logistic_regression():
    """Its weight is the difference of two, so its prior is wider by the root of two."""
    exact = topic.exact(TWO, **SETTINGS)
    outcome = (TWO["label"] == "virginica").astype(int)
    tau, b_sd = (2**0.5 * SETTINGS[k] for k in ("tau", "b_sd"))
    other = logistic_regression.exact(
        TWO.drop(columns="label").assign(outcome=outcome), tau=tau, b_sd=b_sd, b_mean=0.0, ask=1.0
    )
    assert exact.log_evidence == pytest.approx(other.log_evidence, abs=1e-10)
    q = np.array([[0.01], [0.4], [0.999]])
    for name in ("b", "w"):
        mine, theirs = (e.marginals[name].ppf(q) for e in (exact, other))
        np.testing.assert_allclose(np.ravel(mine), np.ravel(theirs), atol=1e-9)
    assert all(c.passed for c in check.identity(topic.model(TWO, **SETTINGS), exact, seed=1))


def test_more_classes_have_no_exact_answer_and_say_why():
    assert unproved.asked(FOUND, "exact", DATA, SETTINGS) == (
        None,
        "quadrature reaches two classes and one predictor, not 3 classes and 4 predictors",
    )


def test_iris_has_no_maximum_but_the_two_that_overlap_have():
    with pytest.raises(NoMaximum, match="separates outcomes"):
        topic.mle(DATA)
    assert not classifier.separated(A[Y > 0], Y[Y > 0] - 1, 2)
    best = topic.mle(made_up(80, 2, 3))
    assert best["w"].shape == (2, 2)


def test_separation_of_three_classes_is_what_pairs_and_coalitions_show():
    """On a line: a class whose values lie beyond all others' separates; mixed ones do not."""
    x = np.array([1.0, 2.0, 3.0, 2.5, 3.5, 4.5, 4.0, 3.2])
    label = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    rows = np.column_stack([np.ones(8), x])
    assert not classifier.separated(rows, label, 3)
    within = np.array([0, 0, 1, 0, 1, 1, 2, 1])  # the last class lies among the second
    assert classifier.separated(rows, within, 3)  # all of the first lie below all others
    within[[2, 3]] = 0, 1  # now none does
    assert not classifier.separated(rows, within, 3)
    beyond = np.where(label == 0, x - 10, x)
    assert classifier.separated(np.column_stack([np.ones(8), beyond]), label, 3)


def test_the_second_sampler_draws_the_exact_posterior_of_two_classes():
    exact = topic.exact(TWO, **SETTINGS)
    found = topic.gibbs(TWO, np.random.default_rng(5), 100, 60, **SETTINGS)
    for name, values in found.items():
        values = values.reshape(60, 100)
        for q in (0.05, 0.25, 0.5, 0.75, 0.95):
            share = (values <= np.squeeze(exact.marginals[name].ppf(q))).mean(axis=1)
            assert abs(share.mean() - q) < 4.5 * share.std(ddof=1) / 60**0.5


def test_rows_held_out_are_judged_by_weights_that_have_not_seen_them():
    class Run:  # scikit-learn's intercepts have no prior
        data, settings = DATA, SETTINGS | {"b_sd": np.float64(1e5)}

    scores = held_out._held_out(Run, 1.0)
    places = np.random.default_rng(0).permutation(len(DATA))
    part = np.array_split(places, held_out.FOLDS)[3]
    seen = DATA.drop(DATA.index[part])
    x = topic.predictors(DATA).to_numpy()
    rest = topic.predictors(seen).to_numpy()
    x = (x[part] - rest.mean(axis=0)) / rest.std(axis=0)
    fit = LogisticRegression(C=1.0, solver="newton-cg", tol=1e-12, max_iter=5000).fit(
        (rest - rest.mean(axis=0)) / rest.std(axis=0), Y[np.setdiff1d(places, part)]
    )
    theirs = fit.decision_function(x)
    np.testing.assert_allclose(scores[part], theirs[:, 1:] - theirs[:, :1], atol=1e-6)
    with np.errstate(divide="ignore"):
        assert held_out._entropy(scores, Y) == pytest.approx(
            log_loss(Y, held_out._chance(scores)), abs=1e-12
        )
    hot, cold = held_out._chance(scores / 5), held_out._chance(scores / 0.2)
    assert (hot.argmax(axis=1) == cold.argmax(axis=1)).all()
    assert hot.max(axis=1).mean() < cold.max(axis=1).mean()


def test_labels_may_be_numbers():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 2.5], "label": [3, 1, 2, 2]})
    data = read(FOUND, frame)
    assert list(topic.predictors(data)) == ["x"]
    assert len(topic.classes(data)) == 3
