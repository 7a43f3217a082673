"""What only the table can show: moments of mutual information, Bayes factor, classical tests."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import digamma, polygamma, roots_jacobi

from models import _entropy as bits
from models import contingency_table
from tests.mistakes import edited
from tests.mistakes.contingency_table import sorted_into
from workflow import topic

HAIR = np.array([[68, 20, 15, 5], [119, 84, 54, 29], [26, 17, 14, 14], [7, 94, 10, 16.0]])
TABLES = {
    "two by two": np.array([[3.0, 1.2], [0.8, 4.5]]),
    "hardly anything": np.array([[0.3, 0.2], [0.1, 0.4]]),
    "two by three": np.array([[0.8, 2.0, 3.5], [7.0, 0.4, 1.1]]),
    "near independence": np.array([[30.0, 20.0, 10.0], [61.0, 39.0, 21.0]]),
    "hair and eyes": HAIR,
}
every_table = pytest.mark.parametrize("a", TABLES.values(), ids=TABLES.keys())


def known_mutual(p):
    """I of known tables (..., R, C), as the divergence of the table from its own margins."""
    alone = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    return bits.divergence(p.reshape(*p.shape[:-2], -1), alone.reshape(*p.shape[:-2], -1))


# --- mutual information and conditional entropy -------------------------------------------------


@every_table
def test_moments_are_those_of_independent_draws(a):
    n = 200_000
    p = np.random.default_rng(4).dirichlet(a.ravel(), n).reshape(n, *a.shape)
    told = known_mutual(p)
    for law, x in (
        (bits.mutual_of(a), told),
        (bits.conditional_of(a), bits.entropy(p.sum(1)) - told),
    ):
        assert abs(x.mean() - law.mean()) < 5 * law.std() / np.sqrt(n)
        square = (x - law.mean()) ** 2
        assert abs(square.mean() - law.std() ** 2) < 5 * square.std() / np.sqrt(n)


@every_table
def test_the_row_tells_the_column_what_the_column_tells_the_row(a):
    """The formula treats them unlike but for the term they share, so equal numbers check it."""
    one, other = bits.mutual_of(a), bits.mutual_of(a.T)
    assert one.mean() == pytest.approx(other.mean(), rel=1e-12)
    assert one.std() == pytest.approx(other.std(), rel=1e-8)


def on_a_grid(a, n=60):
    """Mean and sd of I for a 2 x 2 table: three independent Betas on Gauss and Jacobi's nodes."""
    (r, R), (u, U), (w, W) = (
        ((1 + x) / 2, weight / weight.sum())
        for x, weight in (roots_jacobi(n, q - 1, p - 1) for p, q in (a.sum(1), *a))
    )
    r, u, w = np.meshgrid(r, u, w, indexing="ij")
    p = np.array([[r * u, r * (1 - u)], [(1 - r) * w, (1 - r) * (1 - w)]])
    told, weight = known_mutual(np.moveaxis(p, (0, 1), (-2, -1))), R[:, None, None] * U[:, None] * W
    mean = np.sum(weight * told)
    return mean, np.sqrt(np.sum(weight * (told - mean) ** 2))


GRID = [np.array([[3.0, 1.2], [1.8, 4.5]]), np.array([[20.0, 31.0], [45.0, 12.0]])]


@pytest.mark.parametrize("a", GRID, ids=["few", "many"])
def test_moments_of_two_by_two_are_sums_over_a_grid(a):
    mean, sd = on_a_grid(a)
    assert bits.mutual_of(a).mean() == pytest.approx(mean, rel=1e-6)
    assert bits.mutual_of(a).std() == pytest.approx(sd, rel=1e-6)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (" + 2 * covariance(columns, y, (0.0, by_column))", ""),
        ("variance += 2 * _crossing(a, x, y)", "variance += _crossing(a, x, y)"),
        ("digamma(total + 2) + np.broadcast_to", "digamma(total + 1) + np.broadcast_to"),
        (" - average(rows, *x) * average(columns, *y)", ""),
        ("variance -= covariance(columns, y, y) + 2", "variance -= 2"),
        ("variance += 2 * _crossing(a, x, y)", "variance -= 2 * _crossing(a, x, y)"),
    ],
)
def test_a_term_too_small_for_draws_is_seen_there(right, wrong):
    found = edited("contingency_table", right, wrong, "_entropy.py").module.bits
    for a in GRID:
        assert found.mutual_of(a).std() != pytest.approx(on_a_grid(a)[1], rel=1e-5)


def test_how_far_the_wrong_totals_are_is_seen_there_too():
    old, new = "mean - average(columns, *y)", "mean - average(rows, *x)"
    found = edited("contingency_table", old, new, "_entropy.py").module.bits
    for a in GRID:
        assert found.mutual_of(a).mean() != pytest.approx(on_a_grid(a)[0], rel=1e-5)


@every_table
def test_the_order_of_labels_is_nothing(a):
    other = a[::-1][:, np.random.default_rng(2).permutation(a.shape[1])]
    assert bits.mutual_of(other).std() == pytest.approx(bits.mutual_of(a).std(), rel=1e-9)
    assert bits.conditional_of(other).std() == pytest.approx(bits.conditional_of(a).std(), rel=1e-9)


