"""The local level by other routes: dense covariances, one reading at a time, differences."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, optimize, stats
from scipy.special import logsumexp

from analyses import _filter as shown
from analyses import local_level as analysis
from models import _kalman as kalman
from models import local_level as topic
from models import normal_normal
from models._exact import NoMaximum
from models._walk import Walk
from tests.mistakes import edited, parts_edited, rungs
from tests.mistakes.local_level import CASES, TWICE, UNIT, walk
from workflow import compare, picture
from workflow.topic import Refused, load, read

FOUND = load("local_level")
DATA = read(FOUND)
SETTINGS = FOUND.defaults
SHORT = read(FOUND, walk(8, 0.8, 0.9, seed=3, gaps=[1, 1, 3, 0.5, 1, 2, 1, 1]))


def dense(time, sigma_level, sigma_obs, s0):
    """Covariances of the levels, level with level, as the walk's independent moves make them."""
    n, time = len(time), np.asarray(time, float)
    reach = np.zeros((n, n))  # level i is the start and the moves up to i
    for i in range(n):
        begins = max(j for j in range(i + 1) if j == 0 or time[j] < time[j - 1])
        reach[i, begins : i + 1] = 1
    gaps = np.diff(time, prepend=time[0])
    moves = np.where((gaps <= 0), s0**2, sigma_level**2 * gaps)
    return reach @ np.diag(moves) @ reach.T


@pytest.mark.parametrize("rows", [SHORT, read(FOUND, TWICE), DATA], ids=["uneven", "two", "Nile"])
@pytest.mark.parametrize("sds", [(0.5, 0.8), (40.0, 120.0), (3.0, 0.01), (0.001, 2.0)])
def test_the_filter_and_pymcs_density_are_the_dense_normal(rows, sds):
    m0, s0 = 0.4, 1.7
    time, y = rows["time"].to_numpy(), rows["y"].to_numpy()
    cov = dense(time, *sds, s0) + sds[1] ** 2 * np.eye(len(y))
    want = stats.multivariate_normal(np.full(len(y), m0), cov, allow_singular=True).logpdf(y)
    every = topic.design(rows)[0]
    found = kalman.log_likelihood(every, sds[0] ** 2, sds[1] ** 2, m0, s0**2)
    assert found == pytest.approx(want, rel=1e-9)
    ours = Walk(time, m0, s0)
    assert float(
        ours.log_density(y, *sds, ours.step).eval({}, mode="FAST_COMPILE")
    ) == pytest.approx(want, rel=1e-9)


def test_levels_are_conditional_normals():
    """Smoothed: given all readings; filtered: given those so far, by the dense joint alone."""
    sds, m0, s0 = (0.7, 1.1), -0.3, 1.4
    time, y = SHORT["time"].to_numpy(), SHORT["y"].to_numpy()
    (one,), _ = topic.design(SHORT)
    levels = dense(time, *sds, s0)
    given = sds[0] ** 2, sds[1] ** 2, m0, s0**2
    smooth, so_far = kalman.smoothed(one, *given), kalman.filtered(one, *given)
    for t in range(len(y)):
        for n, (mean, variance) in ((len(y), smooth), (t + 1, so_far)):
            readings = levels[:n, :n] + sds[1] ** 2 * np.eye(n)
            pull = np.linalg.solve(readings, levels[:n, t])
            assert mean[t] == pytest.approx(m0 + pull @ (y[:n] - m0), abs=1e-12)
            assert variance[t] == pytest.approx(levels[t, t] - pull @ levels[:n, t], abs=1e-12)


