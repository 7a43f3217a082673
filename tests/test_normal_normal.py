"""What only fused measurements can show: sequence and batch, filters, classical limits, scale."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import curve_fit

from analyses import normal_normal as analysis
from models import normal_normal
from workflow import topic

SETTINGS = {"m": np.float64(890), "s": np.float64(12)}


@pytest.fixture(scope="module")
def data():
    return topic.read(topic.load("normal_normal"))


def posterior(data, **settings):
    return normal_normal.exact(data, **SETTINGS | settings).marginals["mu"]


def in_turn(data, portions, **settings):
    known = SETTINGS | settings
    for rows in portions:
        law = normal_normal.exact(data.iloc[rows], **known).marginals["mu"]
        known = {"m": law.mean(), "s": law.std()}
    return known


@pytest.mark.parametrize("portions", [[[i] for i in range(7)], [[6, 0], [3, 1, 5], [4, 2]]])
def test_sequence_and_batch_are_the_same_to_the_last_digits(data, portions):
    batch, known = posterior(data), in_turn(data, portions)
    assert known["m"] == pytest.approx(batch.mean(), rel=1e-15)
    assert known["s"] == pytest.approx(batch.std(), rel=1e-14)


def test_from_no_prior_at_all_the_sequence_ends_at_the_weighted_mean_and_its_error(data):
    """A flat prior and the first row leave that row; the others follow one by one."""
    first = {"m": data["value"].iloc[0], "s": data["error"].iloc[0]}
    known = in_turn(data, [[i] for i in range(1, 7)], **first)
    best, cov = curve_fit(
        lambda x, mu: 0 * x + mu, np.arange(7.0), data["value"], [870.0],
        sigma=data["error"], absolute_sigma=True,
    )  # fmt: skip
    assert known["m"] == pytest.approx(best[0], rel=1e-9)
    assert known["s"] == pytest.approx(cov[0, 0] ** 0.5, rel=1e-7)
    assert known["m"] == pytest.approx(normal_normal.mle(data)["mu"], rel=1e-15)


def test_a_kalman_filter_that_stands_still_ends_in_the_posterior(data):
    """In its own form: gain and innovation, where we add precisions."""
    mean, variance, log_evidence = SETTINGS["m"], SETTINGS["s"] ** 2, 0.0
    for value, error in zip(data["value"], data["error"], strict=True):
        innovation, spread = value - mean, variance + error**2
        log_evidence += stats.norm(0, spread**0.5).logpdf(innovation)
        gain = variance / spread
        mean, variance = mean + gain * innovation, (1 - gain) * variance
    exact = normal_normal.exact(data, **SETTINGS)
    assert exact.marginals["mu"].mean() == pytest.approx(mean, rel=1e-14)
    assert exact.marginals["mu"].var() == pytest.approx(variance, rel=1e-12)
    assert exact.log_evidence == pytest.approx(log_evidence, rel=1e-12)


def test_the_evidence_is_the_density_of_values_that_share_mu(data):
    """mu integrated out: normal values whose covariance is diag(error^2) + s^2 everywhere."""
    for s in (0.1, 12.0, 3000.0):
        together = np.diag(data["error"] ** 2) + s**2
        want = stats.multivariate_normal(np.full(7, 890.0), together).logpdf(data["value"])
        got = normal_normal.exact(data, m=np.float64(890), s=np.float64(s)).log_evidence
        assert got == pytest.approx(want, rel=1e-9)


def test_under_an_ever_wider_prior_the_credible_is_the_confidence_interval(data):
    single, error = normal_normal.mle(data)["mu"], analysis.fused_error(data)
    classical = stats.norm.interval(0.95, single, error)
    gaps = [
        np.abs(np.subtract(posterior(data, s=np.float64(s)).ppf([0.025, 0.975]), classical)).max()
        for s in (1e2, 1e3, 1e4)
    ]
    assert gaps[1] == pytest.approx(gaps[0] / 100, rel=1e-3)  # they part like 1 / s^2
    assert gaps[2] == pytest.approx(gaps[1] / 100, rel=1e-2)
    assert posterior(data, s=np.float64(1e12)).ppf(0.025) == classical[0]


def test_a_prior_of_no_width_stays_and_a_sensor_that_says_nothing_changes_nothing(data):
    assert posterior(data, s=np.float64(1e-9)).mean() == pytest.approx(890, abs=1e-12)
    idle = pd.concat([data, pd.DataFrame({"value": [0.0], "error": [1e15]})])
    assert posterior(idle).mean() == pytest.approx(posterior(data).mean(), rel=1e-15)


def test_a_row_is_worth_as_much_as_its_prior_and_the_prior_as_a_row(data):
    """Prior and measurement change places and nothing happens."""
    row = pd.DataFrame({"value": [SETTINGS["m"]], "error": [SETTINGS["s"]]})
    swapped = pd.concat([data.iloc[1:], row])
    first = {"m": data["value"].iloc[0], "s": data["error"].iloc[0]}
    assert posterior(swapped, **first).mean() == pytest.approx(posterior(data).mean(), rel=1e-15)
    assert posterior(swapped, **first).std() == pytest.approx(posterior(data).std(), rel=1e-14)


def test_errors_times_the_scale_factor_make_chi_square_its_degrees_of_freedom(data):
    single = normal_normal.mle(data)["mu"]
    scale = np.sqrt(np.sum(((data["value"] - single) / data["error"]) ** 2) / 6)
    wider = data.assign(error=scale * data["error"])
    assert normal_normal.mle(wider)["mu"] == pytest.approx(single, rel=1e-15)
    assert np.sum(((data["value"] - single) / wider["error"]) ** 2) == pytest.approx(6)
    flat = {"s": np.float64(1e9)}
    ratio = posterior(wider, **flat).std() / posterior(data, **flat).std()
    assert ratio == pytest.approx(scale, rel=1e-12)


def test_the_misfit_is_judged_as_by_chi_square(data):
    """Rows the model replicates have a chi-square of six degrees of freedom, whatever mu is."""
    rng, run = np.random.default_rng(1), type("Run", (), {"data": data})
    for mu in (0.0, 900.0):
        made = [analysis.discrepancy(rng.normal(mu, data["error"]), run) for _ in range(4_000)]
        assert stats.kstest(made, stats.chi2(6).cdf).pvalue > 1e-3
    assert stats.chi2(6).sf(analysis.discrepancy(data["value"].to_numpy(), run)) < 0.01


def test_units_far_from_zero_cost_no_digits(data):
    moved, by = data.assign(value=data["value"] + 1e9), SETTINGS | {"m": SETTINGS["m"] + 1e9}
    near, far = normal_normal.exact(data, **SETTINGS), normal_normal.exact(moved, **by)
    assert far.log_evidence == pytest.approx(near.log_evidence, abs=1e-6)
    assert far.marginals["mu"].mean() - 1e9 == pytest.approx(posterior(data).mean(), abs=1e-6)
    assert normal_normal.mle(moved)["mu"] - 1e9 == pytest.approx(
        normal_normal.mle(data)["mu"], abs=1e-6
    )


def read(text, tmp_path, *columns):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    return topic.read(topic.load("normal_normal"), path, list(columns))


def test_parts_of_an_error_add_in_quadrature_and_it_is_said(tmp_path):
    both = read("value,stat,syst\n5,3,4\n6,0,2\n", tmp_path)
    assert both["error"].tolist() == [5, 2]
    assert both.attrs["notes"] == ["there is no column `error`: worked out from the others"]
    assert read("value,stat\n5,3\n6,1\n", tmp_path)["error"].tolist() == [3, 1]
    assert read("value,syst\n5,3\n6,1\n", tmp_path)["error"].tolist() == [3, 1]
    assert read("value,stat,syst,error\n5,3,4,9\n6,0,2,8\n", tmp_path)["error"].tolist() == [9, 8]
    named = read("v,a,b\n5,3,4\n", tmp_path, "value=v", "stat=a", "syst=b")
    assert named["error"].tolist() == [5]


def test_suggested_settings_expect_the_data_in_any_unit(data):
    for unit in (1e-6, 1.0, 86_400.0):
        rows = data.assign(value=data["value"] * unit, error=data["error"] * unit)
        chosen = normal_normal.suggest(rows)
        away = np.abs(rows["value"] - chosen["m"]) / np.hypot(chosen["s"], rows["error"])
        assert away.max() < 1
        best = normal_normal.mle(rows)["mu"]
        law = normal_normal.exact(rows, **chosen).marginals["mu"]
        assert abs(law.mean() - best) < 0.01 * law.std()
