"""Power and false alarms: the figures of the page, against draws made to measure."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from models._exact import Exact
from workflow import compare, reliability

EXACT = Exact(marginals={"theta": stats.gamma(5, scale=2)}, log_evidence=0.0, by="algebra")


def tree(values):
    """Independent draws as fit.sample would hand them over."""
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"theta": (("chain", "draw"), values)})})


def z(values):
    return compare.against_exact(tree(values), EXACT)["theta"]


@pytest.fixture(scope="module")
def correct():
    rng = np.random.default_rng(6)
    return [EXACT.marginals["theta"].rvs((4, 1_600), random_state=rng) for _ in range(60)]


def test_the_smallest_errors_are_where_the_bound_is_passed(correct):
    """Draws moved or spread by a little more than said are caught; by a little less, not all."""
    bound = compare.bound(7)
    precision = [
        {"theta": reliability._precision(tree(v), "theta", EXACT.marginals["theta"])}
        for v in correct
    ]
    found = reliability._smallest(pd.Series(precision), bound)
    shift, change = found["shift"], found["change"]
    assert found["shift_of"] == found["change_of"] == "theta"
    mean, sd = EXACT.marginals["theta"].mean(), EXACT.marginals["theta"].std()
    assert 0.06 < shift < 0.12
    assert 0.04 < change < 0.2

    def caught(edit, statistic):
        return np.mean([abs(z(edit(v))[statistic][0]) > bound for v in correct])

    for sign in (-1, 1):
        assert caught(lambda v, s=sign: v + 1.01 * s * shift * sd, "mean") >= 0.99
        assert caught(lambda v, s=sign: mean + (v - mean) * (1 + 1.01 * s * change), "sd") >= 0.99
    assert min(caught(lambda v, s=s: v + 0.9 * s * shift * sd, "mean") for s in (-1, 1)) < 0.99


def test_correct_draws_are_standard_normal_and_raise_no_alarm(correct):
    table = pd.DataFrame(
        {
            "z": [{"mean": z(v)["mean"].tolist(), "sd": z(v)["sd"].tolist(), "tails": [],
                   "Stein": []} for v in correct],
            "failed": [[]] * len(correct),
            "precision": [
                {"theta": reliability._precision(tree(v), "theta", EXACT.marginals["theta"])}
                for v in correct
            ],
        }
    )  # fmt: skip
    row = reliability.summary({"made": table}).iloc[0]
    assert row["fits"] == 60
    assert row["z"] == 120
    assert row["alarms"] == row["gates_failed"] == 0
    assert abs(row["mean"]) < 4 * row["mean_se"]
    assert abs(row["sd"] - 1) < 4 * row["sd_se"]
    wrong = table.assign(z=[{**zs, "mean": [zs["mean"][0] + 9]} for zs in table["z"]])
    assert reliability.summary({"made": wrong}).iloc[0]["alarms"] == 60


def test_topics_pool_to_what_all_z_together_say():
    """Pooling the rows of topics of different sizes, against the moments of all their z at once."""
    rng = np.random.default_rng(7)
    tables, every = {}, []
    for name, size in (("a", 3), ("b", 11)):
        runs = [rng.normal(0.1, 1.2, size).tolist() for _ in range(400)]
        tables[name] = pd.DataFrame({"z": [dict.fromkeys(reliability.FAMILIES, r) for r in runs]})
        every += [z for run in runs for z in run]
    row = reliability.pooled(reliability.by_family(tables)).iloc[0]
    assert row["z"] == len(every)
    assert row["mean"] == pytest.approx(np.mean(every))
    assert row["sd"] == pytest.approx(np.sqrt(np.mean(np.square(every))))
    assert row["mean_se"] == pytest.approx(1.2 / np.sqrt(len(every)), rel=0.15)
    assert row["beyond_3"] == np.sum(np.abs(every) > 3)
