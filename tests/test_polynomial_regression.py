"""A polynomial and its evidence: other bases, other routes, and what too many powers cost."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats
from scipy.special import gammaln
from sklearn.linear_model import Ridge

from analyses import _bias_variance, _degrees
from models import polynomial_regression as topic_file
from models._exact import NoMaximum
from models._weights import Weights
from tests.mistakes.polynomial_regression import HELD, UNIT, table
from workflow import check, topic

TOPIC = topic.load("polynomial_regression")
SHIPPED = topic.read(TOPIC)
SETTINGS = {k: np.float64(v) for k, v in UNIT.items()}
ROWS = table(12, seed=3)


def prior_only(settings):
    return [settings[k] for k in ("tau", "alpha", "beta")]


class Asked:
    """What an analysis needs of a run."""

    seed, settings = 1, TOPIC.defaults

    def __init__(self, data=SHIPPED, **changes):
        self.data, self.settings = data, {**TOPIC.defaults, **changes}


def test_the_evidence_is_a_multivariate_t():
    """By another route: y is Student t, its scale matrix written out."""
    for degree in (0, 2, 5):
        settings = SETTINGS | {"degree": np.float64(degree)}
        columns, y = topic_file.design(ROWS, degree)
        shape = (
            settings["beta"]
            / settings["alpha"]
            * (np.eye(len(y)) + settings["tau"] ** 2 * columns @ columns.T)
        )
        law = stats.multivariate_t(np.full(len(y), 3.0), shape, df=2 * settings["alpha"])
        assert topic_file.exact(ROWS, **settings).log_evidence == pytest.approx(law.logpdf(y))


def test_rows_one_after_another_foretell_each_other():
    """The evidence is the product of predictive densities, each row given those before it."""
    columns, y = topic_file.design(ROWS, 3)
    y, prior, total = y - 3, prior_only(SETTINGS), 0.0
    for i in range(y.size):
        law = Weights(columns[:i], y[:i], *prior).along(columns[i : i + 1], noise=True)
        total += law.logpdf(y[i]).item()
    assert total == pytest.approx(Weights(columns, y, *prior).log_evidence, abs=1e-10)


def test_the_mean_is_sklearns_ridge_whatever_the_noise():
    columns, y = topic_file.design(ROWS, 4)
    ridge = Ridge(alpha=1 / SETTINGS["tau"] ** 2, fit_intercept=False, tol=1e-14, solver="svd")
    found = topic_file.posterior(ROWS, **SETTINGS | {"degree": np.float64(4)})
    np.testing.assert_allclose(found.m, ridge.fit(columns, y - 3).coef_, atol=1e-11)


def test_squared_error_plus_l2_is_highest_at_the_posterior_mean():
    """Given lam, by PyMC's own density: squared errors plus |w|^2 / tau^2 are least at the MAP."""
    columns, y = topic_file.design(ROWS, 2)
    model = topic_file.model(ROWS, **SETTINGS)
    joint = check.joint(model)

    def loss(w):
        return np.sum((y - 3 - columns @ w) ** 2) + np.sum(w**2) / SETTINGS["tau"] ** 2

    best = topic_file.posterior(ROWS, **SETTINGS).m
    assert optimize.minimize(loss, best + 1).x == pytest.approx(best, abs=1e-5)
    for lam in (0.3, 2.0):
        for w in (best, best + 0.1, np.zeros(3)):
            fall = joint({"lam": lam, "w": best}) - joint({"lam": lam, "w": w})
            assert fall == pytest.approx(lam / 2 * (loss(w) - loss(best)), abs=1e-10)


def test_squared_error_is_the_negative_log_likelihood():
    """MSE x n lam / 2 + n log(2 pi / lam) / 2, by PyMC's own density, at any curve and noise."""
    likelihood = check.Unconstrained(topic_file.model(ROWS, **SETTINGS), jacobian=False)
    columns, y = topic_file.design(ROWS, 2)
    for lam, w in [(0.4, [1.0, -2.0, 0.3]), (7.0, [0.0, 0.0, 0.0])]:
        mse = np.mean((y - 3 - columns @ w) ** 2)
        loss = mse * y.size * lam / 2 + y.size * np.log(2 * np.pi / lam) / 2
        theirs = -likelihood(likelihood.to_u({"lam": lam, "w": np.array(w)}))[0]
        assert abs(loss - theirs) <= 1e-12 * abs(theirs)


