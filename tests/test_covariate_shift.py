"""The line and its target by other routes: quadrature, one row at a time, least squares, draws."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from sklearn.linear_model import LinearRegression

from analyses import _shift
from analyses import covariate_shift as analysis
from models import base_rate
from models import covariate_shift as topic
from models._exact import NoMaximum
from tests.mistakes.covariate_shift import UNIT, X, Y, line
from workflow import topic as topics

FOUND = topics.load("covariate_shift")
DATA = topics.read(FOUND)
SETTINGS = FOUND.defaults
FEW = topics.read(FOUND, line(X, Y))


def dense(z, settings):
    """The multivariate t of all y before any is seen: level, slope and lam integrated out."""
    Z = np.column_stack([np.ones(len(z)), z])
    spread = np.eye(len(z)) + Z @ np.diag([1 / settings["kappa"], 1 / settings["tau"]]) @ Z.T
    scale = settings["beta"] / settings["alpha"]
    return stats.multivariate_t(
        np.full(len(z), settings["m"]), scale * spread, 2 * settings["alpha"]
    )


@pytest.mark.parametrize(("data", "settings"), [(DATA, SETTINGS), (FEW, UNIT)])
def test_evidence_is_a_multivariate_t_of_all_rows_at_once(data, settings):
    z, y, *_ = topic.design(data)
    want = dense(z, settings).logpdf(y)
    assert topic.exact(data, **settings).log_evidence == pytest.approx(want, rel=1e-12)


def test_evidence_is_the_integral_of_likelihood_and_prior():
    """By quadrature over all three unknowns, with no conjugacy in it."""
    z, y, *_ = topic.design(FEW)
    exact = topic.exact(FEW, **UNIT)
    t, weight = np.polynomial.legendre.leggauss(80)
    axes = []
    for name in ("lam", "level", "slope"):
        low, high = exact.marginals[name].ppf([1e-9, 1 - 1e-9])
        axes.append((low + (high - low) * (t + 1) / 2, weight * (high - low) / 2))
    lam, level, slope = np.meshgrid(*(nodes for nodes, _ in axes), indexing="ij")
    log = stats.gamma(UNIT["alpha"], scale=1 / UNIT["beta"]).logpdf(lam)
    log += stats.norm(UNIT["m"], (UNIT["kappa"] * lam) ** -0.5).logpdf(level)
    log += stats.norm(0, (UNIT["tau"] * lam) ** -0.5).logpdf(slope)
    for z_i, y_i in zip(z, y, strict=True):
        log += stats.norm(level + slope * z_i, lam**-0.5).logpdf(y_i)
    total = np.einsum("ijk,i,j,k->", np.exp(log), *(w for _, w in axes))
    assert np.log(total) == pytest.approx(exact.log_evidence, abs=1e-4)


@pytest.mark.parametrize("x", [-40.0, 3.0, 25.0])
def test_a_further_outcome_is_what_one_more_row_adds_to_the_evidence(x):
    """Foretold at x, against the multivariate t of that row and all before."""
    z, y, mean, sd, _ = topic.design(DATA)
    after, there = topic.posterior(DATA, **SETTINGS), (x - mean) / sd
    law, both = topic.along(after, there, noise=1.0), dense(np.append(z, there), SETTINGS)
    for new in (-20.0, 30.0, 200.0):
        gain = both.logpdf(np.append(y, new)) - dense(z, SETTINGS).logpdf(y)
        assert law.logpdf(new) == pytest.approx(gain, abs=1e-9)


def test_the_law_of_an_outcome_is_that_of_draws():
    after, rng, n = topic.posterior(DATA, **SETTINGS), np.random.default_rng(1), 100_000
    lam = rng.gamma(after["alpha"], 1 / after["beta"], n)
    level = rng.normal(after["m"], (after["kappa"] * lam) ** -0.5)
    slope = rng.normal(after["slope"], (after["tau"] * lam) ** -0.5)
    for z in (0.0, 2.8, -4.0):
        y = rng.normal(level + slope * z, lam**-0.5)
        for p in (0.05, 0.5, 0.95):
            below = np.mean(y < topic.along(after, z, noise=1.0).ppf(p))
            assert abs(below - p) < 4.5 * np.sqrt(p * (1 - p) / n)


def test_the_variance_grows_by_the_square_of_the_distance():
    after, z = topic.posterior(DATA, **SETTINGS), np.linspace(-9, 9, 7)
    variance = topic.along(after, z, noise=1.0).std() ** 2
    bend = np.diff(variance, 2)
    assert bend == pytest.approx(np.full(5, bend[0]), rel=1e-9)
    assert np.argmin(variance) == 3  # least at the training mean
    scatter = after["beta"] / (after["alpha"] - 1)
    line = topic.along(after, z).std() ** 2
    assert variance - line == pytest.approx(np.full(7, scatter), rel=1e-9)


def test_one_row_after_the_other_is_all_at_once():
    """By precision matrices and their inverses, about x = 0 and never standardised."""
    z, y, _mean, _sd, _ = topic.design(DATA)
    after = topic.posterior(DATA, **SETTINGS)
    precision, shift = np.diag([SETTINGS["kappa"], SETTINGS["tau"]]), np.zeros(2)
    shift[0], a, b = SETTINGS["kappa"] * SETTINGS["m"], SETTINGS["alpha"], SETTINGS["beta"]
    for z_i, y_i in zip(z, y, strict=True):
        row = np.array([1, z_i])
        middle = np.linalg.solve(precision, shift)
        left = 1 + row @ np.linalg.solve(precision, row)
        a, b = a + 0.5, b + (y_i - row @ middle) ** 2 / left / 2
        precision, shift = precision + np.outer(row, row), shift + y_i * row
    level, slope = np.linalg.solve(precision, shift)
    assert [level, slope, a, b] == pytest.approx(
        [after[k] for k in ("m", "slope", "alpha", "beta")], rel=1e-10
    )
    assert precision == pytest.approx(np.diag([after["kappa"], after["tau"]]), abs=1e-9)


def test_a_vanishing_prior_gives_the_classical_interval():
    """Least squares' t interval for the mean and for an outcome, by the textbook's n - 2."""
    z, y, mean, sd, _ = topic.design(DATA)
    n, x, at = len(y), mean + sd * z, 25.0
    weak = {"m": 0.0, "kappa": 1e-12, "tau": 1e-12, "beta": 1e-9}
    after = topic.posterior(DATA, alpha=1e-12, **weak)
    after["alpha"] = (n - 2) / 2  # the reference prior takes one degree of freedom for each weight
    fit = stats.linregress(x, y)
    residual = np.sum((y - fit.intercept - fit.slope * x) ** 2) / (n - 2)
    leverage = 1 / n + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    for noise in (0.0, 1.0):
        half = stats.t(n - 2).ppf(0.975) * np.sqrt(residual * (noise + leverage))
        want = fit.intercept + fit.slope * at + half * np.array([-1, 1])
        found = topic.along(after, (at - mean) / sd, noise).ppf([0.025, 0.975])
        assert found == pytest.approx(want, rel=1e-8)


def test_the_line_is_that_of_the_training_rows_in_the_units_of_the_file():
    """Nothing standardised in it: NumPy's line through the training rows, at the target's mean."""
    train = DATA[DATA["where"] == "train"]
    slope, start = np.polyfit(train["x"], train["y"], 1)
    laws = topic.exact(DATA, **SETTINGS | {"kappa": 1e-9, "tau": 1e-9}).derived
    assert laws["slope_raw"].mean() == pytest.approx(slope)
    at = DATA.loc[DATA["where"] == "target", "x"].mean()
    assert laws["at_target"].mean() == pytest.approx(start + slope * at)


def test_the_target_outcomes_change_nothing_that_is_learnt():
    other = DATA.assign(y=DATA["y"].where(DATA["where"] == "train"))
    one, two = topic.exact(DATA, **SETTINGS), topic.exact(other, **SETTINGS)
    assert one.log_evidence == two.log_evidence
    assert one.derived["at_target"].mean() == two.derived["at_target"].mean()
    assert topic.mle(DATA) == topic.mle(other)


def test_the_mle_is_least_squares_about_the_training_mean():
    best, (z, y, *_) = topic.mle(DATA), topic.design(DATA)
    theirs = LinearRegression().fit(z[:, None], y)
    assert best["slope"] == pytest.approx(theirs.coef_[0])
    assert best["level"] == pytest.approx(theirs.intercept_)
    left = y - theirs.predict(z[:, None])
    assert best["lam"] == pytest.approx(1 / np.mean(left**2))
    with pytest.raises(NoMaximum, match="on a line"):
        topic.mle(topics.read(FOUND, line([1.0, 2.0, 4.0], [3.0, 5.0, 9.0])))


def test_a_hole_is_allowed_in_y_alone_and_nothing_else_is():
    """Text, an infinity or a number beyond all bounds is no hole."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 9.0], "y": [1.0, 3.0, None]})
    assert len(topics.read(FOUND, frame)) == 3
    for wrong in ("?", np.inf, 1e200):
        with pytest.raises(topics.Refused, match="`y` must be"):
            topics.read(FOUND, frame.astype(object).assign(y=[1.0, wrong, None]))
    with pytest.raises(topics.Refused, match="`x` must be a finite number"):
        topics.read(FOUND, frame.assign(x=[1.0, 2.0, None]))


