"""Poisson hidden Markov models by other routes: paths in a loop, quadrature, limits, and draws."""

import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from scipy import special, stats

from analyses._states import PUBLISHED, ahead, as_published, how_many, quantile, years
from models import _poisson_chain as chain
from models import poisson_gamma
from models import poisson_hidden_markov as topic
from models._conjugate import Dirichlet
from models._exact import NoMaximum
from models._long_run import long_run

CSV = Path(__file__).parents[1] / "data" / "poisson_hidden_markov.csv"
DATA = topic.Data.validate(pd.read_csv(CSV, comment="#"))
Y = DATA["count"].to_numpy()
TEN = DATA.head(topic.EXACT_ROWS)
SETTINGS = {n: np.asarray(v, float)[()] for n, v in {**topic.PRIOR, **topic.KNOWN}.items()}
RUNNING = {**SETTINGS, "start": np.float64(0)}
THREE = {"states": np.float64(3), "start": np.array([0.5, 0.2, 0.3]), "stay": np.float64(3),
         "move": np.float64(1.5), "shape": np.array([20.0, 31.0, 40.0]),
         "rate": np.array([2.0, 1.7, 1.2])}  # fmt: skip


def counts(*values):
    return topic.Data.validate(pd.DataFrame({"count": values}))


def by_every_path(y, start, A, lam):
    """p(rows), one path at a time; probabilities of Poisson counts by SciPy."""
    total = 0.0
    for path in itertools.product(range(len(lam)), repeat=len(y)):
        p = start[path[0]] * np.prod([A[i, j] for i, j in itertools.pairwise(path)])
        total += p * np.prod(stats.poisson.pmf(y, np.asarray(lam)[list(path)]))
    return total


def log_likelihood(data, settings, theta):
    """PyMC's own, at theta."""
    model = remove_value_transforms(topic.model(data, **settings))
    logp = model.compile_logp(vars=model.observed_RVs, mode="FAST_COMPILE")
    return float(logp(theta))


# --- likelihood ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [(3, 0, 7, 1, 1), (30, 12, 45), (2,)])
@pytest.mark.parametrize("start", [[0.5, 0.2, 0.3], 0.0])
def test_the_models_likelihood_is_the_sum_over_paths_from_either_start(rows, start):
    """Counts below and above the number of rows: the table of counts is built in two ways."""
    A = np.random.default_rng(2).dirichlet([2.0, 1.0, 3.0], 3)
    theta = {"A": A, "lam": np.array([1.5, 6.0, 20.0])}
    first = np.linalg.matrix_power(A, 500)[0] if start == 0.0 else np.array(start)
    found = log_likelihood(counts(*rows), {**THREE, "start": np.asarray(start)}, theta)
    by_hand = np.log(by_every_path(rows, first, A, theta["lam"]))
    assert found == pytest.approx(by_hand, abs=1e-11)


def test_a_state_that_never_sees_an_event_is_no_nan():
    theta = {"A": np.array([[0.6, 0.4], [0.3, 0.7]]), "lam": np.array([0.0, 5.0])}
    found = log_likelihood(counts(0, 0, 6, 4, 0), SETTINGS, theta)
    by_hand = np.log(by_every_path([0, 0, 6, 4, 0], [0.5, 0.5], **theta))
    assert found == pytest.approx(by_hand, abs=1e-12)


def test_equal_rates_are_one_poisson_whatever_the_chain_does():
    theta = {"A": np.array([[0.8, 0.2], [0.3, 0.7]]), "lam": np.array([19.0, 19.0])}
    one = stats.poisson(19.0).logpmf(Y).sum()
    for settings in (SETTINGS, RUNNING):
        assert log_likelihood(DATA, settings, theta) == pytest.approx(one, abs=1e-9)


def test_a_chain_without_memory_is_a_mixture_of_poissons():
    share = np.array([0.3, 0.7])
    theta = {"A": np.array([share, share]), "lam": np.array([14.0, 24.0])}
    mixture = np.log(stats.poisson.pmf(Y[:, None], theta["lam"]) @ share).sum()
    for settings in (RUNNING, {**SETTINGS, "start": share}):
        assert log_likelihood(DATA, settings, theta) == pytest.approx(mixture, abs=1e-9)


