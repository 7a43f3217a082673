"""The checks themselves, each seen to pass on what is right and to fail on what is wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from models import beta_binomial, gamma_precision
from models._exact import Exact
from workflow import check, compare, fit, summarise, topic
from workflow.check import Check

ONE = np.float64(1)


@pytest.fixture(scope="module")
def tests_of_20():
    """20 tests, 3 positive, with the model and its exact answer."""
    data = pd.DataFrame({"tested": [12, 8], "positive": [1, 2]})
    settings = {"alpha": ONE, "beta": 9 * ONE}
    return data, beta_binomial.model(data, **settings), beta_binomial.exact(data, **settings)


def identity_passes(model, exact):
    return all(c.passed for c in check.identity(model, exact, seed=1))


def test_identity_sees_a_factor_of_two_in_the_evidence(tests_of_20):
    _, model, exact = tests_of_20
    assert identity_passes(model, exact)
    assert not identity_passes(model, replace(exact, log_evidence=exact.log_evidence + np.log(2)))


def test_identity_of_a_billion_tests_allows_for_rounding_and_for_no_more():
    found = topic.load("beta_binomial")
    data = topic.read(found, pd.DataFrame({"tested": [10**9], "positive": [230_000_001]}))
    model, exact = found.model(data, found.defaults), found.exact(data, found.defaults)
    how = {"seed": 1, "importance": False, "terms": check.terms(found, data)}
    assert check.identity(model, exact, **how)[0].passed
    off = replace(exact, log_evidence=exact.log_evidence + 1e-3)
    assert not check.identity(model, off, **how)[0].passed
    small = topic.read(found)
    assert 16 * np.finfo(float).eps * check.terms(found, small) < 1e-9
    assert (
        check.terms(topic.load("linear_regression"), topic.read(topic.load("linear_regression")))
        == 0
    )


@pytest.mark.parametrize("evidence", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_fails(tests_of_20, evidence):
    _, model, exact = tests_of_20
    assert not identity_passes(model, replace(exact, log_evidence=evidence))
    calls = iter([np.nan] + 100 * [0.0])  # one point of forty, the first
    law = exact.marginals["theta"]
    once = replace(exact, joint=lambda theta: law.logpdf(theta["theta"]) + next(calls))
    assert not identity_passes(model, once)
    assert not Check("", np.nan, 1.0).passed
    assert not Check("", -np.inf, 1.0).passed
    assert not compare.z_check("", np.array([0.0, np.nan]), 2).passed


def test_identity_sees_one_part_in_a_million(tests_of_20):
    _, model, exact = tests_of_20
    a, b = exact.marginals["theta"].args
    off = replace(exact, marginals={"theta": stats.beta(a * (1 + 1e-6), b)})
    assert not identity_passes(model, off)


def test_mass_and_second_evidence_are_looked_at(tests_of_20):
    _, model, exact = tests_of_20
    assert identity_passes(model, replace(exact, masses={"theta": 1 + 1e-9}))
    assert not identity_passes(model, replace(exact, masses={"theta": 1 + 1e-6}))
    assert identity_passes(model, replace(exact, second_log_evidence=exact.log_evidence))
    off = replace(exact, second_log_evidence=exact.log_evidence * (1 + 1e-6))
    assert not identity_passes(model, off)


def test_importance_sampling_sees_evidence_and_identity_wrong_together(tests_of_20):
    """A log density normalised by a wrong evidence cancels in the identity, but not here."""
    _, model, exact = tests_of_20
    wrong = exact.log_evidence + 0.2
    law = exact.marginals["theta"]
    off = replace(
        exact,
        log_evidence=wrong,
        second_log_evidence=wrong,
        joint=lambda theta: law.logpdf(theta["theta"]) - 0.2,
    )
    failed = [c.name for c in check.identity(model, off, seed=1) if not c.passed]
    assert failed == ["evidence by importance sampling, |z|"]


def test_score_sees_a_thousandth_of_a_standard_error(tests_of_20):
    _, model, _ = tests_of_20
    best = 3 / 20
    error = np.sqrt(best * (1 - best) / 20)
    right = check.score(model, {"theta": best})
    assert right.check.passed
    assert right.standard_errors["theta"] == pytest.approx(error, rel=1e-6)
    assert not check.score(model, {"theta": best + 1e-3 * error}).check.passed


@pytest.mark.parametrize(("positive", "theta"), [(0, 0.0), (20, 1.0)])
def test_score_at_a_boundary_has_no_standard_error(positive, theta):
    data = pd.DataFrame({"tested": [20], "positive": [positive]})
    model = beta_binomial.model(data, alpha=ONE, beta=9 * ONE)
    assert beta_binomial.mle(data)["theta"] == theta
    maximum = check.score(model, {"theta": theta})
    assert maximum.check.passed
    assert maximum.standard_errors is None
    assert maximum.note == "MLE at the boundary, no standard error"


def test_score_refuses_the_wrong_boundary():
    data = pd.DataFrame({"tested": [20], "positive": [0]})
    model = beta_binomial.model(data, alpha=ONE, beta=9 * ONE)
    assert not check.score(model, {"theta": 1.0}).check.passed
    mixed = beta_binomial.model(data.assign(positive=3), alpha=ONE, beta=9 * ONE)
    assert not check.score(mixed, {"theta": 0.0}).check.passed


def test_score_at_a_zero_count_looks_at_every_other_probability():
    """The casino's highest maximum says that one die never shows a 1 or a 3."""
    found = topic.load("hidden_markov")
    data, settings = topic.read(found), found.defaults
    model, stay = found.model(data, settings), np.array([[0.9, 0.1], [0.1, 0.9]])
    start = np.array([[0.17, 0.17, 0.16, 0.09, 0.08, 0.33], [0.01, 0.41, 0.01, 0.16, 0.25, 0.16]])
    codes = found.module.design(data)[0]
    best, height = found.module.baum_welch(codes, np.array([0.5, 0.5]), stay, start)[:2]
    assert height == pytest.approx(-514.416, abs=5e-4)
    best = {k: np.where(v < 1e-9, 0, v) for k, v in best.items()}
    best = {k: v / v.sum(axis=1, keepdims=True) for k, v in best.items()}
    assert (best["B"] == 0).sum() == 2
    maximum = check.score(model, best)
    assert maximum.check.passed
    assert maximum.note == "MLE at the boundary, no standard error"
    beside = best["B"] + np.array([[0.0], [1.0]]) * [0, 0.001, 0, -0.001, 0, 0]
    assert not check.score(model, best | {"B": beside}).check.passed
    wrong = best["B"] * [[0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]  # the other die never shows a 1
    wrong = best | {"B": wrong / wrong.sum(axis=1, keepdims=True)}
    assert not check.score(model, wrong).check.passed


def test_limit_sees_a_variance_off_by_a_twentieth():
    found = topic.load("gamma_precision")
    data, settings = topic.read(found), found.defaults
    best = gamma_precision.mle(data, mu=settings["mu"])
    errors = check.score(found.model(data, settings), best).standard_errors
    assert all(c.passed for c in check.limit(found, data, settings, best, errors))
    wide = {k: 1.05 * v for k, v in errors.items()}
    assert not all(c.passed for c in check.limit(found, data, settings, best, wide))
    beside = {k: v * 1.01 for k, v in best.items()}
    assert not all(c.passed for c in check.limit(found, data, settings, beside, errors))


@pytest.fixture(scope="module")
def fitted(tests_of_20):
    _, model, exact = tests_of_20
    return fit.sample(fit.compile_model(model), seed=7), exact


def z_passes(draws, exact):
    table = compare.against_exact(draws, exact)
    zs = np.concatenate([np.ravel(z) for row in table.values() for z in row.values()])
    return compare.z_check("", zs, zs.size).passed


def test_draws_see_a_shift_of_a_tenth_and_a_spread_of_a_tenth(fitted):
    draws, exact = fitted
    assert z_passes(draws, exact)
    law = exact.marginals["theta"]
    for wrong in (
        Moved(law, shift=0.1 * law.std(), scale=1.0),
        Moved(law, shift=0.0, scale=1.1),
    ):
        assert not z_passes(draws, replace(exact, marginals={"theta": wrong}))


class Moved:
    """A distribution shifted, and scaled about its mean: the smallest lie worth telling."""

    def __init__(self, law, shift, scale):
        self.law, self.shift, self.scale = law, shift, scale

    def mean(self):
        return self.law.mean() + self.shift

    def std(self):
        return self.law.std() * self.scale

    def ppf(self, q):
        return self.mean() + self.scale * (self.law.ppf(q) - self.law.mean())


def test_stein_sees_draws_that_are_too_narrow(fitted):
    draws, _ = fitted
    right = compare.stein(draws)
    assert compare.z_check("", right, right.size).passed
    narrow = draws.copy(deep=True)
    u = narrow.sample_stats["unconstrained_draw"]
    u[:] = u.mean() + 0.9 * (u - u.mean())  # variance 19 % low, gradients as they were
    wrong = compare.stein(narrow)
    assert not compare.z_check("", wrong, wrong.size).passed


def test_gibbs_sees_a_sampler_of_something_else(fitted):
    draws, exact = fitted
    rng = np.random.default_rng(1)
    law = exact.marginals["theta"]
    same = compare.against_gibbs(draws, {"theta": law.rvs((4, 5_000), random_state=rng)})
    other = compare.against_gibbs(draws, {"theta": 1.2 * law.rvs((4, 5_000), random_state=rng)})
    assert compare.z_check("", same, same.size).passed
    assert not compare.z_check("", other, other.size).passed


def test_every_gate_closes(fitted):
    draws, _ = fitted
    assert all(g.passed for g in compare.gates(draws))

    def failed(change):
        worse = draws.copy(deep=True)
        change(worse)
        return [g.name for g in compare.gates(worse) if not g.passed]

    def stuck(d):
        d.posterior["theta"][1] += 0.3

    def diverging(d):
        d.sample_stats["diverging"][0, 5] = True

    def deep(d):
        d.sample_stats["maxdepth_reached"][0, 5] = True

    def creeping(d):
        energy = d.sample_stats["energy"]
        energy[:] = np.cumsum(np.ones(energy.shape), axis=1)

    assert "R-hat, largest" in failed(stuck)
    assert failed(diverging) == ["divergences"]
    assert failed(deep) == ["draws that hit the largest tree"]
    assert failed(creeping) == ["E-BFMI, lowest"]


def test_too_few_draws_close_the_gate(fitted):
    draws, _ = fitted
    few = xr.DataTree.from_dict(
        {g: draws[g].to_dataset().isel(draw=slice(2_000)) for g in ("posterior", "sample_stats")}
    )
    assert [g.name for g in compare.gates(few) if not g.passed] == ["bulk or tail ESS, lowest"]


def test_moments_that_do_not_exist_are_not_compared():
    assert compare.tail_index(stats.t(3)) == pytest.approx(3, rel=0.02)
    assert compare.tail_index(stats.norm()) > 20
    assert compare.tail_index(stats.gengamma(1.0, -2)) == pytest.approx(2, rel=0.02)


def test_what_does_not_exist_is_masked_and_what_is_broken_is_not(fitted):
    draws, _ = fitted
    heavy = stats.t(3, loc=0.2, scale=0.01)  # it has a variance, and no fourth moment
    table = compare.against_exact(draws, Exact({"theta": heavy}, 0.0, ""))["theta"]
    assert np.ma.is_masked(table["sd"][0])
    assert not np.ma.is_masked(table["mean"][0])
    assert summarise._z(table, 0)["sd"] is None


def test_the_bound_grows_with_the_number_of_comparisons():
    few, many = compare.bound(1), compare.bound(10_000)
    assert 3.9 < few < many < 7
    expected = stats.norm.sf(few) * 2 * len(topic.names())
    assert expected == pytest.approx(compare.FALSE_ALARM)


def test_a_model_without_data_is_refused():
    import pymc as pm

    with pm.Model() as blind:
        pm.Normal("theta")
    with pytest.raises(topic.Refused, match="no observed variable"):
        fit.compile_model(blind)
