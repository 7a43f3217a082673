"""What only counts can show: negative binomial predictions, horse kicks, tails and anomalies."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analyses import poisson_gamma as analysis
from models import _classes
from models import poisson_gamma as topic
from workflow import topic as topics

PRIOR = {name: np.float64(value) for name, value in topic.PRIOR.items()}
SHIPPED = topics.read(topics.load("poisson_gamma"))


def counted(count, exposure):
    return topic.Data.validate(pd.DataFrame({"count": count, "exposure": exposure}))


UNEQUAL = counted([3, 0, 11, 2], [0.7, 0.1, 4.0, 2.5])
ROWS = {"shipped": SHIPPED, "unequal exposures": UNEQUAL}
either = pytest.mark.parametrize("data", ROWS.values(), ids=ROWS)


# --- the predictive -----------------------------------------------------------------------------


@either
@pytest.mark.parametrize("exposure", [0.3, 1.0, 12.0])
def test_a_further_count_is_as_likely_as_the_evidence_says(data, exposure):
    before = topic.exact(data, **PRIOR).log_evidence
    for k in (0, 1, 4, 30):
        more = pd.concat([data[["count", "exposure"]], counted([k], [exposure])])
        grown = topic.exact(more, **PRIOR).log_evidence - before
        assert topic.predict(data, exposure, **PRIOR).logpmf(k) == pytest.approx(grown, abs=1e-9)


@either
def test_evidence_is_the_product_of_predictions_row_by_row(data):
    each = data[["count", "exposure"]].head(40)
    chain = sum(
        topic.predict(each.head(i), row.exposure, **PRIOR).logpmf(row.count_)
        for i, row in enumerate(each.rename(columns={"count": "count_"}).itertuples())
    )
    assert topic.exact(each, **PRIOR).log_evidence == pytest.approx(chain, abs=1e-9)


@either
def test_pymcs_own_poisson_averaged_over_the_posterior_is_the_negative_binomial(data):
    """What `pm.sample_posterior_predictive` draws from, by quadrature instead of by draws."""
    k, exposure = np.arange(15), 1.7
    model = topic.model(counted(k, exposure), **PRIOR)
    density = model.compile_fn(
        model.logp(vars=model.observed_RVs, sum=False), point_fn=False, on_unused_input="ignore"
    )
    law = topic.exact(data, **PRIOR).marginals["lam"]
    low, high = law.ppf(1e-15), law.isf(1e-15)
    x, w = np.polynomial.legendre.leggauss(200)
    lam = low + (high - low) * (x + 1) / 2
    like = np.array([np.exp(density(np.log(value))[0]) for value in lam])
    found = (w * (high - low) / 2 * law.pdf(lam)) @ like
    want = topic.predict(data, exposure, **PRIOR).pmf(k)
    assert found == pytest.approx(want, rel=1e-9, abs=1e-14)


def test_a_rate_that_is_known_leaves_a_poisson():
    """Rows repeated: the tail of a further count falls to the Poisson's, and never below."""
    k, tails = 5, []
    for times in (1, 10, 100, 10_000):
        rows = counted([122 * times], [200.0 * times])
        law = topic.predict(rows, 1, alpha=1e-9, beta=1e-9)
        assert law.mean() == pytest.approx(0.61)
        assert law.var() == pytest.approx(0.61 * (1 + 1 / (200 * times)))
        tails.append(law.sf(k - 1))
    known = stats.poisson(0.61).sf(k - 1)
    assert tails == sorted(tails, reverse=True)
    assert tails[-1] == pytest.approx(known, rel=1e-4)
    assert tails[-1] > known


def test_fifteen_or_more_and_more_than_fifteen_are_two_numbers():
    """Summed term by term, a term from the last by 4.5 / k."""
    terms = [np.exp(-4.5)]
    for k in range(1, 80):
        terms.append(terms[-1] * 4.5 / k)
    assert sum(terms[15:]) == pytest.approx(7.366052e-5, abs=5e-12)
    assert sum(terms[16:]) == pytest.approx(2.028245e-5, abs=5e-12)
    words, table, _ = analysis._orders()
    once = f"one minute in {1 / sum(terms[15:]):,.0f}"
    told = [once, *(f"{p:.4g}" for p in (sum(terms[15:]), sum(terms[16:]), terms[15]))]
    assert all(each in words for each in [*told, *(f"{p:.4f}" for p in terms[:10])])
    assert table.iloc[-1, 2:].tolist() == told[1:3]


# --- the posterior ------------------------------------------------------------------------------


def test_row_by_row_all_at_once_and_in_any_order():
    now = dict(PRIOR)
    for row in UNEQUAL.sample(frac=1, random_state=1).itertuples(index=False):
        law = topic.exact(counted([row[0]], [row[1]]), **now).marginals["lam"]
        shape = (law.mean() / law.std()) ** 2
        now = {"alpha": shape, "beta": shape / law.mean()}
    batch = topic.exact(UNEQUAL, **PRIOR).marginals["lam"]
    assert now["alpha"] / now["beta"] == pytest.approx(batch.mean(), rel=1e-12)
    assert np.sqrt(now["alpha"]) / now["beta"] == pytest.approx(batch.std(), rel=1e-12)