def test_the_basis_is_orthonormal_and_of_the_powers_of_x():
    x = np.polynomial.legendre.leggauss(20)
    data = pd.DataFrame({"x": [-1.0, 1.0], "y": [0.0, 0.0]})
    columns = topic_file.basis(data, x[0], 7)
    np.testing.assert_allclose((columns * x[1][:, None]).T @ columns / 2, np.eye(8), atol=1e-12)
    powers = np.vander(x[0], 8)
    left = columns - powers @ np.linalg.lstsq(powers, columns, rcond=None)[0]
    np.testing.assert_allclose(left, 0, atol=1e-9)


def test_the_unit_and_the_origin_of_x_change_nothing():
    one = topic_file.exact(ROWS, **SETTINGS)
    other = topic_file.exact(ROWS.assign(x=ROWS.x * 1e4 - 7e5), **SETTINGS)
    assert other.log_evidence == pytest.approx(one.log_evidence, abs=1e-8)


def test_high_degrees_keep_their_digits():
    """Degree 16 through 160 rows: the evidence once more in fractions, without rounding."""
    data, settings = SHIPPED.head(160).assign(held=0), TOPIC.defaults | {"degree": np.float64(16)}
    columns, y = topic_file.design(data, 16)
    X = [[Fraction(v) for v in row] for row in columns]
    r = [Fraction(v) for v in y - settings["level"]]
    penalty = 1 / Fraction(settings["tau"]) ** 2
    square = []
    for i in range(17):
        line = [sum(row[i] * row[j] for row in X) + (i == j) * penalty for j in range(17)]
        square.append([*line, sum(row[i] * v for row, v in zip(X, r, strict=True))])
    square.append([square[i][17] for i in range(17)] + [sum(v * v for v in r)])
    log_det = 0.0
    for k in range(17):  # what is left of the last corner is r'r - m'A m
        pivot = square[k][k]
        log_det += math.log(pivot)
        for i in range(k + 1, 18):
            factor = square[i][k] / pivot
            square[i] = [a - factor * b for a, b in zip(square[i], square[k], strict=True)]
    rate = settings["beta"] + float(square[17][17]) / 2
    alpha, a = settings["alpha"], settings["alpha"] + 80
    want = (
        alpha * np.log(settings["beta"]) - gammaln(alpha) + gammaln(a) - a * np.log(rate)
        - log_det / 2 - 17 * np.log(settings["tau"]) - 80 * np.log(2 * np.pi)
    )  # fmt: skip
    found = topic_file.exact(data, **settings).log_evidence
    assert found == pytest.approx(want, rel=1e-12)


def test_a_new_y_is_a_mixture_of_normals():
    law = topic_file.predict(ROWS, [4.0], **SETTINGS)
    after = topic_file.posterior(ROWS, **SETTINGS)
    at = topic_file.basis(ROWS, [4.0], 2)[0]
    spread = np.linalg.norm(np.linalg.solve(after.root.T, at)) ** 2

    def of_lam(lam, y):
        return after.lam().pdf(lam) * stats.norm(3 + at @ after.m, np.sqrt((1 + spread) / lam)).pdf(
            y
        )

    for y in (-1.0, 2.0):
        want = integrate.quad(of_lam, 0, np.inf, args=(y,), epsabs=1e-13)[0]
        assert law.pdf(y)[0] == pytest.approx(want, rel=1e-8)


# --- which degree ----------------------------------------------------------------------------


def test_rows_held_back_change_nothing_but_the_range():
    kept = HELD[HELD.held == 0]
    moved = HELD.assign(y=np.where(HELD.held == 1, 1e6, HELD.y))
    one, other = (topic_file.exact(d, **SETTINGS).log_evidence for d in (HELD, moved))
    assert one == other
    inside = HELD.x.min() < kept.x.min() or HELD.x.max() > kept.x.max()
    same = topic_file.exact(kept, **SETTINGS).log_evidence == pytest.approx(one, abs=1e-9)
    assert same != inside


