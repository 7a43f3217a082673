"""A line under Laplace noise: sums of absolute values, by routes of their own."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats
from sklearn.linear_model import QuantileRegressor

from analyses import _outlier
from models import laplace_regression as topic_file
from models._absolute import Pieces, least
from models._exact import NoMaximum
from models._panels import Panels
from tests.mistakes.laplace_regression import LINE, table
from workflow import check, kinks, topic

TOPIC = topic.load("laplace_regression")
SHIPPED = topic.read(TOPIC)
SETTINGS = {"tau": 1.7, "b_mean": 141.0, "b_reach": 6.0, "alpha": 2.5, "beta": 3.0}
SETTINGS = {k: np.float64(v) for k, v in SETTINGS.items()}


def terms(data, b, w, settings=SETTINGS):
    """Absolute errors, and everything S adds up besides."""
    z = (data.x - data.x.mean()) / data.x.std(ddof=0)
    penalty = abs(b - settings["b_mean"]) / settings["b_reach"] + abs(w) / settings["tau"]
    return np.abs(data.y - b - w * z), penalty


# --- a loss is a likelihood, a penalty a prior ---------------------------------------------------


@pytest.mark.parametrize("data", [SHIPPED, table(9)], ids=["shipped", "nine rows"])
def test_absolute_error_is_the_negative_log_likelihood(data):
    """MAE x n / scale + n log(2 scale), by PyMC's own density, at any line and scale."""
    model = topic_file.model(data, **SETTINGS)
    likelihood = check.Unconstrained(model, jacobian=False)
    for b, w, scale in [(100.0, 3.0, 2.0), (-7.0, 0.0, 0.3), (630.0, 290.0, 74.7)]:
        errors, _ = terms(data, b, w)
        loss = errors.mean() * len(data) / scale + len(data) * np.log(2 * scale)
        theirs = -likelihood(likelihood.to_u({"b": b, "w": w, "scale": scale}))[0]
        assert abs(loss - theirs) <= 1e-12 * abs(theirs)


def test_absolute_error_plus_l1_is_highest_at_the_map():
    """Whatever the scale, the joint density has its maximum where an optimiser finds S least."""
    data = table(9)
    S = topic_file.fold(data, **{k: v for k, v in SETTINGS.items() if k != "alpha"})
    exact = topic_file.exact(data, **SETTINGS)

    def loss(line):
        errors, penalty = terms(data, *line)
        return errors.sum() + penalty

    found = optimize.differential_evolution(loss, [(100, 200), (-20, 20)], seed=1, tol=1e-12)
    assert loss((S.b + 141, S.w)) <= found.fun * (1 + 1e-12)
    for scale in (0.5, 2.0, 40.0):
        peak = exact.log_density({"b": S.b + 141, "w": S.w, "scale": scale})
        there = exact.log_density({"b": found.x[0], "w": found.x[1], "scale": scale})
        difference = (found.fun - loss((S.b + 141, S.w))) / scale
        assert peak - there == pytest.approx(difference, abs=1e-9)


def test_a_penalty_stronger_than_the_pull_makes_the_weight_zero_exactly():
    settings = {k: v for k, v in SETTINGS.items() if k != "alpha"}
    small, large = (topic_file.fold(table(30), **settings | {"tau": t}) for t in (1e-3, 1.0))
    assert small.w == 0
    assert large.w > 1


# --- least absolute errors -----------------------------------------------------------------------


@pytest.mark.parametrize("q", [0.1, 0.5, 0.75])
def test_the_line_is_scikit_learns(q):
    data = SHIPPED.iloc[:60]
    z, y, _, _ = topic_file.design(data)
    theirs = QuantileRegressor(quantile=q, alpha=0, solver="highs").fit(z[:, None], y)
    b, w = topic_file.quantile(data, q)
    assert b == pytest.approx(theirs.intercept_, rel=1e-7)
    assert w == pytest.approx(theirs.coef_[0], rel=1e-7)


def test_the_best_line_is_the_best_through_two_rows():
    """Brute force: some best line goes through two of the rows."""
    data = table(14, seed=3)
    z, y, _, _ = topic_file.design(data)
    best = np.inf
    for i in range(14):
        for j in range(i):
            w = (y[i] - y[j]) / (z[i] - z[j])
            best = min(best, np.abs(y - y[i] - w * (z - z[i])).mean())
    assert topic_file.mle(data)["scale"] == pytest.approx(best, rel=1e-13)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e9])
def test_units_cost_no_digits(size):
    one, other = topic_file.mle(table(25)), topic_file.mle(table(25).assign(y=lambda f: f.y * size))
    for name, value in one.items():
        assert other[name] == pytest.approx(value * size, rel=1e-12)


@pytest.mark.parametrize("data", [LINE, LINE.assign(y=7.0), LINE.head(2), LINE.assign(y=0.0)])
def test_a_perfect_line_has_no_maximum(data):
    with pytest.raises(NoMaximum, match="every row"):
        topic_file.mle(data)


