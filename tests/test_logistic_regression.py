"""What only logistic regression can show: cross-entropy, separation, quadrature by other routes."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats
from scipy.special import expit, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from analyses import _cross_entropy as shown
from models import _classifier as classifier
from models import logistic_regression as topic
from models._exact import NoMaximum
from models._logit import Logit
from workflow import check, unproved
from workflow.density import Unconstrained
from workflow.topic import Refused, load, read

FOUND = load("logistic_regression")
DATA = read(FOUND)
SETTINGS = FOUND.defaults
A, Y, MEAN, SD = topic.design(DATA)
APART = read(FOUND, pd.DataFrame({"x": [1.0, 2.0, 4.0, 7.0, 9.0], "outcome": [0, 0, 0, 1, 1]}))


def made_up(n, p, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * 3 + 20
    happened = rng.random(n) < expit((x - 20) @ rng.normal(size=p) / 3 - 0.5)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(p)])
    return read(FOUND, frame.assign(outcome=happened.astype(int)))


# --- a loss is a likelihood -----------------------------------------------------------------------


@pytest.mark.parametrize("data", [DATA, made_up(40, 3)], ids=["O-rings", "made up"])
def test_cross_entropy_times_rows_is_minus_pymcs_log_likelihood(data):
    """scikit-learn's loss against PyMC's density, at points far from the best too."""
    rows, outcome, _, _ = topic.design(data)
    likelihood = Unconstrained(topic.model(data, **SETTINGS), jacobian=False)
    rng = np.random.default_rng(1)
    for _ in range(20):
        weights = rng.normal(size=rows.shape[1]) * 2
        theta = {"b": weights[0], "w": weights[1:]}
        loss = log_loss(outcome, expit(rows @ weights), labels=[0, 1]) * len(outcome)
        assert likelihood(likelihood.to_u(theta))[0] == pytest.approx(-loss, abs=1e-12 * (1 + loss))
        ours = classifier.log_likelihood(weights[:, None], rows, outcome)
        assert ours == pytest.approx(-loss, abs=1e-12 * (1 + loss))


def test_the_texts_own_outcomes_and_chances():
    outcome = np.array([1, 0, 1, 1, 0, 1, 0, 0])
    chance = np.array([0.9, 0.1, 0.8, 0.7, 0.3, 0.6, 0.2, 0.4])
    scores = np.log(chance / (1 - chance))
    mine = classifier.log_likelihood(np.ones((1, 1)), scores[:, None], outcome)
    assert -mine / 8 == pytest.approx(log_loss(outcome, chance), abs=1e-12)
    by_hand = np.prod([0.9, 0.9, 0.8, 0.7, 0.7, 0.6, 0.8, 0.6])
    assert np.exp(mine) == pytest.approx(by_hand, rel=1e-12)


def test_the_likelihood_survives_chances_that_no_double_tells_from_one():
    """At log-odds of 50 to 700, where log(1 - p) of a rounded p is minus infinity."""
    model = topic.model(DATA, **SETTINGS)
    likelihood = Unconstrained(model, jacobian=False)
    for b in (50.0, 300.0, 700.0):
        value, slope = likelihood(likelihood.to_u({"b": b, "w": np.zeros(1)}))
        assert value == pytest.approx(-b * np.sum(Y == 0), rel=1e-12)
        assert slope[0] == pytest.approx(-np.sum(Y == 0), rel=1e-12)


@pytest.mark.parametrize("tau", [0.3, 2.5])
def test_the_map_is_scikit_learns_with_c_of_tau_squared(tau):
    data = made_up(60, 4)
    rows, outcome, _, _ = topic.design(data)
    prior = np.diag([1e-16, *[tau**-2.0] * 4])  # which leaves the intercept alone, as it does
    ours = classifier.most_probable(rows, outcome, 2, prior)[0][:, 0]
    theirs = LogisticRegression(C=tau**2, solver="newton-cholesky", tol=1e-12).fit(
        rows[:, 1:], outcome
    )
    np.testing.assert_allclose(ours, [*theirs.intercept_, *theirs.coef_[0]], atol=1e-7)


def test_the_mle_is_that_of_a_general_optimiser():
    data = made_up(60, 3)
    rows, outcome, _, _ = topic.design(data)
    signs = 2 * outcome - 1
    found = optimize.minimize(
        lambda w: np.logaddexp(0, -signs * (rows @ w)).sum(), np.zeros(4), tol=1e-12
    )
    best = topic.mle(data, ask=31.0)
    np.testing.assert_allclose([best["b"], *best["w"]], found.x, atol=1e-5)


def test_brier_score_and_accuracy_of_the_story_are_scikit_learns():
    point = np.array([[-1.1], [-1.6]])
    chance = shown.chances(point, A)[:, 1]

    class Run:
        mle, settings = None, SETTINGS

    _, table, _ = shown.points(Run, A, Y, point, np.repeat(point[None], 50, axis=0))
    row = table.set_index("point").loc["mean"]
    assert float(row["Brier score"]) == pytest.approx(brier_score_loss(Y, chance), abs=1e-4)
    assert float(row["cross-entropy"]) == pytest.approx(log_loss(Y, chance), abs=1e-6)
    assert float(row["right"].rstrip(" %")) == pytest.approx(
        100 * np.mean((chance > 0.5) == Y), abs=0.1
    )


# --- quadrature by another route ------------------------------------------------------------------


def by_grid(data, tau, b_mean, b_sd, *, ends=14, nodes=700):
    """Evidence, means and sds by Gauss and Legendre on one big square, row by row."""
    rows, outcome, _, _ = topic.design(data)
    x, weight = np.polynomial.legendre.leggauss(nodes)
    b, w = np.meshgrid(b_mean + ends * b_sd * x, ends * tau * x, indexing="ij")
    logs = np.log(np.outer(weight * ends * b_sd, weight * ends * tau))
    logs += stats.norm(b_mean, b_sd).logpdf(b) + stats.norm(0, tau).logpdf(w)
    for (_, x_i), y_i in zip(rows, outcome, strict=True):
        logs -= np.logaddexp(0, (1 - 2 * y_i) * (b + w * x_i))
    share = np.exp(logs - logsumexp(logs))
    means = [np.sum(share * v) for v in (b, w)]
    sds = [np.sum(share * (v - m) ** 2) ** 0.5 for v, m in zip((b, w), means, strict=True)]
    return logsumexp(logs), means, sds, (b, w, share)


@pytest.mark.parametrize("data", [DATA, APART], ids=["O-rings", "separated"])
def test_evidence_means_and_sds_are_those_of_a_big_square(data):
    settings = {"tau": 2.5, "b_mean": -1.0, "b_sd": 1.5}
    exact = topic.exact(data, **settings, ask=np.float64(31))
    evidence, means, sds, (b, w, share) = by_grid(data, **settings, ends=10)
    assert exact.log_evidence == pytest.approx(evidence, abs=1e-8)
    for name, mean, sd in zip(("b", "w"), means, sds, strict=True):
        law = exact.marginals[name]
        assert np.squeeze(law.mean()) == pytest.approx(mean, abs=1e-8)
        assert np.squeeze(law.std()) == pytest.approx(sd, abs=1e-8)
    if "chance" in exact.derived:
        chance = expit(b + w * topic.asked(data, 31.0))
        assert exact.derived["chance"].mean() == pytest.approx(np.sum(share * chance), abs=1e-8)


def test_the_density_of_a_sum_integrates_to_the_cdf_and_comes_back_from_it():
    law = topic.known(DATA, tau=2.5, b_mean=-1.0, b_sd=1.5).law([1.0, -5.6], chance=True)
    for low, high in ((0.05, 0.4), (0.4, 0.97), (0.97, 0.99999)):
        between = integrate.quad(law.pdf, low, high, epsabs=1e-12)[0]
        assert law.cdf(high) - law.cdf(low) == pytest.approx(between, abs=1e-9)
    q = np.array([1e-6, 0.3, 0.999])
    np.testing.assert_allclose(law.cdf(law.ppf(q)), q, atol=1e-12)
    assert law.logpdf(0.0) == law.logpdf(1.0) == -np.inf


def test_a_single_weight_is_an_integral_over_a_line():
    data = read(FOUND, pd.DataFrame({"outcome": [1, 1, 0, 1, 1]}))
    exact = topic.exact(data, tau=2.5, b_mean=-1.0, b_sd=1.5, ask=31.0)

    def height(b):
        return expit(b) ** 4 * expit(-b) * stats.norm(-1, 1.5).pdf(b)

    whole = integrate.quad(height, -20, 20, epsabs=1e-14)[0]
    mean = integrate.quad(lambda b: b * height(b) / whole, -20, 20, epsabs=1e-13)[0]
    assert exact.log_evidence == pytest.approx(np.log(whole), abs=1e-10)
    assert exact.marginals["b"].mean() == pytest.approx(mean, abs=1e-10)
    assert set(exact.marginals) == {"b"}


def test_rows_in_turn_are_rows_at_once():
    """The evidence of all is that of the first times the predictive of the rest, one by one."""
    rows, outcome = A[:6], Y[:6]
    total = 0.0
    for i in range(6):
        if i == 0:  # the prior's log-odds are normal
            law = stats.norm(-1, np.hypot(1.5, 2.5 * rows[0, 1]))
            chance = integrate.quad(lambda s, law=law: expit(s) * law.pdf(s), -70, 70, points=[0])[
                0
            ]
        else:
            known = Logit(rows[:i], outcome[:i], [-1.0, 0.0], [1.5, 2.5])
            chance = known.law(rows[i], chance=True).mean()
        total += np.log(chance if outcome[i] else 1 - chance)
    whole = Logit(rows, outcome, [-1.0, 0.0], [1.5, 2.5])
    assert whole.log_evidence == pytest.approx(total, abs=1e-9)


def test_of_a_wide_prior_quadrature_says_that_it_does_not_reach():
    settings = {"tau": 1e5, "b_mean": 0.0, "b_sd": 1e5}
    assert np.isfinite(topic.known(DATA, **settings).log_evidence)  # the rows alone suffice
    with pytest.raises(NotImplementedError, match="too many"):
        topic.known(APART, **settings)


def test_more_predictors_have_no_exact_answer_and_say_why():
    data = made_up(12, 2)
    assert unproved.asked(FOUND, "exact", data, SETTINGS) == (
        None,
        "quadrature reaches one predictor; here are 2",
    )


def test_rows_many_times_over_cost_no_more_and_tend_to_fishers_error():
    best, many = topic.mle(DATA, ask=31.0), pd.concat([DATA] * 2000)
    known = topic.known(many, tau=2.5, b_mean=-1.0, b_sd=1.5)
    assert len(known.Z) == len(DATA.drop_duplicates())
    law = known.law([0, 1])
    assert law.mean() == pytest.approx(best["w"][0], abs=1e-3)
    fisher = np.linalg.inv(classifier.most_probable(A, Y, 2)[1])[1, 1] ** 0.5
    assert law.std() * 2000**0.5 == pytest.approx(fisher, rel=1e-3)


# --- separation -----------------------------------------------------------------------------------


def brute_force(rows, outcome):
    """Whether any line through two points (or beside one) has no row on its wrong side, p = 2."""
    signed = rows * (2 * outcome - 1)[:, None]
    normals = [np.cross(a, b) for a in signed for b in signed] + list(np.eye(3)) + list(-np.eye(3))
    for normal in normals:
        if np.abs(normal).max() > 1e-12:
            lead = signed @ normal / np.abs(normal).max()
            if lead.min() > -1e-9 and lead.max() > 1e-9:
                return True
    return False


def test_separation_is_what_trying_every_line_finds():
    rng, found = np.random.default_rng(3), []
    for _ in range(150):
        n = rng.integers(4, 9)
        x = rng.integers(0, 5, size=(n, 2)).astype(float)  # ties on purpose
        outcome = rng.integers(0, 2, size=n)
        if np.ptp(x, axis=0).min() == 0 or np.ptp(outcome) == 0:
            continue
        rows = np.column_stack([np.ones(n), x])
        if np.linalg.matrix_rank(rows) < 3:
            continue
        found.append(classifier.separated(rows, outcome, 2))
        assert found[-1] == brute_force(rows, outcome), (x, outcome)
    assert 20 < sum(found) < len(found) - 20


def test_a_hair_of_overlap_is_no_separation():
    x = np.array([0.0, 1.0, 2.0, 2.0 + 1e-5, 3.0, 4.0])
    rows = np.column_stack([np.ones(6), x])
    assert not classifier.separated(rows, np.array([0, 0, 1, 0, 1, 1]), 2)
    assert classifier.separated(rows, np.array([0, 0, 0, 1, 1, 1]), 2)


def test_separated_rows_have_a_posterior_and_no_maximum():
    with pytest.raises(NoMaximum, match="separates outcomes"):
        topic.mle(APART, ask=31.0)
    with pytest.raises(NoMaximum, match="the same in every row"):
        topic.mle(APART.assign(outcome=1), ask=31.0)
    exact = topic.exact(APART, **SETTINGS)
    checks = check.identity(topic.model(APART, **SETTINGS), exact, seed=1)
    assert all(c.passed for c in checks)
    assert exact.marginals["w"].mean()[0] > 0
    rows, outcome, _, _ = topic.design(APART)
    steeper = [np.array([[-1.0], [5.0]]) * size for size in (1, 10, 100)]
    heights = [classifier.log_likelihood(weights, rows, outcome) for weights in steeper]
    assert heights[0] < heights[1] < heights[2] <= 0


# --- the second sampler ---------------------------------------------------------------------------


@pytest.mark.parametrize("data", [DATA, APART], ids=["O-rings", "separated"])
def test_the_second_sampler_draws_the_exact_posterior(data):
    exact = topic.exact(data, **SETTINGS)
    found = topic.gibbs(data, np.random.default_rng(5), 150, 80, **SETTINGS)
    for name, values in found.items():
        law, values = exact.marginals[name], values.reshape(80, 150)
        for q in (0.05, 0.25, 0.5, 0.75, 0.95):
            share = (values <= np.squeeze(law.ppf(q))).mean(axis=1)  # of each chain, independent
            assert abs(share.mean() - q) < 4.5 * share.std(ddof=1) / 80**0.5


# --- rows -----------------------------------------------------------------------------------------


def test_counts_of_trials_are_rows_of_one_trial_each():
    counts = pd.DataFrame({"dose": [1, 2, 4], "trials": [5, 3, 4], "outcome": [1, 2, 4]})
    single = pd.DataFrame({
        "dose": [1] * 5 + [2] * 3 + [4] * 4,
        "outcome": [0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1],
    })  # fmt: skip
    one, other = (topic.exact(read(FOUND, f), **SETTINGS) for f in (counts, single))
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-12)
    assert one.marginals["w"].mean() == pytest.approx(other.marginals["w"].mean(), abs=1e-12)


@pytest.mark.parametrize("words", [["Yes", "no", "YES", "no"], [True, False, True, False]])
def test_yes_and_true_are_ones(words):
    data = read(FOUND, pd.DataFrame({"x": [1.0, 3.0, 2.0, 5.0], "outcome": words}))
    assert data["outcome"].tolist() == [1, 0, 1, 0]


def test_more_cases_than_trials_are_refused():
    rows = pd.DataFrame({"dose": [1, 2], "trials": [5, 3], "outcome": [1, 4]})
    with pytest.raises(Refused, match="`outcome` must be a count, 0 or more, at most `trials`"):
        read(FOUND, rows)


def test_the_unit_of_the_predictor_changes_only_its_raw_weight():
    celsius = DATA.assign(temperature=(DATA["temperature"] - 32) / 1.8)
    one = topic.exact(DATA, **SETTINGS)
    other = topic.exact(celsius, **SETTINGS | {"ask": (31 - 32) / 1.8})
    assert other.log_evidence == pytest.approx(one.log_evidence, abs=1e-10)
    ratio = other.derived["w_raw"].mean() / one.derived["w_raw"].mean()
    assert ratio == pytest.approx(1.8, rel=1e-10)
    assert other.derived["chance"].mean() == pytest.approx(one.derived["chance"].mean(), abs=1e-10)