# --- exact --------------------------------------------------------------------------------------


def test_of_one_row_the_evidence_is_that_of_poisson_gamma_state_by_state():
    one, start = counts(17), np.array([0.3, 0.7])
    alone = [
        poisson_gamma.exact(one.assign(exposure=1.0), alpha=a, beta=b).log_evidence
        for a, b in zip(SETTINGS["shape"], SETTINGS["rate"], strict=True)
    ]
    found = topic.exact(one, **{**SETTINGS, "start": start}).log_evidence
    assert found == pytest.approx(np.log(start @ np.exp(alone)), abs=1e-12)


def test_a_start_and_chain_that_never_change_are_poisson_gamma():
    sure = {**SETTINGS, "start": np.array([1.0, 0.0]), "stay": 1e9, "move": 1e-9}
    exact = topic.exact(TEN, **sure)
    alone = poisson_gamma.exact(TEN.assign(exposure=1.0), alpha=45.0, beta=3.0)
    assert exact.log_evidence == pytest.approx(alone.log_evidence, abs=1e-6)
    for q in (0.05, 0.5, 0.95):
        assert exact.marginals["lam"].ppf(q)[0] == pytest.approx(
            alone.marginals["lam"].ppf(q), rel=1e-7
        )


def test_evidence_and_means_are_integrals_over_the_prior_by_gauss_rules():
    """Forward in time at each node of Gauss-Jacobi and -Laguerre rules: no path, no kernel."""
    data, start = counts(2, 0, 5, 4, 1), np.array([0.3, 0.7])
    settings = {**SETTINGS, "start": start, "shape": np.array([2.0, 5.0]), "rate": 1.3}

    def beta(a, b):
        x, weight = special.roots_jacobi(8, b - 1, a - 1)
        return (x + 1) / 2, weight / weight.sum()

    def gamma(a, b):
        x, weight = special.roots_genlaguerre(60, a - 1)
        return x / b, weight / weight.sum()

    stay, move = settings["stay"], settings["move"]
    rules = [beta(stay, move), beta(move, stay), gamma(2.0, 1.3), gamma(5.0, 1.3)]
    p, q, one, two = np.meshgrid(*(r[0] for r in rules), indexing="ij", sparse=True)
    each = [start[0], start[1]]  # p(rows so far, z_t) at every node of the four rules at once
    for t, count in enumerate(data["count"]):
        if t:
            each = [each[0] * p + each[1] * q, each[0] * (1 - p) + each[1] * (1 - q)]
        each = [f * stats.poisson.pmf(count, lam) for f, lam in zip(each, (one, two), strict=True)]
    weight = (each[0] + each[1]) * np.einsum("i,j,m,n->ijmn", *(r[1] for r in rules))
    total, sums = weight.sum(), np.array([(weight * x).sum() for x in (p, q, one, two)])
    exact = topic.exact(data, **settings)
    means = [*exact.marginals["A"].mean()[:, 0], *exact.marginals["lam"].mean()]
    assert exact.log_evidence == pytest.approx(np.log(total), abs=1e-9)
    np.testing.assert_allclose(means, sums / total, rtol=1e-8)


def test_marginals_of_three_states_add_up_and_keep_their_order():
    exact = topic.exact(TEN, **THREE)
    np.testing.assert_allclose(exact.marginals["A"].mean().sum(axis=1), 1, atol=1e-12)
    assert (np.diff(exact.marginals["lam"].mean()) > 0).all()


def test_from_the_long_run_no_exact_answer_is_claimed():
    with pytest.raises(NotImplementedError, match="long run"):
        topic.exact(TEN, **RUNNING)


