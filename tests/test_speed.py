"""docs/speed.md is what the tables of the benchmarks say."""

import pandas as pd
import pytest

from benchmarks import page


def test_the_committed_page_is_that_of_the_committed_tables():
    assert (page.DOCS / "speed.md").read_text(encoding="utf-8") == page.page()


def test_every_committed_table_of_speeds_is_on_the_page():
    found = {p.stem for p in (page.DOCS / "verification").glob("speed_*.csv")}
    assert found <= set(page.TABLES)


def test_a_table_becomes_a_section_with_its_machine(tmp_path):
    row = {"contender": "Known Posteriors", "rows": 1_000_000, "ns": 29.44, "bare_ns": 26.0,
           "ratio": 1.1323, "environment": "a machine; python 3.13"}  # fmt: skip
    other = row | {"contender": "another", "ratio": 2.2646}
    pd.DataFrame([row, other]).to_csv(tmp_path / "speed_mixture.csv", index=False)
    shown = page.page(tmp_path)
    assert "| Known Posteriors | 1,000,000 | 29.4 | 26 | 1.13 | 1 |" in shown
    assert "| another | 1,000,000 | 29.4 | 26 | 2.26 | 2 |" in shown
    assert "| --- | --: | --: | --: | --: | --: |" in shown
    assert "- a machine; python 3.13" in shown
    assert "hidden Markov" not in shown


def test_a_column_that_is_missing_is_not_passed_over(tmp_path):
    pd.DataFrame({"topic": ["a"], "ours": [1.0]}).to_csv(tmp_path / "benchmark.csv", index=False)
    with pytest.raises(KeyError, match="simuk"):
        page.page(tmp_path)


def test_the_stages_of_all_topics_add_up():
    each = {"topic": ["a", "a", "b", "b", "all"], "state": ["cold", "warm"] * 2 + ["cold"],
            "ours": 9.0, "ours: sampling": [1.0, 2.0, 3.0, 4.0, None],
            "plain: draw": [5.0, 6.0, 7.0, 8.0, None]}  # fmt: skip
    found = page.stages(pd.DataFrame(each)).set_index("stage")
    assert found.loc["ours: sampling"].tolist() == [4.0, 6.0]
    assert found.loc["plain: draw"].tolist() == [12.0, 14.0]
    assert len(found) == 2


def test_a_sampler_with_another_answer_has_no_ratio():
    each = {"contender": ["ours", "other"], "ratio_second": [1.0, 90.0], "z": [0.0, 50.0]}
    found = page.same_answer(pd.DataFrame(each).assign(z_allowed=4.0))
    assert found["contender"].tolist() == ["ours", "other, means apart"]
    assert found["ratio_second"].isna().tolist() == [False, True]


def test_where_ours_is_behind_the_page_says_so_and_why():
    each = {"topic": ["a", "b", "c"], "contender": ["default", "default", "numpyro"],
            "ratio_second": [0.5, 0.95, 3.0]}  # fmt: skip
    said = page.losses(pd.DataFrame(each))
    assert said.startswith(
        "In effective draws a second more than a tenth behind `default`: `a` 0.50. "
    )
    assert said.endswith(page.REASONS["default"])


def test_reports_that_take_too_long_are_named_with_what_is_proved_meanwhile():
    each = {"topic": ["a", "b"], "state": ["cold", "warm"], "ratio": [1.2, 1.5],
            "ours: exact answer": [1.0, 4.04], "ours: sampling": [9.0, 9.0],
            "ours: everything else": [5.0, 7.0], "plain: import": [1.0, 2.0],
            "plain: draw": [1.0, 1.0], "plain: model": [9.0, 9.0]}  # fmt: skip
    told = "exact answer 4.0 s; imports, tables, figures and stories 7.0 s, the script's 3.0 s"
    assert page.slow(pd.DataFrame(each)).count(f" `b` warm 1.50 ({told}).") == 1
    assert "No report takes more than 1.25" in page.slow(pd.DataFrame(each).head(1))


def test_a_gradient_takes_what_a_fit_takes_on_all_cores():
    """60 fits a minute, each 1,000 gradients on two cores, after 50 seconds of compiling."""
    each = {"ours": [60.0], "fits": [100], "compiling": [50.0], "gradients": [1_000.0]}
    found = page.gradients(pd.DataFrame(each).assign(environment="AMD, 2 cores; python 3.13"))
    assert found["micro"].item() == pytest.approx(1_000)


def test_a_fit_without_compiling_is_its_gradients():
    """60 fits a minute, 50 of 100 seconds to compile: half a second of sampling for 10 s a fit."""
    each = {"topic": ["a"], "ours": [60.0], "fits": [100], "compiling": [50.0]}
    each |= {"gradients": [1_000.0], "nutpie": [6.0], "pymc": [3.0]}
    found = page.gradients(pd.DataFrame(each).assign(environment="AMD, 2 cores; python 3.13"))
    assert page.shared(found).endswith(": `a` 20 and 40 (500 ms a fit).")
