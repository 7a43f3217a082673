"""Base rates by other routes: brute force on a grid, Beta mixtures in a loop, textbook numbers."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import comb, expit

from models import base_rate as topic
from models._hidden_counts import HiddenCounts
from workflow import check
from workflow import topic as topics

PRIOR = {name: np.float64(value) for name, value in topic.PRIOR.items()}
FLAT = dict.fromkeys(topic.PRIOR, np.float64(1))
UNKNOWNS = ("prevalence", "sensitivity", "specificity")


def counts(*studies):
    """Population, positives and negatives, each (tested, flagged)."""
    tested, flagged = zip(*studies, strict=True)
    return topic.Data.validate(
        pd.DataFrame({"study": topic.STUDIES, "tested": tested, "flagged": flagged})
    )


SMALL = counts((20, 6), (30, 24), (30, 3))
SHIPPED = topics.read(topics.load("base_rate"))


def brute(data, settings, size=151):
    """The five unknowns on a plain grid of three log-odds, and each point's share of p(data)."""
    u = np.linspace(-20, 20, size)
    x = expit(u)
    theta = np.meshgrid(x, x, x, indexing="ij")
    prior = 1.0
    for name, value in zip(UNKNOWNS, theta, strict=True):
        law = stats.beta(settings[f"{name}_alpha"], settings[f"{name}_beta"])
        prior = prior * law.pdf(value) * value * (1 - value)
    share, ppv, npv = topic.predictive_values(*theta)
    rates = dict(zip(topic.STUDIES, (share, theta[1], 1 - theta[2]), strict=True))
    weight = prior * (u[1] - u[0]) ** 3
    for row in data.itertuples():
        weight = weight * stats.binom(row.tested, rates[row.study]).pmf(row.flagged)
    names = (*UNKNOWNS, "ppv", "npv")
    return dict(zip(names, (*theta, ppv, npv), strict=True)), weight


# --- Bayes' theorem -----------------------------------------------------------------------------


def test_fraud_four_and_a_half_percent_of_flags_are_right():
    share, ppv, _ = topic.predictive_values(0.001, 0.95, 0.98)
    assert share == pytest.approx(0.02093, abs=1e-12)
    assert ppv == pytest.approx(0.00095 / 0.02093, abs=1e-15)
    assert round(100 * ppv, 4) == 4.5389
    assert round(10_000 * ppv) == 454


def test_disease_a_99_percent_test_is_right_about_nine_percent_of_flags():
    assert topic.predictive_values(0.001, 0.99, 0.99)[1] == pytest.approx(11 / 122, abs=1e-15)
    assert topic.predictive_values(0.01, 0.99, 0.99)[1] == pytest.approx(0.5, abs=1e-15)


def test_a_coin_for_a_test_leaves_the_base_rate_as_it_was():
    for rate in (0.001, 0.2, 0.9):
        share, ppv, npv = topic.predictive_values(rate, 0.3, 0.7)
        assert (share, ppv, npv) == pytest.approx((0.3, rate, 1 - rate), abs=1e-15)


def test_bayes_turned_around_twice_is_where_one_started():
    theta = 0.07, 0.8, 0.95
    assert topic.predictive_values(*topic.predictive_values(*theta)) == pytest.approx(theta)


# --- exact --------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [PRIOR, FLAT], ids=["default", "flat"])
def test_a_plain_grid_of_three_chances_agrees(settings):
    exact = topic.exact(SMALL, **settings)
    values, weight = brute(SMALL, settings)
    total = weight.sum()
    assert np.log(total) == pytest.approx(exact.log_evidence, abs=1e-7)
    for name, law in exact.distributions.items():
        mean = np.sum(weight * values[name]) / total
        spread = np.sqrt(np.sum(weight * (values[name] - mean) ** 2) / total)
        assert law.mean() == pytest.approx(mean, abs=1e-7), name
        assert law.std() == pytest.approx(spread, abs=1e-7), name


