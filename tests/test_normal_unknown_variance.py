"""What only an unknown spread can show: Student's t as a limit, n - 1, effects, pairs."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from models import normal_unknown_variance as topic
from models._conjugate import NormalGamma
from models._effect import Effect, by_inversion
from workflow import topic as topics

SHIPPED = topics.read(topics.load("normal_unknown_variance"))
SETTINGS = {name: np.float64(value) for name, value in {**topic.PRIOR, **topic.KNOWN}.items()}
PRIOR = {name: SETTINGS[name] for name in topic.PRIOR}
SLEEP = SHIPPED["y"].to_numpy()
SAMPLES = {
    "sleep": SLEEP,
    "two rows": np.array([0.4, -1.3]),
    "far from zero": np.array([1012.5, 1013.25, 1011.0, 1012.0]),
    "many": np.random.default_rng(1).normal(3, 2, 200),
}
every = pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)


def measured(*y):
    return topic.Data.validate(pd.DataFrame({"y": y}))


# --- the classical test -------------------------------------------------------------------------


@every
@pytest.mark.parametrize("null", [0.0, 1.5])
def test_the_t_test_and_its_interval_are_the_flat_posterior_digit_for_digit(y, null):
    mu = topic.flat(y).marginals()["mu"]
    test = stats.ttest_1samp(y, null)
    interval = test.confidence_interval(0.95)
    np.testing.assert_allclose(mu.ppf([0.025, 0.975]), interval, rtol=1e-13)
    one_sided = stats.ttest_1samp(y, null, alternative="greater").pvalue
    assert mu.cdf(null) == pytest.approx(one_sided, rel=1e-10)
    assert 2 * min(mu.cdf(null), mu.sf(null)) == pytest.approx(test.pvalue, rel=1e-10)


@every
def test_the_flat_posterior_is_likelihood_over_sigma_integrated_on_a_grid(y):
    """By adding up, with no algebra: sigma integrated out for each mu."""
    mu = topic.flat(y).marginals()["mu"]
    x = mu.ppf([0.05, 0.3, 0.5, 0.9])
    log_sigma = np.log(y.std()) + np.linspace(-9, 30, 6_000)
    s = np.exp(log_sigma)

    def height(at):  # 1 / sigma is flat in log sigma
        return np.exp([stats.norm(m, s[:, None]).logpdf(y).sum(-1) for m in at]).sum(-1)

    ratio = mu.pdf(x) / mu.pdf(x[2])
    np.testing.assert_allclose(height(x) / height(x[2:3]), ratio, rtol=1e-8)


def test_proper_priors_tend_to_n_degrees_of_freedom_and_half_a_row_less_to_students():
    last = np.inf
    for size in (1e-1, 1e-3, 1e-5, 1e-7):
        after = topic.posterior(SHIPPED, m=np.float64(0.5), kappa=size, alpha=size, beta=size)
        less = NormalGamma(after.m, after.kappa, after.shape - 0.5, after.rate).marginals()["mu"]
        low, high = stats.ttest_1samp(SLEEP, 0).confidence_interval()
        away = np.abs(less.ppf([0.025, 0.975]) - [low, high]).max()
        assert away < last / 50
        last = away
    assert last < 1e-6
    assert 2 * after.shape == pytest.approx(SLEEP.size, abs=1e-6)
    t_n = stats.t(SLEEP.size, SLEEP.mean(), SLEEP.std() / np.sqrt(SLEEP.size))  # divisor n
    assert after.marginals()["mu"].ppf(0.975) == pytest.approx(t_n.ppf(0.975), abs=1e-6)


@every
def test_the_interval_of_the_flat_effect_is_the_non_central_t_inverted(y):
    t = stats.ttest_1samp(y, 0).statistic
    if abs(t) > 35:
        assert by_inversion(t, y.size) is None
        return
    law = topic.effect_of(topic.flat(y), 0.0)
    np.testing.assert_allclose(law.ppf([0.025, 0.975]), by_inversion(t, y.size), rtol=1e-8)


def test_divisor_n_is_too_small_by_n_minus_one_over_n_on_average():
    """Over every sample of three from a die: an enumeration, not a simulation."""
    faces = np.array(np.meshgrid(*[np.arange(1, 7)] * 3)).reshape(3, -1)
    true = np.arange(1, 7).var()
    sigma2 = [1 / topic.mle(measured(*y), null=0)["lam"] for y in faces.T if np.ptp(y)]
    assert sum(sigma2) / 216 == pytest.approx(true * 2 / 3, rel=1e-12)
    assert faces.var(axis=0, ddof=1).mean() == pytest.approx(true, rel=1e-12)


# --- the posterior ------------------------------------------------------------------------------


def test_row_by_row_is_all_at_once():
    now, chain = dict(PRIOR), 0.0
    for value in SLEEP:
        one = measured(value)
        chain += topic.exact(one, null=0.0, **now).log_evidence
        after = topic.posterior(one, **now)
        now = {"m": after.m, "kappa": after.kappa, "alpha": after.shape, "beta": after.rate}
    whole = topic.posterior(SHIPPED, **PRIOR)
    assert list(now.values()) == pytest.approx(list(vars(whole).values()), rel=1e-13)
    assert topic.exact(SHIPPED, **SETTINGS).log_evidence == pytest.approx(chain, abs=1e-11)


def test_a_further_row_is_as_likely_as_the_evidence_says():
    law = topic.predict(topic.posterior(SHIPPED, **PRIOR))
    before = topic.exact(SHIPPED, **SETTINGS).log_evidence
    for value in (-3.0, 1.0, 1.58, 9.0):
        more = topic.exact(measured(*SLEEP, value), **SETTINGS).log_evidence
        assert law.logpdf(value) == pytest.approx(more - before, abs=1e-11)


def test_a_grid_of_means_and_spreads_agrees():
    mu, lam = np.linspace(-3, 6, 901), np.exp(np.linspace(-5, 3, 801))
    M, L = mu[:, None], lam[None, :]
    log = stats.gamma(PRIOR["alpha"], scale=1 / PRIOR["beta"]).logpdf(L)
    log = log + stats.norm(PRIOR["m"], (PRIOR["kappa"] * L) ** -0.5).logpdf(M)
    log = log + sum(stats.norm(M, L**-0.5).logpdf(value) for value in SLEEP)
    weight = np.exp(log) * L * (mu[1] - mu[0]) * np.log(lam[1] / lam[0])
    exact = topic.exact(SHIPPED, **SETTINGS | {"null": 0.75})
    assert np.log(weight.sum()) == pytest.approx(exact.log_evidence, abs=1e-6)
    values = {"mu": M, "lam": L, "sigma": L**-0.5, "effect": (M - 0.75) * L**0.5}
    for name, each in values.items():
        mean = (weight * each).sum() / weight.sum()
        spread = np.sqrt((weight * (each - mean) ** 2).sum() / weight.sum())
        law = exact.distributions[name]
        assert law.mean() == pytest.approx(mean, abs=1e-5), name
        assert law.std() == pytest.approx(spread, abs=1e-5), name


def test_seconds_for_minutes_change_units_and_nothing_else():
    minutes = measured(28.0, 31, 35, 42, 38, 29, 45, 33, 36, 41)
    prior = {"m": np.float64(30), "kappa": np.float64(0.5), "alpha": np.float64(2)}
    one = topic.exact(minutes, null=45.0, beta=np.float64(60), **prior)
    two = topic.exact(
        minutes * 60, null=2700.0, beta=np.float64(60 * 3600), **prior | {"m": np.float64(1800)}
    )
    assert two.marginals["mu"].mean() == pytest.approx(60 * one.marginals["mu"].mean())
    assert two.derived["sigma"].ppf(0.9) == pytest.approx(60 * one.derived["sigma"].ppf(0.9))
    assert two.derived["effect"].ppf(0.9) == pytest.approx(one.derived["effect"].ppf(0.9), rel=1e-9)
    assert two.log_evidence == pytest.approx(one.log_evidence - 10 * np.log(60))


# --- the effect ---------------------------------------------------------------------------------

LAWS = [(0.0, 4.0, 2.0), (0.7, 11.0, 6.5), (-3.0, 5.0, 2.5), (120.0, 30.0, 15.0), (0.2, 1e5, 5e4)]
FAR = (1e5, 12.0, 7.5)  # where SciPy's non-central t has lost its digits


@pytest.mark.parametrize(("D", "kappa", "shape"), LAWS)
def test_the_effect_is_a_non_central_t_turned_round(D, kappa, shape):
    law = Effect(D, kappa, shape)
    assert law.mass == pytest.approx(1, abs=1e-9)
    q = np.array([0.01, 0.3, 0.5, 0.975])
    x = law.ppf(q)
    turned = stats.nct.sf(D * np.sqrt(kappa), 2 * shape, np.sqrt(kappa) * x)
    np.testing.assert_allclose(turned, q, atol=1e-8)
    np.testing.assert_allclose(law.cdf(x), q, atol=1e-12)


@pytest.mark.parametrize(("D", "kappa", "shape"), [*LAWS, FAR])
def test_mean_and_spread_of_the_effect_by_the_moments_of_a_gamma(D, kappa, shape):
    law = Effect(D, kappa, shape)
    root = stats.gamma(shape, scale=1 / shape).expect(np.sqrt)
    assert law.mean() == pytest.approx(D * root, rel=1e-6, abs=1e-12)
    if shape < 1000:  # else a difference of nearly equal numbers
        assert law.std() ** 2 == pytest.approx(D**2 * (1 - root**2) + 1 / kappa, rel=1e-6)


@pytest.mark.parametrize(("D", "kappa", "shape"), [*LAWS, FAR])
def test_density_of_the_effect_is_the_slope_of_its_distribution(D, kappa, shape):
    law = Effect(D, kappa, shape)
    low, high = law.ppf([0.2, 0.8])
    mass, _ = integrate.quad(law.pdf, low, high, epsabs=1e-12)
    assert mass == pytest.approx(0.6, abs=1e-9)
    drawn = law.rvs(20_000, random_state=1)
    assert abs((drawn <= low).mean() - 0.2) < 5 * np.sqrt(0.16 / 20_000)


def test_an_effect_that_cannot_be_integrated_is_refused():
    weak = {"m": 5e4, "kappa": 0.25, "alpha": 0.05, "beta": 0.3}
    with pytest.raises(ValueError, match="`null` = 0 is too far"):
        topic.exact(measured(5e4), null=0.0, **weak)
    assert topic.exact(measured(5e4), null=5e4, **weak).derived["effect"].mass > 0.999


# --- rows ---------------------------------------------------------------------------------------


def test_pairs_are_their_difference_and_y_comes_first():
    assert SHIPPED["y"].to_numpy() == pytest.approx([1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4])
    paired = stats.ttest_rel(SHIPPED["y1"], SHIPPED["y0"])
    assert 2 * topic.flat(SLEEP).marginals()["mu"].cdf(0) == pytest.approx(paired.pvalue)
    frame = pd.DataFrame({"y": [1.0], "y0": [5.0], "y1": [9.0]})
    assert topic.tidy(frame)["y"].tolist() == [1.0]
    assert "y" not in topic.tidy(frame[["y0"]])


def test_a_column_made_from_others_is_no_assumption_to_be_told_of():
    assert SHIPPED.attrs["notes"] == []
    counts = topics.read(topics.load("poisson_gamma"), pd.DataFrame({"count": [3, 1]}))
    assert counts.attrs["notes"] == ["there is no column `exposure`: taken to be 1 in every row"]


def test_suggested_settings_follow_the_unit():
    near, far = topic.suggest(measured(1.0, 2.0, 6.0)), topic.suggest(measured(1e3, 2e3, 6e3))
    assert far["m"] == 1000 * near["m"] == 3000
    assert far["beta"] == pytest.approx(1e6 * near["beta"])
    assert topic.suggest(measured(4.0))["beta"] > 0