def test_from_the_long_run_gibbs_agrees_with_weighted_enumeration():
    """E[f] from the long run is E[f w] / E[w] of a start known to be state k, w = pi_k(A)."""
    data = counts(14, 11, 30, 27, 12, 15, 28)
    weak = {"stay": np.float64(3.0), "move": np.float64(1.4)}
    rng, parts = np.random.default_rng(4), []
    for k, sure in enumerate(np.eye(2)):
        known = topic.gibbs(data, rng, 6_000, 1, **{**SETTINGS, **weak, "start": sure})
        w = np.array([long_run(A)[k] for A in known["A"][0]])
        settings = {**SETTINGS, **weak, "start": sure}
        parts.append(
            (np.exp(topic.exact(data, **settings).log_evidence), w, known["A"][0, :, 0, 0])
        )
    top = sum(z * np.mean(w * x) for z, w, x in parts) / sum(z * np.mean(w) for z, w, _ in parts)
    running = topic.gibbs(data, rng, 12_000, 1, **{**RUNNING, **weak})["A"][0, :, 0, 0]
    even = topic.exact(data, **{**SETTINGS, **weak}).marginals["A"].mean()[0, 0]
    error = running.reshape(60, -1).mean(1).std(ddof=1) / np.sqrt(60)
    assert abs(running.mean() - top) < 6 * error
    assert abs(even - top) > 3 * error  # from an even start it is another answer


def test_gibbs_agrees_with_enumeration():
    drawn = topic.gibbs(TEN.head(8), np.random.default_rng(3), 10_000, 1, **THREE)
    for name, exact in topic.exact(TEN.head(8), **THREE).marginals.items():
        x = drawn[name][0]
        assert x.shape[1:] == exact.mean().shape
        batches = x.reshape(50, 200, *x.shape[1:]).mean(axis=1)
        z = (x.mean(axis=0) - exact.mean()) / (batches.std(axis=0, ddof=1) / np.sqrt(50))
        assert np.abs(z).max() < stats.t(49).isf(1e-4 / (2 * z.size))


def test_evidence_by_draws_is_that_of_enumeration():
    """Chib's method where every path can be summed; priors that tell no state apart."""
    y, a = Y[:8], Dirichlet(np.array([[3.0, 1.0], [1.0, 3.0]]))
    rates, start = chain.Rates(np.full(2, 4.0), np.full(2, 0.2)), np.array([0.5, 0.5])
    found, error = chain.evidence_by_draws(y, start, a, rates, np.random.default_rng(5), 4_000)
    z, log_first, moves = topic.every_path(start, y.size)
    each = log_first + a.log_evidence(moves).sum(1)
    each = each + rates.log_evidence(z.sum(0), np.einsum("tpk,t->pk", z, y)).sum(1)
    exact = special.logsumexp(each) - special.gammaln(y + 1).sum()
    assert error < 0.03
    assert abs(found - exact) < 5 * error


def test_the_posterior_is_that_of_a_published_stan_run():
    """HMM-notes, chapter 8: three states, weak priors. The third rate's tail is heavy: a median."""
    found = as_published(Y)
    rates, told = found["expected count"], PUBLISHED["expected count"]
    assert rates[:, :2].mean(0) == pytest.approx(told[:2], abs=0.15)
    assert rates[:, :2].std(0) == pytest.approx([0.857, 1.069], abs=0.08)
    assert np.median(rates[:, 2]) == pytest.approx(29.86, abs=0.35)
    for name in ("chance to stay", "share in the long run"):
        assert found[name].mean(0) == pytest.approx(PUBLISHED[name], abs=0.015)


# --- maximum ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("states", "parameters"), [(2, 4), (3, 9), (4, 16)])
def test_baum_welch_never_goes_down_and_reports_the_height_it_reached(states, parameters):
    start, (A, lam) = np.full(states, 1 / states), chain.outset(Y, states)
    best, height = chain.climb(Y, start, A, lam)
    heights, kinds = [], np.unique(Y)
    for _ in range(60):
        found, _, _, moves, seen = chain.messages(Y, start, A, lam)
        heights.append(found)
        A, lam = moves / moves.sum(1, keepdims=True), kinds @ seen / seen.sum(0)
    assert (np.diff(heights) > -1e-10).all()
    assert height >= heights[-1]
    assert height == pytest.approx(chain.messages(Y, start, **best)[0], abs=1e-10)
    assert states**2 == parameters