def test_rows_without_an_outcome_are_the_target_where_nothing_says_so():
    frame = DATA.assign(y=DATA["y"].where(DATA["where"] == "train"))
    read = topics.read(FOUND, frame.drop(columns="where"))
    assert read["where"].tolist() == DATA["where"].tolist()
    assert read["y"].isna().sum() == 24


# --- weights ------------------------------------------------------------------------------------


def test_weighted_least_squares_counts_rows():
    rng = np.random.default_rng(2)
    x, y, w = rng.normal(size=12), rng.normal(size=12), rng.integers(1, 5, 12)
    theirs = LinearRegression().fit(np.repeat(x, w)[:, None], np.repeat(y, w))
    found = _shift.weighted_line(x, y, w)
    assert found == pytest.approx([theirs.intercept_, theirs.coef_[0]])


def test_an_effective_size_is_that_of_the_variance():
    assert _shift.effective(np.ones(7)) == pytest.approx(7)
    assert _shift.effective(np.array([1.0, 0, 0, 0])) == pytest.approx(1)
    w = np.array([3.0, 1.0, 0.5])
    variance = np.sum((w / w.sum()) ** 2)  # of a weighted mean of rows of variance one
    assert 1 / _shift.effective(w) == pytest.approx(variance)


@pytest.mark.parametrize(("away", "ratio"), [(0.0, 1.0), (0.9, 1.0), (1.5, 0.6), (0.3, 1.2)])
def test_what_weights_leave_is_one_over_their_mean_square(away, ratio):
    """By quadrature over x, and by the weights of many rows."""
    target, train = stats.norm(away, ratio), stats.norm()
    square = integrate.quad(lambda x: target.pdf(x) ** 2 / train.pdf(x), -30, 30, limit=400)[0]
    assert _shift.share_left(away, ratio) == pytest.approx(1 / square, rel=1e-7)
    if away < 1 and ratio <= 1:
        x = train.ppf((np.arange(200_000) + 0.5) / 200_000)
        w = _shift.weights(x, target.ppf((np.arange(20_000) + 0.5) / 20_000))
        assert w.mean() == pytest.approx(1)
        assert _shift.effective(w) / len(x) == pytest.approx(1 / square, rel=0.02)


