"""Markov chains by other routes: quadrature in the plane, urns, powers of A, walks on graphs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import betaln, log_expit

from models import markov_chain as chain
from models._chance import chance
from models._conjugate import Dirichlet
from models._long_run import LongRun, long_run
from workflow import topic
from workflow.density import joint

FOUND = topic.load("markov_chain")
WALK = list("abacabbcaacbbacbaab")
FLAT = {"stay": np.float64(1), "move": np.float64(1)}


def read(**columns):
    return topic.read(FOUND, pd.DataFrame(columns))


# --- rows -------------------------------------------------------------------------------------


def test_a_sequence_its_steps_and_its_counts_are_the_same_data():
    pairs = list(itertools.pairwise(WALK))
    counts = pd.Series(pairs).value_counts()
    first, second = zip(*pairs, strict=True)
    left, right = zip(*counts.index, strict=True)
    every = [
        read(state=WALK),
        read(state=first, next=second),
        read(state=left, next=right, count=counts.to_numpy()),
    ]
    assert len(every[0]) == len(WALK) - 1
    for data in every:
        seen, labels = chain.design(data)
        assert labels == ["a", "b", "c"]
        for (i, x), (j, y) in itertools.product(enumerate(labels), repeat=2):
            assert seen[i, j] == sum(pair == (x, y) for pair in pairs)
        settings = FOUND.defaults
        assert chain.exact(data, **settings).marginals["A"].mean() == pytest.approx(
            chain.exact(every[1], **settings).marginals["A"].mean(), abs=1e-15
        )


def test_what_a_sequence_leaves_out_is_said():
    data = read(state=WALK)
    assert data.attrs["notes"] == [
        "there is no column `next`: worked out from the others",
        "there is no column `count`: taken to be 1 in every row",
    ]


def test_states_are_in_the_order_of_numbers_where_they_are_numbers():
    assert chain.design(read(state=[10, 2, 1, 2, 10]))[1] == [1, 2, 10]
    assert chain.design(read(state=[1, 2, 1], next=["2", "x", "1"]))[1] == ["1", "2", "x"]


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"state": ["a", None, "b"]}, "`state` must be present in every row; row 1 has nothing"),
        ({"state": ["a", "b", None]}, "`state` must be present in every row; row 2 has nothing"),
        ({"state": ["a"]}, "must take from 2 to 40 different values"),
        ({"state": list(range(41))}, "must take from 2 to 40 different values"),
        ({"state": ["a", "b"], "count": [3, 4]}, "no column `next`"),
        ({"state": ["a", "b"], "next": ["b", None]}, "`next` must be present in every row"),
    ],
)
def test_no_step_is_made_up(columns, complaint):
    with pytest.raises(topic.Refused, match=complaint) as refused:
        read(**columns)
    assert str(refused.value).count("must be present") <= 1


# --- evidence -----------------------------------------------------------------------------------


def test_a_sequence_has_the_same_likelihood_but_for_a_constant():
    data = read(state=WALK)
    ours, gaps, rng = joint(chain.model(data, **FOUND.defaults)), [], np.random.default_rng(1)
    for A in rng.dirichlet([1, 2, 3], (5, 3)):
        numbers = ["abc".index(state) for state in WALK]
        path = sum(np.log(A[i, j]) for i, j in itertools.pairwise(numbers))
        rows = (np.where(np.arange(3) == k, 1.0, 2.0) for k in range(3))
        prior = sum(stats.dirichlet(a).logpdf(row) for a, row in zip(rows, A, strict=True))
        gaps.append(ours({"A": A}) - path - prior)
    assert np.ptp(gaps) < 1e-12
    assert gaps[0] > 1  # the orders in which the counts can come


def urn(steps, pseudo):
    """log probability of the steps, each foretold from those before it: one urn for each state."""
    total, urns = 0.0, {state: dict(row) for state, row in pseudo.items()}
    for here, there in steps:
        total += np.log(urns[here][there] / sum(urns[here].values()))
        urns[here][there] += 1
    return total


@pytest.mark.parametrize("settings", [FLAT, {"stay": np.float64(0.7), "move": np.float64(2.2)}])
def test_evidence_for_memory_is_that_of_foretelling_each_step_from_those_before(settings):
    steps, stay, move = list(itertools.pairwise(WALK)), settings["stay"], settings["move"]
    rows = {i: {j: stay if i == j else move for j in "abc"} for i in "abc"}
    one = {"any": dict.fromkeys("abc", (stay + 2 * move) / 3)}
    gain = urn(steps, rows) - urn([("any", there) for _, there in steps], one)
    assert chain.over_independence(read(state=WALK), **settings) == pytest.approx(gain, abs=1e-11)


def test_steps_that_are_independent_speak_against_memory():
    letters = np.random.default_rng(2).choice(list("ab"), 2_000, p=[0.3, 0.7])
    assert chain.over_independence(read(state=letters), **FLAT) < -1


# --- the long run -------------------------------------------------------------------------------


def test_the_long_run_is_the_eigenvector_the_power_and_the_deterministic():
    rng = np.random.default_rng(3)
    for K in (2, 3, 7):
        A = rng.dirichlet(np.ones(K), K)
        pi = long_run(A)
        values, vectors = np.linalg.eig(A.T)
        vector = vectors[:, np.argmin(np.abs(values - 1))].real
        np.testing.assert_allclose(pi, vector / vector.sum(), atol=1e-13)
        np.testing.assert_allclose(np.linalg.matrix_power(A, 999), np.tile(pi, (K, 1)), atol=1e-12)
        data = read(state=[*range(K), 0])
        model = chain.model(data, **FLAT)
        np.testing.assert_allclose(
            model["pi"].eval({model["A"]: A}, mode="FAST_COMPILE"), pi, atol=1e-13
        )


def test_the_street_of_the_story_a_swing_and_two_streets():
    street = np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(long_run(street), [0.2, 0.5, 0.3], atol=1e-15)
    np.testing.assert_allclose(long_run(np.array([[0.0, 1.0], [1.0, 0.0]])), 0.5)
    with pytest.raises(np.linalg.LinAlgError):  # never from one to the other: no one long run
        long_run(np.eye(2))


def test_a_walk_without_directions_counts_doors():
    rng = np.random.default_rng(4)
    doors = np.triu(rng.random((6, 6)) < 0.6, 1) + np.eye(6, k=1)
    doors = ((doors + doors.T) > 0).astype(float)
    ends = doors.sum(axis=1)
    np.testing.assert_allclose(long_run(doors / ends[:, None]), ends / ends.sum(), atol=1e-14)


def test_visits_scatter_as_the_second_eigenvalue_says():
    """All paths of a short chain, started in its long run, against its covariances."""
    A, steps = np.array([[0.3, 0.7], [0.6, 0.4]]), 12
    pi, d = long_run(A), A.trace() - 1
    mean, square = 0.0, 0.0
    for path in itertools.product((0, 1), repeat=steps):
        p = pi[path[0]] * np.prod([A[i, j] for i, j in itertools.pairwise(path)])
        mean, square = mean + p * sum(path), square + p * sum(path) ** 2
    alone = pi[0] * pi[1]
    lags = np.arange(1, steps)
    want = alone * (steps + 2 * np.sum((steps - lags) * d**lags))
    assert square - mean**2 == pytest.approx(want, rel=1e-12)
    assert 1 + 2 * np.sum(d ** np.arange(1, 200)) == pytest.approx((1 + d) / (1 - d), rel=1e-12)


ROWS = {
    "Markov's letters": [[3828.0, 7536.0], [7536.0, 1105.0]],
    "never twice": [[1.0, 12.0], [9.0, 1.0]],
    "weak": [[2.3, 1.5], [1.2, 3.1]],
    "narrow beside wide": [[3.0, 5.0], [2e5, 3e5]],
    "wide beside narrow": [[2e5, 3e5], [4.0, 1.0]],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_the_law_of_pi_is_that_of_a_ratio_in_the_plane(rows):
    """P(x / (x + y) < c) as an integral over x; where the law cuts the square it is split."""
    law = LongRun(Dirichlet(np.array(rows)))
    (stay_1, leave_1), (leave_2, stay_2) = rows
    x, y = stats.beta(leave_2, stay_2), stats.beta(leave_1, stay_1)
    mean, sd = law.mean()[0], law.std()[0]
    assert law.mass == pytest.approx(1, abs=1e-9)
    for c in mean + sd * np.array([-1.5, -0.3, 0.0, 0.8, 2.0]):
        odds = c / (1 - c)
        top = min(odds, 1.0)
        cuts = [v for v in x.ppf([1e-12, 1e-4, 0.1, 0.5, 0.9, 1 - 1e-4]) if v < top]

        def inner(v, odds=odds):
            return x.pdf(v) * y.sf(v / odds)

        want = integrate.quad(inner, 0, top, points=cuts, limit=1_000, epsabs=1e-12)[0]
        assert law.cdf(c) == pytest.approx([want, law.cdf(c)[1]], abs=1e-9)
        assert law.cdf(np.array([c, 1 - c])).sum() == pytest.approx(1, abs=1e-12)
        step = 1e-4 * sd
        slope = (law.cdf(c + step)[0] - law.cdf(c - step)[0]) / (2 * step)
        assert law.pdf(c)[0] == pytest.approx(slope, rel=1e-5)
    assert law.cdf(law.ppf(0.3)) == pytest.approx([0.3, 0.3], abs=1e-12)
    drawn = law.rvs(40_000, random_state=5)
    assert drawn.shape == (40_000, 2)
    assert np.all(np.abs(drawn.mean(axis=0) - law.mean()) < 4.5 * law.std() / 200)
    assert drawn.std(axis=0) == pytest.approx(law.std(), rel=0.03)


def test_two_states_have_an_exact_long_run_and_more_have_not():
    two, three = (chain.exact(read(state=list(s)), **FLAT) for s in ("abba", "abca"))
    assert set(two.derived) == set(two.masses) == {"pi"}
    assert set(three.derived) == set(three.masses) == set()


def test_a_prior_that_says_nothing_has_tails_nobody_can_integrate():
    with pytest.raises(ValueError, match="heavy a tail"):
        LongRun(Dirichlet(np.full((2, 2), 0.01)))


def test_a_billion_rows_leave_all_digits():
    """Of such logarithms the usual formulas keep seven digits after the point or fewer."""
    law = LongRun(Dirichlet(np.array([[1e9 + 7, 3e4], [2.5, 4e12]])))
    assert abs(law.mass - 1) < 1e-10
    for a, b in ((3.0, 1e9), (2e9, 5e8), (0.3, 0.2), (19.9, 4.0)):
        side = chance(a, b)
        number = 120 + 8 * int(side.high - side.low)
        assert side.nodes(number)[1].sum() == pytest.approx(1, abs=1e-10)
        assert side.log_density(0.3) == pytest.approx(
            a * log_expit(0.3) + b * log_expit(-0.3) - betaln(a, b), rel=1e-9
        )


# --- the edges ----------------------------------------------------------------------------------


def test_two_states_that_never_meet_have_a_maximum_but_no_long_run():
    data = read(state=["a", "b"], next=["a", "b"], count=[5, 3])
    best = chain.mle(data)["A"]
    np.testing.assert_array_equal(best, np.eye(2))
    model = chain.model(data, **FLAT)
    assert np.isnan(model["pi"].eval({model["A"]: best}, mode="FAST_COMPILE")).all()


def test_a_state_never_left_keeps_its_prior():
    exact = chain.exact(read(state=list("abac")), **FOUND.defaults)
    assert exact.marginals["A"].mean()[2] == pytest.approx([0.4, 0.4, 0.2])


def test_suggested_settings_are_a_prior_for_any_chain():
    for states in ("ab", "aaab", "abcabcabc", "aabbccabac"):
        found = chain.suggest(read(state=list(states)))
        assert min(found.values()) > 0