def test_a_start_of_its_own_long_run_lies_between_an_even_and_the_best_start():
    even = topic.highest(DATA, 2, [0.5, 0.5])[1]
    running = topic.highest(DATA, 2)[1]
    best = max(topic.highest(DATA, 2, sure)[1] for sure in np.eye(2))
    assert even < running < best  # here; a start is one number among 107


def test_decoding_at_the_stationary_maximum_is_as_published():
    y, best = DATA["count"].to_numpy(), topic.highest(DATA, 2)[0]
    _, smoothed, path = chain.decode(y, None, **best)
    told = "11111" + 14 * "2" + 15 * "1" + 18 * "2" + "11111" + "2" + 10 * "1" + 9 * "2" + 30 * "1"
    assert "".join(map(str, path + 1)) == told
    differ = DATA["year"].to_numpy()[path != smoothed.argmax(1)]
    assert differ.tolist() == [1918, 1973, 1974]


def test_rates_that_come_to_the_same_are_said_to():
    for rows in (counts(4, 4, 4, 4), counts(7), counts(0, 0, 0)):
        for start in ([0.5, 0.5], 0.0):
            with pytest.raises(NoMaximum, match="the same rate"):
                topic.mle(rows, states=2, start=start)


def test_a_number_of_states_without_a_maximum_has_empty_cells_and_a_reason():
    table, said = how_many(counts(4, 4, 4, 4))
    cells = table[["log likelihood", "AIC", "BIC"]]
    one = stats.poisson.logpmf(4, 4) * 4
    told = [one, 2 - 2 * one, np.log(4) - 2 * one]
    assert cells.iloc[0].astype(float).tolist() == pytest.approx(told, abs=5e-5)
    assert (cells.iloc[1:] == "").all(axis=None)
    assert not table.map(lambda cell: "nan" in str(cell)).any(axis=None)
    assert all(f"With {K} states three cells are empty (no maximum" in said for K in (2, 3, 4))


# --- predictions and settings -------------------------------------------------------------------


def test_simulated_counts_have_the_distribution_of_the_model():
    start, lam = np.array([0.2, 0.8]), np.array([1.0, 4.0])
    A = np.array([[0.9, 0.1], [0.4, 0.6]])
    rng, n = np.random.default_rng(6), 20_000
    pairs = np.array([topic.draw_counts(start, A, lam, np.arange(2), rng) for _ in range(n)])
    pmf = stats.poisson.pmf(np.arange(7), lam[:, None])
    pmf = np.column_stack([pmf, 1 - pmf.sum(1)])
    expected = n * np.einsum("i,ij,if,jg->fg", start, A, pmf, pmf)
    observed = np.zeros((8, 8))
    np.add.at(observed, tuple(np.minimum(pairs, 7).T), 1)
    assert ((observed - expected) ** 2 / expected).sum() < stats.chi2(63).isf(1e-4)


def test_forecasts_are_ratios_of_likelihoods_and_tend_to_the_long_run():
    A, lam, start = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([3.0, 9.0]), np.array([0.4, 0.6])
    y = np.array([2, 4, 10, 8])
    law, after_2, far = ahead(y, start, A[None], lam[None], [1, 2, 500])
    now = by_every_path(y, start, A, lam)
    next_7 = by_every_path([*y, 7], start, A, lam) / now
    after = sum(by_every_path([*y, k, 7], start, A, lam) for k in range(60)) / now
    assert law.cdf(7) - law.cdf(6) == pytest.approx(next_7, rel=1e-11)
    assert after_2.cdf(7) - after_2.cdf(6) == pytest.approx(after, rel=1e-9)
    assert far.mean() == pytest.approx(long_run(A) @ lam, rel=1e-12)


