"""What only linear regression can show: ridge, the pseudoinverse, silent directions, prediction."""

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from numpy.polynomial.legendre import leggauss
from pymc.model.transform.conditioning import remove_value_transforms
from scipy import optimize, stats
from scipy.special import logsumexp
from sklearn.linear_model import BayesianRidge, Ridge

from models import _linear as linear
from models import linear_regression
from models._distributions import Mixture
from models._integrated import Integrated

SETTINGS = {
    "tau": np.float64(1.3),
    "b_mean": np.float64(2),
    "b_sd": np.float64(4),
    "sigma_scale": np.float64(1.7),
}


def rows(n, p, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, p)) * 5 + 20, columns=[f"x{j}" for j in range(p)])
    weights = rng.normal(size=p) / 5
    return frame.assign(outcome=2.5 + (frame - 20) @ weights + rng.normal(size=n))


CASES = {
    "more rows than predictors": rows(12, 3),
    "one predictor": rows(7, 1),
    "as many weights as rows": rows(4, 3),
    "more predictors than rows": rows(5, 8),
    "a duplicated column": rows(12, 2).assign(copy=lambda f: f.x1),
    "a column that is a sum of two": rows(12, 2).assign(total=lambda f: f.x0 + f.x1),
    "collinear and more predictors than rows": rows(5, 6).assign(copy=lambda f: f.x1),
}
every_case = pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())


def turned(data, b_mean=0.0):
    X, outcome, _, _ = linear_regression.design(data)
    return linear.turn(X, outcome - b_mean)


def prior_sds(data, tau, b_sd):
    return np.r_[b_sd, np.full(len(linear_regression.predictors(data).columns), tau)]


def dense(data, sigma):
    """Mean and covariance of (b, w) given sigma, by inverting the dense precision matrix."""
    X, outcome, _, _ = linear_regression.design(data)
    A = np.column_stack([np.ones(len(X)), X])
    prior = np.diag(prior_sds(data, SETTINGS["tau"], SETTINGS["b_sd"]) ** -2.0)
    covariance = np.linalg.inv(A.T @ A / sigma**2 + prior)
    shifted = A.T @ (outcome - SETTINGS["b_mean"]) / sigma**2
    mean = covariance @ shifted
    mean[0] += SETTINGS["b_mean"]
    return mean, covariance


@every_case
def test_likelihood_given_sigma_is_the_dense_gaussian(data):
    X, outcome, _, _ = linear_regression.design(data)
    for sigma in (0.3, 1.0, 4.0):
        covariance = sigma**2 * np.eye(len(X)) + SETTINGS["tau"] ** 2 * X @ X.T
        covariance += SETTINGS["b_sd"] ** 2
        want = stats.multivariate_normal(np.full(len(X), SETTINGS["b_mean"]), covariance)
        d = prior_sds(data, SETTINGS["tau"], SETTINGS["b_sd"])
        got = linear.log_likelihood(turned(data, SETTINGS["b_mean"]), [sigma], d)
        assert got == pytest.approx(want.logpdf(outcome), abs=1e-9)


@every_case
def test_weights_given_sigma_are_the_dense_gaussian(data):
    t = turned(data, SETTINGS["b_mean"])
    d = prior_sds(data, SETTINGS["tau"], SETTINGS["b_sd"])
    for sigma in (0.3, 4.0):
        z, variance = linear.turned_weights(t, [sigma], d)
        mean, covariance = dense(data, sigma)
        np.testing.assert_allclose(t.V @ z[:, 0] + np.eye(len(d))[0] * 2, mean, atol=1e-10)
        np.testing.assert_allclose((t.V * variance.T) @ t.V.T, covariance, atol=1e-10)


@every_case
def test_joint_density_plus_evidence_is_what_pymc_computes(data):
    known = linear_regression.exact(data, **SETTINGS)
    model = linear_regression.model(data, **SETTINGS)
    log_joint = remove_value_transforms(model).compile_logp(mode="FAST_COMPILE")
    rng = np.random.default_rng(1)
    for _ in range(10):
        theta = {name: d.rvs(random_state=rng) for name, d in known.marginals.items()}
        want = log_joint(theta)
        assert abs(known.log_density(theta) + known.log_evidence - want) < 1e-9 * (1 + abs(want))


def test_joint_mode_is_where_a_general_optimiser_finds_it():
    data = CASES["more rows than predictors"]
    known = linear_regression.integrated(data, **SETTINGS)
    X, outcome, _, _ = linear_regression.design(data)

    def surprise(theta):
        (b, *w), sigma = theta[:-1], np.exp(theta[-1])
        value = -stats.norm(b + X @ w, sigma).logpdf(outcome).sum()
        value -= stats.norm(2, 4).logpdf(b) + stats.norm(0, 1.3).logpdf(w).sum()
        return value - stats.halfnorm(scale=1.7).logpdf(sigma)

    found = optimize.minimize(surprise, np.zeros(5), tol=1e-10).x
    sigma, weights = known.joint_mode()
    assert sigma == pytest.approx(np.exp(found[-1]), abs=1e-5)
    np.testing.assert_allclose(weights, found[:-1] - [2, 0, 0, 0], atol=1e-5)
    assert sigma < known.sigma.mean()