@pytest.fixture(scope="module")
def compared():
    return _degrees.compared(Asked())


def test_fitted_errors_fall_and_held_ones_turn(compared):
    table = compared
    assert (np.diff(table["error, fitted"]) <= 1e-12).all()
    turn = int(table["error, held back"].idxmin())
    assert 0 < turn < len(table) - 1
    assert table["error, held back"].iloc[-1] > 1.05 * table["error, held back"][turn]
    best = int(table["log evidence"].idxmax())
    assert abs(best - turn) <= 1


def test_leaving_one_out_is_exact_and_psis_near(compared):
    """The predictive density from a density ratio: p(all) / p(all but one)."""
    table = compared
    columns, y = topic_file.design(SHIPPED, 3)
    prior = prior_only(TOPIC.defaults)
    y = y - TOPIC.defaults["level"]
    whole = Weights(columns, y, *prior).log_evidence
    ratios = [whole - Weights(np.delete(columns, i, 0), np.delete(y, i), *prior).log_evidence
              for i in range(y.size)]  # fmt: skip
    assert table["leave one out"][3] == pytest.approx(np.sum(ratios), abs=1e-9)
    good = table["largest k"] < 0.7
    gap = (table["PSIS-LOO"] - table["leave one out"]).abs()
    assert good.sum() >= 4
    assert (gap[good] < 0.3).all()


def test_bias_variance_and_noise_by_algebra_and_by_simulation():
    """They add up to the error of a new row, and agree within the error of the simulation."""
    rng = np.random.default_rng(3)
    truth, zs = np.sin(np.linspace(0, 3, 15)), []
    noise, again = rng.standard_normal((2, 20_000, 15))
    X = np.vander(np.linspace(-1, 1, 15), 9, increasing=True)
    for k in (1, 3, 9):
        H = X[:, :k] @ Weights(X[:, :k], truth, 2.0, 1.0, 1.0).hat
        exact = _bias_variance.exactly(H, truth, 0.5)
        assert exact[2] == pytest.approx(exact[0] + exact[1] + 0.25, rel=1e-14)
        drawn, errors = _bias_variance.simulated(H, truth, 0.5, noise, again)
        zs.append((drawn - exact) / errors)
        wrong = _bias_variance.exactly(H, truth, 0.52)
        assert np.abs((drawn - wrong) / errors).max() > 10  # noise 4 % larger is seen
    assert np.abs(zs).max() < stats.norm.isf(1e-4 / 24)


def test_least_squares_has_the_variance_of_its_number_of_weights():
    columns, y = topic_file.design(ROWS, 4)
    H = columns @ np.linalg.pinv(columns)
    exact = _bias_variance.exactly(H, columns @ np.arange(5.0), 0.7)
    assert exact[0] == pytest.approx(0, abs=1e-20)
    assert exact[1] == pytest.approx(0.49 * 5 / len(y))
    assert exact[3] == pytest.approx(0.49 * (1 - 5 / len(y)))


@pytest.mark.parametrize("degree", [3, 5])
def test_a_curve_through_every_row_has_no_maximum(degree):
    with pytest.raises(NoMaximum, match="every row"):
        topic_file.mle(ROWS.head(degree + 1), degree=np.float64(degree), level=np.float64(3))


def test_where_powers_outnumber_places_the_shortest_weights_are_taken_and_it_is_said():
    data, settings = table(9, seed=6, distinct=3), SETTINGS | {"degree": np.float64(4)}
    found = topic_file.mle(data, degree=np.float64(4), level=np.float64(3))
    columns, y = topic_file.design(data, 4)
    np.testing.assert_allclose(found["w"], np.linalg.pinv(columns, rcond=1e-9) @ (y - 3), atol=1e-9)
    maximum = check.score(topic_file.model(data, **settings), found)
    assert maximum.check.passed
    assert "flat along 2 direction(s)" in maximum.note


def test_the_evidence_without_any_row_is_one():
    assert Weights(np.empty((0, 3)), np.empty(0), 2.0, 1.5, 1.2).log_evidence == pytest.approx(0)
    assert gammaln(1.5) < 0  # so nothing was left out by chance
