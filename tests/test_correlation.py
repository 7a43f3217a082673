"""Correlation by other routes: inverse Wishart draws, one pair at a time, the classical test."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import integrate, special, stats

from models import correlation as topic
from models._exact import NoMaximum
from models._pair import Correlation, Pair
from workflow import misfit
from workflow import topic as topics

FOUND = topics.load("correlation")
DATA = topics.read(FOUND)
SETTINGS = FOUND.defaults
PAIRS = topic.design(DATA)
BEFORE = topic.prior(**SETTINGS)
AFTER = BEFORE.given(PAIRS)


def test_evidence_is_that_of_foretelling_each_pair_from_those_before():
    """By the multivariate t of SciPy, one pair after the other."""
    total, now = 0.0, BEFORE
    for pair in PAIRS:
        shape = now.S * (now.kappa + 1) / (now.kappa * (now.nu - 1))
        total += stats.multivariate_t(now.m, shape, df=now.nu - 1).logpdf(pair)
        now = now.given(pair[None])
    assert BEFORE.log_evidence(AFTER) == pytest.approx(total, abs=1e-9)
    for name in ("m", "kappa", "nu", "S"):  # and the last posterior is that of all at once
        np.testing.assert_allclose(getattr(now, name), getattr(AFTER, name), rtol=1e-12)


def inverse_wishart(pair, number, seed=1):
    """The unknowns as SciPy draws them: a covariance matrix first, then the means."""
    rng = np.random.default_rng(seed)
    sigma = stats.invwishart(pair.nu, pair.S).rvs(number, random_state=rng)
    root = np.linalg.cholesky(sigma / pair.kappa)
    mu = pair.m + (root @ rng.standard_normal((number, 2, 1)))[..., 0]
    xx, xy, yy = sigma[:, 0, 0], sigma[:, 0, 1], sigma[:, 1, 1]
    return {
        "mu_x": mu[:, 0], "mu_y": mu[:, 1], "lam_x": 1 / xx, "lam": 1 / (yy - xy**2 / xx),
        "slope": xy / xx, "sigma_x": xx**0.5, "sigma_y": yy**0.5, "rho": xy / (xx * yy) ** 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("rows", [0, 2, 28])
def test_every_marginal_is_that_of_inverse_wishart_draws(rows):
    exact = topic.exact(DATA.head(rows), **SETTINGS) if rows else None
    pair, number = BEFORE.given(PAIRS[:rows]) if rows else BEFORE, 40_000
    laws = exact.distributions if rows else dict(zip(
        ["mu_x", "mu_y", "sigma_x", "sigma_y", "lam_x", "lam", "slope", "rho"],
        [*pair.means(), *pair.sds(), *pair.lams(), pair.slope(), pair.rho()], strict=True,
    ))  # fmt: skip
    drawn = inverse_wishart(pair, number)
    assert set(drawn) == set(laws)
    for name, law in laws.items():
        for p in (0.05, 0.25, 0.5, 0.75, 0.95):
            below = np.mean(drawn[name] < law.ppf(p))
            assert abs(below - p) < 4.5 * np.sqrt(p * (1 - p) / number), (name, p)


def test_x_and_y_may_change_places():
    settings = SETTINGS | {
        "m_x": SETTINGS["m_y"], "m_y": SETTINGS["m_x"], "s_x": SETTINGS["s_y"],
        "s_y": SETTINGS["s_x"],
    }  # fmt: skip
    turned = topic.exact(DATA.rename(columns={"x": "y", "y": "x"}), **settings)
    exact, q = topic.exact(DATA, **SETTINGS), np.array([0.02, 0.4, 0.9])
    assert turned.log_evidence == pytest.approx(exact.log_evidence, abs=1e-10)
    pairs = (("mu_x", "mu_y"), ("mu_y", "mu_x"), ("sigma_x", "sigma_y"), ("rho", "rho"))
    for ours, theirs in pairs:
        want = exact.distributions[ours].ppf(q)
        assert turned.distributions[theirs].ppf(q) == pytest.approx(want, rel=1e-9)


def test_other_units_move_everything_but_the_correlation():
    scale, shift = 1e-3, 7.0
    data = DATA.assign(x=scale * DATA["x"] + shift)
    settings = SETTINGS | {"m_x": scale * SETTINGS["m_x"] + shift, "s_x": scale * SETTINGS["s_x"]}
    one, two = topic.exact(DATA, **SETTINGS), topic.exact(data, **settings)
    q = np.array([0.01, 0.5, 0.99])
    assert two.derived["rho"].ppf(q) == pytest.approx(one.derived["rho"].ppf(q), abs=1e-9)
    gain = -len(DATA) * np.log(scale)
    assert two.log_evidence - one.log_evidence == pytest.approx(gain, abs=1e-8)


# --- the density of rho -------------------------------------------------------------------------


@pytest.mark.parametrize(("nu", "r"), [(3.0, 0.4), (2.2, -0.1), (7.5, 0.9), (31.0, 0.66)])
def test_the_density_of_rho_is_the_inverse_wishart_with_both_sds_integrated_out(nu, r):
    """Over their product by a Gamma integral, over their ratio numerically."""
    law = Correlation(nu, r)
    assert law.mass == pytest.approx(1, abs=1e-9)
    across = np.linspace(-12, 12, 241) * min(1, 8 / nu)
    log_ratio, log_product = (x.ravel() for x in np.meshgrid(across, across - np.log(nu)))
    one, two = np.exp((log_product + log_ratio) / 2), np.exp((log_product - log_ratio) / 2)
    slopes = 4 * (one * two) ** 2 * (one * two) / 2  # of the matrix in one, two, rho; and of logs
    for rho in (-0.8, 0.0, 0.3, 0.95):
        both = rho * one * two
        sigma = np.array([[one**2, both], [both, two**2]])  # SciPy wants the matrices first
        density = stats.invwishart(nu, np.array([[1.0, r], [r, 1.0]])).pdf(sigma)
        want = np.sum(density * slopes) * (across[1] - across[0]) ** 2
        assert law.pdf(rho) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize("nu", [1.5, 4.0, 12.0])
def test_the_density_of_rho_is_jeffreys_hypergeometric_function(nu):
    """Where SciPy has it: its shape at many correlations, against that at 0."""
    r, law = 0.7, Correlation(nu, 0.7)

    def jeffreys(rho):
        series = special.hyp2f1(0.5, 0.5, nu + 0.5, (1 + rho * r) / 2)
        return (1 - rho**2) ** ((nu - 3) / 2) * (1 - rho * r) ** (0.5 - nu) * series

    rho = np.linspace(-0.9, 0.99, 7)
    found = law.pdf(rho) / law.pdf(0.0)
    assert found == pytest.approx(jeffreys(rho) / jeffreys(0.0), rel=1e-10)


def test_a_prior_of_three_pairs_is_flat_in_rho():
    assert Correlation(3.0, 0.0).pdf(np.array([-0.99, -0.2, 0.5])) == pytest.approx(0.5)
    assert BEFORE.rho().cdf(0.3) == pytest.approx(0.65, abs=1e-9)


# --- the classical answers ----------------------------------------------------------------------


def test_the_maximum_likelihood_answer_is_pearsons_r():
    best, model = topic.mle(DATA), topic.model(DATA, **SETTINGS)
    given = {model[name]: best[name] for name in ("lam_x", "lam", "slope")}
    rho = model["rho"].eval(given, mode="FAST_COMPILE")
    assert rho == pytest.approx(np.corrcoef(DATA["x"], DATA["y"])[0, 1], abs=1e-14)
    assert rho == pytest.approx(topic.pearson(DATA)[0], abs=1e-14)


@pytest.mark.parametrize("rows", [5, 11, 28])
def test_half_a_p_value_is_the_other_sign_under_a_prior_that_says_nothing(rows):
    """Flat in means, slope and log scatter: the limit kappa 0, S 0, nu -2, digit for digit."""
    nothing = Pair(np.zeros(2), 0.0, -2.0, np.zeros((2, 2)))
    some = DATA.head(rows)
    r, p, _ = topic.pearson(some)
    slope = nothing.given(topic.design(some)).slope()
    other = slope.cdf(0) if r > 0 else slope.sf(0)
    assert 2 * other == pytest.approx(p, rel=1e-10)


@pytest.mark.parametrize("rows", [4, 9, 28])
def test_the_null_density_of_the_story_is_that_of_the_t_test(rows):
    r, p, _ = topic.pearson(DATA.head(rows))
    null = stats.beta(rows / 2 - 1, rows / 2 - 1, -1, 2)
    assert 2 * null.sf(abs(r)) == pytest.approx(p, rel=1e-9)


def test_the_null_density_of_the_story_is_that_of_samples():
    rng, n = np.random.default_rng(3), 100
    x, y = rng.standard_normal((2, 40_000, n))
    x, y = (a - a.mean(axis=1, keepdims=True) for a in (x, y))
    r = (x * y).sum(1) / np.sqrt((x**2).sum(1) * (y**2).sum(1))
    p = 0.023018
    assert abs(np.mean(r < -0.2) - p) < 4.5 * np.sqrt(p / len(r))
    near = np.mean(np.abs(r + 0.25) < 0.02) / 0.04
    area = integrate.quad(stats.beta(49, 49, -1, 2).pdf, -0.27, -0.23)[0] / 0.04
    assert abs(near - area) < 4.5 * np.sqrt(area / 0.04 / len(r))


def test_the_correlations_of_the_delivery_story_are_those_of_a_million():
    rng, n = np.random.default_rng(4), 1_000_000
    distance, traffic = rng.uniform(0.5, 8, n), rng.uniform(1, 10, n)
    time = 8.6 + 7.3 * distance + 1.5 * traffic + rng.normal(0, 3, n)
    for part, rho in ((distance, 0.954840), (traffic, 0.235440)):
        found = np.corrcoef(part, time)[0, 1]
        assert abs(found - rho) < 4.5 / np.sqrt(n)


@pytest.mark.parametrize("y", [[3.0, 5.0, 9.0], [4.0, 4.0, 4.0], [-2.0, -4.0, -8.0]])
def test_pairs_on_a_line_have_a_posterior_and_no_maximum(y):
    data = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": y})
    with pytest.raises(NoMaximum, match="lie on a line"):
        topic.mle(data)
    with pytest.raises(NoMaximum, match="lie on a line"):
        topic.mle(data.rename(columns={"x": "y", "y": "x"}))
    rho = topic.exact(data, **SETTINGS | topic.suggest(data)).derived["rho"]
    assert rho.mass == pytest.approx(1, abs=1e-8)
    assert 0 < rho.std() < 0.6


def test_units_are_asked_about_column_by_column():
    """Each of x and y against its own prior: heights in metres beside times in seconds."""
    rng, dims = np.random.default_rng(6), ("chain", "draw", "row", "axis")
    drawn = np.stack([rng.normal(240, 45, (1, 500, 30)), rng.normal(220, 45, (1, 500, 30))], -1)
    seen = np.stack([rng.normal(240, 0.1, 30), rng.normal(220, 45, 30)], axis=-1)
    axis = {"axis": ["x", "y"]}
    run = SimpleNamespace(
        topic=FOUND, data=DATA, weighed=False, warnings=[],
        draws=xr.DataTree.from_dict({
            "prior_predictive": xr.Dataset({"pair": (dims, drawn)}, axis),
            "observed_data": xr.Dataset({"pair": (dims[2:], seen)}, axis),
        }),
    )  # fmt: skip
    misfit.prior_range(run)
    (warning,) = run.warnings
    assert "standard deviation of `pair[x]`" in warning
    assert "s_x=47" in warning