def test_joint_density_has_no_mode_where_weights_can_fit_every_row():
    known = linear_regression.integrated(CASES["more predictors than rows"], **SETTINGS)
    assert known.joint_mode() is None
    heights = [known.ridge(sigma)[1] for sigma in (1e-3, 1e-6, 1e-9)]
    assert heights[0] < heights[1] < heights[2]


@every_case
def test_evidence_by_two_rules_and_the_mass_of_sigma_agree(data):
    known = linear_regression.exact(data, **SETTINGS)
    assert known.second_log_evidence == pytest.approx(known.log_evidence, abs=1e-9)
    assert known.masses["sigma"] == pytest.approx(1, abs=1e-9)


def test_evidence_and_marginals_are_those_of_a_three_dimensional_grid():
    data = CASES["one predictor"]
    known = linear_regression.exact(data, **SETTINGS)
    limits = {"b": (-6.0, 10.0, 150), "w": (-7.0, 7.0, 150), "sigma": (-1.5, 2.5, 50)}  # log sigma
    grid, logs = {}, {}
    for name, (low, high, nodes) in limits.items():
        x, weight = leggauss(nodes)
        grid[name] = low + (high - low) * (x + 1) / 2
        logs[name] = np.log(weight * (high - low) / 2)
    b, w, u = np.meshgrid(grid["b"], grid["w"], grid["sigma"], indexing="ij")
    sigma = np.exp(u)
    log_joint = u + logs["b"][:, None, None] + logs["w"][:, None] + logs["sigma"]
    log_joint += stats.norm(2, 4).logpdf(b) + stats.norm(0, 1.3).logpdf(w)
    log_joint += stats.halfnorm(scale=1.7).logpdf(sigma)
    standard = (data.x0 - data.x0.mean()) / data.x0.std(ddof=0)
    for x_i, y_i in zip(standard, data.outcome, strict=True):
        log_joint += stats.norm.logpdf(y_i, b + w * x_i, sigma)
    assert known.log_evidence == pytest.approx(logsumexp(log_joint), abs=1e-8)
    share = np.exp(log_joint - logsumexp(log_joint))
    for name, values in {"b": b, "w": w, "sigma": sigma}.items():
        mean = np.sum(share * values)
        sd = np.sqrt(np.sum(share * (values - mean) ** 2))
        assert np.squeeze(known.marginals[name].mean()) == pytest.approx(mean, abs=1e-7)
        assert np.squeeze(known.marginals[name].std()) == pytest.approx(sd, abs=1e-7)


@pytest.mark.parametrize("case", ["more rows than predictors", "more predictors than rows"])
def test_posterior_mean_given_sigma_is_sklearns_ridge(case):
    data = CASES[case]
    X, outcome, _, _ = linear_regression.design(data)
    for sigma in (0.5, 2.0):
        ridge = Ridge(alpha=(sigma / 1.3) ** 2, tol=1e-12).fit(X, outcome)
        t = turned(data)
        mean = t.V @ linear.turned_weights(t, [sigma], prior_sds(data, 1.3, 4))[0][:, 0]
        np.testing.assert_allclose(mean[1:], ridge.coef_, atol=1e-10)
        shrunk = outcome.sum() / (len(X) + sigma**2 / 4**2)
        assert mean[0] == pytest.approx(shrunk)  # ridge leaves its intercept alone, at:
        assert ridge.intercept_ == pytest.approx(outcome.mean())


@every_case
def test_a_wide_prior_leads_to_moore_and_penrose(data):
    X, outcome, _, _ = linear_regression.design(data)
    want = np.linalg.pinv(X, rcond=1e-10) @ (outcome - outcome.mean())
    t = turned(data)
    np.testing.assert_allclose(linear.least_squares(t)[1:], want, atol=1e-9)
    mean = t.V @ linear.turned_weights(t, [1.0], prior_sds(data, 1e6, 1e6))[0][:, 0]
    np.testing.assert_allclose(mean[1:], want, atol=1e-6)


