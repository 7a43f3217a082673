"""What only entropy can show: moments by integrals and draws, one unit, the bias of the plug-in."""

from itertools import product
from math import factorial

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import entr

from models import _entropy as bits
from models import entropy
from models._categories import counted, per_category
from models._conjugate import Dirichlet
from workflow import topic

RNG = np.random.default_rng(5)
SHARES = [RNG.dirichlet(np.full(k, 0.7)) for k in (2, 3, 5, 9)]
A, Q = np.array([0.8, 2.5, 3.1, 7.0]), np.array([0.1, 0.2, 0.3, 0.4])
OF = {  # moments of Dirichlet-distributed shares beside the same of shares that are known
    "entropy": (bits.entropy_of, bits.entropy),
    "cross-entropy": (lambda a: bits.cross_entropy_of(a, Q), lambda p: bits.cross_entropy(p, Q)),
    "divergence": (lambda a: bits.divergence_of(a, Q), lambda p: bits.divergence(p, Q)),
    "the other divergence": (lambda a: bits.reverse_of(a, Q), lambda p: bits.divergence(Q, p)),
}


def moments(f, law, low=0.0, high=1.0):
    """Mean and sd of f under a scalar law, by quadrature."""
    first, second = (
        integrate.quad(lambda x, k=k: f(x) ** k * law.pdf(x), low, high, epsabs=1e-13, limit=400)[0]
        for k in (1, 2)
    )
    return first, np.sqrt(second - first**2)


# --- shares that are known ----------------------------------------------------------------------


@pytest.mark.parametrize("p", SHARES, ids=len)
def test_entropy_is_the_average_number_of_questions_that_scipy_counts(p):
    assert bits.entropy(p) == pytest.approx(stats.entropy(p, base=2), abs=1e-13)
    q = np.roll(p, 1)
    assert bits.divergence(p, q) == pytest.approx(stats.entropy(p, q, base=2), abs=1e-13)


@pytest.mark.parametrize("p", SHARES, ids=len)
def test_cross_entropy_is_entropy_and_divergence_in_one_unit_only(p):
    for q in (np.roll(p, 1), np.full(p.size, 1 / p.size)):
        H, KL, cross = bits.entropy(p), bits.divergence(p, q), bits.cross_entropy(p, q)
        assert cross == pytest.approx(H + KL, abs=1e-12)
        mixed = H + stats.entropy(p, q)  # bits and nats
        assert cross - mixed == pytest.approx(KL * (1 - np.log(2)), abs=1e-12)
        assert cross - mixed > 1e-4  # and so it is no rounding


def test_divergence_is_never_negative_zero_only_at_home_and_not_symmetric():
    p, q = RNG.dirichlet(np.full(4, 0.5), 2_000), RNG.dirichlet(np.full(4, 0.5), 2_000)
    there, back = bits.divergence(p, q), bits.divergence(q, p)
    assert there.min() > 0
    assert np.abs(bits.divergence(p, p)).max() < 1e-12
    assert np.mean(np.abs(there - back) > 0.01 * there) > 0.9


def test_nothing_is_lost_where_a_share_is_zero():
    assert bits.entropy([0.5, 0.5, 0.0]) == bits.entropy([0.5, 0.5]) == 1
    assert bits.cross_entropy([0.5, 0.5, 0.0], [0.25, 0.75, 0.0]) == pytest.approx(
        bits.cross_entropy([0.5, 0.5], [0.25, 0.75])
    )
    assert (
        bits.cross_entropy([0.5, 0.5], [1.0, 0.0]) == np.inf == bits.divergence([0.5, 0.5], [1, 0])
    )


# --- shares that are Dirichlet-distributed ------------------------------------------------------


@pytest.mark.parametrize("kind", OF)
@pytest.mark.parametrize("a", [A, np.array([0.3, 0.2, 0.6, 0.4]), 300 * A], ids=["", "few", "many"])
def test_moments_are_those_of_independent_draws(kind, a):
    of, known = OF[kind]
    x, n = known(np.random.default_rng(3).dirichlet(a, 200_000)), 200_000
    mean, sd = of(a).mean(), of(a).std()
    assert abs(x.mean() - mean) < 5 * sd / np.sqrt(n)
    square = (x - mean) ** 2
    assert abs(square.mean() - sd**2) < 5 * square.std() / np.sqrt(n)


