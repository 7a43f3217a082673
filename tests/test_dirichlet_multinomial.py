"""What only shares of categories can show: urns, evidence by other routes, and uncertain means."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.interpolate import BSpline
from scipy.special import roots_legendre

from analyses import dirichlet_multinomial as analysis
from models import _dirichlet_mean, beta_binomial, dirichlet_multinomial
from models._dirichlet_mean import DirichletMean, numbers
from workflow import topic

A = np.array([0.7, 2.0, 1.3, 4.0])


def rows(counts, names=None):
    names = list("abcdefgh"[: len(counts)]) if names is None else names
    return pd.DataFrame({"category": pd.Categorical(names), "count": counts})


FEW = rows([3, 0, 5, 2], [1, 2, 4, 8])


@pytest.fixture(scope="module")
def wolf():
    return topic.read(topic.load("dirichlet_multinomial"))


def posterior(data, a=A):
    return dirichlet_multinomial.exact(data, a=a)


# --- evidence and Bayes factor ------------------------------------------------------------------


def test_the_evidence_is_scipys_dirichlet_multinomial(wolf):
    for data, a in ((FEW, A), (wolf, np.full(6, 0.3)), (wolf, np.linspace(5, 900, 6))):
        counts = data["count"].to_numpy()
        want = stats.dirichlet_multinomial(a, counts.sum()).logpmf(counts)
        assert posterior(data, a).log_evidence == pytest.approx(want, rel=1e-10)


def test_the_evidence_is_that_of_an_urn_drawn_from_ball_by_ball():
    """Each ball drawn goes back with one more of its kind; orders that give the counts add up."""
    urn, chance = A.copy(), 1.0
    for k in [0, 2, 2, 3, 0, 2, 3, 2, 0, 2]:
        chance *= urn[k] / urn.sum()
        urn[k] += 1
    orders = np.exp(stats.multinomial(10, np.full(4, 0.25)).logpmf([3, 0, 5, 2])) * 4**10
    assert np.exp(posterior(FEW).log_evidence) == pytest.approx(orders * chance, rel=1e-12)


def test_the_bayes_factor_is_against_the_multinomial_of_equal_shares(wolf):
    for data in (FEW, wolf):
        counts = data["count"].to_numpy()
        fair = stats.multinomial(counts.sum(), np.full(counts.size, 1 / counts.size))
        for a in (1.0, np.array([2.0, 5.0])):
            factor = dirichlet_multinomial.log_bayes_factor(data, a=a)
            want = posterior(data, a).log_evidence - fair.logpmf(counts)
            assert factor == pytest.approx(want, rel=1e-9)


def test_even_counts_speak_for_equal_shares_and_no_counts_for_nothing():
    assert dirichlet_multinomial.log_bayes_factor(rows([50] * 6), a=1.0) < -5
    assert dirichlet_multinomial.log_bayes_factor(rows([0] * 6), a=1.0) == pytest.approx(0)
    ever = [dirichlet_multinomial.log_bayes_factor(FEW, a=10.0**k) for k in (3, 5, 7)]
    assert np.abs(ever[2]) < np.abs(ever[1]) < np.abs(ever[0]) < 0.02  # the prior says it itself


# --- the posterior ------------------------------------------------------------------------------


def test_two_categories_are_the_beta_binomial():
    counted = rows([7, 13], ["ill", "well"])
    tests = pd.DataFrame({"tested": [20], "positive": [7]})
    ours = posterior(counted, np.array([1.5, 4.0]))
    theirs = beta_binomial.exact(tests, alpha=1.5, beta=4.0)
    assert ours.log_evidence == pytest.approx(theirs.log_evidence, rel=1e-13)
    law = theirs.marginals["theta"]
    assert ours.marginals["theta"].ppf(0.1)[0] == pytest.approx(law.ppf(0.1), rel=1e-13)
    assert ours.marginals["theta"].std()[1] == pytest.approx(law.std(), rel=1e-13)


def test_in_portions_or_at_once_the_posterior_is_the_same():
    known = A
    for part in ([1, 0, 0, 0], [0, 0, 5, 1], [2, 0, 0, 1]):
        known = posterior(rows(part), known).marginals["theta"].kwds["a"]
    assert known == pytest.approx(posterior(FEW).marginals["theta"].kwds["a"], rel=1e-15)


def test_trials_one_by_one_are_their_counts():
    text = ["b", "a", "b", "b", "c", "a"]
    found = topic.load("dirichlet_multinomial")
    single = topic.read(found, pd.DataFrame({"category": text}))
    counted = topic.read(found, pd.DataFrame({"category": list("cab"), "count": [1, 2, 3]}))
    one, other = (posterior(data, np.array([3.0, 1.0, 2.0])) for data in (single, counted))
    assert one.log_evidence == other.log_evidence
    assert one.marginals["theta"].mean().tolist() == other.marginals["theta"].mean().tolist()
    assert single.attrs["notes"] == ["there is no column `count`: taken to be 1 in every row"]


def test_categories_that_are_merged_add_their_pseudo_counts():
    whole = posterior(FEW).marginals["theta"]
    merged = posterior(rows([3, 0, 7]), np.array([0.7, 2.0, 5.3])).marginals["theta"]
    np.testing.assert_allclose(whole.ppf(0.3)[:2], merged.ppf(0.3)[:2], rtol=1e-13)
    assert whole.mean()[2:].sum() == pytest.approx(merged.mean()[2], rel=1e-13)


def test_laplaces_rule_what_was_never_seen_may_yet_come():
    flat = posterior(FEW, 1.0).marginals["theta"].mean()
    assert flat == pytest.approx(np.array([4, 1, 6, 3]) / 14)
    assert dirichlet_multinomial.mle(FEW)["theta"].tolist() == [0.3, 0, 0.5, 0.2]
    nearly = posterior(FEW, 1e-9).marginals["theta"].mean()
    assert nearly == pytest.approx([0.3, 0, 0.5, 0.2], abs=1e-9)


def test_one_number_serves_all_two_go_from_first_to_last_and_more_are_one_each():
    def pseudo(a):
        return dirichlet_multinomial.pseudo_counts(list("abcd"), a).a.tolist()

    assert pseudo(2.0) == pseudo([2.0]) == [2, 2, 2, 2]
    assert pseudo([1.0, 7.0]) == [1, 3, 5, 7]
    assert pseudo([3.0, 1.0, 2.0, 5.0]) == [3, 1, 2, 5]
    for function in (dirichlet_multinomial.model, dirichlet_multinomial.exact):
        with pytest.raises(ValueError, match="`a` has 3 numbers; 1, 2 or 4 are needed for 4 cat"):
            function(FEW, a=np.array([1.0, 2.0, 3.0]))
        with pytest.raises(ValueError, match="must be positive"):
            function(FEW, a=np.array([1.0, -2.0]))


def test_labels_come_in_order_and_only_numbers_have_a_mean():
    found = topic.load("dirichlet_multinomial")
    labels = {}
    kinds = {"numbers": [10, 9, 2.5], "words": ["b", "a", "10"]}
    kinds |= {"truths": [True, False, True], "huge": ["1e150", "3", "2"]}
    for kind, names in kinds.items():
        data = topic.read(found, pd.DataFrame({"category": names, "count": [1, 2, 3]}))
        labels[kind] = list(dirichlet_multinomial.design(data)[1])
        assert ("expected" in posterior(data, 1.0).derived) == (kind == "numbers")
        names = [v.name for v in dirichlet_multinomial.model(data, a=1.0).deterministics]
        assert names == (["expected"] if kind == "numbers" else [])
    assert labels["numbers"] == [2.5, 9, 10]
    assert labels["words"] == ["10", "a", "b"]
    assert numbers(pd.Index([1, 2]))
    assert not numbers(pd.Index([1.0, np.inf]))


# --- a mean whose weights are uncertain ---------------------------------------------------------


def test_the_mean_of_two_values_is_a_beta_stretched_between_them():
    for a, b in ((2.5, 0.7), (0.09, 0.01), (8000.7, 2000.5), (1.0, 300.0), (2.0, 2.0)):
        law, want = DirichletMean([b, a], [1.0, 4.0]), stats.beta(a, b, loc=1, scale=3)
        t = np.r_[1.4, 3.7, want.ppf([1e-30, 1e-9, 0.01, 0.3, 0.5, 0.9, 1 - 1e-9])]
        t = t[(t > 1) & (t < 4 - 1e-6)]  # nearer to 4, SciPy's own argument is rounded
        np.testing.assert_allclose(law.cdf(t), want.cdf(t), rtol=1e-9)
        np.testing.assert_allclose(law.logpdf(t), want.logpdf(t), rtol=1e-9, atol=1e-9)
        assert law.mean() == pytest.approx(want.mean(), rel=1e-13)
        assert law.std() == pytest.approx(want.std(), rel=1e-12)
    assert law.pdf(2.5) == pytest.approx(0.5, rel=1e-13)  # in the middle, where nothing is tilted


def test_many_scales_at_once_and_more_nodes_change_nothing(monkeypatch):
    """Few trials of some categories and thousands of others: some parts fall fast, some slowly."""
    rng, worst = np.random.default_rng(0), 0.0
    nodes, weights = roots_legendre(40)
    for _ in range(12):
        K = rng.integers(3, 9)
        law = DirichletMean(10 ** rng.uniform(-1.5, 4, K), np.sort(rng.normal(size=K)))
        t = law.ppf([1e-6, 0.3, 0.99])
        few = law.cdf(t), law.logpdf(t)
        with monkeypatch.context() as finer:
            finer.setattr(_dirichlet_mean, "NODES", (1 + nodes) / 2)
            finer.setattr(_dirichlet_mean, "WEIGHTS", weights / 2)
            many = law.cdf(t), law.logpdf(t)
        worst = max(worst, *(np.abs(a - b).max() for a, b in zip(few, many, strict=True)))
        drawn = np.mean(law.rvs(20_000, random_state=1) < t[1])
        assert drawn == pytest.approx(0.3, abs=4 * (0.21 / 20_000) ** 0.5)
    assert worst < 1e-9


@pytest.mark.parametrize(
    ("a", "x"),
    [([1, 1, 1], [0, 1, 2]), ([4, 4, 4], [-1, 5, 6]), ([2, 1, 9], [0, 1, 2]),
     ([1, 2, 1, 3], [1, 2, 3.5, 7])],
)  # fmt: skip
def test_with_whole_pseudo_counts_it_is_a_b_spline(a, x):
    """Curry and Schoenberg: the density is the B-spline whose knots are the x, each a times."""
    knots = np.repeat(np.array(x, float), a)
    spline, n = BSpline.basis_element(knots, extrapolate=False), knots.size - 1
    height, below = n / (knots[-1] - knots[0]), spline.antiderivative()
    t, law = np.linspace(x[0], x[-1], 14)[1:-1], DirichletMean(a, x)
    np.testing.assert_allclose(law.pdf(t), height * spline(t), atol=1e-11)
    np.testing.assert_allclose(law.cdf(t), height * (below(t) - below(x[0])), atol=1e-11)


def test_star_ratings_three_ways_and_how_sure_they_are():
    stars, counts = np.arange(1, 6), np.array([5, 8, 15, 42, 30])
    data = rows(counts, stars)
    best = dirichlet_multinomial.mle(data)["theta"]
    assert stars @ best == pytest.approx(3.84)
    assert best[::-1].cumsum().sum() == pytest.approx(3.84)  # at least one star, two, ...
    law = posterior(data, 1.0).derived["expected"]
    theta = stats.dirichlet(counts + 1)
    assert law.mean() == pytest.approx(stars @ theta.mean(), rel=1e-13)
    assert law.std() == pytest.approx((stars @ theta.cov() @ stars) ** 0.5, rel=1e-12)
    drawn = theta.rvs(100_000, random_state=1) @ stars
    assert (drawn.mean() - law.mean()) / law.std() * 100_000**0.5 == pytest.approx(0, abs=4)
    for p in (0.01, 0.2, 0.5, 0.975):
        error = (p * (1 - p) / 100_000) ** 0.5
        assert np.mean(drawn < law.ppf(p)) == pytest.approx(p, abs=4 * error)
    again = law.rvs(20_000, random_state=2)
    assert stats.kstest(law.cdf(again[:300]), "uniform").pvalue > 1e-3


def test_it_is_a_distribution_at_its_ends_and_in_any_unit(wolf):
    law = posterior(wolf, 1.0).derived["expected"]
    assert law.cdf([0.5, 1.0, 6.0, 7.0]).tolist() == [0, 0, 1, 1]
    assert law.pdf([0.5, 7.0]).tolist() == [0, 0]
    t = law.mean() + law.std() * np.array([-3.0, -0.5, 0.0, 2.0])
    slope = (law.cdf(t + 1e-5) - law.cdf(t - 1e-5)) / 2e-5
    np.testing.assert_allclose(law.pdf(t), slope, rtol=1e-6)
    moved = DirichletMean(wolf["count"].to_numpy() + 1, 1e6 * np.arange(1, 7) + 5e8)
    np.testing.assert_allclose((moved.ppf([0.1, 0.7]) - 5e8) / 1e6, law.ppf([0.1, 0.7]), rtol=1e-9)


# --- what the report says -----------------------------------------------------------------------


def test_misfit_is_of_a_prior_that_insists_as_some_shares_suit_any_counts(wolf):
    class Run:
        data = wolf

    rng, counts = np.random.default_rng(1), wolf["count"].to_numpy()
    for a, below in ((1.0, False), (np.full(6, 1e6), True)):
        Run.exact = posterior(wolf, a)
        theta = rng.dirichlet(Run.exact.marginals["theta"].kwds["a"], 300)
        made = [analysis.discrepancy(rng.multinomial(20_000, t), Run) for t in theta]
        p = np.mean(np.array(made) >= analysis.discrepancy(counts, Run))
        assert (p < 0.01) == below


def test_a_factor_is_put_into_words():
    assert analysis.times(np.log(12)) == "12 times likelier"
    assert analysis.times(-np.log(2.5)) == "2.5 times less likely"
    assert analysis.times(114.6115) == "10^49.8 times likelier"