def test_a_grid_of_rates_agrees():
    lam = np.linspace(1e-4, 12, 40_001)
    log = stats.gamma(PRIOR["alpha"], scale=1 / PRIOR["beta"]).logpdf(lam)
    log += sum(
        stats.poisson(r.exposure * lam).logpmf(r[0]) for r in UNEQUAL.itertuples(index=False)
    )
    weight = np.exp(log) * (lam[1] - lam[0])
    exact = topic.exact(UNEQUAL, **PRIOR)
    assert np.log(weight.sum()) == pytest.approx(exact.log_evidence, abs=1e-9)
    for name, values in (("lam", lam), ("gap", 1 / lam)):
        mean = weight @ values / weight.sum()
        assert exact.distributions[name].mean() == pytest.approx(mean, rel=1e-9)
        spread = np.sqrt(weight @ (values - mean) ** 2 / weight.sum())
        assert exact.distributions[name].std() == pytest.approx(spread, rel=1e-8)


def test_the_gap_is_short_as_often_as_the_rate_is_high():
    exact = topic.exact(SHIPPED, **PRIOR)
    x = np.linspace(1, 3, 9)
    above = exact.marginals["lam"].sf(1 / x)
    assert exact.derived["gap"].cdf(x) == pytest.approx(above, abs=1e-13)


def test_months_for_years_change_the_rate_by_twelve_and_nothing_else():
    months = SHIPPED.assign(exposure=12.0 * SHIPPED["exposure"])
    years = topic.exact(SHIPPED, **PRIOR)
    other = topic.exact(months, alpha=PRIOR["alpha"], beta=12 * PRIOR["beta"])
    assert other.log_evidence == pytest.approx(years.log_evidence, abs=1e-9)
    assert 12 * other.marginals["lam"].ppf(0.3) == pytest.approx(years.marginals["lam"].ppf(0.3))
    assert topic.mle(months)["lam"] * 12 == pytest.approx(topic.mle(SHIPPED)["lam"])


def test_no_event_in_n_rows_bounds_the_rate_by_three_over_n():
    """The rule of three, under the prior that a first event would turn into an exponential."""
    law = topic.exact(counted([0] * 100, 1.0), alpha=1.0, beta=1e-9).marginals["lam"]
    assert law.ppf(0.95) == pytest.approx(-np.log(0.05) / 100, rel=1e-9)
    assert topic.mle(counted([0] * 100, 1.0))["lam"] == 0


def test_rows_without_exposure_count_as_one_each():
    bare = topic.tidy(pd.DataFrame({"count": [2, 0, 1]}))
    assert bare["exposure"].tolist() == [1, 1, 1]
    assert topic.tidy(bare.assign(exposure=2.0))["exposure"].tolist() == [2, 2, 2]


def test_suggested_settings_are_worth_one_event_at_the_rate_seen():
    wanted = topic.suggest(counted([30, 50], [400.0, 600.0]))
    assert wanted["alpha"] / wanted["beta"] == pytest.approx(0.08)
    assert topic.suggest(counted([0, 0], [400.0, 600.0]))["beta"] == 1000


# --- frequencies --------------------------------------------------------------------------------


def test_horse_kicks_against_poisson():
    laws = {"Poisson": lambda exposure: stats.poisson(0.61 * exposure)}
    table = _classes.frequencies(SHIPPED["count"], SHIPPED["exposure"], laws)
    assert table["events"].tolist() == ["0", "1", "2", "3 or more"]
    assert table["rows"].tolist() == [109, 65, 22, 4]
    assert table["Poisson"].round(2).tolist() == [108.67, 66.29, 20.22, 4.82]
    assert _classes.chi_square(table) == pytest.approx((0.3235, 2, 0.8506), abs=5e-5)
    assert SHIPPED["count"].var() == pytest.approx(0.6109548, abs=5e-8)


def test_expected_frequencies_by_adding_up_every_row():
    rng = np.random.default_rng(2)
    exposure = rng.choice([0.5, 2.0, 3.5], 60)
    count = rng.poisson(2.2 * exposure)
    laws = {"one": lambda t: stats.poisson(2.2 * t), "two": lambda t: stats.nbinom(9, 4 / (4 + t))}
    table = _classes.frequencies(count, exposure, laws)
    assert table["rows"].sum() == 60
    assert table["one"].sum() == pytest.approx(60) == table["two"].sum()
    assert (table["one"] >= 60 / _classes.MOST).all()
    for row in table.itertuples(index=False):
        low, _, high = row.events.replace(" or more", " to 400").partition(" to ")
        low = low.replace("up", "0")
        inside = np.arange(int(low), int(high or low) + 1)
        assert row.rows == np.isin(count, inside).sum()
        for name, law in laws.items():
            want = sum(law(t).pmf(inside).sum() for t in exposure)
            assert getattr(row, name) == pytest.approx(want, rel=1e-9)


def test_no_table_where_there_is_one_class_only_or_too_much_to_add_up():
    laws = {"one": lambda t: stats.poisson(0.01 * t)}
    assert _classes.frequencies([0, 0, 0], [1.0, 1.0, 1.0], laws) is None
    many, laws = np.linspace(1, 2, _classes.DISTINCT + 1), {"one": lambda t: stats.poisson(t)}
    assert _classes.frequencies(np.ones(many.size, int), many, laws) is None
    assert _classes.frequencies(np.ones(many.size - 1, int), many[1:], laws) is not None


def test_too_few_classes_leave_no_degree_of_freedom():
    table = pd.DataFrame({"events": ["0", "1 or more"], "rows": [3, 5], "law": [4.0, 4.0]})
    found, freedom, p = _classes.chi_square(table)
    assert (found, freedom) == (0.5, 0)
    assert np.isnan(p)
