"""Missing data by other routes: joint normals, one row at a time, EM, draws, full data."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

from analyses import _dropout as dropout
from analyses import _holes as holes
from models import missing_data as topic
from models._monotone import em
from models._weights import Weights
from tests.mistakes.missing_data import UNIT, rows
from workflow import check, picture
from workflow.density import Unconstrained
from workflow.topic import Refused, load, read

FOUND = load("missing_data")
DATA = read(FOUND)
SETTINGS = FOUND.defaults
UNITS = {k: np.asarray(v, float)[()] for k, v in UNIT.items()}
TABLE = topic.design(DATA)
KNOWN = topic.posterior(DATA, **SETTINGS)


def joint_normal(theta):
    """Means and covariance of a whole row, from the lines."""
    root = np.eye(3)
    root[1, 0], root[2, 0], root[2, 1] = -theta["slope"]
    inverse = np.linalg.inv(root)
    return np.array([theta[name] for name in topic.MEANS]), inverse @ np.diag(
        1 / theta["lam"]
    ) @ inverse.T


def drawn(known, number, seed=1):
    """Draws of the unknowns: each line by itself, and then the means."""
    rng, s, m = np.random.default_rng(seed), known.s, known.m
    (one, lam1), (two, lam2), (three, lam3) = (line.rvs(number, rng) for line in known.lines)
    first = one[:, 0]
    second = two[:, 0] + two[:, 1] * first / s[0]
    third = three[:, 0] + three[:, 1] * first / s[0] + three[:, 2] * second / s[1]
    lam = np.column_stack([lam1, lam2, lam3])
    return {
        "mu_1": m[0] + first, "mu_2": m[1] + second, "mu_3": m[2] + third,
        "lam": lam, "sigma": lam**-0.5,
        "slope": np.column_stack([two[:, 1] / s[0], three[:, 1] / s[0], three[:, 2] / s[1]]),
        "change": m[2] + third - m[0] - first,
    }  # fmt: skip


def test_pymcs_likelihood_is_that_of_each_row_without_its_holes():
    """Rows are jointly normal; a hole is left out of mean and covariance, and that is all."""
    data = read(FOUND, rows(12, 9, 5, seed=8))
    likelihood = Unconstrained(topic.model(data, **UNITS), jacobian=False)
    draws = drawn(topic.posterior(data, **UNITS), 5)
    for i in range(5):
        theta = {k: draws[k][i] for k in likelihood.names}
        mean, covariance = joint_normal(theta)
        want = 0.0
        for row in topic.design(data):
            there = ~np.isnan(row)
            law = stats.multivariate_normal(mean[there], covariance[np.ix_(there, there)])
            want += law.logpdf(row[there])
        assert likelihood(likelihood.to_u(theta))[0] == pytest.approx(want, rel=1e-10)


def test_evidence_is_that_of_foretelling_each_row_from_those_before():
    """Cell by cell, in the order in which patients came, not column by column."""
    total, order = 0.0, TABLE[[3, 0, 9, 1, 5, 2]]
    for i, row in enumerate(order):
        known = topic.posterior(pd.DataFrame(order[:i], columns=topic.COLUMNS), **SETTINGS)
        for k in np.flatnonzero(~np.isnan(row)):
            total += known.foretold(row[None, :k], k).logpdf(row[k]).item()
    few = pd.DataFrame(order, columns=topic.COLUMNS)
    assert topic.exact(few, **SETTINGS).log_evidence == pytest.approx(total, abs=1e-9)


def test_every_law_is_that_of_draws_of_the_lines():
    exact, number = topic.exact(DATA, **SETTINGS), 40_000
    draws = drawn(KNOWN, number)
    assert set(draws) == set(exact.distributions)
    for name, law in exact.distributions.items():
        for p in (0.05, 0.25, 0.5, 0.75, 0.95):
            below = np.mean(draws[name] < law.ppf(p), axis=0)
            assert np.all(np.abs(below - p) < 4.5 * np.sqrt(p * (1 - p) / number)), (name, p)


def test_moments_of_the_third_mean_by_the_rules_for_products():
    """Exactly: lines are independent, so expectations of products are products."""
    moments = [
        (line.m, np.linalg.inv(line.root.T @ line.root) * line.rate / (line.shape - 1))
        for line in KNOWN.lines
    ]
    mean, second = np.array([1.0]), np.array([[1.0]])  # of (1, z1, z2), the earlier means
    for k, (m, covariance) in enumerate(moments):
        each, square = m @ mean, np.sum(second * (np.outer(m, m) + covariance))
        cross = second @ m
        if k < 2:
            unit = KNOWN.s[k]
            mean = np.append(mean, each / unit)
            second = np.block(
                [[second, cross[:, None] / unit], [cross[None] / unit, square / unit**2]]
            )
    law = KNOWN.mean(2)[0]
    assert law.mean() == pytest.approx(KNOWN.m[2] + each, rel=1e-10)
    assert law.std() == pytest.approx(np.sqrt(square - each**2), rel=1e-10)
    change = KNOWN.mean(2, less_first=True)[0]
    less = square - 2 * cross[1] * KNOWN.s[0] + second[1, 1] * KNOWN.s[0] ** 2
    assert change.std() == pytest.approx(
        np.sqrt(less - (each - mean[1] * KNOWN.s[0]) ** 2), rel=1e-10
    )


def test_without_holes_the_last_mean_has_a_named_law():
    """Of one column alone, measured twice over: a Student t by Weights itself."""
    data = read(FOUND, rows(10, 10, 10, seed=9))
    first = topic.exact(data, **UNITS).marginals["mu_1"]
    x = data["x1"].to_numpy() - UNITS["m"][0]
    alone = Weights(
        np.ones((10, 1)), x, UNITS["tau"], UNITS["alpha"], UNITS["alpha"] * UNITS["s"][0] ** 2
    )
    law = alone.along(np.eye(1))
    q = np.array([0.01, 0.4, 0.97])
    assert first.ppf(q) == pytest.approx(UNITS["m"][0] + law.ppf(q), rel=1e-12)


def test_em_never_falls_and_ends_at_the_closed_form():
    path = list(em(TABLE, 120))
    heights = np.array([height for *_, height in path])
    assert np.all(np.diff(heights) > -1e-10)
    assert np.all(np.diff(heights)[:12] > 0)
    mu, sigma, height = path[-1]
    best = topic.mle(DATA)
    assert mu == pytest.approx([best[name] for name in topic.MEANS], rel=1e-10)
    assert sigma == pytest.approx(topic.covariance(DATA), rel=1e-9)
    assert height == pytest.approx(-376.915465, abs=1e-6)
    assert -2 * height - 75 * np.log(2 * np.pi) == pytest.approx(615.990151, abs=1e-6)


def test_em_never_falls_where_holes_are_anywhere_either():
    table = rows(20, 20, 20, seed=11).to_numpy(copy=True)
    table[np.random.default_rng(1).random(table.shape) < 0.25] = np.nan
    table = table[~np.isnan(table).all(axis=1)]
    heights = np.array([height for *_, height in em(table, 60)])
    assert np.all(np.diff(heights) > -1e-10)
    assert heights[-1] > heights[0] + 1


def test_complete_cases_are_another_answer_and_without_holes_the_same():
    best, plain = topic.mle(DATA), DATA.dropna()
    assert plain["x3"].mean() == pytest.approx(221.4737, abs=5e-5)
    assert best["mu_3"] - plain["x3"].mean() == pytest.approx(0.7635, abs=5e-5)
    full = topic.mle(plain)
    assert [full[name] for name in topic.MEANS] == pytest.approx(plain.mean().to_numpy())
    assert topic.covariance(plain) == pytest.approx(np.cov(plain.to_numpy().T, ddof=0))


def off(x, law, p):
    """Monte Carlo errors by which the share of x below the p-point of its law is off, at most."""
    return np.max([np.abs(np.mean(x < law(q)) - q) / np.sqrt(q * (1 - q) / len(x)) for q in p])


def test_holes_filled_from_draws_follow_their_exact_law():
    """Student t; where the second number lacks too, a mixture of them over its own Student t."""
    table, p = np.array([TABLE[1], [190.0, np.nan, np.nan]]), (0.025, 0.25, 0.5, 0.75, 0.975)
    draws = drawn(KNOWN, 40_000)
    filled = holes.fill(table, draws, np.random.default_rng(3))
    assert np.array_equal(
        filled[:, ~np.isnan(table)], np.tile(table[~np.isnan(table)], (40_000, 1))
    )
    third, second = KNOWN.foretold(table[:1, :2], 2), KNOWN.foretold(table[1:, :1], 1)
    assert off(filled[:, 0, 2], third.ppf, p) < 4.5
    assert off(filled[:, 1, 1], second.ppf, p) < 4.5
    x2 = second.ppf((np.arange(4_000) + 0.5) / 4_000)
    each = KNOWN.foretold(np.column_stack([np.full(4_000, 190.0), x2]), 2)
    points = np.quantile(filled[:, 1, 2], p)
    below = np.array([each.cdf(x).mean() for x in points])
    assert np.all(np.abs(below - p) < 4.5 * np.sqrt(below * (1 - below) / 40_000))
    still = draws | {name: np.broadcast_to(v.mean(0), v.shape) for name, v in draws.items()}
    short = holes.fill(table, still, np.random.default_rng(3))
    assert off(short[:, 0, 2], third.ppf, p) > 6  # one value of the unknowns: too little spread


def test_complete_cases_are_biased_where_the_second_number_decides_who_stays():
    """A known truth: off by several standard errors in each table, the exact posterior in none."""
    found = dropout.made_up(60, seed=2)
    plain, ours = found.swapaxes(0, 1)
    assert (plain[:, 0] / plain[:, 1]).mean() > 3
    assert plain[:, 0].mean() > 20 * plain[:, 0].std() / np.sqrt(60)
    assert plain[:, 2].sum() < 15
    assert abs(ours[:, 0].mean()) < 4 * ours[:, 0].std() / np.sqrt(60)
    assert ours[:, 2].sum() > stats.binom(60, 0.95).ppf(1e-4)


@pytest.mark.parametrize(
    ("steps", "said"), [(500, "in the next; it ends"), (4, "stopped after 4 steps")]
)
def test_em_says_whether_it_came_to_rest(steps, said, monkeypatch):
    monkeypatch.setattr(holes, "STEPS", steps)
    run = SimpleNamespace(mle=topic.mle(DATA))
    with picture.style():
        _, sentence = holes.climb(run, TABLE)
    assert said in sentence
    assert ("short of" in sentence) is (steps == 4)
    assert "closed form: -376.915465" in sentence


def test_the_order_of_rows_changes_nothing():
    turned = topic.exact(DATA.iloc[::-1], **SETTINGS)
    assert turned.log_evidence == pytest.approx(
        topic.exact(DATA, **SETTINGS).log_evidence, rel=1e-12
    )


def test_simulated_cells_hang_on_simulated_ones():
    """As calibration needs: the second column of made-up rows goes with the first of the same."""
    model = topic.model(DATA, **SETTINGS)
    theta = {k: v[0] for k, v in drawn(KNOWN, 1).items() if k not in ("sigma", "change")}
    made = pm.draw(pm.do(model, theta)["x"], 400, random_seed=1, mode="FAST_COMPILE")
    first, second = made[:, :28], made[:, 28:56]
    mean, covariance = joint_normal(theta)
    pairs = np.column_stack([first.ravel(), second.ravel()])
    error = np.sqrt(2 / len(pairs)) * 4.5
    assert np.cov(pairs.T) == pytest.approx(covariance[:2, :2], rel=error * 1.5)
    assert pairs.mean(axis=0) == pytest.approx(
        mean[:2], abs=4.5 * np.sqrt(covariance.max() / len(pairs))
    )


def test_holes_elsewhere_are_refused_in_words():
    hole = DATA.copy()
    hole.iloc[0, 1] = np.nan
    with pytest.raises(Refused, match="holes only at the end"):
        read(FOUND, hole)
    hole = DATA.copy()
    hole.iloc[3, 0] = np.nan
    with pytest.raises(Refused, match="x1"):
        read(FOUND, hole)


def test_the_limit_is_that_of_incomplete_rows_too():
    data = read(FOUND, rows(30, 25, 15, seed=12))
    best = topic.mle(data)
    maximum = check.score(topic.model(data, **UNITS), best)
    assert maximum.check.passed
    assert all(c.passed for c in check.limit(FOUND, data, UNITS, best, maximum.standard_errors))


@pytest.mark.parametrize("alpha", [2.0, 0.5, 0.3])
def test_means_nobody_measured_are_foretold_by_the_prior_however_heavy_its_tails(alpha):
    """Of x2 and x3 nothing is seen, so their means less that of x1 have the prior's own laws."""
    data = read(FOUND, rows(12, 0, 0, seed=8))
    settings = UNITS | {"alpha": np.float64(alpha)}
    found = topic.exact(data, **settings)
    assert max(abs(mass - 1) for mass in found.masses.values()) < 1e-9
    known = topic.posterior(data, **settings)
    rng = np.random.default_rng(4)
    mu_1 = known.m[0] + known.lines[0].rvs(100_000, rng)[0][:, 0]
    noise = rng.gamma(alpha, 1 / (alpha * UNITS["s"][1] ** 2), 100_000) ** -0.5
    slope = rng.normal(0, UNITS["tau"] * noise / UNITS["s"][0])
    mu_2 = rng.normal(UNITS["m"][1] + slope * (mu_1 - UNITS["m"][0]), UNITS["tau"] * noise)
    for share in (0.1, 0.5, 0.8):
        at = float(found.marginals["mu_2"].ppf(share))
        assert np.mean(mu_2 < at) == pytest.approx(
            share, abs=5 * (share * (1 - share) / 1e5) ** 0.5
        )


def test_a_mean_that_could_be_anywhere_is_not_summed():
    data = read(FOUND, rows(12, 0, 0, seed=8))
    with pytest.raises(NotImplementedError, match="so small an `alpha`"):
        topic.exact(data, **UNITS | {"alpha": np.float64(0.01)})