@every_table
def test_twice_the_nodes_give_the_same_spread(a, monkeypatch):
    before = bits.mutual_of(a).std()
    monkeypatch.setattr(bits, "NODES", 2 * bits.NODES)
    monkeypatch.setattr(bits, "FALL", 1.1 * bits.FALL)
    assert bits.mutual_of(a).std() == pytest.approx(before, rel=1e-8)


def test_nodes_that_are_too_few_would_be_seen(monkeypatch):
    before = bits.mutual_of(HAIR).std()
    monkeypatch.setattr(bits, "NODES", 10)
    assert bits.mutual_of(HAIR).std() != pytest.approx(before, rel=1e-8)


@pytest.mark.parametrize("shape", [0.2, 1.0, 7.5, 300.0, 1e6])
def test_nodes_integrate_what_is_known_of_a_gamma(shape):
    x, weight = bits.gamma_rule(shape)
    assert weight.sum() == pytest.approx(1, abs=1e-13)
    assert weight @ x == pytest.approx(shape, rel=1e-9)
    assert weight @ np.log(x) == pytest.approx(digamma(shape), rel=1e-8, abs=1e-8)
    assert weight @ (np.log(x) - digamma(shape)) ** 2 == pytest.approx(
        polygamma(1, shape), rel=1e-7
    )


def test_under_independence_and_many_counts_it_is_a_chi_square():
    n, p = 1e6, np.outer([0.2, 0.5, 0.3], [0.4, 0.35, 0.15, 0.1])
    law, freedom = bits.mutual_of(n * p), 6
    assert np.isnan(bits.mutual_of(1e12 * p).std())  # lost in rounding, and said to be
    assert law.mean() * 2 * n * np.log(2) == pytest.approx(freedom, rel=1e-4)
    assert law.std() * 2 * n * np.log(2) == pytest.approx(np.sqrt(2 * freedom), rel=1e-3)


def test_away_from_it_it_is_the_delta_method():
    p = HAIR / HAIR.sum()
    each = np.log2(p / np.outer(p.sum(1), p.sum(0)))
    wanted = np.sqrt(np.sum(p * (each - np.sum(p * each)) ** 2))
    law = bits.mutual_of(1e7 * p)
    assert law.mean() == pytest.approx(known_mutual(p), rel=1e-5)
    assert law.std() * np.sqrt(1e7) == pytest.approx(wanted, rel=1e-4)


def test_the_gain_is_too_large_by_one_term_per_degree_of_freedom():
    """The plug-in of samples from independent sides, against zero, which is the truth."""
    n, p = 500, np.outer([0.4, 0.6], [0.3, 0.45, 0.25]).ravel()
    counts = np.random.default_rng(7).multinomial(n, p, 20_000).reshape(-1, 2, 3)
    found = known_mutual(counts / n)
    wanted = 2 / (2 * n * np.log(2))
    assert abs(found.mean() - wanted) < 5 * found.std() / np.sqrt(found.size) + 0.01 * wanted


# --- the Bayes factor ---------------------------------------------------------------------------


@pytest.mark.parametrize("a", [1.0, [1.0, 1.5], [1.3, 0.9, 2.0, 1.1]])
def test_both_models_give_all_tables_of_one_size_a_chance_of_one(a):
    total = np.zeros(2)
    for cells in product(range(6), repeat=3):
        if sum(cells) <= 5:
            counts = np.array([*cells, 5 - sum(cells)], float).reshape(2, 2)
            any_table = contingency_table.exact(sorted_into_data(counts), a=a).log_evidence
            factor = contingency_table.log_bayes_factor(counts, a)
            total += np.exp([any_table, any_table - factor])
    assert total == pytest.approx([1, 1], abs=1e-12)


def sorted_into_data(counts):
    return contingency_table.Data.validate(sorted_into(counts.astype(int)))


def test_the_evidence_of_independence_is_an_integral_over_two_shares():
    counts, a = np.array([[3.0, 1.0], [2.0, 4.0]]), np.array([1.3, 0.9, 2.0, 1.1])
    table = a.reshape(2, 2)
    first, second = (stats.beta(*(table.sum(axis) - 1)) for axis in (1, 0))

    def integrand(r, c):
        p = np.array([[r * c, r * (1 - c)], [(1 - r) * c, (1 - r) * (1 - c)]])
        return stats.multinomial(10, p.ravel()).pmf(counts.ravel()) * first.pdf(r) * second.pdf(c)

    alone = integrate.dblquad(integrand, 0, 1, 0, 1, epsabs=1e-12)[0]
    together = contingency_table.exact(sorted_into_data(counts), a=a).log_evidence
    factor = contingency_table.log_bayes_factor(counts, a)
    assert factor == pytest.approx(together - np.log(alone), abs=1e-7)