def test_evidence_and_laws_by_another_rule_on_dense_matrices():
    """Gauss-Legendre over the sds themselves, and no filter: six readings."""
    data = SHORT.head(6)
    time, y = data["time"].to_numpy(), data["y"].to_numpy()
    x, weight = np.polynomial.legendre.leggauss(150)
    x, weight = (x + 1) / 2, weight / 2
    level, obs = 9 * UNIT["level_scale"] * x**2, 9 * UNIT["obs_scale"] * x**2
    prior = stats.halfnorm(scale=UNIT["level_scale"]).logpdf(level)[:, None]
    prior = prior + stats.halfnorm(scale=UNIT["obs_scale"]).logpdf(obs)
    area = np.outer(weight * x, weight * x) * 4 * 81 * UNIT["level_scale"] * UNIT["obs_scale"]
    base, moves = dense(time, 0, 0, UNIT["s0"]), dense(time, 1, 0, 0)
    levels = base + level[:, None, None] ** 2 * moves  # (150, 6, 6)
    readings = levels[:, None] + obs[:, None, None] ** 2 * np.eye(6)
    away = y - UNIT["m0"]
    pulled = np.linalg.solve(readings, np.broadcast_to(away[:, None], (150, 150, 6, 1)))[..., 0]
    likelihood = -(pulled @ away + np.linalg.slogdet(2 * np.pi * readings)[1]) / 2
    height = prior + likelihood
    total = logsumexp(height, b=area)
    exact = topic.exact(data, **UNIT)
    assert exact.log_evidence == pytest.approx(total, abs=1e-8)
    share = np.exp(height - total) * area
    for name, values in (("sigma_level", level[:, None]), ("sigma_obs", obs)):
        assert exact.marginals[name].mean() == pytest.approx(np.sum(share * values), rel=1e-7)
    ratio = (level[:, None] / obs) ** 2 * topic.design(data)[1]
    gain = (np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2  # the root of gain^2 = ratio (1 - gain)
    assert exact.derived["gain"].mean() == pytest.approx(np.sum(share * gain), rel=1e-6)
    known = topic.levels(data, **UNIT)
    mean = UNIT["m0"] + np.einsum("aij,abj->abi", levels, pulled)
    assert known.smoothed().mean() == pytest.approx(np.einsum("ab,abi->i", share, mean), abs=1e-7)
    last = levels[:, None, -1]
    solved = np.linalg.solve(readings, np.broadcast_to(last[..., None], (150, 150, 6, 1)))[..., 0]
    left = levels[:, None, -1, -1] - np.sum(solved * last, axis=-1)
    sd = np.sqrt(np.maximum(left, 1e-20))  # without error nothing is left, but for rounding
    for q in (-1.0, 0.3, 1.2):
        want = np.sum(share * stats.norm(mean[..., -1], sd).cdf(q))
        assert known.smoothed().cdf(np.full(6, q))[-1] == pytest.approx(want, abs=1e-7)
        assert known.later([0.0]).cdf(q) == pytest.approx(want, abs=1e-7)


def test_evidence_is_that_of_foretelling_each_reading_from_those_before():
    start = topic.posterior(SHORT.head(1), **UNIT)[0].log_evidence
    for n in range(1, 5):
        gap = SHORT["time"].iloc[n] - SHORT["time"].iloc[n - 1]
        law = topic.levels(SHORT.head(n), **UNIT).later([gap], noise=True)
        start += law.logpdf(SHORT["y"].iloc[n]).item()
    assert topic.posterior(SHORT.head(5), **UNIT)[0].log_evidence == pytest.approx(start, abs=1e-8)


def test_a_filter_may_stop_and_go_on():
    """What is known of the level by then is the start of what follows."""
    (one,), _ = topic.design(DATA)
    moves, noise = 1469.0, 15099.0
    whole = kalman.log_likelihood([one], moves, noise, 1000.0, 400.0**2)
    head = kalman.Series(one.y[:40], one.gap[:40], 1)
    mean, variance = (part[-1] for part in kalman.filtered(head, moves, noise, 1000.0, 400.0**2))
    tail = kalman.Series(one.y[40:], np.r_[0.0, one.gap[41:]], 1)
    parts = kalman.log_likelihood([head], moves, noise, 1000.0, 400.0**2)
    parts += kalman.log_likelihood([tail], moves, noise, mean, variance + moves)
    assert parts == pytest.approx(whole, abs=1e-10)


def test_nothing_moves_and_the_level_is_normal_normal():
    (one,), _ = topic.design(DATA)
    mean, variance = kalman.filtered(one, 0.0, 120.0**2, 1000.0, 400.0**2)
    values = pd.DataFrame({"value": one.y, "error": 120.0})
    for n in (1, 17, 100):
        same = normal_normal.exact(values.head(n), m=1000.0, s=400.0)
        law = same.marginals["mu"]
        assert mean[n - 1] == pytest.approx(law.mean(), rel=1e-13)
        assert np.sqrt(variance[n - 1]) == pytest.approx(law.std(), rel=1e-12)
    found = kalman.log_likelihood([one], 0.0, 120.0**2, 1000.0, 400.0**2)
    assert found == pytest.approx(same.log_evidence, rel=1e-13)
    smooth = kalman.smoothed(one, 0.0, 120.0**2, 1000.0, 400.0**2)
    assert smooth[0] == pytest.approx(np.full(100, law.mean()), rel=1e-12)


def test_a_level_known_not_to_move_is_that_too():
    """By the whole topic: a prior that leaves sigma_level nothing, and the error to sum over."""
    still = topic.levels(SHORT, **UNIT | {"level_scale": 1e-7}).smoothed()
    x = np.linspace(0.02, 9, 401)
    heights, means = np.empty((2, x.size))
    for i, error in enumerate(x):
        values = pd.DataFrame({"value": SHORT["y"].to_numpy(), "error": error})
        same = normal_normal.exact(values, m=UNIT["m0"], s=UNIT["s0"])
        heights[i], means[i] = same.log_evidence, same.marginals["mu"].mean()
    weight = np.exp(heights - heights.max() - (x / UNIT["obs_scale"]) ** 2 / 2)
    assert still.mean() == pytest.approx(np.full(8, weight @ means / weight.sum()), abs=1e-6)


def test_maximum_likelihood_of_a_diffuse_start_is_that_of_the_differences():
    """What holds no level has no start: differences are jointly normal, with their neighbours."""
    step = np.diff(DATA["y"].to_numpy())
    near = 2 * np.eye(99) - np.eye(99, k=1) - np.eye(99, k=-1)

    def falls(logs):
        moves, noise = np.exp(logs)
        return -stats.multivariate_normal(np.zeros(99), moves * np.eye(99) + noise * near).logpdf(
            step
        )

    best = optimize.minimize(falls, np.log([1e3, 1e4]), method="Nelder-Mead",
                             options={"xatol": 1e-7, "fatol": 1e-9})  # fmt: skip
    ours = topic.mle(DATA, m0=1000.0, s0=1e8)
    found = [ours["sigma_level"] ** 2, ours["sigma_obs"] ** 2]
    assert found == pytest.approx(np.exp(best.x), rel=1e-4)  # so flat is the top
    every = topic.design(DATA)[0]
    height = kalman.log_likelihood(every, *found, 1000.0, 1e16) + np.log(1e8)
    assert height + np.log(2 * np.pi) / 2 == pytest.approx(-best.fun, abs=1e-6)


def test_in_the_long_run_the_filter_smooths_exponentially():
    gaps = np.full(400, 2.5)
    one = kalman.Series(np.random.default_rng(1).normal(size=400), gaps, 1)
    moves, noise = 0.3, 1.7
    gain = 2 / (1 + np.sqrt(1 + 4 * noise / (moves * 2.5)))
    mean, variance = kalman.filtered(one, moves, noise, 5.0, 1e4)
    assert variance[-1] / noise == pytest.approx(gain, rel=1e-12)
    smooth = mean[99]
    for y in one.y[100:]:
        smooth += gain * (y - smooth)
    assert mean[-1] == pytest.approx(smooth, rel=1e-12)


def test_the_turned_walk_has_the_eigenvalues_of_a_string():
    n = 30
    size = Walk(np.arange(float(n)), 0.0, 1.0).size
    angle = (2 * np.arange(n, 0, -1) - 1) * np.pi / (4 * n + 2)
    assert size == pytest.approx(1 / (4 * np.sin(angle) ** 2), rel=1e-10)


def test_equal_series_are_counted_and_others_kept_apart():
    twice = pd.concat([DATA.head(9)] * 2 + [DATA.iloc[9:14].assign(time=1.0 + np.arange(5))])
    every = kalman.series(twice["time"].to_numpy(float), twice["y"].to_numpy(float))
    assert [(one.count, one.y.size) for one in every] == [(2, 9), (1, 5)]
    one, other = (kalman.log_likelihood([each], 3.0, 5.0, 0.0, 9.0) for each in every)
    assert kalman.log_likelihood(every, 3.0, 5.0, 0.0, 9.0) == pytest.approx(one + other)


@pytest.mark.parametrize(
    ("case", "zero"), [("nothing moves", "sigma_level"), ("no error", "sigma_obs")]
)
def test_on_the_edge_one_sd_is_nothing_and_the_other_is_not(case, zero):
    rows, settings, _ = CASES[case]
    best = topic.mle(read(FOUND, rows), m0=settings["m0"], s0=settings["s0"])
    assert best.pop(zero) == 0
    assert min(best.values()) > 0.1


def test_what_tells_nothing_has_no_maximum():
    for rows in ([1.3], [2.0, 2.0]):
        with pytest.raises(NoMaximum):
            topic.mle(read(FOUND, pd.DataFrame({"y": rows})), m0=0.0, s0=1.0)


def test_rows_in_the_wrong_order_are_refused_in_words():
    with pytest.raises(Refused, match="the oldest comes first"):
        read(FOUND, DATA.iloc[::-1].reset_index(drop=True))
    with pytest.raises(Refused, match="one reading at a time"):
        read(FOUND, pd.DataFrame({"time": [1.0, 1.0], "y": [2.0, 3.0]}))


def test_three_readings_alike_have_no_posterior_and_are_refused():
    """Both sds to 0 at once: the likelihood rises like 1 / sd^2, and no prior here outweighs it."""
    with pytest.raises(Refused, match="must change"):
        read(FOUND, pd.DataFrame({"y": [2.0, 2.0, 2.0]}))
    with pytest.raises(Refused, match="must change"):
        read(FOUND, pd.DataFrame({"time": [1.0, 2.0, 1.0, 2.0], "y": [2.0, 2.0, 3.0, 3.0]}))


def test_the_model_refuses_more_readings_than_a_matrix_may_hold():
    with pytest.raises(ValueError, match="too many"):
        Walk(np.arange(2_001.0), 0.0, 1.0)


def test_what_a_level_that_may_start_anywhere_is_worth_does_not_depend_on_s0():
    """Also where a series comes twice, and is counted, not repeated."""
    rows = read(
        FOUND, pd.concat([SHORT] * 2 + [SHORT.head(5).assign(y=[0.3, 1.1, -0.4, 0.9, 2.0])])
    )
    assert [one.count for one in topic.design(rows)[0]] == [2, 1]
    told = []
    for s0 in (1.4, 45.0):
        known = {"m0": 0.4, "s0": s0}
        run = SimpleNamespace(data=rows, settings=known, mle=topic.mle(rows, **known))
        table, words = shown.highest(run)
        told.append((*table["log likelihood"].astype(float), words))
    assert told[0][1:] == told[1][1:]
    assert abs(told[0][0] - told[1][0]) > 1  # of a level that starts somewhere it does
    value = float(words.partition("print ")[2].partition(":")[0])
    assert value == pytest.approx(told[0][1] + 3 * np.log(2 * np.pi) / 2, abs=1e-4)


def test_rows_in_several_series_are_named_before_anything_is_told():
    def begins(times):
        rows = pd.DataFrame({"time": times, "y": np.arange(float(len(times)))})
        return list(analysis._series(SimpleNamespace(data=rows)))

    assert begins([1.0, 2.0, 4.0]) == []
    (words,) = begins([1.0, 2.0, 4.0, 1.0, 3.0, 2.0])
    assert "back at row 4, 6: the rows are read as 3 series" in words
    (words,) = begins([1.0, 2.0] * 6)
    assert "back at row 3, 5, 7, 9, ...: the rows are read as 6 series" in words


# --- a ride in a car ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told():
    """The two paragraphs about the car: on its errors, and on what it settles at."""
    with picture.style():
        return [part for part in shown.car() if isinstance(part, str)]


def test_what_a_car_settles_at_is_the_fixed_point_of_riccatis_equation(told):
    """By its algebraic equation, and by the filter from either start."""
    one = np.eye(1)
    ahead = linalg.solve_discrete_are(one, one, shown.DRIFT**2 * one, shown.GPS**2 * one).item()
    assert shown.settled() == pytest.approx(ahead / (ahead + shown.GPS**2), rel=1e-12)
    sd = shown.GPS * np.sqrt(shown.settled())
    for start in (shown.STRONG, shown.WEAK):
        _, found = shown.track(np.arange(200), np.zeros(200), start, 199)
        assert found == pytest.approx(sd, rel=1e-12)
    gain = ahead / (ahead + shown.GPS**2)
    assert f"settles at {sd:.3f} m, with a gain of {gain:.3f}" in told[1]


def test_a_tunnel_is_a_wait_by_the_dense_normal(told):
    _, seen, y = shown.ride(np.random.default_rng(5))
    assert np.diff(seen).max() == 1 + shown.TUNNEL[1] - shown.TUNNEL[0]
    out = shown.TUNNEL[1] + 1
    levels, sds = dense(np.arange(out + 1), shown.DRIFT, shown.GPS, shown.STRONG), []
    for last, at in ((shown.TUNNEL[0], np.nextafter(out, 0)), (out, out)):
        some = seen[seen <= last]
        readings = levels[np.ix_(some, some)] + shown.GPS**2 * np.eye(some.size)
        pull = np.linalg.solve(readings, levels[some, out])
        mean, sd = shown.track(seen, y, shown.STRONG, at)
        assert mean == pytest.approx(pull @ y[: some.size], abs=1e-10)
        assert sd**2 == pytest.approx(levels[out, out] - pull @ levels[some, out], rel=1e-10)
        sds.append(sd)
    before, after = sds
    assert f"of {before:.2f} m when" in told[1]
    left = f"gain of {1 - (after / before) ** 2:.3f} and brings it down to {after:.2f} m"
    assert left in told[1]


def test_on_many_rides_the_filter_is_off_by_what_it_says_and_less_than_the_readings(told):
    rng, every, number = np.random.default_rng(11), np.arange(shown.LAST + 1), 1_000
    away, read = np.empty((number, every.size)), np.empty((number, 2))
    for k in range(number):
        position, seen, y = shown.ride(rng)
        mean, sd = shown.track(seen, y, shown.STRONG, every)
        away[k] = (mean - position) / sd
        read[k] = np.mean((mean - position)[seen] ** 2), np.mean((y - position[seen]) ** 2)
    spread = stats.chi2(number)  # of the squares at one second
    low, high = spread.ppf([1e-5, 1 - 1e-5])
    assert ((away**2).sum(axis=0) > low).all()
    assert ((away**2).sum(axis=0) < high).all()
    assert (read[:, 0] < read[:, 1]).mean() > 0.95
    many = float(told[0].partition("rides it is ")[2].partition(" m and ")[2].partition(" m,")[0])
    assert many == pytest.approx(np.sqrt(read[:, 0].mean()), rel=0.05)
    assert f"expects {np.sqrt(np.mean(sd[seen] ** 2)):.2f} m" in told[0]


# --- wrong versions that the shipped rows, of one series and a year apart, do not show ------------

DRAWS = {
    "right": None,
    "start without doubt": ("self.s0 * start, sigma", "0 * start, sigma", "_walk.py"),
    "no gaps": ("sigma_level * step * walk", "sigma_level * walk", "_walk.py"),
    "on from the last series": ("self.m0 + far - before", "self.m0 + far", "_walk.py"),
}


@pytest.mark.parametrize("edit", DRAWS.values(), ids=DRAWS)
def test_simulated_readings_have_the_dense_covariance(edit):
    time, number, (level, obs), s0 = [0.0, 1, 4, 4.5, 1, 3, 3.2], 20_000, (0.9, 0.5), 1.4
    found = edited("local_level", *edit) if edit else FOUND
    ours, rng = found.module.Walk(time, 0.3, s0), np.random.default_rng(1)
    y = np.array([ours.draw(level, obs, ours.step, rng=rng) for _ in range(number)]) - 0.3
    cov = dense(time, level, obs, s0) + obs**2 * np.eye(len(time))
    error = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / number)
    z = np.r_[
        y.mean(0) / np.sqrt(np.diag(cov) / number), ((y.T @ y / number - cov) / error).ravel()
    ]
    assert (np.abs(z).max() < compare.bound(z.size)) == (edit is None)


@pytest.mark.parametrize(
    ("edit", "way"),
    [
        (("** 2 * walk.h", "** 2"), "draws"),
        (("np.exp(a), np.exp(b)) + a + b", "np.exp(a), np.exp(b))", "_scales.py"), "refusal"),
        (("np.log((u[1] - u[0]) * (v[1] - v[0]))", "np.log(u[1] - u[0])", "_scales.py"), "refusal"),
    ],
    ids=["gain of readings a unit apart", "Jacobian of the logs forgotten", "step forgotten"],
)
def test_other_rows_show_it(edit, way):
    wrong, reach = edited("local_level", *edit), parts_edited("local_level", *edit)
    right = rungs.right_answers("local_level")
    assert rungs.seen_by(wrong, right, reach, lambda: rungs.drawn("local_level")) == way