def test_the_likelihood_is_said_to_have_kinks_and_a_level_stretch():
    """Two rows at either end: every line between them is as likely."""
    data = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0], "y": [1.0, 2.0, 4.0, 6.0]})
    level = check.score(topic_file.model(data, **SETTINGS), topic_file.mle(data))
    assert level.check.passed
    assert "others are as likely" in level.note
    assert level.standard_errors is None
    alone = check.score(topic_file.model(SHIPPED, **TOPIC.defaults), topic_file.mle(SHIPPED))
    assert alone.note == "the likelihood has kinks: no standard error"


@pytest.mark.parametrize("which", ["b", "w", "scale"])
@pytest.mark.parametrize("way", [-1, 1])
def test_a_line_beside_the_best_is_not_the_highest(which, way):
    best = topic_file.mle(SHIPPED)
    model = topic_file.model(SHIPPED, **TOPIC.defaults)
    assert check.score(model, best).check.passed
    beside = best | {which: best[which] * (1 + way * 1e-4)}
    assert not check.score(model, beside).check.passed


def test_only_this_likelihood_has_kinks():
    """Others hold absolute values, in checks of shares that add up to one, and are smooth."""
    found = set()
    for name in topic.names():
        other = topic.load(name)
        rows = other.exact_rows(topic.read(other), other.defaults)
        model = other.model(rows, other.defaults)
        if check.Unconstrained(model, jacobian=False).kinked:
            found.add(name)
    assert found == {"laplace_regression"}


def test_the_sphere_finds_a_narrow_way_up():
    """A ridge that none of the random directions is on."""
    ridge = np.array([0.6, 0.0, -0.8])

    def value(u):
        along = u @ ridge
        return 1e-3 * along - 5 * np.abs(u - along * ridge).sum() - along**2

    assert kinks.around(value, np.zeros(3))[0] > 1
    assert kinks.around(lambda u: value(u) - 2e-3 * np.abs(u @ ridge), np.zeros(3))[0] <= 1


# --- the exact posterior -------------------------------------------------------------------------


def test_evidence_and_moments_are_those_of_three_nested_integrals():
    """SciPy's quadrature between the kinks, b inside w, over a sum of 36 values of log scale."""
    data, edges = table(3, seed=8).head(2), np.linspace(-2, 10, 36)
    known = topic_file.exact(data, **SETTINGS)
    z = ((data.x - data.x.mean()) / data.x.std(ddof=0)).to_numpy()
    scale = np.exp(edges)
    prior = stats.invgamma(2.5, scale=3.0).pdf(scale) * scale * (edges[1] - edges[0])

    def laplace(away, reach):
        return np.exp(-abs(away) / reach) / (2 * reach)

    def given(b, w):
        value = prior * laplace(b - 141, 6 * scale) * laplace(w, 1.7 * scale)
        for z_i, y_i in zip(z, data.y, strict=True):
            value = value * laplace(y_i - b - w * z_i, scale)
        whole = value.sum()
        return (
            whole * np.array([1, b, b**2, w, w**2, 0, 0])
            + np.r_[np.zeros(5), value @ scale, value @ scale**2]
        )

    def pieces(f, knots, tolerance):
        cuts = np.r_[-np.inf, np.sort(knots), np.inf]
        ends = [e for e in pairwise(cuts) if e[0] < e[1]]
        return sum(integrate.quad_vec(f, *e, epsrel=tolerance, epsabs=0)[0] for e in ends)

    def of_w(w):
        return pieces(lambda b: given(b, w), np.r_[data.y - w * z, 141], 1e-5)

    pairs = [(data.y[i] - data.y[j]) / (z[i] - z[j]) for i in range(2) for j in range(i)]
    found = pieces(of_w, [0, *pairs], 1e-5)
    assert known.log_evidence == pytest.approx(np.log(found[0]), abs=1e-5)
    for k, name in enumerate(["b", "w", "scale"]):
        mean, square = found[2 * k + 1 : 2 * k + 3] / found[0]
        assert known.marginals[name].mean() == pytest.approx(mean, rel=1e-4), name
        assert known.marginals[name].std() == pytest.approx(np.sqrt(square - mean**2), rel=1e-3), (
            name
        )


@pytest.mark.parametrize("N", [3.5, 40.0])
def test_integrals_along_a_line_are_scipys(N):
    rng = np.random.default_rng(2)
    base, knots, weights = np.array([1.3]), rng.normal(size=(1, 5)), rng.uniform(0.2, 2, size=5)
    pieces = Pieces(base, knots, weights)

    def S(u):
        return base[0] + np.sum(weights * np.abs(u - knots[0]))

    cuts = np.r_[-np.inf, np.sort(knots[0]), np.inf]
    for f, ours in (
        (lambda u: S(u) ** -N, pieces.log_power(N)),
        (lambda u: np.exp(-S(u) / 0.7), pieces.log_exponential(0.7)),
    ):
        sums = [integrate.quad(f, *ends, epsabs=0)[0] for ends in pairwise(cuts)]
        assert ours[0] == pytest.approx(np.log(np.sum(sums)), abs=1e-9)


