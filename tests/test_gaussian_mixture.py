"""The Gaussian mixture by other routes: quadrature, loops, symmetries, and Gibbs."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.gradient import NullTypeGradError
from scipy import integrate, stats
from scipy.special import logsumexp

from models import gaussian_mixture as topic
from models._normal_mixture import LogDensity, log_density, normal_mixture

CSV = Path(__file__).parents[1] / "data" / "gaussian_mixture.csv"
DATA = topic.Data.validate(pd.read_csv(CSV, comment="#"))
TEN = DATA.head(topic.EXACT_ROWS)
SETTINGS = {name: np.float64(value) for name, value in {**topic.PRIOR, **topic.KNOWN}.items()}
THREE = {"components": np.float64(3), "a": np.array([1.0, 2.0, 3.0]),
         "m": np.array([50.0, 65.0, 80.0]), "kappa": np.float64(0.7),
         "shape": np.array([3.0, 4.0, 5.0]), "rate": np.float64(120.0)}  # fmt: skip


def evidence_by_loop(y, a, m, kappa, shape, rate, **_):
    """Every assignment in turn; each row predicted by a Student t from the rows before it."""
    total = []
    for z in itertools.product(range(len(m)), repeat=len(y)):
        log_p, seen = 0.0, [[] for _ in m]
        for value, k in zip(y, z, strict=True):
            n = sum(map(len, seen))
            log_p += np.log((a[k] + len(seen[k])) / (a.sum() + n))
            ys = np.array(seen[k])
            kap, shp = kappa[k] + ys.size, shape[k] + ys.size / 2
            centre = (kappa[k] * m[k] + ys.sum()) / kap
            rss = ((ys - centre) ** 2).sum() + kappa[k] * (m[k] - centre) ** 2
            spread = np.sqrt((rate[k] + rss / 2) * (kap + 1) / (shp * kap))
            log_p += stats.t.logpdf(value, 2 * shp, centre, spread)
            seen[k].append(value)
        total.append(log_p)
    return logsumexp(total)


def wide(settings):
    K = int(settings["components"])
    return {name: np.broadcast_to(v, K) for name, v in settings.items()}


@pytest.mark.parametrize("settings", [SETTINGS, THREE], ids=["two", "three"])
def test_evidence_is_the_chain_of_predictions_summed_over_assignments(settings):
    few = DATA.head(4)
    by_loop = evidence_by_loop(few["y"].to_numpy(), **wide(settings))
    assert topic.exact(few, **settings).log_evidence == pytest.approx(by_loop, abs=1e-10)


def test_evidence_of_one_row_is_the_prior_predictive_mixture_of_student_ts():
    a, m, kappa, shape, rate = (SETTINGS[n] for n in ("a", "m", "kappa", "shape", "rate"))
    spread = np.sqrt(rate * (kappa + 1) / (shape * kappa))
    by_hand = np.log(a / a.sum() @ stats.t.pdf(79.0, 2 * shape, m, spread))
    assert topic.exact(DATA.head(1), **SETTINGS).log_evidence == pytest.approx(by_hand, abs=1e-12)


def test_marginal_of_a_share_is_the_joint_density_with_all_else_integrated_out():
    row = DATA.head(1)  # given w, one row: the groups are integrated by the predictive densities
    a, m, kappa, shape, rate = (SETTINGS[n] for n in ("a", "m", "kappa", "shape", "rate"))
    seen = stats.t.pdf(79.0, 2 * shape, m, np.sqrt(rate * (kappa + 1) / (shape * kappa)))
    w1 = np.linspace(0.05, 0.95, 7)
    bayes = stats.beta.pdf(w1, *a) * (w1 * seen[0] + (1 - w1) * seen[1])
    answer = topic.exact(row, **SETTINGS)
    ours = [answer.marginals["w"].pdf(np.array([w, 1 - w]))[0] for w in w1]
    assert ours == pytest.approx(bayes / np.exp(answer.log_evidence), rel=1e-10)


@pytest.mark.parametrize("k", [0, 1])
def test_marginal_of_a_mean_is_the_joint_density_with_all_else_integrated_out(k):
    few = DATA.head(2)  # given mu_k and lam_k, the other component and w are integrated by hand
    y, other = few["y"].to_numpy(), 1 - k
    s = {n: SETTINGS[n] for n in ("a", "m", "kappa", "shape", "rate")}
    answer = topic.exact(few, **SETTINGS)

    def others(rows):
        one = {n: np.array([v[other]]) for n, v in s.items()} | {"components": 1}
        return np.exp(evidence_by_loop(rows, **one))

    def joint(lam, mu):
        likelihood = 0.0
        for z in itertools.product([0, 1], repeat=2):
            z = np.array(z)
            share = stats.dirichlet_multinomial.pmf(np.bincount(z, minlength=2), s["a"], 2)
            share /= 1 if z[0] == z[1] else 2  # of this order of the two
            inside = stats.norm.pdf(y[z == k], mu, lam**-0.5).prod()
            likelihood += share * inside * others(y[z == other])
        prior = stats.gamma.pdf(lam, s["shape"][k], scale=1 / s["rate"][k])
        return prior * stats.norm.pdf(mu, s["m"][k], (s["kappa"][k] * lam) ** -0.5) * likelihood

    for mu in (50.0, 70.0):
        mass, _ = integrate.quad(joint, 0, 1, args=(mu,), epsabs=0, epsrel=1e-9, points=[0.03])
        ours = answer.marginals["mu"].pdf(np.full(2, mu))[k]
        assert ours == pytest.approx(mass / np.exp(answer.log_evidence), rel=1e-8)


def test_order_of_the_rows_changes_nothing():
    there, back = topic.exact(TEN, **SETTINGS), topic.exact(TEN[::-1], **SETTINGS)
    assert back.log_evidence == pytest.approx(there.log_evidence, abs=1e-11)
    assert back.marginals["mu"].mean() == pytest.approx(there.marginals["mu"].mean(), rel=1e-12)


def test_another_unit_moves_the_evidence_by_the_jacobian_and_nothing_else():
    seconds = topic.Data.validate(TEN * 60)
    scaled = SETTINGS | {"m": SETTINGS["m"] * 60, "rate": SETTINGS["rate"] * 3600}
    a, b = topic.exact(TEN, **SETTINGS), topic.exact(seconds, **scaled)
    assert b.log_evidence == pytest.approx(a.log_evidence - 10 * np.log(60), abs=1e-10)
    assert b.derived["sigma"].mean() == pytest.approx(60 * a.derived["sigma"].mean(), rel=1e-10)


def test_three_components_share_out_all_the_weight():
    answer = topic.exact(DATA.head(6), **THREE)
    assert answer.by == "enumeration of 729 assignments"
    assert answer.marginals["w"].mean().sum() == pytest.approx(1, abs=1e-13)


def test_gibbs_agrees_with_the_enumeration_on_ten_rows():
    answer = topic.exact(TEN, **SETTINGS)
    draws = topic.gibbs(TEN, np.random.default_rng(3), 2000, 100, **SETTINGS)
    for name, law in answer.marginals.items():
        for p in (0.05, 0.5, 0.95):
            below = (draws[name] <= law.ppf(p)).mean(axis=1)  # chains are independent replicates
            error = below.std(axis=0, ddof=1) / np.sqrt(len(below))
            assert np.abs((below.mean(axis=0) - p) / error).max() < 5, (name, p)


def test_em_never_lowers_the_likelihood_and_rests_at_the_mle():
    y, top = DATA["y"].to_numpy(), topic.mle(DATA, components=np.float64(2))
    now = np.array([0.5, 0.5]), np.array([60.0, 75.0]), np.array([0.01, 0.02])
    heights = []
    for _ in range(200):
        now = topic.em_step(y, *now)
        heights.append(logsumexp(topic.log_parts(y, *now), axis=-1).sum())
    assert np.min(np.diff(heights)) > -1e-9
    assert now[1] == pytest.approx(top["mu"], rel=1e-10)


def test_mle_follows_a_change_of_unit_and_of_order():
    top = topic.mle(DATA, components=2)
    other = topic.mle(topic.Data.validate(-60.0 * DATA[::-1]), components=2)
    assert other["mu"] == pytest.approx(-60 * top["mu"][::-1], rel=1e-9)
    assert other["lam"] == pytest.approx(top["lam"][::-1] / 3600, rel=1e-8)


def test_more_components_fit_at_least_as_well_and_come_in_order():
    y, heights = DATA["y"].to_numpy(), []
    for K in (2, 3):
        top = topic.mle(DATA, components=K)
        assert np.all(np.diff(top["mu"]) > 0)
        parts = topic.log_parts(y, **top)
        heights.append(logsumexp(parts, axis=-1).sum())
    assert heights[1] > heights[0]


def test_a_component_that_shrinks_onto_a_row_beats_any_likelihood():
    y, top = DATA["y"].to_numpy(), topic.mle(DATA, components=2)
    best = logsumexp(topic.log_parts(y, **top), axis=-1).sum()
    heights = []
    for lam in (1e50, 1e150, 1e250):
        at = np.array([0.1, 0.9]), np.array([78.0, y.mean()]), np.array([lam, y.var() ** -1])
        heights.append(logsumexp(topic.log_parts(y, *at), axis=-1).sum())
    assert np.all(np.diff(heights) > 1000)
    assert heights[-1] > best


@pytest.mark.parametrize("y", [[3.0] * 8, [3.0, 4.0] * 5])
def test_rows_with_no_more_values_than_components_have_no_maximum(y):
    with pytest.raises(ValueError, match=r"no maximum: [12] distinct values"):
        topic.mle(topic.Data.validate(pd.DataFrame({"y": y})), components=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"components": 3.0}, "`a` has 2 values for 3 components"),
        ({"components": 1.0}, "whole number from 2 up"),
        ({"components": 2.5}, "whole number from 2 up"),
        ({"m": np.array([80.0, 52.0])}, "`m` must ascend"),
        ({"m": np.array([80.0, 52.0, 99.0])}, "`m` has 3 values for 2 components"),
        ({"kappa": np.array([0.5, 0.0])}, "`kappa` must be positive"),
        ({"rate": np.array([-1.0])}, "`rate` must be positive"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(change, message):
    for make in (topic.model, topic.exact):
        with pytest.raises(ValueError, match=message):
            make(TEN, **{**SETTINGS, **change})


def test_more_assignments_than_can_be_summed_over_are_refused():
    with pytest.raises(ValueError, match="too many to sum over"):
        topic.exact(DATA.head(17), **SETTINGS)


def test_suggested_settings_follow_the_unit_of_the_data():
    one, sixty = topic.suggest(DATA), topic.suggest(topic.Data.validate(DATA * 60))
    assert np.allclose(sixty["m"], 60 * np.array(one["m"]))
    assert np.allclose(sixty["rate"], 3600 * np.array(one["rate"]))
    topic.exact(TEN, **{name: np.float64(value) for name, value in one.items()})


def test_suggested_settings_are_accepted_for_a_constant_column_too():
    flat = topic.Data.validate(pd.DataFrame({"y": [60.0] * 5}))
    topic.exact(flat, **{name: np.float64(value) for name, value in topic.suggest(flat).items()})


# --- the operation ------------------------------------------------------------------------------


def mixture(K, seed=0, rows=40):
    """Rows, among them two far ones, shares, means, sds, and a weight for each row."""
    rng = np.random.default_rng(seed)
    y = np.append(rng.normal(0, 9, rows), [400.0, -3_000.0])
    parts = rng.dirichlet(np.ones(K)), rng.normal(0, 5, K), rng.gamma(3.0, size=K)
    return y, *parts, rng.normal(size=y.size)


def differentiated(density, mode):
    """Of rows, w, mu, sigma, weights: log densities and the gradient of their weighted sum."""
    given = [pt.dvector() for _ in range(5)]
    heights = density(*given[:4])
    slopes = pytensor.grad((heights * given[4]).sum(), given[1:4])
    return pytensor.function(given, [heights, *slopes], mode=mode)


@pytest.fixture(scope="module")
def by_pymc():
    def density(y, w, mu, sigma):
        return pm.logp(pm.NormalMixture.dist(w, mu, sigma, shape=y.shape), y)

    return differentiated(density, "FAST_COMPILE")


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_density_and_gradient_are_those_that_pymc_derives(mode, by_pymc):
    ours = differentiated(log_density, mode)
    for K, seed in itertools.product((1, 2, 5), range(3)):
        point = mixture(K, seed)
        for found, known in zip(ours(*point), by_pymc(*point), strict=True):
            np.testing.assert_allclose(found, known, rtol=1e-10)


def test_in_a_model_density_and_gradient_are_one_pass():
    gradient = topic.model(DATA, **SETTINGS).logp_dlogp_function(ravel_inputs=True)
    nodes = gradient._pytensor_function.maker.fgraph.apply_nodes
    assert sum(isinstance(node.op, LogDensity) for node in nodes) == 1


def test_the_gradient_counts_as_the_e_step_does():
    y, w, mu, sigma, _ = mixture(3)
    _, of_w, of_mu, _ = normal_mixture(y, w, mu, sigma, np.ones(y.size))
    shares, means, _ = topic.em_step(y, w, mu, sigma**-2)
    np.testing.assert_allclose(of_w * w, shares * y.size, rtol=1e-12)
    np.testing.assert_allclose(mu + of_mu * sigma**2 / (of_w * w), means, rtol=1e-10)


def test_an_empty_component_adds_nothing_and_its_share_still_has_a_gradient():
    y, _, mu, sigma, weight = mixture(3)
    y, weight, w = y[:-2], weight[:-2], np.array([0.3, 0.0, 0.7])
    heights, of_w, *others = normal_mixture(y, w, mu, sigma, weight)
    kept = normal_mixture(y, w[[0, 2]], mu[[0, 2]], sigma[[0, 2]], weight)
    np.testing.assert_allclose(heights, kept[0], rtol=1e-14)
    density = stats.norm(mu[1], sigma[1]).logpdf(y)  # the mixture is linear in its shares
    np.testing.assert_allclose(of_w[[0, 2]], kept[1], rtol=1e-12)
    assert of_w[1] == pytest.approx(weight @ np.exp(density - heights), rel=1e-12)
    for found, known in zip(others, kept[2:], strict=True):
        np.testing.assert_allclose(found, np.insert(known, 1, 0.0), rtol=1e-12)


@pytest.mark.parametrize("away", [40.0, 1e8, 1e150])
def test_a_far_row_belongs_to_the_widest_component_and_nothing_underflows(away):
    w, mu, sigma = np.array([0.5, 0.5]), np.zeros(2), np.array([1.0, 2.0])
    found = normal_mixture(np.array([away]), w, mu, sigma, np.ones(1))
    assert found[0][0] == pytest.approx(np.log(0.5) + stats.norm(0, 2).logpdf(away), rel=1e-14)
    np.testing.assert_allclose(found[1], [0, 2], atol=1e-200)
    np.testing.assert_allclose(found[2], [0, away / 4], rtol=1e-14, atol=1e-200)
    np.testing.assert_allclose(found[3], [0, (away**2 / 4 - 1) / 2], rtol=1e-14, atol=1e-200)


def test_what_no_component_can_make_is_impossible_and_what_is_no_number_stays_none():
    _, w, mu, sigma, _ = mixture(2)
    heights, *slopes = normal_mixture(np.array([np.inf, 1.0]), w, mu, sigma, np.ones(2))
    alone = normal_mixture(np.array([1.0]), w, mu, sigma, np.ones(1))
    assert heights[0] == -np.inf
    assert [s.tolist() for s in slopes] == [s.tolist() for s in alone[1:]]
    assert np.isnan(normal_mixture(np.array([np.nan]), w, mu, sigma, np.ones(1))[0])
    assert np.isnan(normal_mixture(np.array([1.0]), w, mu, np.array([1, np.nan]), np.ones(1))[0])


def test_the_operation_has_no_other_derivatives_and_takes_vectors_only():
    given = y, *theta = [pt.dvector() for _ in range(4)]
    total = log_density(*given).sum()
    with pytest.raises(NullTypeGradError, match="not implemented"):
        pytensor.grad(total, y)
    with pytest.raises(NotImplementedError, match="first derivatives"):
        pytensor.grad(pytensor.grad(total, theta[1]).sum(), theta[1])
    with pytest.raises(TypeError, match="vectors"):
        log_density(pt.dmatrix(), *theta)


def test_rows_drawn_from_the_model_follow_its_law():
    w, mu, sigma = np.array([0.3, 0.7]), np.array([54.0, 80.0]), np.array([6.0, 5.0])
    many = topic.Data.validate(pd.DataFrame({"y": np.zeros(20_000)}))
    fixed = pm.do(topic.model(many, **SETTINGS), {"w": w, "mu": mu, "lam": sigma**-2})
    drawn = pm.draw(fixed["y"], random_seed=1, mode="FAST_COMPILE")
    assert drawn.shape == (20_000,)
    law = stats.kstest(drawn, lambda x: stats.norm.cdf(x[:, None], mu, sigma) @ w)
    assert law.pvalue > 1e-4


def test_the_log_likelihood_of_a_model_has_a_number_for_each_row():
    built = remove_value_transforms(topic.model(TEN, **SETTINGS))
    each = built.compile_logp(vars=[built["y"]], sum=False, mode="FAST_COMPILE")
    theta = {"w": [0.3, 0.7], "lam": [0.03, 0.04], "mu": [54.0, 80.0]}
    parts = topic.log_parts(TEN["y"].to_numpy(), **theta)
    (rows,) = each({name: np.array(value) for name, value in theta.items()})
    np.testing.assert_allclose(rows, logsumexp(parts, axis=-1), rtol=1e-13)