def test_weights_mend_a_line_that_bends_and_cost_rows():
    """Where the truth is a parabola the best line depends on where x is; weights find the other."""
    rng = np.random.default_rng(5)
    x, target = rng.normal(0, 1, 20_000), rng.normal(0.8, 0.8, 20_000)
    y = x**2 + rng.normal(0, 0.1, x.size)
    there = LinearRegression().fit(target[:, None], target**2)
    w = _shift.weights(x, target)
    start, slope = _shift.weighted_line(x, y, w)
    plain = _shift.weighted_line(x, y, np.ones(x.size))
    assert slope == pytest.approx(there.coef_[0], abs=0.1)
    assert start == pytest.approx(there.intercept_, abs=0.1)
    assert abs(plain[1] - there.coef_[0]) > 1
    assert _shift.effective(w) < 0.8 * x.size


def test_outcomes_together_are_judged_by_their_own_multivariate_t():
    """The F of data made up from the model has an F distribution, whatever z."""
    rng, z, n = np.random.default_rng(7), np.array([0.5, 2.0, 2.1, -3.0, 6.0]), 20_000
    after = topic.posterior(FEW, **UNIT)
    lam = rng.gamma(after["alpha"], 1 / after["beta"], (n, 1))
    level = rng.normal(after["m"], (after["kappa"] * lam) ** -0.5)
    slope = rng.normal(after["slope"], (after["tau"] * lam) ** -0.5)
    made = rng.normal(level + slope * z, lam**-0.5)
    F = np.array([_shift.together(after, z, y) for y in made])
    law = stats.f(z.size, 2 * after["alpha"])
    for p in (0.1, 0.5, 0.9, 0.99):
        assert abs(np.mean(law.ppf(p) > F) - p) < 4.5 * np.sqrt(p * (1 - p) / n)