def test_the_prior_of_independence_is_any_table_held_to_the_independent_ones():
    """Dirichlet(a) at p = r c', as a function of r and c alone, has the shape of that prior."""
    a = np.array([[1.3, 0.9, 1.4], [2.0, 1.1, 1.6]])
    rng, gaps = np.random.default_rng(3), []
    for _ in range(5):
        r, c = rng.dirichlet([2, 3]), rng.dirichlet([2, 3, 4])
        along = np.sum((a - 1) * np.log(np.outer(r, c)))  # log density but for its constant
        ours = stats.dirichlet(a.sum(1) - 2).logpdf(r) + stats.dirichlet(a.sum(0) - 1).logpdf(c)
        gaps.append(along - ours)
    assert np.ptp(gaps) < 1e-10


def test_it_grows_as_the_classical_statistic_and_shrinks_by_dimension():
    """ln BF = G / 2 - df / 2 ln n + a constant: Schwarz's criterion."""
    G = contingency_table.classical(HAIR)["G"]
    rest = [
        contingency_table.log_bayes_factor(m * HAIR, 1.0) - m * G / 2 + 4.5 * np.log(m)
        for m in (1e2, 1e3, 1e4)
    ]
    assert abs(rest[1] - rest[0]) < 0.05
    assert abs(rest[2] - rest[1]) < 0.1 * abs(rest[1] - rest[0]) + 1e-3


def test_it_speaks_for_independence_where_a_p_value_cannot():
    even = 100 * np.outer([2, 3], [4, 1, 5]).astype(float)
    assert contingency_table.classical(even)["p"] == pytest.approx(1)
    assert contingency_table.log_bayes_factor(even, 1.0) < -5


def test_there_is_none_where_the_prior_held_to_independence_is_no_density():
    assert contingency_table.log_bayes_factor(HAIR, 0.5) is None
    assert contingency_table.log_bayes_factor(HAIR, 0.76) is not None
    for shape in ((2, 9), (12, 3), (20, 20)):  # the default prior has one for tables of any size
        a = topic.load("contingency_table").defaults["a"]
        assert contingency_table.log_bayes_factor(np.ones(shape), a) is not None


# --- classical tests ----------------------------------------------------------------------------


def test_g_is_twice_n_times_the_mutual_information_of_the_observed_shares():
    found = 2 * HAIR.sum() * known_mutual(HAIR / HAIR.sum()) * np.log(2)
    assert found == pytest.approx(contingency_table.classical(HAIR)["G"], rel=1e-12)


def test_scipy_corrects_two_by_two_tables_unless_told_not_to():
    pets = np.array([[207, 282], [231, 242]])
    plain, yates = (contingency_table.classical(pets, yates=y) for y in (False, True))
    assert stats.chi2_contingency(pets)[0] == yates["chi2"] != plain["chi2"]
    shares = pets[:, 0] / pets.sum(1)  # the test of two shares, squared
    pooled = pets[:, 0].sum() / pets.sum()
    z = np.diff(shares)[0] / np.sqrt(pooled * (1 - pooled) * np.sum(1 / pets.sum(1)))
    assert plain["chi2"] == pytest.approx(z**2, rel=1e-12)
    assert plain["p"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-10)
    assert contingency_table.classical(HAIR) == contingency_table.classical(HAIR, yates=True)


def test_cramers_v_is_one_where_the_row_settles_the_column():
    assert contingency_table.classical(np.diag([4.0, 7.0, 2.0]))["V"] == pytest.approx(1)
    assert contingency_table.classical(np.outer([4, 7], [2, 5, 3]))["V"] == pytest.approx(
        0, abs=1e-7
    )


# --- rows ---------------------------------------------------------------------------------------


def test_one_thing_a_row_is_the_same_table_as_its_counts():
    found = topic.load("contingency_table")
    counted = sorted_into([[3, 1, 2], [2, 4, 5]])
    single = counted.loc[counted.index.repeat(counted["count"])].drop(columns="count")
    mixed = single.sample(frac=1, random_state=1).reset_index(drop=True)
    one, other = (topic.read(found, pd.DataFrame(rows)) for rows in (counted, mixed))
    np.testing.assert_array_equal(found.module.design(one)[0], found.module.design(other)[0])
    a, b = (found.exact(rows, found.defaults) for rows in (one, other))
    assert a.log_evidence == b.log_evidence
    assert a.derived["MI"] == b.derived["MI"]


def test_a_cell_never_mentioned_is_an_empty_one():
    found = topic.load("contingency_table")
    full = sorted_into([[3, 0, 2], [2, 4, 5]])
    one, other = (topic.read(found, rows) for rows in (full, full[full["count"] > 0]))
    np.testing.assert_array_equal(found.module.design(one)[0], found.module.design(other)[0])


def test_shares_within_a_row_know_nothing_of_its_total():
    found = topic.load("contingency_table")
    known = found.exact(topic.read(found), found.defaults).distributions
    total, within = known["row_share"], known["column_given_row"]
    cell = total.mean()[:, None] * within.mean()
    assert known["p"].mean() == pytest.approx(cell.ravel(), rel=1e-12)
    square = (total.var() + total.mean() ** 2)[:, None] * (within.var() + within.mean() ** 2)
    assert known["p"].var() + known["p"].mean() ** 2 == pytest.approx(square.ravel(), rel=1e-12)
