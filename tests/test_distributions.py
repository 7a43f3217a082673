"""What only the page of distributions can show, and that each of its checks can fail."""

import itertools
from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from analyses import _averages, _laws, _three_ways
from models import _joint, _law, _sums
from workflow import compare

LAW = {law.name: law for law in _laws.LAWS if law.name != "beta"}
SKEW = np.array([0.7, 0.1, 0.2])


def test_every_law_of_the_texts_is_there():
    assert set(LAW) | {"beta"} >= {
        "normal", "Bernoulli", "binomial", "Poisson", "uniform", "log-uniform", "gamma", "beta",
        "chi-square", "exponential", "Laplace", "point mass", "discrete uniform",
    }  # fmt: skip
    joint = " ".join(law.label for law in _laws.JOINTS)
    assert "normal of 3" in joint
    assert joint.count("10 times") == 3


def failing(monkeypatch, law, lines):
    """Names of the lines that fail when `law` is the only one."""
    monkeypatch.setattr(_three_ways, "LAWS", [law])
    monkeypatch.setattr(_three_ways, "JOINTS", [])
    return [r["line"] for r in lines() if not r["error"] <= r["allowed"]]


GAMMA = LAW["gamma"]
DENSITIES = {
    "rate taken for a scale": replace(GAMMA, twin=stats.gamma(19.14, scale=0.5469)),
    "variance taken for an sd": replace(LAW["normal"], twin=stats.norm(35, 64)),
    "one more trial": replace(LAW["binomial"], twin=stats.binom(101, 0.02)),
    "an end that is left out": replace(LAW["discrete uniform"], twin=stats.randint(1, 7)),
    "another base of the logarithm": replace(LAW["log-uniform"], twin=stats.loguniform(1e-4, 0.11)),
    "a point beside": replace(LAW["point mass"], twin=stats.rv_discrete(values=([36], [1.0]))()),
}  # fmt: skip


@pytest.mark.parametrize("mistake", DENSITIES)
def test_another_law_is_seen(mistake, monkeypatch):
    law = DENSITIES[mistake]
    wrong = failing(monkeypatch, law, _three_ways.densities)
    assert any("logp" in line for line in wrong)
    assert any("logcdf" in line for line in wrong)