def test_the_difference_of_two_copies_of_a_column_stays_as_the_prior_had_it():
    data = CASES["a duplicated column"]
    for tau in (1.3, 1e3):
        settings = SETTINGS | {"tau": np.float64(tau)}
        X, outcome, _, _ = linear_regression.design(data)
        prior = stats.halfnorm(scale=settings["sigma_scale"]).logpdf
        known = Integrated(X, outcome - 2, prior_sds(data, tau, 4), prior)
        difference = known.along([0, 0, 1, -1])
        assert difference.mean() == pytest.approx(0, abs=1e-9)
        assert difference.std() == pytest.approx(np.sqrt(2) * tau)
        w = linear_regression.exact(data, **settings).marginals["w"]
        assert w.mean()[1] == pytest.approx(w.mean()[2])


def test_with_more_predictors_than_rows_the_prior_survives_where_no_row_reaches():
    t = turned(CASES["more predictors than rows"])
    _, variance = linear.turned_weights(
        t, [1.0], prior_sds(CASES["more predictors than rows"], 3, 4)
    )
    assert t.idle == 0
    assert np.sum(t.s == 0) == 4  # 8 weights and 5 rows, one of them spent on the intercept
    np.testing.assert_allclose(variance[t.s == 0], 9)


def perfect():
    return rows(12, 3).assign(outcome=lambda f: 2 * f.x0 - f.x1 / 3 + 7)


@pytest.mark.parametrize("data", [perfect(), rows(12, 3).assign(outcome=5.1)])
def test_a_perfect_fit_is_refused_with_the_reason(data):
    with pytest.raises(ValueError, match="sigma = 0"):
        linear_regression.exact(data, **SETTINGS)
    with pytest.raises(ValueError, match="no maximum: the predictors reproduce"):
        linear_regression.mle(data)


def test_a_nearly_perfect_fit_is_answered():
    data = perfect()
    noise = 1e-6 * np.random.default_rng(0).normal(size=len(data))
    known = linear_regression.exact(data.assign(outcome=data.outcome + noise), **SETTINGS)
    assert known.second_log_evidence == pytest.approx(known.log_evidence, abs=1e-9)
    assert 5e-7 < known.marginals["sigma"].mean() < 3e-6


def test_with_more_predictors_than_rows_there_is_a_posterior_but_no_maximum():
    data = CASES["more predictors than rows"]
    assert np.isfinite(linear_regression.exact(data, **SETTINGS).log_evidence)
    with pytest.raises(ValueError, match="no maximum"):
        linear_regression.mle(data)


def test_prediction_given_sigma_is_the_conditional_of_one_big_gaussian():
    data, new = rows(12, 3).iloc[:9], rows(12, 3).iloc[9:]
    got = linear_regression.predict(data, new, **SETTINGS)
    X, outcome, mean, sd = linear_regression.design(data)
    x = (linear_regression.predictors(new).to_numpy() - mean) / sd
    A = np.vstack([np.column_stack([np.ones(9), X]), np.column_stack([np.ones(3), x])])
    prior = A @ np.diag(prior_sds(data, 1.3, 4) ** 2) @ A.T
    u = np.linspace(-4, 3, 1500)
    logs, means, variances = [], [], []
    for sigma in np.exp(u):
        S = prior + sigma**2 * np.eye(12)
        gain = S[9:, :9] @ np.linalg.inv(S[:9, :9])
        means.append(2 + gain @ (outcome - 2))
        variances.append(np.diag(S[9:, 9:] - gain @ S[:9, 9:]))
        marginal = stats.multivariate_normal(np.full(9, 2.0), S[:9, :9]).logpdf(outcome)
        logs.append(marginal + stats.halfnorm(scale=1.7).logpdf(sigma) + np.log(sigma))
    weights = np.exp(np.array(logs) - logsumexp(logs))
    want = Mixture(weights, stats.norm, loc=np.transpose(means), scale=np.sqrt(variances).T)
    np.testing.assert_allclose(got.mean(), want.mean(), atol=1e-9)
    np.testing.assert_allclose(got.std(), want.std(), atol=1e-9)
    np.testing.assert_allclose(got.cdf(new.outcome), want.cdf(new.outcome), atol=1e-9)


def test_the_line_at_average_predictors_is_the_intercept():
    data = rows(12, 3)
    average = linear_regression.predictors(data).mean().to_frame().T
    line = linear_regression.predict(data, average, **SETTINGS, noise=False)
    b = linear_regression.exact(data, **SETTINGS).marginals["b"]
    np.testing.assert_allclose(line.ppf(0.9), b.ppf(0.9), rtol=1e-9)


def test_the_unit_of_a_predictor_changes_only_its_raw_weight():
    data = rows(12, 3)
    in_thousands = data.assign(x1=data.x1 / 1000)
    one, other = (linear_regression.exact(d, **SETTINGS) for d in (data, in_thousands))
    np.testing.assert_allclose(one.marginals["w"].std(), other.marginals["w"].std())
    ratio = other.derived["w_raw"].mean() / one.derived["w_raw"].mean()
    np.testing.assert_allclose(ratio, [1, 1000, 1])
    np.testing.assert_allclose(
        one.derived["w_raw"].mean(), one.marginals["w"].mean() / data.iloc[:, :3].std(ddof=0)
    )