@pytest.mark.parametrize(("a", "b"), [(0.7, 1.9), (4.2, 2.3), (40.0, 75.0)])
def test_moments_of_two_shares_are_integrals_over_one(a, b):
    two, q, law = np.array([a, b]), np.array([0.35, 0.65]), stats.beta(a, b)

    def at(f):
        return lambda x: float(f(np.array([x, 1 - x])))

    for got, f in (
        (bits.entropy_of(two), at(bits.entropy)),
        (bits.divergence_of(two, q), at(lambda p: bits.divergence(p, q))),
        (bits.reverse_of(two, q), at(lambda p: bits.divergence(q, p))),
    ):
        mean, sd = moments(f, law)
        assert got.mean() == pytest.approx(mean, rel=1e-7)
        assert got.std() == pytest.approx(sd, rel=1e-6)


def test_many_counts_leave_the_delta_method_and_few_do_not():
    """sd sqrt(n) tends to the sd of log2 p under p itself: the information's own scatter."""
    p = np.array([0.5, 0.3, 0.2])
    wanted = np.sqrt(np.sum(p * (np.log2(p) + bits.entropy(p)) ** 2))
    off = [abs(bits.entropy_of(n * p).std() * np.sqrt(n) / wanted - 1) for n in (1e2, 1e4, 1e6)]
    assert off[0] > 10 * off[1] > 100 * off[2]
    assert off[2] < 1e-5


def test_of_shares_all_alike_only_the_second_order_is_left():
    """No slope there: KL from alike is a chi-square with K - 1 degrees of freedom over 2 n."""
    K, n = 6, 1e7
    law = bits.divergence_of(np.full(K, n / K), np.full(K, 1 / K))
    assert law.mean() * 2 * n * np.log(2) == pytest.approx(K - 1, rel=1e-5)
    assert law.std() * 2 * n * np.log(2) == pytest.approx(np.sqrt(2 * (K - 1)), rel=1e-5)


def test_what_entropy_loses_divergence_from_alike_gains():
    even = np.full(4, 0.25)
    assert bits.entropy_of(A).mean() + bits.divergence_of(A, even).mean() == pytest.approx(
        2, abs=1e-12
    )
    assert bits.entropy_of(A).std() == pytest.approx(bits.divergence_of(A, even).std(), rel=1e-10)


def test_categories_merged_and_split_again_keep_their_entropy():
    """H of all = H of the groups + what is left within them, in the mean, by independence."""
    table = np.array([[2.0, 3.5, 1.1], [0.9, 4.0, 2.2]])
    whole = bits.entropy_of(table.ravel()).mean()
    assert whole == pytest.approx(
        bits.entropy_of(table.sum(1)).mean() + bits.conditional_of(table).mean(), rel=1e-12
    )


# --- the posterior ------------------------------------------------------------------------------


def test_one_count_after_the_other_ends_where_all_at_once_do():
    counts, a = np.array([3, 0, 5, 2]), np.array([0.7, 1.9, 1.1, 0.4])
    order, log_evidence = RNG.permutation(np.repeat(np.arange(4), counts)), 0.0
    seen = a.copy()
    for k in order:  # each is foretold from those before
        log_evidence += np.log(seen[k] / seen.sum())
        seen[k] += 1
    orders = factorial(10) / np.prod([factorial(int(c)) for c in counts])
    frame = topic.read(topic.load("entropy")).head(4).assign(count=counts)
    frame["category"] = frame["category"].cat.remove_unused_categories()
    exact = entropy.exact(frame, q=np.array([1.0]), a=a)
    assert exact.log_evidence == pytest.approx(log_evidence + np.log(orders), rel=1e-12)
    assert exact.derived["H"].mean() == pytest.approx(bits.entropy_of(seen).mean(), rel=1e-12)


def test_evidence_of_all_tables_of_one_size_adds_up_to_one():
    a, total = np.array([0.7, 1.9, 1.1]), 0.0
    frame = topic.read(topic.load("entropy")).head(3)
    frame["category"] = frame["category"].cat.remove_unused_categories()
    for i, j in product(range(7), repeat=2):
        if i + j <= 6:
            rows = frame.assign(count=[i, j, 6 - i - j])
            total += np.exp(entropy.exact(rows, q=np.array([1.0]), a=a).log_evidence)
    assert total == pytest.approx(1, abs=1e-12)


def test_under_a_flat_prior_all_tables_are_alike():
    data = topic.read(topic.load("entropy"))
    flat = entropy.exact(data, q=np.array([1.0]), a=np.array([1.0]))
    assert flat.log_evidence / np.log(10) == pytest.approx(-19.4263, abs=5e-5)


