"""The conjugate families against quadrature, sums over cases, and one another."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from models._conjugate import Dirichlet, NormalGamma, per_component

GROUP = NormalGamma(m=np.array([1.5]), kappa=np.array([0.7]), shape=np.array([2.3]),
                    rate=np.array([1.9]))  # fmt: skip


def density(mu, lam):
    return float(np.exp(GROUP.logpdf(mu, lam))[0])


def gauss(low, high, n=400):
    x, w = np.polynomial.legendre.leggauss(n)
    return low + (high - low) * (x + 1) / 2, w * (high - low) / 2


def test_normal_gamma_density_has_mass_one():
    mu, a = gauss(-np.pi / 2, np.pi / 2)  # mu = 1.5 + tan(angle), lam = exp(t)
    t, b = gauss(-25, 6)
    x, lam = 1.5 + np.tan(mu)[:, None], np.exp(t)
    values = np.exp(GROUP.logpdf(x, lam)) * lam / np.cos(mu)[:, None] ** 2
    assert a @ values @ b == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("mu", [-2.0, 1.0, 1.5, 4.0])
def test_normal_gamma_marginal_of_the_mean_is_the_density_with_the_precision_integrated_out(mu):
    mass, _ = integrate.quad(lambda lam: density(mu, lam), 0, np.inf, epsabs=1e-12)
    assert GROUP.marginals()["mu"].pdf(mu)[0] == pytest.approx(mass, rel=1e-8)


@pytest.mark.parametrize("lam", [0.2, 1.0, 3.0])
def test_normal_gamma_marginal_of_the_precision_is_the_density_with_the_mean_integrated_out(lam):
    mass, _ = integrate.quad(lambda mu: density(mu, lam), -np.inf, np.inf, epsabs=1e-12)
    assert GROUP.marginals()["lam"].pdf(lam)[0] == pytest.approx(mass, rel=1e-8)


def test_sigma_falls_below_s_as_often_as_the_precision_exceeds_its_inverse_square():
    s = np.linspace(0.3, 4, 9)
    laws = GROUP.marginals()
    assert laws["sigma"].cdf(s) == pytest.approx(laws["lam"].sf(s**-2), abs=1e-13)


def test_posterior_of_one_row_is_prior_times_likelihood_over_evidence():
    y = 2.7
    after = GROUP.given(np.array([y]), np.ones((1, 1)))
    log_evidence = GROUP.log_evidence(after)[0]
    for mu, lam in [(0.0, 0.4), (1.5, 1.0), (3.0, 2.2)]:
        bayes = GROUP.logpdf(mu, lam)[0] + stats.norm.logpdf(y, mu, lam**-0.5) - log_evidence
        assert after.logpdf(mu, lam)[0] == pytest.approx(bayes, abs=1e-12)


def test_evidence_is_the_product_of_student_t_predictions_row_by_row():
    y = np.array([2.7, -0.4, 1.1, 8.0])
    chain, now = 0.0, GROUP
    for value in y:
        spread = np.sqrt(now.rate * (now.kappa + 1) / (now.shape * now.kappa))
        chain += stats.t.logpdf(value, 2 * now.shape, now.m, spread)[0]
        now = now.given(np.array([value]), np.ones((1, 1)))
    batch = GROUP.given(y, np.ones((4, 1)))
    assert GROUP.log_evidence(batch)[0] == pytest.approx(chain, abs=1e-12)


def test_rows_far_from_zero_lose_no_digits():
    y = np.array([2.7, -0.4, 1.1])
    far = NormalGamma(GROUP.m + 1e8, GROUP.kappa, GROUP.shape, GROUP.rate)
    near = GROUP.log_evidence(GROUP.given(y, np.ones((3, 1))))
    assert far.log_evidence(far.given(y + 1e8, np.ones((3, 1)))) == pytest.approx(near, abs=1e-6)


def test_half_a_row_twice_is_one_row():
    y, half = np.array([2.7]), np.full((1, 1), 0.5)
    after, whole = GROUP.given(y, half).given(y, half), GROUP.given(y, 2 * half)
    assert after.rate == pytest.approx(whole.rate)
    assert after.m == pytest.approx(whole.m)


def test_dirichlet_density_has_mass_one():
    law = Dirichlet(np.array([1.7, 2.4, 3.1]))
    u, a = gauss(0, 1, 120)
    w1, share = u[:, None], u[None, :]  # w2 = (1 - w1) share: a square instead of a triangle
    w = np.stack([w1 + 0 * share, (1 - w1) * share, (1 - w1) * (1 - share)], axis=-1)
    assert a @ (np.exp(law.logpdf(w)) * (1 - w1)) @ a == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("w1", [0.1, 0.4, 0.8])
def test_dirichlet_marginal_is_the_density_with_the_other_weights_integrated_out(w1):
    law = Dirichlet(np.array([1.7, 2.4, 3.1]))

    def joint(w2):
        return np.exp(law.logpdf(np.array([w1, w2, 1 - w1 - w2])))

    mass, _ = integrate.quad(joint, 0, 1 - w1, epsabs=1e-12)
    assert law.marginals().pdf(w1)[0] == pytest.approx(mass, rel=1e-7)


def test_evidence_of_every_sequence_of_categories_adds_up_to_one():
    law = Dirichlet(np.array([0.5, 2.0, 1.3]))
    sequences = np.array(list(itertools.product(range(3), repeat=4)))
    counts = (sequences[..., None] == np.arange(3)).sum(-2)
    assert np.exp(law.log_evidence(counts)).sum() == pytest.approx(1, abs=1e-13)


def test_rows_of_a_matrix_are_independent_dirichlets():
    a = np.array([[8.0, 2.0], [1.0, 5.0]])
    w = np.array([[0.7, 0.3], [0.2, 0.8]])
    each = [stats.dirichlet.logpdf(w[i], a[i]) for i in range(2)]
    assert Dirichlet(a).logpdf(w) == pytest.approx(each, abs=1e-13)
    assert Dirichlet(a).marginals().mean() == pytest.approx(a / a.sum(1, keepdims=True))


def test_marginals_with_parts_are_the_weighted_sum_of_the_parts():
    a, weights = np.array([[3.0, 1.0, 2.0], [1.0, 4.0, 2.0]]), np.array([0.3, 0.7])
    x = np.array([0.2, 0.5, 0.4])
    parts = [stats.beta(row, row.sum() - row).pdf(x) for row in a]
    by_hand = weights @ parts
    assert Dirichlet(a).marginals(weights).pdf(x) == pytest.approx(by_hand, abs=1e-13)


def test_draws_have_the_marginals_means_and_the_right_shapes():
    rng = np.random.default_rng(1)
    n = 40_000
    w = Dirichlet(np.broadcast_to([1.7, 2.4, 3.1], (n, 3))).rvs(rng)
    law = Dirichlet(np.array([1.7, 2.4, 3.1])).marginals()
    assert np.abs((w.mean(0) - law.mean()) / (law.std() / np.sqrt(n))).max() < 5
    mu, lam = NormalGamma(*(np.broadcast_to(v, (n, 1)) for v in vars(GROUP).values())).rvs(rng)
    for name, draws in {"mu": mu, "lam": lam}.items():
        at = GROUP.marginals()[name].ppf(0.3)
        assert draws.shape == (n, 1)
        assert abs((draws <= at).mean() - 0.3) < 5 * np.sqrt(0.21 / n)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_parameters_that_are_not_positive_are_refused_by_name(bad):
    one = np.ones(1)
    with pytest.raises(ValueError, match="`kappa` must be positive"):
        NormalGamma(one, bad * one, one, one)
    with pytest.raises(ValueError, match="`a` must be positive"):
        Dirichlet(bad * one)


def test_one_number_serves_every_component_and_a_list_sets_each():
    full = per_component(np.float64(3), kappa=np.float64(0.5), m=np.array([1.0, 2.0, 3.0]))
    assert full["kappa"].tolist() == [0.5, 0.5, 0.5]
    assert full["m"].tolist() == [1, 2, 3]