def test_squared_error_plus_l2_is_least_at_the_posterior_mean_given_sigma():
    data, sigma = rows(12, 3), 0.8
    X, outcome, _, _ = linear_regression.design(data)

    def loss(theta):
        b, w = theta[0], theta[1:]
        penalty = sigma**2 * (np.sum(w**2) / 1.3**2 + (b - 2) ** 2 / 4**2)
        return np.sum((outcome - b - X @ w) ** 2) + penalty

    found = optimize.minimize(loss, np.zeros(4), tol=1e-10).x
    np.testing.assert_allclose(found, dense(data, sigma)[0], atol=1e-5)


def test_the_evidence_is_highest_where_sklearns_evidence_maximisation_stops():
    data = rows(40, 4)
    X, outcome, _, _ = linear_regression.design(data)
    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0}
    theirs = BayesianRidge(max_iter=5000, tol=1e-12, **flat).fit(X, outcome)
    t = linear.turn(X, outcome - outcome.mean())  # its intercept is set, not integrated out

    def surprise(logs):
        sigma, tau = np.exp(logs)
        return -linear.log_likelihood(t, [sigma], prior_sds(data, tau, 0.0))[0]

    ours = np.exp(optimize.minimize(surprise, [0.0, 0.0], tol=1e-9).x)
    np.testing.assert_allclose(ours, [theirs.alpha_**-0.5, theirs.lambda_**-0.5], rtol=1e-4)


def test_many_repeated_rows_bring_the_posterior_to_least_squares():
    data = rows(12, 3)
    best = linear_regression.mle(data)
    for m in (100, 10_000):
        known = linear_regression.exact(pd.concat([data] * m, ignore_index=True), **SETTINGS)
        for name, value in best.items():
            gap = m * 12 * np.abs(known.marginals[name].mean() - value)
            assert np.all(gap < 50), name
        fisher = best["sigma"] / np.sqrt(2 * 12 * m)
        assert known.marginals["sigma"].std() == pytest.approx(fisher, rel=10 / m)


def test_an_outlying_intercept_costs_no_digits():
    data = rows(12, 3).assign(outcome=lambda f: f.outcome + 1e7)
    moved = SETTINGS | {"b_mean": np.float64(2 + 1e7)}
    near = linear_regression.exact(rows(12, 3), **SETTINGS)
    far = linear_regression.exact(data, **moved)
    assert far.log_evidence == pytest.approx(near.log_evidence, abs=1e-6)


@pytest.mark.parametrize("setting", ["tau", "b_sd", "sigma_scale"])
def test_a_standard_deviation_of_zero_is_refused_by_name(setting):
    for answer in (linear_regression.exact, linear_regression.model):
        with pytest.raises(ValueError, match=f"`{setting}` is a standard deviation"):
            answer(rows(12, 3), **SETTINGS | {setting: np.float64(0)})


def test_labels_ride_along_and_truth_values_count_as_numbers():
    frame = rows(4, 2).assign(who=list("abcd"), ill=[True, False, True, True])
    tidied = linear_regression.Data.validate(linear_regression.tidy(frame))
    assert list(linear_regression.predictors(tidied)) == ["x0", "x1", "ill"]
    assert list(tidied["ill"]) == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        ([1, 2, "x", 4], "`x0` must be a finite number in every row or in none; row 3 has x"),
        ([1, np.inf, 2, 4], "`x0` must be a finite number in every row or in none; row 2 has inf"),
        ([3, 3, 3, 3], "`x0` is 3 in every row"),
    ],
)
def test_a_column_at_fault_is_refused_by_name(column, complaint):
    with pytest.raises(ValueError, match=complaint):
        linear_regression.tidy(rows(4, 2).assign(x0=column))


def test_new_rows_are_standardised_as_the_old_ones():
    data, new = rows(12, 2).iloc[:8], rows(12, 2).iloc[8:]
    model = linear_regression.model(data, **SETTINGS)
    with model:
        pm.set_data(
            {"x_data": new[["x0", "x1"]], "outcome_data": new.outcome}, coords={"row": new.index}
        )
    plain = remove_value_transforms(model)
    log_likelihood = plain.compile_logp(vars=[plain["outcome"]], mode="FAST_COMPILE")
    w_raw = np.array([0.5, -2.0]) / data[["x0", "x1"]].std(ddof=0)
    line = 1 + (new[["x0", "x1"]] - data[["x0", "x1"]].mean()) @ w_raw
    want = stats.norm(line, 0.7).logpdf(new.outcome).sum()
    got = log_likelihood({"b": 1.0, "w": np.array([0.5, -2.0]), "sigma": 0.7})
    assert got == pytest.approx(want)
