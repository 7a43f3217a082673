"""Reading rows: comments, labels, names of columns, frames; what a topic wants; and settings."""

import numpy as np
import pandas as pd
import pytest

from workflow import report, topic
from workflow.describe import EXAMPLE_LINES, describe
from workflow.options import parser
from workflow.options import rows as command_rows
from workflow.progress import Stages
from workflow.verify import Run


@pytest.fixture
def rows(tmp_path):
    def make(text, encoding="utf-8"):
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding=encoding)
        return path

    return make


@pytest.fixture
def counts():
    return topic.load("beta_binomial")


def test_only_hash_lines_at_the_top_are_comments(counts, rows):
    path = rows("# source: me\n# more\nsite,tested,positive\nApt #5,10,1\n#7,20,2\n")
    data = topic.read(counts, path)
    assert list(data.index) == ["Apt #5", "#7"]
    assert list(data["tested"]) == [10, 20]


def test_a_column_of_different_words_labels_the_rows(counts, rows):
    data = topic.read(counts, rows("positive,tested,day\n1,5,Mon\n2,6,Tue\n"))
    assert list(data.index) == ["Mon", "Tue"]
    assert data.index.name == "day"
    data = topic.read(counts, rows("positive,tested,day\n1,5,Mon\n2,6,Mon\n"))
    assert list(data.index) == [1, 2]


def test_without_tested_every_row_is_one_test(counts, rows):
    data = topic.read(counts, rows("positive\n1\n0\n1\n"))
    assert list(data["tested"]) == [1, 1, 1]


def test_names_may_be_given_and_swapped(counts, rows):
    path = rows("tested,n\n3,10\n4,20\n")
    data = topic.read(counts, path, ["positive=tested", "tested=n"])
    assert list(data["positive"]) == [3, 4]
    assert list(data["tested"]) == [10, 20]


def test_counts_may_be_written_as_whole_floats_with_a_bom_and_blank_lines(counts, rows):
    data = topic.read(counts, rows("tested,positive\n3330.0,50\n\n10,1.0\n\n", "utf-8-sig"))
    assert list(data["tested"]) == [3330, 10]
    assert data["tested"].dtype == np.int64


def test_line_numbers_count_comments_header_and_blank_lines(counts, rows):
    path = rows("# a comment\ntested,positive\n3,1\n\n3,4\n")
    with pytest.raises(topic.Refused, match="line 5 has tested 3, positive 4"):
        topic.read(counts, path)


def test_every_broken_row_is_counted_and_the_first_five_are_shown(counts, rows):
    path = rows("tested,positive\n" + "1,x\n" * 8)
    with pytest.raises(topic.Refused, match="line 6 has x; and 3 more"):
        topic.read(counts, path)


def test_settings_are_double_precision_and_keep_their_shape():
    for name in topic.names():
        found = topic.load(name)
        for value in found.defaults.values():
            assert np.asarray(value).dtype == np.float64
    chosen = topic.settings(topic.load("beta_binomial"), ["alpha=2"])
    assert chosen == {"alpha": 2.0, "beta": 9.0}
    assert isinstance(chosen["alpha"], np.float64)


def test_reading_leaves_the_users_frame_as_it_was(counts):
    frame = pd.DataFrame({"positive": [1, 0]})
    counts.module.tidy(frame)
    assert list(frame.columns) == ["positive"]


def test_a_frame_is_refused_in_the_words_of_a_file_with_its_own_labels(counts):
    frame = pd.DataFrame(
        {"tested": [10, "x", 5], "positive": [3, -1, 9]}, index=["Mon", "Tue", "Wed"]
    )
    with pytest.raises(topic.Refused) as refused:
        topic.read(counts, frame)
    assert str(refused.value).splitlines() == [
        "the frame: `tested` must be a whole number; row Tue has x",
        "the frame: `positive` must be at least 0; row Tue has -1",
        "the frame: `positive` must be at most `tested`; row Wed has tested 5, positive 9",
    ]