def test_a_level_piece_and_a_repeated_knot():
    pieces = Pieces(np.array([0.5]), np.array([[0.0, 1.0, 1.0, 0.0]]), np.ones(4))
    want = 1 * 2.5**-6.0 + 2 * 2.5**-5.0 / (5 * 4)
    assert pieces.log_power(6.0)[0] == pytest.approx(np.log(want), rel=1e-13)


def test_equal_rows_count_as_often_as_they_stand_there():
    data = table(6)
    doubled = topic_file.exact(pd.concat([data] * 2), **SETTINGS)
    apart = pd.concat([data, data.assign(y=data.y * (1 + 1e-13))])
    near = topic_file.exact(apart, **SETTINGS)
    assert doubled.log_evidence == pytest.approx(near.log_evidence, abs=1e-9)
    assert doubled.marginals["b"].std() == pytest.approx(near.marginals["b"].std(), rel=1e-7)


def test_repeated_rows_bring_the_posterior_to_the_best_line_like_one_over_m():
    """A corner: the width falls like 1/m, not like its root, and the mean goes with it."""
    data = table(9)
    best = topic_file.mle(data)
    near = [topic_file.exact(pd.concat([data] * m), **SETTINGS).marginals for m in (1_000, 10_000)]
    for name in ("b", "w"):
        off = [abs(laws[name].mean() - best[name]) for laws in near]
        assert off[1] < 0.15 * off[0]
        assert near[1][name].std() == pytest.approx(near[0][name].std() / 10, rel=0.05)
    fisher = best["scale"] / np.sqrt(90_000)  # of the scale, which has no kink
    assert near[1]["scale"].std() == pytest.approx(fisher, rel=0.01)
    assert near[1]["scale"].mean() == pytest.approx(best["scale"], rel=1e-3)


def test_one_far_outlier_drags_least_squares_and_not_this_line():
    data = table(40, seed=9)
    i = int(data.x.argmax())
    lines = {"squares": [], "absolute": [], "posterior": []}
    for far in (1e3, 1e5):
        y = data.y.where(np.arange(40) != i, data.y + far)
        moved = data.assign(y=y)
        lines["squares"].append(_outlier.squares(moved)[1])
        lines["absolute"].append(topic_file.mle(moved)["w"])
        lines["posterior"].append(topic_file.exact(moved, **SETTINGS).marginals["w"].mean())
    before = topic_file.mle(data)["w"]
    ratio = (lines["squares"][1] - before) / (lines["squares"][0] - before)
    assert ratio == pytest.approx(100, rel=0.02)
    assert lines["absolute"][0] == pytest.approx(lines["absolute"][1], rel=1e-12)
    assert abs(lines["absolute"][1] - before) < 1


def test_the_order_and_the_unit_of_x_change_nothing_but_w_raw():
    one = topic_file.exact(table(12), **SETTINGS)
    other = topic_file.exact(table(12).assign(x=lambda f: f.x * 1000).iloc[::-1], **SETTINGS)
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-10)
    assert one.marginals["w"].std() == pytest.approx(other.marginals["w"].std(), rel=1e-9)
    ratio = one.derived["w_raw"].ppf(0.9) / other.derived["w_raw"].ppf(0.9)
    assert ratio == pytest.approx(1000, rel=1e-9)


# --- a density by panels -------------------------------------------------------------------------


@pytest.mark.parametrize("law", [stats.norm(3, 0.2), stats.laplace(-1, 4), stats.t(3, 10, 0.01),
                                 stats.cauchy(0, 1)], ids=lambda d: d.dist.name)  # fmt: skip
def test_panels_are_scipys_law(law):
    found = Panels(law.logpdf, law.median() + 1e-3 * law.ppf(0.6), step=1e-3)
    assert found.mass == pytest.approx(1, abs=1e-9)  # a Cauchy's ends are cut there
    x = law.ppf([0.001, 0.2, 0.5, 0.77, 0.999])
    np.testing.assert_allclose(found.cdf(x), law.cdf(x), atol=1e-9)
    np.testing.assert_allclose(found.ppf([0.001, 0.2, 0.9]), law.ppf([0.001, 0.2, 0.9]), rtol=1e-6)
    if law.dist.name in ("norm", "laplace"):
        assert found.mean() == pytest.approx(law.mean(), rel=1e-11)
        assert found.std() == pytest.approx(law.std(), rel=1e-10)
    wide = found.times(1000.0)
    np.testing.assert_allclose(wide.pdf(1000 * x), law.pdf(x) / 1000, rtol=1e-12)
    np.testing.assert_allclose(wide.cdf(1000 * x), law.cdf(x), atol=1e-9)
    assert found.over(np.log(2)).mass == pytest.approx(0.5)


def test_a_best_line_needs_no_intercept():
    theta = least(np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.5, 3.0]), np.ones(3))
    assert theta == pytest.approx([1.0])