# --- the die and the labels ---------------------------------------------------------------------


def test_the_cost_of_a_throw_is_that_of_simulated_training():
    rng = np.random.default_rng(3)
    for trained, n in ((_shift.FAIR, 12), (_shift.LOADED, 40)):
        counts = rng.multinomial(n, trained, 40_000)
        bits = -np.log2((1 + counts) / (6 + n)) @ _shift.LOADED
        error = bits.std() / np.sqrt(len(bits))
        assert abs(bits.mean() - _shift.cost(trained, _shift.LOADED, n)) < 4.5 * error


def test_fair_throws_never_teach_the_loaded_die():
    wrong, entropy = np.log2(6), -np.sum(_shift.LOADED * np.log2(_shift.LOADED))
    costs = [_shift.cost(_shift.FAIR, _shift.LOADED, n) for n in (20, 200, 5_000)]
    assert min(costs) > wrong > entropy
    assert costs[-1] == pytest.approx(wrong, abs=1e-3)
    assert _shift.cost(_shift.LOADED, _shift.LOADED, 5_000) == pytest.approx(entropy, abs=1e-3)


def test_labels_that_are_rarer_multiply_the_odds():
    """Of a flag being right: Bayes' theorem anew against the odds in training, corrected."""
    old, new = 0.5, 0.002
    at = [base_rate.predictive_values(p, **_shift.TEST)[1] for p in (old, new)]
    odds = [p / (1 - p) for p in (*at, old, new)]
    assert odds[1] == pytest.approx(odds[0] * odds[3] / odds[2], rel=1e-12)
    (said,) = _shift.labels()
    assert "prevalence of 0.20%" in said


def test_where_the_training_rows_bend_it_shows():
    x = np.linspace(-2, 3, 40)
    noise = np.random.default_rng(6).normal(0, 0.3, 40)
    found = []
    for bend in (0.0, 0.5):
        frame = line(x, 1 + x + bend * x**2 + noise)
        run = SimpleNamespace(data=topics.read(FOUND, frame))
        y = topic.design(run.data)[1]
        found.append(analysis.discrepancy(y, run))
        design = pd.DataFrame({"x": x, "x2": x**2})
        full, straight = (
            np.sum((y - LinearRegression().fit(design[c], y).predict(design[c])) ** 2)
            for c in (["x", "x2"], ["x"])
        )
        assert found[-1] == pytest.approx((straight - full) / (full / 37), rel=1e-6)
    assert found[0] < 7 < found[1]
