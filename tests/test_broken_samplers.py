"""Samplers that are wrong while their diagnostics look healthy, and which check catches each.

"Caught in one run" is a statement about every one of the runs; the samplers, and what none of
this can see, are in `tests/broken.py`.
"""

import csv

import numpy as np
import pytest
from scipy import stats

from tests import broken
from tests.broken import SAMPLERS, beta_binomial, gamma_precision, regression, runs
from workflow import compare, fit, topic
from workflow.density import Unconstrained

TARGETS = {beta_binomial: broken.RUNS, gamma_precision: 3, regression: 2}  # runs that are judged


def judged(sampler, target):
    return runs(sampler, target, TARGETS[target])


every_target = pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.__name__)


@every_target
def test_a_target_is_the_density_that_pymc_samples(target):
    """The same log density but for a constant, and the same gradient, in the same coordinates."""
    made, name = target(), {regression: "linear_regression"}.get(target, target.__name__)
    found = topic.load(name)
    model = found.model(topic.read(found), found.defaults)
    rng = np.random.default_rng(1)
    u = made.centre + rng.standard_normal((5, made.centre.size)) @ made.root.T
    values, gradients = made.log_density(u)
    theirs = [Unconstrained(model, jacobian=True)(point) for point in u]
    gaps = values - np.array([value for value, _ in theirs])
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-9)
    scale = np.abs(made.root).max(axis=0)
    np.testing.assert_allclose(
        gradients * scale, np.array([g for _, g in theirs]) * scale, rtol=1e-7, atol=1e-7
    )


@every_target
def test_the_sampler_without_a_mistake_passes(target):
    assert all(v.noticed_by == set() for v in judged("correct", target))


@every_target
def test_a_missing_acceptance_step_is_caught_by_z(target):
    """Leapfrog keeps (p**2 + (1 - step**2 / 4) v**2) / 2 of a normal target: too wide a spread."""
    wrong = SAMPLERS["no acceptance"][0]
    size = (1 - wrong.step**2 / 4) ** -0.5 - 1
    assert size >= 0.1
    for v in judged("no acceptance", target):
        assert v.gates == []
        assert v.stretch == pytest.approx(size, abs=0.03)
        assert v.noticed_by == {"z", "Stein"}


@pytest.mark.parametrize(
    ("sampler", "gate"),
    [("warm-up kept, near", "bulk or tail ESS, lowest"), ("warm-up kept, far", "E-BFMI, lowest")],
)
def test_a_kept_warm_up_is_caught_by_a_gate(sampler, gate):
    """R-hat is blind: every chain begins alike. So is z to what is near.

    Four beginnings of K draws at a distance D are four observations of something rare: they add
    K D / n to the mean and as much to its Monte Carlo error as leaves |z| near 2. But a mean that
    they shift by s posterior sds has an ESS of at most 4 / s**2, 400 for a tenth, unless D is so
    large that ranks no longer show it; then the energy does.
    """
    wrong, made = SAMPLERS[sampler][0], beta_binomial()
    law = made.exact.marginals["theta"]
    start = made.theta(made.centre + wrong.away * made.root[0])["theta"]
    size = wrong.kept / fit.BLOCK * (start - law.mean()) / law.std()
    assert size >= 0.1
    for v in judged(sampler, beta_binomial):
        assert v.shift == pytest.approx(size, abs=0.04)
        assert v.rhat < 1.01
        assert gate in v.gates
    if wrong.away > 10:
        assert all("z" in v.noticed_by for v in judged(sampler, beta_binomial))


@every_target
def test_a_stuck_chain_is_caught_by_a_gate(target):
    for v in judged("stuck chain", target):
        assert {"R-hat, largest", "bulk or tail ESS, lowest"} <= set(v.gates)


@every_target
def test_a_variance_that_is_a_fifth_too_low_is_caught_by_z(target):
    for v in judged("variance 20 % low", target):
        assert v.gates == []
        assert v.stretch == pytest.approx(np.sqrt(0.8) - 1, abs=0.03)
        assert v.noticed_by == {"z", "Stein"}


@pytest.mark.parametrize("heat", [0.8, 0.96])
def test_cold_momenta_sample_a_power_of_the_posterior(heat):
    """Flow that keeps the energy H, and momenta of variance T: exp(-H / T) stays as it is.

    So theta ~ Beta(a, b) becomes, on the scale of its log odds, Beta(a / T, b / T).
    """
    made = beta_binomial()
    a, b = made.exact.marginals["theta"].args
    name = {0.8: "variance 20 % low", 0.96: "variance 4 % low"}[heat]
    assert SAMPLERS[name][0].heat == heat
    size = stats.beta(a / heat, b / heat).var() / stats.beta(a, b).var() - 1
    assert size == pytest.approx(heat - 1, abs=1e-3)
    found = np.mean([(1 + v.stretch) ** 2 - 1 for v in judged(name, beta_binomial)])
    assert found == pytest.approx(size, abs=0.01)


def test_a_variance_that_is_4_percent_low_is_caught_over_many_runs_only():
    verdicts = judged("variance 4 % low", beta_binomial)
    assert all(v.gates == [] for v in verdicts)
    assert sum(bool(v.noticed_by) for v in verdicts) < 0.75 * len(verdicts)
    zs = np.array([v.z["theta"]["sd"][0] for v in verdicts])
    assert zs.mean() * np.sqrt(zs.size) < -3 * compare.bound(zs.size)
    right = np.array([v.z["theta"]["sd"][0] for v in judged("correct", beta_binomial)])
    assert abs(right.mean()) * np.sqrt(right.size) < compare.bound(right.size)
    assert broken.in_all_runs(verdicts) > verdicts[0].bound
    assert broken.in_all_runs(judged("correct", beta_binomial)) < verdicts[0].bound


@every_target
def test_a_wrong_gradient_under_a_right_acceptance_step_is_no_mistake(target):
    """Leapfrog with any function of the position as gradient is reversible and keeps volume.

    That is all the acceptance step asks for; so nothing is caught because nothing is wrong. The
    monitor is given the gradient of the density itself here, as nutpie's is.
    """
    assert SAMPLERS["wrong gradient"][0].slope != 1
    assert all(v.noticed_by == set() for v in judged("wrong gradient", target))


@every_target
def test_stein_sees_a_wrong_gradient_if_that_is_the_one_stored(target):
    assert all(v.noticed_by == {"Stein"} for v in judged("wrong gradient, stored", target))


@every_target
def test_the_smallest_shift_that_one_run_shows(target):
    """At the least ESS the gates allow: 0.07 sd in half of the runs, 0.1 sd in 98 of 100."""
    bound = judged("correct", target)[0].bound
    assert bound / np.sqrt(fit.ESS) < 0.072
    assert (bound + stats.norm.isf(0.02)) / np.sqrt(fit.ESS) < 0.1


def test_the_page_is_current():
    """`python -m tests.broken` writes it; what depends on rounding is not compared."""
    with broken.PAGE.open(encoding="utf-8") as file:
        shown = list(csv.DictReader(file))
    verdicts = ("sampler", "what_is_wrong", "gates", "caught_by")
    made = [broken.row(sampler) for sampler in SAMPLERS]
    assert [[r[k] for k in verdicts] for r in shown] == [[r[k] for k in verdicts] for r in made]
    assert list(shown[0]) == list(made[0])
