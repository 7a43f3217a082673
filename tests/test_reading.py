"""Reading rows: comments, labels, names of columns; and settings."""

import numpy as np
import pandas as pd
import pytest

from workflow import topic


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