FORMULAS = {
    "alpha / beta": replace(GAMMA, variance="alpha / beta"),
    "beta / alpha": replace(GAMMA, mean="beta / alpha"),
    "(upper - lower)**2 / 12": replace(LAW["discrete uniform"], variance="(upper - lower)**2 / 12"),
    "b**2": replace(LAW["Laplace"], variance="b**2"),
    "n * p": replace(LAW["binomial"], variance="n * p"),
    "a millionth": replace(LAW["Poisson"], mean="mu * 1.000001"),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_another_formula_is_seen(formula, monkeypatch):
    assert failing(monkeypatch, FORMULAS[formula], _three_ways.formulas)


def test_a_density_that_lacks_a_factor_is_seen(monkeypatch):
    """The mass is that of PyMC's density: truncated without a word, it is not one."""
    half = replace(LAW["normal"], twin=stats.truncnorm(0, np.inf, 35, 8))
    assert any("mass" in line for line in failing(monkeypatch, half, _three_ways.formulas))


@pytest.mark.parametrize(
    "twin", [stats.norm(35.2, 8), stats.norm(35, 8.2), stats.t(4, 35, 8 / np.sqrt(2))]
)
def test_draws_of_another_law_are_seen(twin):
    z = _law.z_of_draws(LAW["normal"].draws(_three_ways.DRAWS, 1), stats.norm(35, 8))
    assert np.abs(z).max() < compare.bound(z.size)
    with np.errstate(invalid="ignore"):
        z = _law.z_of_draws(twin.rvs(_three_ways.DRAWS, random_state=1), stats.norm(35, 8))
    assert np.abs(z).max() > compare.bound(200)


def test_draws_that_should_be_equal(monkeypatch):
    law = replace(
        LAW["point mass"], pymc=lambda c, **size: pm.Normal.dist(c, np.float64(1), **size)
    )
    monkeypatch.setattr(_three_ways, "LAWS", [law])
    monkeypatch.setattr(_three_ways, "JOINTS", _laws.JOINTS[-1:])
    assert dict(_three_ways.draws(1))[law.label] == [np.inf]


def test_draws_of_a_joint_law_feel_its_correlations():
    """Components alone would not: a factor that is not Cholesky's has the right variances."""
    law, (mu, cov) = _laws.JOINTS[-1], _laws.delivery()
    independent = np.random.default_rng(1).standard_normal((_three_ways.DRAWS, 3))
    alone = law.z(mu + independent * np.sqrt(np.diag(cov)))
    assert np.abs(alone).max() > compare.bound(alone.size)
    turned = law.z(mu + independent @ np.linalg.cholesky(cov))  # L' z instead of L z
    assert np.abs(turned).max() > compare.bound(turned.size)
    right = law.z(_laws.by_cholesky(_three_ways.DRAWS, 1))
    assert np.abs(right).max() < compare.bound(right.size)


def test_draws_of_dirichlet_feel_each_parameter():
    drawn = np.random.default_rng(1).dirichlet([3, 2, 5], _three_ways.DRAWS)
    z = _joint.dirichlet("", [3, 2, 5]).z(drawn)
    assert np.abs(z).max() < compare.bound(z.size)
    z = _joint.dirichlet("", [3, 2, 5.1]).z(drawn)
    assert np.abs(z).max() > compare.bound(z.size)


def test_single_precision_is_what_the_page_says():
    """Constants kept double, PyMC's normal distribution function is SciPy's to the last digits."""
    law = LAW["normal"]
    right = law.twin.logcdf(law.points())
    error = {
        double: _three_ways._furthest(law.of_pymc("logcdf", double=double)(law.points()), right)
        for double in (True, False)
    }
    assert error[True] < 1e-14
    assert 1e-10 < error[False] < _three_ways.SINGLE


def test_quadrature_knows_moments_of_other_laws():
    """Against numbers nobody computed from a density here: E[X] of a Beta by its draws' algebra."""
    mass, mean, variance = next(law for law in _laws.LAWS if law.label == "beta(2, 5)").integrals()
    assert (mass, mean, variance) == pytest.approx((1, 2 / 7, 10 / 392), rel=1e-12)


@pytest.mark.parametrize(("mean", "variance"), [(35, 64), (0.2, 3.0), (1e6, 1.0)])
def test_a_gamma_of_a_wanted_mean_and_variance(mean, variance):
    found = _laws.gamma_with(mean, variance)
    law = stats.gamma(found["alpha"], scale=1 / found["beta"])
    assert law.mean() == pytest.approx(mean, rel=1e-12)
    assert law.var() == pytest.approx(variance, rel=1e-12)


def test_covariances_of_delivery_are_those_of_draws():
    """Of the text's own recipe, simulated."""
    random = np.random.default_rng(1)
    distance, traffic = random.uniform(0.5, 8, 10**6), random.uniform(1, 10, 10**6)
    time = 8.6 + 7.3 * distance + 1.5 * traffic + random.normal(0, 3, 10**6)
    mu, cov = _laws.delivery()
    drawn = np.array([distance, traffic, time])
    sd = np.sqrt(np.diag(cov))
    assert np.abs((drawn.mean(axis=1) - mu) / sd).max() < 5e-3
    assert np.abs((np.cov(drawn) - cov) / np.outer(sd, sd)).max() < 1e-2
    assert cov[2, 2] == pytest.approx(273.984375)
    assert mu[2] == pytest.approx(47.875)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_convolution_is_enumeration(n):
    chances = np.zeros(2 * n + 1)
    for values in itertools.product(range(3), repeat=n):
        chances[sum(values)] += np.prod(SKEW[list(values)])
    assert _sums.total(SKEW, n) == pytest.approx(chances, abs=1e-15)


def test_convolution_of_coins_is_the_binomial():
    k = np.arange(1_025)
    assert _sums.total([0.3, 0.7], 1_024) == pytest.approx(
        stats.binom(1_024, 0.7).pmf(k), rel=1e-10
    )


@pytest.mark.parametrize("p", [0.5, 0.3, 0.9])
def test_the_limit_is_that_of_a_million_coins(p):
    """SciPy's binomial distribution function, with nothing convolved."""
    n = 10**6
    k = np.arange(int(n * p - 5 * np.sqrt(n)), int(n * p + 5 * np.sqrt(n)))
    normal = stats.norm(n * p, np.sqrt(n * p * (1 - p))).cdf
    law = stats.binom(n, p).cdf
    error = max(np.abs(law(k) - normal(k)).max(), np.abs(law(k - 1) - normal(k)).max())
    assert error * np.sqrt(n) == pytest.approx(_sums.limit([1 - p, p]), rel=2e-3)
    assert error * np.sqrt(n) < _sums.most([1 - p, p])


def test_the_rate_is_one_over_the_root_and_one_over_n_between_steps():
    edges = [_sums.distance(_averages.DICE, n) for n in (64, 256, 1_024)]
    middles = [_sums.distance(_averages.DICE, n, between=True) for n in (64, 256, 1_024)]
    assert edges[0] / edges[1] == pytest.approx(2, abs=0.01)
    assert edges[1] / edges[2] == pytest.approx(2, abs=0.01)
    assert middles[0] / middles[1] == pytest.approx(4, abs=0.05)
    assert middles[1] / middles[2] == pytest.approx(4, abs=0.05)
    lopsided = [_sums.distance(_averages.STARS, n, between=True) for n in (256, 1_024)]
    assert lopsided[0] / lopsided[1] == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("mistake", ["limit", "most", "total"])
def test_a_wrong_theorem_is_seen(mistake, monkeypatch):
    assert all(r["error"] <= r["allowed"] for r in _averages.lines(1))
    right = getattr(_sums, mistake)
    wrong = {
        "limit": lambda p: right(p) - 3 * _sums.moments(p)[1] ** 2 / 100,
        "most": lambda p: right(p) / 8,
        "total": lambda p, n: right(p, n + 1),
    }
    monkeypatch.setattr(_sums, mistake, wrong[mistake])
    assert not all(r["error"] <= r["allowed"] for r in _averages.lines(1))