def test_a_frame_keeps_its_index_as_labels(counts):
    days = pd.date_range("2020-02-05", periods=2, name="day")
    data = topic.read(counts, pd.DataFrame({"tested": [10, 20], "positive": [3, 4]}, index=days))
    assert list(data.index) == ["2020-02-05", "2020-02-06"]
    assert data.index.name == "day"


def test_categories_of_a_frame_stay_though_no_row_has_them():
    symbols = pd.Categorical(["a", "b", "a"], categories=["a", "b", "c"])
    data = topic.read(topic.load("hidden_markov"), pd.DataFrame({"symbol": symbols}))
    assert list(data["symbol"].cat.categories) == ["a", "b", "c"]


@pytest.mark.parametrize("given", [[1, 2], {"tested": [1]}, pd.Series([1]), 5])
def test_what_is_no_frame_is_refused_by_its_type(counts, given):
    with pytest.raises(topic.Refused, match="must be a pandas DataFrame or a path"):
        topic.read(counts, given)


def test_how_a_file_was_read_is_kept_for_the_command_that_reads_it_again(counts, rows):
    path = rows("# from: me\ntested;positive;rate\n1.000;3;0,3\n")
    data = topic.read(counts, path, decimal=",", thousands=".")
    assert list(data["tested"]) == [1000]
    assert data.attrs["comments"] == ["# from: me"]
    assert data.attrs["options"] == ["--decimal", ",", "--thousands", "."]
    again = parser().parse_args(
        ["check", "beta_binomial", "--data", str(path), *data.attrs["options"]]
    )
    pd.testing.assert_frame_equal(command_rows(counts, again), data)


def test_the_report_of_a_file_in_another_notation_says_how_to_read_it(counts, rows):
    data = topic.read(counts, rows("tested;positive\n1.000;3\n"), decimal=",", thousands=".")
    run = Run(counts, data, rows("").with_name("mine.csv"), counts.defaults, 1)
    assert report._command(run) == (
        "python -m workflow report beta_binomial --data mine.csv --decimal , --thousands . --seed 1"
    )


def test_rows_are_counted_aloud_only_on_a_terminal_and_only_after_a_while(monkeypatch, capsys):
    stages, heard = Stages("topic"), []
    stages.rows(10, 0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(stages, "status", type("Status", (), {"update": heard.append})())
    stages.rows(10, 0.5)
    stages.start -= 3
    stages.rows(1_000_000, 0.25)
    stages.rows(2_000_000, None)
    assert heard == ["topic: reading, 1,000,000 rows (25% of the file)",
                     "topic: reading, 2,000,000 rows"]  # fmt: skip


def test_reading_a_large_file_tells_how_far_it_is(counts, rows):
    heard = []
    data = topic.read(counts, rows("tested,positive\n" + "5,2\n" * 600_000),
                      tell=lambda *far: heard.append(far))  # fmt: skip
    assert len(data) == 600_000
    assert [n for n, _ in heard] == [250_000, 500_000]
    assert 0.3 < heard[0][1] < heard[1][1] <= 1


def test_describe_says_what_a_topic_wants_and_its_example_is_read(name, rows):
    found = topic.load(name)
    shown = describe(found)
    for column, rule in found.module.Data.to_schema().columns.items():
        assert f"\n  {column} " in shown
        assert rule.description in shown
    assert all(f"\n  {setting} = " in shown for setting in found.defaults)
    assert all(check.error in shown for check in found.module.Data.to_schema().checks)
    assert f"make {name} DATA=mine.csv\n" in shown
    assert "None" not in shown
    example = shown.partition("begins\n")[2].partition("\n\n")[0]
    data = topic.read(found, rows("\n".join(line.strip() for line in example.splitlines())))
    assert len(data) >= min(EXAMPLE_LINES - 1, len(topic.read(found)))
    for column in found.module.Data.to_schema().columns:
        first = topic.read(found)[column].head(len(data))
        np.testing.assert_array_equal(list(data[column]), list(first))  # NaN is NaN here