def test_betas_added_up_in_a_loop_give_the_same_marginals():
    exact = topic.exact(SMALL, **FLAT)
    x, total = np.array([0.03, 0.2, 0.5, 0.83, 0.97]), 0.0
    density, below = (dict.fromkeys(UNKNOWNS, 0.0) for _ in range(2))
    for t, f in itertools.product(range(7), range(15)):
        cells = [(1 + t + f, 21 - t - f), (25 + t, 7 + f), (28 + 14 - f, 4 + 6 - t)]
        log_beta = sum(
            np.log(stats.beta(*ab).pdf(0.5)) - (sum(ab) - 2) * np.log(0.5) for ab in cells
        )
        weight = comb(6, t) * comb(14, f) * np.exp(-log_beta)
        total += weight
        for name, ab in zip(UNKNOWNS, cells, strict=True):
            density[name] = density[name] + weight * stats.beta(*ab).pdf(x)
            below[name] = below[name] + weight * stats.beta(*ab).cdf(x)
    for name in UNKNOWNS:
        law = exact.marginals[name]
        np.testing.assert_allclose(law.pdf(x), density[name] / total, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(law.cdf(x), below[name] / total, rtol=1e-9, atol=1e-13)
        q = np.array([0.01, 0.5, 0.99])
        np.testing.assert_allclose(law.cdf(law.ppf(q)), q, rtol=1e-9)


def test_without_a_population_the_known_studies_are_plain_betas():
    exact = topic.exact(counts((0, 0), (30, 24), (30, 3)), **PRIOR)
    sensitivity = stats.beta(PRIOR["sensitivity_alpha"] + 24, PRIOR["sensitivity_beta"] + 6)
    law = exact.marginals["sensitivity"]
    assert (law.mean(), law.std()) == pytest.approx((sensitivity.mean(), sensitivity.std()))
    assert law.ppf(0.025) == pytest.approx(sensitivity.ppf(0.025), abs=1e-12)


def test_a_table_too_large_to_hold_is_thinned_without_loss(monkeypatch):
    many = pd.concat([SHIPPED] * 10)
    whole = topic.exact(many, **PRIOR)
    monkeypatch.setattr("models._hidden_counts.LARGEST", 200_000)
    thinned = topic.exact(many, **PRIOR)
    assert thinned.log_evidence == pytest.approx(whole.log_evidence, abs=1e-9)
    for name, law in thinned.distributions.items():
        assert law.mean() == pytest.approx(whole.distributions[name].mean(), rel=1e-9)
        assert law.std() == pytest.approx(whole.distributions[name].std(), rel=1e-8)


def test_a_table_too_large_for_an_honest_answer_is_refused(monkeypatch):
    monkeypatch.setattr("models._hidden_counts.LARGEST", 1_000)
    with pytest.raises(ValueError, match="too many tests"):
        topic.exact(SHIPPED, **PRIOR)


@pytest.mark.parametrize("flagged", [0, 3330], ids=["none flagged", "all flagged"])
def test_extreme_counts_keep_their_evidence_by_both_routes(flagged):
    data = counts((3330, flagged), (122, 103), (401, 2))
    for settings in (PRIOR, FLAT):
        exact = topic.exact(data, **settings)
        assert exact.second_log_evidence == pytest.approx(exact.log_evidence, rel=1e-9)
        for law in exact.distributions.values():
            assert 0 < law.ppf(0.025) < law.ppf(0.975) < 1
            assert law.cdf(law.ppf(0.3)) == pytest.approx(0.3, abs=1e-9)


def test_hidden_counts_are_probabilities_and_their_mean_obeys_bayes():
    hidden = HiddenCounts(20, 6, np.array([1.0, 25, 28]), np.array([1.0, 7, 4]))
    assert hidden.weight.sum() == pytest.approx(1)
    cases = np.sum(hidden.weight * (hidden.t[:, None] + hidden.f))
    mean = topic.exact(SMALL, **FLAT).marginals["prevalence"].mean()
    assert (1 + cases) / 22 == pytest.approx(mean, abs=1e-12)


# --- maximum likelihood -------------------------------------------------------------------------


def test_rogan_and_gladen_inside():
    best = topic.mle(SHIPPED)
    by_hand = (50 / 3330 + 399 / 401 - 1) / (103 / 122 + 399 / 401 - 1)
    assert best["prevalence"] == pytest.approx(by_hand, abs=1e-15)


BOUNDARY = [((100, 2), 0.0), ((100, 0), 0.0), ((100, 90), 1.0), ((100, 100), 1.0)]


@pytest.mark.parametrize(("population", "prevalence"), BOUNDARY)
def test_on_the_boundary_no_point_of_a_grid_does_better(population, prevalence):
    data = counts(population, (30, 20), (30, 3))
    best = topic.mle(data)
    assert best["prevalence"] == prevalence
    grid = np.meshgrid(*[np.linspace(0, 1, 101)] * 3, indexing="ij")

    def height(theta):
        rates = topic.predictive_values(*theta)[0], theta[1], 1 - theta[2]
        rows = zip(rates, data["tested"], data["flagged"], strict=True)
        return sum(stats.binom(n, rate).logpmf(k) for rate, n, k in rows)

    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.nanmax(height(grid)) <= height([best[n] for n in UNKNOWNS]) + 1e-12


@pytest.mark.parametrize("flagged", [0, 2])
def test_pymc_falls_inward_from_a_prevalence_of_zero(flagged):
    data = counts((100, flagged), (30, 20), (30, 3))
    assert check.score(topic.model(data, **PRIOR), topic.mle(data)).check.passed


def test_a_study_without_tests_has_no_maximum():
    with pytest.raises(ValueError, match="no maximum"):
        topic.mle(counts((100, 5), (0, 0), (30, 3)))


def test_a_useless_test_has_no_maximum():
    with pytest.raises(ValueError, match="any prevalence"):
        topic.mle(counts((100, 50), (30, 15), (30, 15)))