def test_a_quantile_is_the_first_count_that_holds_so_much():
    A, lam = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([3.0, 9.0])
    (law,) = ahead(np.array([2, 4]), np.array([0.4, 0.6]), A[None], lam[None], [1])
    below = law.cdf(np.arange(60))
    for p in (1e-9, 0.025, 0.5, 0.975, 0.999):
        assert quantile(law, p) == np.searchsorted(below, p)


def test_forecasts_of_large_counts_are_quick_and_right():
    """Counts near 1e7, by simulation: a row at the lower rate leaves no doubt of its state."""
    rng, number, draws = np.random.default_rng(8), 40_000, 400
    A, lam = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([1e7, 1.3e7])
    rates, since = lam * rng.normal(1, 0.01, (draws, 2)), time.perf_counter()
    every = np.broadcast_to(A, (draws, 2, 2))
    (law,) = ahead(np.array([10_000_000]), np.array([0.4, 0.6]), every, rates, [1])
    ends = {p: quantile(law, p) for p in (0.025, 0.5, 0.975)}
    assert time.perf_counter() - since < 10  # a table of counts takes half an hour
    z = rng.choice(2, p=A[0], size=number)
    x = rng.poisson(rates[rng.integers(draws, size=number), z])
    for p, end in ends.items():
        assert abs(np.mean(x <= end) - p) < 4.5 * np.sqrt(p * (1 - p) / number)


def test_years_that_do_not_ascend_by_one_are_said_to():
    assert years(DATA) == years(DATA.drop(columns="year")) == ""
    said = years(DATA.drop(index=[5, 60]))
    assert "in 2 of 104 steps, first from 1904 to 1906" in said
    assert "in 106 of 106 steps, first from 2006 to 2005" in years(DATA.iloc[::-1])


def test_chains_begin_with_the_states_in_order():
    """An initial jitter of one: on the scale of the rates, not of their logs."""
    model = topic.model(DATA, **SETTINGS)
    lam = model["lam"]
    to_u = model.rvs_to_transforms[lam]
    for low, high in ([-1, 1], [1, -1]):
        u = to_u.forward(np.array([15.0, 26.0])).eval() + np.array([low, high])
        first, second = to_u.backward(u).eval()
        assert first < second


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"states": 1.0}, "whole number from 2 on"),
        ({"states": 2.5, "start": np.float64(0)}, "whole number from 2 on"),
        ({"states": 3.0}, "3 probabilities"),
        ({"start": np.array([0.5, 0.6])}, "add up to 1"),
        ({"shape": np.array([1.0, 2.0, 3.0])}, "`shape` needs 1 number or 2"),
        ({"move": 0.0}, "must be positive"),
        ({"shape": 45.0, "rate": 3.0}, "must ascend"),
        ({"rate": np.array([1.0, 2.0])}, "must ascend"),
    ],
)
def test_impossible_settings_are_refused_with_the_reason(wrong, why):
    with pytest.raises(ValueError, match=why):
        topic.exact(TEN, **{**SETTINGS, **wrong})


def test_suggested_settings_are_taken_and_expect_the_data():
    for data in (counts(0, 0, 0, 1), counts(900, 1100, 1800, 1900), DATA):
        settings = {**SETTINGS, **{k: np.asarray(v) for k, v in topic.suggest(data).items()}}
        assert np.isfinite(topic.exact(data.head(8), **settings).log_evidence)
        expected = settings["shape"] / settings["rate"]
        assert expected[0] <= max(data["count"].mean(), 1) <= 2 * expected[1]


def test_the_identity_holds_with_three_states():
    exact, model = topic.exact(TEN.head(6), **THREE), topic.model(TEN.head(6), **THREE)
    log_joint = remove_value_transforms(model).compile_logp(mode="FAST_COMPILE")
    A, lam = pm.draw([model["A"], model["lam"]], random_seed=1, mode="FAST_COMPILE")
    theta = {"A": A, "lam": lam}
    assert log_joint(theta) == pytest.approx(
        exact.log_density(theta) + exact.log_evidence, rel=1e-10
    )