# --- the plug-in estimate -----------------------------------------------------------------------


def test_averages_of_estimates_are_sums_over_every_sample():
    p, a, n = np.array([0.6, 0.3, 0.1]), np.array([0.5, 1.5, 2.5]), 5
    total = np.zeros(3)
    for counts in product(range(n + 1), repeat=3):
        if sum(counts) == n:
            counts = np.array(counts)
            mean = bits.entropy_of(a + counts).mean()
            total += stats.multinomial(n, p).pmf(counts) * np.array([*bits.plug_in(counts), mean])
    np.testing.assert_allclose(bits.average_estimates(p, a, n), total, rtol=1e-12)


def test_the_bias_of_the_plug_in_falls_like_one_over_n():
    p, n = np.array([0.4, 0.3, 0.2, 0.1]), 2_000
    plugged, corrected, _ = bits.average_estimates(p, np.ones(4), n) - bits.entropy(p)
    assert plugged * n == pytest.approx(-3 / (2 * np.log(2)), rel=5e-3)
    assert abs(corrected) < 0.01 * abs(plugged)


def test_the_plug_in_is_the_entropy_of_the_observed_shares():
    counts = np.array([5, 0, 3, 2])
    shares = counts / 10
    assert bits.plug_in(counts)[0] == pytest.approx(entr(shares).sum() / np.log(2))
    assert bits.plug_in(counts)[1] - bits.plug_in(counts)[0] == pytest.approx(2 / (20 * np.log(2)))


# --- rows, settings, and normal distributions ---------------------------------------------------


def test_rows_count_one_each_unless_a_column_looks_like_the_counts():
    frame = pd.DataFrame({"category": ["a", "b", "a"], "share": [0.3, 0.4, 0.3]})
    assert counted(frame, ["category"])["count"].tolist() == [1, 1, 1]
    assert counted(frame.iloc[:2, :1], ["category"])["count"].tolist() == [1, 1]
    assert counted(frame[:2].assign(count=7), ["category"])["count"].tolist() == [7, 7]
    with pytest.raises(ValueError, match="say --column count=share"):
        counted(frame[:2], ["category"])
    pairs = pd.DataFrame({"row": ["a", "b"], "column": ["x", "x"], "n": [4, 5]})
    with pytest.raises(ValueError, match="say --column count=n"):
        counted(pairs, ["row", "column"])
    assert "count" in counted(pairs, ["row", "pillar"])  # whose absence is said elsewhere


def test_a_setting_has_one_number_two_or_all():
    assert per_category("a", 0.5, 3).tolist() == [0.5, 0.5, 0.5]
    assert per_category("a", [1.0, 2.0], 3).tolist() == [1.0, 1.5, 2.0]
    assert per_category("a", [3.0, 1.0, 2.0], 3).tolist() == [3.0, 1.0, 2.0]
    assert per_category("a", [3.0, 1.0], 2).tolist() == [3.0, 1.0]
    with pytest.raises(ValueError, match=r"`a` needs 1, 2 or 4 numbers .*; it has 3"):
        per_category("a", [3.0, 1.0, 2.0], 4)
    with pytest.raises(ValueError, match="must be positive; it has -1"):
        per_category("a", [3.0, -1.0], 4)


@pytest.mark.parametrize(
    ("mean", "sd", "m", "s"), [(1.0, 0.5, 0, 1), (0, 1, 1.0, 0.5), (-2, 3, 4, 5)]
)
def test_divergence_of_normals_is_the_average_log_ratio(mean, sd, m, s):
    ours, other = stats.norm(mean, sd), stats.norm(m, s)

    def integrand(x):
        return ours.pdf(x) * (ours.logpdf(x) - other.logpdf(x))

    wanted = integrate.quad(integrand, mean - 12 * sd, mean + 12 * sd)[0] / np.log(2)
    assert bits.normal_divergence(mean, sd, m, s) == pytest.approx(wanted, rel=1e-9)


def test_the_joint_density_is_that_of_the_posterior():
    data = topic.read(topic.load("entropy"))
    exact = entropy.exact(data, q=np.array([1.0]), a=np.array([2.5, 3.5]))
    p = exact.marginals["p"].mean()
    law = Dirichlet(np.linspace(2.5, 3.5, 6) + data["count"].to_numpy())
    assert exact.log_density({"p": p}) == pytest.approx(stats.dirichlet(law.a).logpdf(p), rel=1e-12)
