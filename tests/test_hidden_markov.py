"""Hidden Markov models by other routes: all paths in a loop, quadrature, symmetries, and Gibbs."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from scipy import special, stats

from models import hidden_markov as topic
from models._forward_backward import baum_welch, forward_backward
from models._forward_backward_op import ForwardBackward
from models._hidden_chain import draw_path, filter_forwards, viterbi, walk

CSV = Path(__file__).parents[1] / "data" / "hidden_markov.csv"
DATA = topic.Data.validate(pd.read_csv(CSV, comment="#"))
TEN = DATA.head(topic.EXACT_ROWS)
SETTINGS = {n: np.asarray(v, float)[()] for n, v in {**topic.PRIOR, **topic.KNOWN}.items()}
THREE = {"states": np.float64(3), "start": np.array([0.5, 0.2, 0.3]), "stay": np.float64(3),
         "move": np.float64(1.5), "emission": np.arange(1.0, 19.0)}  # fmt: skip


def chain(states, rows, seed=0):
    """A random hidden Markov model: start, A, and emission densities w (rows, states)."""
    rng = np.random.default_rng(seed)
    start, A = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
    return start, A, rng.gamma(0.5, size=(rows, states))


def logs(start, A, w):
    """Arguments of the kernel, every row of a kind of its own."""
    with np.errstate(divide="ignore"):
        return np.log(start), np.log(A), np.log(w), np.arange(len(w))


def every_path(start, A, w):
    """{path: p(path, rows)}, one path at a time."""
    table = {}
    for path in itertools.product(range(len(start)), repeat=len(w)):
        p = start[path[0]] * np.prod([A[i, j] for i, j in itertools.pairwise(path)])
        table[path] = p * np.prod([row[k] for row, k in zip(w, path, strict=True)])
    return table


def rolls(symbols):
    return topic.Data.validate(pd.DataFrame({"symbol": symbols}))


# --- the kernel -------------------------------------------------------------------------------


def test_the_kernel_sums_over_all_paths():
    start, A, w = chain(3, 6)
    log_likelihood, filtered, smoothed, counts, seen = forward_backward(*logs(start, A, w))
    table = every_path(start, A, w)
    total = sum(table.values())
    by_hand, moves = np.zeros((6, 3)), np.zeros((3, 3))
    for path, p in table.items():
        by_hand[range(6), path] += p / total
        for i, j in itertools.pairwise(path):
            moves[i, j] += p / total
    assert log_likelihood == pytest.approx(np.log(total), abs=1e-12)
    np.testing.assert_allclose(smoothed, by_hand, atol=1e-13)
    np.testing.assert_allclose(counts, moves, atol=1e-13)
    np.testing.assert_allclose(seen, smoothed, atol=1e-13)
    filtered /= filtered.sum(axis=1, keepdims=True)
    for t in range(6):  # filtering is smoothing with the later rows not yet seen
        shorter = forward_backward(*logs(start, A, w[: t + 1]))
        np.testing.assert_allclose(filtered[t], shorter[2][-1], atol=1e-13)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NUMBA"])
def test_the_gradient_is_the_expected_counts_and_agrees_with_differences(mode):
    *point, _ = logs(*chain(3, 4, seed=1))
    given = [pt.dvector(), pt.dmatrix(), pt.dmatrix()]
    value = ForwardBackward()(*given, np.array([3, 0, 2, 2, 1, 0, 3, 3]))[0]
    f = pytensor.function(given, [value, *pytensor.grad(value, given)], mode=mode)
    _, *slopes = f(*point)
    step = 1e-5
    for which, slope in enumerate(slopes):
        for at in np.ndindex(slope.shape):
            ends = []
            for sign in (1, -1):
                moved = [x.copy() for x in point]
                moved[which][at] += sign * step
                ends.append(float(f(*moved)[0]))
            assert slope[at] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)


def test_a_factor_on_a_row_changes_the_likelihood_by_that_factor_and_nothing_else():
    log_start, log_A, log_w, kind = logs(*chain(2, 50))
    plain = forward_backward(log_start, log_A, log_w, kind)
    far = forward_backward(log_start, log_A, log_w - 5_000.0, kind)
    assert far[0] == pytest.approx(plain[0] - 50 * 5_000.0, rel=1e-13)
    np.testing.assert_allclose(far[2], plain[2], atol=1e-9)


def test_a_far_better_state_that_cannot_be_reached_does_not_underflow_the_rest():
    log_start, log_A, log_w, kind = logs([1.0, 0.0], np.eye(2), np.ones((4, 2)))
    log_w[:, 0] = -2_000.0
    log_likelihood, _, smoothed, counts, seen = forward_backward(log_start, log_A, log_w, kind)
    assert log_likelihood == -8_000.0
    assert smoothed[:, 0].tolist() == seen[:, 0].tolist() == [1.0] * 4
    assert counts.tolist() == [[3.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("barred", [False, True])
def test_rows_of_one_kind_share_an_entry_of_the_table(barred):
    """As if each row had its own; also where a far better state is out of reach on some rows."""
    start, A, w = chain(3, 5, seed=3)
    kind = np.random.default_rng(4).integers(0, 5, 400)
    if barred:  # state 3 comes after state 2 only, and makes rows of kind 0 by far the best
        A[[0, 2], 2], start[2] = 0, 0
        w[0] = [1e-250, 1e-290, 1]
    log_start, log_A, log_w, _ = logs(start, A, w)
    shared = forward_backward(log_start, log_A, log_w, kind)
    alone = forward_backward(log_start, log_A, log_w[kind], np.arange(kind.size))
    ahead = log_start + log_w[kind[0]]
    for row in log_w[kind[1:]]:
        ahead = special.logsumexp(ahead[:, None] + log_A, axis=0) + row
    assert shared[0] == pytest.approx(special.logsumexp(ahead), rel=1e-13)
    for one, other in zip(shared[:4], alone[:4], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    by_kind = (kind[:, None] == np.arange(5)).astype(float)
    np.testing.assert_allclose(shared[4], by_kind.T @ alone[4], rtol=1e-11)
    assert shared[3].sum() == pytest.approx(399)


def test_without_every_row_the_first_is_what_it_was_and_so_is_the_rest():
    given = logs(*chain(3, 40))
    whole, short = forward_backward(*given), forward_backward(*given, False)
    assert short[2].shape == (1, 3)
    np.testing.assert_array_equal(short[2][0], whole[2][0])
    for i in (0, 1, 3, 4):
        np.testing.assert_array_equal(short[i], whole[i])


@pytest.mark.parametrize("kind", [[0, 3, 1], [0, -1, 1]])
def test_a_kind_that_is_not_in_the_table_is_refused_and_not_read_beyond_its_end(kind):
    log_start, log_A, log_w, _ = logs(*chain(2, 3))
    with pytest.raises(IndexError, match="a row is of a kind that has no emissions"):
        forward_backward(log_start, log_A, log_w, np.array(kind))


def test_rows_that_no_path_can_make_have_likelihood_zero_and_no_nan():
    start, A, w = chain(2, 5)
    w[3] = 0.0
    log_likelihood, *rest = forward_backward(*logs(start, A, w))
    assert log_likelihood == -np.inf
    assert all(np.isfinite(x).all() for x in rest)


def test_long_sequences_stay_exact():
    log_start, log_A, log_w, kind = logs(*chain(3, 20_000))
    log_likelihood, _, smoothed, counts, _ = forward_backward(log_start, log_A, log_w, kind)
    ahead = log_start + log_w[0]
    for row in log_w[1:]:
        ahead = special.logsumexp(ahead[:, None] + log_A, axis=0) + row
    assert log_likelihood == pytest.approx(special.logsumexp(ahead), rel=1e-13)
    np.testing.assert_allclose(smoothed.sum(axis=1), 1, atol=1e-12)
    assert counts.sum() == pytest.approx(19_999, rel=1e-12)


def test_viterbi_finds_the_best_of_all_paths():
    for seed in range(20):
        start, A, w = chain(3, 5, seed)
        table = every_path(start, A, w)
        path, height = viterbi(*logs(start, A, w)[:3])
        assert tuple(path) == max(table, key=table.get)
        assert height == pytest.approx(np.log(max(table.values())), abs=1e-12)


def test_drawn_paths_have_the_frequencies_of_all_paths():
    start, A, w = chain(2, 4)
    table, n = every_path(start, A, w), 20_000
    rng = np.random.default_rng(1)
    drawn, seen = np.unique(
        [draw_path(start, A, w, rng) for _ in range(n)], axis=0, return_counts=True
    )
    found = dict(zip(map(tuple, drawn.tolist()), seen, strict=True))
    share = np.array(list(table.values())) / sum(table.values())
    observed = np.array([found.get(path, 0) for path in table])
    assert ((observed - n * share) ** 2 / (n * share)).sum() < stats.chi2(15).isf(1e-4)


def test_filtering_forwards_is_the_first_half_of_the_kernel():
    start, A, w = chain(3, 500)
    log_likelihood, filtered, *_ = forward_backward(*logs(start, A, w))
    belief, height = filter_forwards(start, A, w)
    assert height == pytest.approx(log_likelihood, rel=1e-13)
    np.testing.assert_allclose(belief, filtered / filtered.sum(1)[:, None], atol=1e-13)


def test_gibbs_leaves_the_lower_mode_of_thousands_of_rows():
    # Begun at one draw of the prior a third of chains stay where the two dice have changed names.
    loaded = np.array([[1 / 6] * 6, [0.1] * 5 + [0.5]])
    A, rng = np.array([[0.95, 0.05], [0.1, 0.9]]), np.random.default_rng(0)
    data = rolls(1 + topic.draw_symbols(SETTINGS["start"], A, loaded, np.arange(3_000), rng))
    B = topic.gibbs(data, np.random.default_rng(0), 200, 12, **SETTINGS, burn=200)["B"]
    assert (B[:, :, 1, 5].mean(axis=1) > 0.4).all()


def test_a_chain_nobody_looked_at_starts_and_moves_as_told():
    start, A, _ = chain(3, 1)
    rng, n = np.random.default_rng(2), 20_000
    paths = np.array([walk(start, A, 3, rng) for _ in range(n)])
    expected = n * np.einsum("i,ij,jk->ijk", start, A, A)
    observed = np.zeros((3, 3, 3))
    np.add.at(observed, tuple(paths.T), 1)
    assert ((observed - expected) ** 2 / expected).sum() < stats.chi2(26).isf(1e-4)


# --- the topic ----------------------------------------------------------------------------------


def test_evidence_and_means_are_integrals_over_the_prior_by_gauss_jacobi():
    """Two states, two symbols: a polynomial in four Beta unknowns, so the rule is exact."""
    data = rolls([1, 2, 2, 1, 2, 2, 2, 1])
    settings = {
        **SETTINGS,
        "emission": np.array([4.0, 3.0, 1.0, 2.5]),
        "start": np.array([0.3, 0.7]),
    }
    stay, move = settings["stay"], settings["move"]

    def rule(a, b):  # nodes and weights for x ~ Beta(a, b)
        x, weight = special.roots_jacobi(6, b - 1, a - 1)
        return (x + 1) / 2, weight / weight.sum()

    rules = [rule(stay, move), rule(move, stay), rule(4.0, 3.0), rule(1.0, 2.5)]
    total, sums = 0.0, np.zeros(4)
    for at in itertools.product(range(6), repeat=4):
        x = np.array([r[0][i] for r, i in zip(rules, at, strict=True)])
        A, B = (np.array([[p, 1 - p], [q, 1 - q]]) for p, q in (x[:2], x[2:]))
        codes = topic.design(data)[0]
        log_p = forward_backward(*logs(settings["start"], A, B.T)[:3], codes)[0]
        weight = np.prod([r[1][i] for r, i in zip(rules, at, strict=True)]) * np.exp(log_p)
        total, sums = total + weight, sums + weight * x
    exact = topic.exact(data, **settings)
    means = np.concatenate([exact.marginals[name].mean()[:, 0] for name in "AB"])
    assert exact.log_evidence == pytest.approx(np.log(total), abs=1e-12)
    np.testing.assert_allclose(means, sums / total, atol=1e-12)


def test_evidence_of_one_row_is_the_prior_mean_of_its_symbol():
    b = THREE["emission"].reshape(3, 6)
    by_hand = THREE["start"] @ (b[:, 2] / b.sum(axis=1))  # the first roll is a three
    assert topic.exact(DATA.head(1), **THREE).log_evidence == pytest.approx(
        np.log(by_hand), abs=1e-12
    )


def test_the_evidence_rises_with_a_pseudo_count_as_the_posterior_mean_log_probability_does():
    """d log Z / d b_kf = E[log B_kf | data] - E[log B_kf]: evidence against marginals."""
    b = np.array([[9.0, 8, 7, 6, 5, 4], [1.0, 2, 3, 2, 1, 3]])
    settings = {**SETTINGS, "emission": b.ravel()}
    mixture, step = topic.exact(TEN, **settings).marginals["B"], 1e-4
    parts = mixture.parts.kwds
    inside = special.digamma(parts["a"]) - special.digamma(parts["a"] + parts["b"])
    shift = (mixture.weights * inside).sum(axis=-1)
    shift -= special.digamma(b) - special.digamma(b.sum(axis=1, keepdims=True))
    for at in np.ndindex(b.shape):
        ends = []
        for sign in (1, -1):
            moved = b.copy()
            moved[at] += sign * step
            ends.append(topic.exact(TEN, **{**settings, "emission": moved.ravel()}).log_evidence)
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(shift[at], abs=1e-7)


def test_marginal_means_of_each_row_add_up_to_one():
    for distribution in topic.exact(TEN, **THREE).marginals.values():
        np.testing.assert_allclose(distribution.mean().sum(axis=1), 1, atol=1e-12)


def test_renaming_the_states_renames_the_answer():
    b = SETTINGS["emission"]
    one = topic.exact(TEN, **{**SETTINGS, "start": np.array([0.2, 0.8])})
    two = topic.exact(TEN, **{**SETTINGS, "start": np.array([0.8, 0.2]), "emission": b[::-1]})
    assert one.log_evidence == pytest.approx(two.log_evidence, abs=1e-12)
    np.testing.assert_allclose(
        one.marginals["B"].mean(), two.marginals["B"].mean()[::-1], atol=1e-12
    )
    np.testing.assert_allclose(
        one.marginals["A"].mean(), two.marginals["A"].mean()[::-1, ::-1], atol=1e-12
    )


@pytest.mark.parametrize("rows", [1, 2, 10])
def test_three_states_with_unlike_priors_hold_bayes_theorem(rows):
    few = DATA.head(rows)
    exact, model = topic.exact(few, **THREE), topic.model(few, **THREE)
    log_joint = remove_value_transforms(model).compile_logp(mode="FAST_COMPILE")
    for seed in range(3):
        A, B = pm.draw([model["A"], model["B"]], random_seed=seed, mode="FAST_COMPILE")
        theta = {"A": A, "B": B}
        assert log_joint(theta) == pytest.approx(
            exact.log_density(theta) + exact.log_evidence, rel=1e-10
        )


def test_first_rows_still_know_every_symbol():
    assert topic.design(DATA.head(3))[1] == topic.design(DATA)[1]
    assert topic.exact(DATA.head(3), **SETTINGS).marginals["B"].mean().shape == (2, 6)


def test_any_labels_do_as_symbols():
    words = topic.Data.validate(DATA.assign(symbol=[f"face {s}" for s in DATA["symbol"]]))
    assert topic.exact(words.head(10), **SETTINGS).log_evidence == pytest.approx(
        topic.exact(TEN, **SETTINGS).log_evidence, abs=1e-12
    )


def test_gibbs_agrees_with_enumeration():
    data = rolls([1, 2, 3, 1, 2, 3, 1, 2, 2, 3])  # goes round: moves there are not moves back
    settings = {**THREE, "emission": (5 * np.eye(3) + 1).ravel()}
    drawn = topic.gibbs(data, np.random.default_rng(3), 10_000, 1, **settings)
    for name, exact in topic.exact(data, **settings).marginals.items():
        x = drawn[name][0]
        batches = x.reshape(50, 200, *x.shape[1:]).mean(axis=1)  # longer than any memory
        z = (x.mean(axis=0) - exact.mean()) / (batches.std(axis=0, ddof=1) / np.sqrt(50))
        assert np.abs(z).max() < stats.t(49).isf(1e-4 / (2 * z.size))


def test_where_symbols_give_the_states_away_baum_welch_counts_moves():
    codes = np.array([0, 0, 1, 0, 2, 1, 1, 1, 0, 0, 0])
    B = np.array([[1.0, 0, 0], [0, 0.5, 0.5]])
    best, _ = baum_welch(codes, np.array([0.5, 0.5]), np.full((2, 2), 0.5), B)
    np.testing.assert_allclose(best["A"], [[3 / 5, 2 / 5], [2 / 5, 3 / 5]], atol=1e-12)
    np.testing.assert_allclose(best["B"], [[1, 0, 0], [0, 4 / 5, 1 / 5]], atol=1e-12)


def test_a_higher_maximum_on_the_boundary_exists_and_is_not_the_answer_given():
    codes, start = topic.design(DATA)[0], SETTINGS["start"]
    B = np.array([[2, 2, 2, 1, 1, 4], [0.1, 5, 0.1, 2, 3, 1]])
    other, height = baum_welch(
        codes, start, np.array([[0.9, 0.1], [0.1, 0.9]]), B / B.sum(1)[:, None]
    )
    best = topic.mle(DATA, **{name: SETTINGS[name] for name in topic.KNOWN})
    ours = forward_backward(*logs(start, best["A"], best["B"].T)[:3], codes)[0]
    assert height > ours + 0.3
    assert np.sort(other["B"].ravel())[1] < 1e-6
    assert min(best["A"].min(), best["B"].min()) > 0.03


def test_predicted_symbols_have_the_distribution_of_the_model():
    start, A, _ = chain(2, 1)
    B = np.random.default_rng(5).dirichlet(np.ones(3), 2)
    rng, n = np.random.default_rng(6), 20_000
    pairs = np.array([topic.draw_symbols(start, A, B, np.arange(2), rng) for _ in range(n)])
    expected = n * np.einsum("i,ij,if,jg->fg", start, A, B, B)
    observed = np.zeros((3, 3))
    np.add.at(observed, (pairs[:, 0], pairs[:, 1]), 1)
    assert ((observed - expected) ** 2 / expected).sum() < stats.chi2(8).isf(1e-4)


def test_suggested_settings_are_taken_by_any_number_of_symbols():
    for symbols in (["a", "b", "a"], [1, 1, 2, 3, 4, 5, 6, 7]):
        data = rolls(symbols)
        for settings in (SETTINGS, {**SETTINGS, **topic.suggest(data)}):
            assert np.isfinite(topic.exact(data, **settings).log_evidence)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"states": 1.0}, "whole number from 2 on"),
        ({"states": 2.5}, "whole number from 2 on"),
        ({"states": 3.0}, "3 probabilities"),
        ({"start": np.array([0.5, 0.6])}, "add up to 1"),
        ({"start": np.array([1.5, -0.5])}, "add up to 1"),
        ({"emission": np.array([1.0, 2.0, 3.0])}, "needs 2 or 2 x 6"),
        ({"emission": np.array([1.0, 0.0])}, "must be positive"),
        ({"move": 0.0}, "must be positive"),
        ({"emission": np.array([1.0, 1.0])}, "nothing tells them apart"),
    ],
)
def test_impossible_settings_are_refused_with_the_reason(wrong, why):
    with pytest.raises(ValueError, match=why):
        topic.exact(TEN, **{**SETTINGS, **wrong})


def test_too_many_paths_and_one_symbol_are_refused():
    with pytest.raises(ValueError, match="too many"):
        topic.exact(DATA.head(17), **SETTINGS)
    with pytest.raises(Exception, match="two different values"):
        rolls(["6", "6", "6"])
