"""The two distributions of our own, against SciPy's and against integrals taken another way."""

import numpy as np
import pytest
from scipy import integrate, stats

from models._distributions import Density, Mixture
from models._exact import Exact

P = np.array([0.001, 0.05, 0.5, 0.95, 0.999])


@pytest.mark.parametrize(
    ("law", "scale", "around"),
    [
        (stats.gamma(50, scale=1 / 3), "log", 10.0),
        (stats.gamma(2, scale=1e-6), "log", 1.0),
        (stats.halfnorm(scale=70), "log", 1.0),
        (stats.beta(2, 50), "logit", 0.3),
        (stats.beta(3_000, 7_000), "logit", 0.31),
        (stats.norm(3, 1e-3), "identity", 3.01),
        (stats.norm(0, 1), "identity", 30.0),
    ],
)
def test_a_density_known_by_its_log_is_the_distribution(law, scale, around):
    ours = Density(law.logpdf, scale, around)
    assert ours.mass == pytest.approx(1, abs=1e-10)
    assert ours.mean() == pytest.approx(law.mean(), rel=1e-10, abs=1e-10)
    assert ours.std() == pytest.approx(law.std(), rel=1e-10)
    np.testing.assert_allclose(ours.ppf(P), law.ppf(P), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(ours.cdf(law.ppf(P)), P, rtol=1e-8)
    np.testing.assert_allclose(ours.pdf(law.ppf(P)), law.pdf(law.ppf(P)), rtol=1e-10)


def test_a_density_reports_a_mass_that_is_not_one():
    law = stats.gamma(5)
    ours = Density(lambda x: law.logpdf(x) + np.log(1.001), "log", 5.0)
    assert ours.mass == pytest.approx(1.001, abs=1e-9)


@pytest.fixture
def mixture():
    return Mixture(
        np.array([0.2, 0.5, 0.3, 1e-30]),
        stats.norm,
        loc=np.array([[0.0, 1.0, 5.0, 0.0], [2.0, 3.0, 9.0, 0.0]]),
        scale=np.array([1.0, 2.0, 0.5, 1.0]),
    )


def test_parts_too_light_for_a_double_are_trimmed(mixture):
    assert mixture.weights.size == 3
    assert mixture.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("element", [0, 1])
def test_a_mixture_has_the_moments_of_its_integral(mixture, element):
    def moment(power, centre=0.0):
        def integrand(x):
            return (x - centre) ** power * mixture.pdf(np.array([x, x]))[element]

        return integrate.quad(integrand, -15, 25, limit=200, points=[0, 5, 9])[0]

    assert moment(0) == pytest.approx(1)
    assert mixture.mean()[element] == pytest.approx(moment(1))
    assert mixture.std()[element] ** 2 == pytest.approx(moment(2, moment(1)))


def test_quantiles_of_a_mixture_invert_its_cdf(mixture):
    q = P[:, None]
    np.testing.assert_allclose(mixture.cdf(mixture.ppf(q)), np.broadcast_to(q, (5, 2)), rtol=1e-9)
    assert mixture.ppf(0.5).shape == (2,)


def test_draws_of_a_mixture_are_draws_of_it(mixture):
    draws = mixture.rvs(4_000, random_state=1)
    assert draws.shape == (4_000, 2)
    for element in (0, 1):  # independent draws, so this test is what it says
        found = stats.kstest(draws[:, element], lambda x, e=element: mixture.cdf(
            np.stack([x, x], axis=-1))[..., e])  # fmt: skip
        assert found.pvalue > 1e-4


def test_independent_marginals_add_up_unless_a_joint_is_given():
    a, b = stats.norm(), stats.gamma(3)
    both = Exact(marginals={"a": a, "b": b}, log_evidence=0.0, by="algebra")
    theta = {"a": 0.3, "b": 2.0}
    assert both.log_density(theta) == pytest.approx(a.logpdf(0.3) + b.logpdf(2.0))
    joint = Exact(marginals={"a": a}, log_evidence=0.0, by="", joint=lambda theta: -7.0)
    assert joint.log_density(theta) == -7.0
