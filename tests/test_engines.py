"""Files added up by DuckDB, Polars, Dask and pandas: the same sums, and the same refusals."""

import json
import os
import signal
import threading
import time

import dask
import numpy as np
import pandas as pd
import pytest

from models._alike import ALIKE
from tests.asking import by_line, refused, write
from workflow import adding, engines, topic
from workflow.__main__ import main
from workflow.options import parser

NO_SUMS = "local_level"
BAD = {  # what is wrong with a file -> its text, of tests and positives
    "text": "tested,positive\n10,3\nx,1\n1,1\n",
    "half a person": "tested,positive\n10,3.5\n8,2\n",
    "holes": "tested,positive\n10,\nNA,1\n,2\n null ,3\nNone,\n5,n/a\n",
    "negative": "tested,positive\n10,-1\n-5,-9\n",
    "more than all": "tested,positive\n10,3\n5,9\n0,1\n",
    "many": "tested,positive\n" + "5,9\n" * 40,
    "infinite": "tested,positive\ninf,3\n-Infinity,2\nnan,1\n",
    "large": "tested,positive\n1e300,3\n9007199254740994,3\n",
    "large together": "tested,positive\n9007199254740990,3\n9007199254740990,3\n",
    "commas": 'tested,positive\n"1,000",3\n"1,5",1\n',
    "all at once": "tested,positive\n10,3\nx,-1\n5,9\n,1\n1.5,1\n7,8\n",
    "blanks about": "tested , positive\n 10 , 3\n\t5 ,  9\n",
    "no column": "tests,positive\n10,3\n",
    "another name": "n,cases\n10,3\n",
    "no rows": "tested,positive\n",
    "nothing": "",
    "comments alone": "# from: me\n",
    "a name twice": "tested,positive,tested\n1,2,3\n",
    "few cells": "tested,positive\n10,3\n5\n",
    "words": "tested,positive\nTrue,true\n5,false\n",
    "a web page": "<html>\n",
    "numbers without a header": "10,3\n8,2\n",
}


@pytest.fixture
def counts():
    return topic.load("beta_binomial")


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_the_words_of_a_small_file(case, engine, counts, tmp_path):
    path = write(tmp_path / "rows.csv", BAD[case])
    small = refused(topic.read, counts, path)
    said = by_line(refused(adding.rows, counts, path, engine=engine))
    if case == "a name twice":  # said before any row is looked at
        small = small.splitlines()[0]
    assert said == small


@pytest.mark.parametrize("engine", engines.NAMES)
def test_rows_of_many_files_are_named_by_file_and_row(engine, counts, tmp_path):
    write(tmp_path / "a.csv", "# mine\ntested,positive\n10,3\n1,2\n")
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep" / "b.csv", "positive;tested\r\n9;5\r\n\r\n-1;3\r\n" + "2;1\r\n" * 9)
    said = refused(adding.rows, counts, tmp_path / "**" / "*.csv", engine=engine)
    assert said.splitlines() == [
        f"{tmp_path}/**/*.csv: `positive` must be at least 0; row 2 of deep/b.csv has -1",
        f"{tmp_path}/**/*.csv: `positive` must be at most `tested`; row 2 of a.csv has tested 1, "
        "positive 2; row 1 of deep/b.csv has tested 5, positive 9; row 3 of deep/b.csv has tested "
        "1, positive 2; row 4 of deep/b.csv has tested 1, positive 2; row 5 of deep/b.csv has "
        "tested 1, positive 2; and 6 more",
    ]


@pytest.mark.parametrize("engine", engines.NAMES)
def test_a_row_far_down_is_found(engine, counts, tmp_path):
    rows = pd.DataFrame({"tested": np.full(50_000, 5), "positive": np.full(50_000, 2)})
    rows.to_parquet(tmp_path / "a.parquet")
    rows.loc[43_209, "positive"] = 6
    rows.to_parquet(tmp_path / "b.parquet", row_group_size=7_000)
    said = refused(adding.rows, counts, tmp_path, engine=engine)
    assert said.endswith("`tested`; row 43210 of b.parquet has tested 5, positive 6")


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("counted", ["base_rate", "entropy", "markov_chain", "poisson_gamma"])
def test_what_is_added_up_is_what_a_small_file_holds(counted, kind, engine, tmp_path):
    """The rows the repository ships, cut into three files, on every engine."""
    found = topic.load(counted)
    text = found.csv.read_text(encoding="utf-8")
    body = "".join(line for line in text.splitlines(keepends=True) if line[0] != "#")
    shipped = pd.read_csv(write(tmp_path / "whole.txt", body))
    shipped = found.module.tidy(shipped) if counted == "markov_chain" else shipped
    shipped = pd.concat([shipped] * 3, ignore_index=True)
    for i in range(3):
        part = shipped.iloc[i::3]
        if kind == "csv":
            part.to_csv(tmp_path / f"{i}.csv", index=False)
        else:
            part.to_parquet(tmp_path / f"{i}.parquet")
    data = adding.rows(found, tmp_path / f"*.{kind}", engine=engine)
    assert data.attrs["added"]["rows"] == len(shipped)
    assert data.attrs["added"]["files"] == 3
    assert len(data) < len(shipped)
    whole = topic.read(found, shipped)
    left, right = (found.exact(d, found.defaults).distributions for d in (whole, data))
    for name in left:
        np.testing.assert_allclose(right[name].mean(), left[name].mean(), rtol=1e-12)
        np.testing.assert_allclose(right[name].std(), left[name].std(), rtol=1e-12)


@pytest.mark.parametrize("engine", engines.NAMES)
def test_notation_names_and_what_is_filled_in(engine, counts, tmp_path):
    path = write(tmp_path / "it's [1].csv", "# mine\nn;k;Tested\n1.000;3;x\n2,0;1;y\n")
    how = {"engine": engine, "decimal": ",", "thousands": "."}
    data = adding.rows(counts, path, ["tested=n", "positive = k"], **how)
    assert data.to_dict("list") == {"tested": [1002], "positive": [4]}
    assert data.attrs["comments"] == ["# mine"]
    words = [str(path), *data.attrs["options"]]
    options = parser().parse_args(["check", "beta_binomial", "--data", *words])
    assert (options.engine, options.decimal, options.thousands) == (engine, ",", ".")
    path = write(tmp_path / "one.csv", "positive\nTRUE\n\nfalse\n true \n")
    data = adding.rows(counts, path, engine=engine)
    assert data.to_dict("list") == {"positive": [2], "tested": [3]}
    assert data.attrs["notes"] == ["there is no column `tested`: taken to be 1 in every row"]


@pytest.mark.parametrize("engine", engines.NAMES)
def test_labels_are_read_as_in_a_small_file(engine, tmp_path):
    found = topic.load("dirichlet_multinomial")
    texts = {
        "numbers": "3\n1\n2\n1\n 3 \n",
        "words": "b\n a\nb\nc\na \n",
        "truths": "true\nFalse\n",
    }
    for name, text in texts.items():
        path = write(tmp_path / f"{name}.csv", "category\n" + text)
        small, far = topic.read(found, path), adding.rows(found, path, engine=engine)
        (n, labels), (m, others) = found.module.design(small), found.module.design(far)
        assert list(labels) == list(others)
        assert n.tolist() == m.tolist()
    for kind in (pd.Categorical(list("bab")), [2, 1, 2], [1.5, 0.5, 1.5], [True, False, True]):
        pd.DataFrame({"category": kind}).to_parquet(tmp_path / "a.parquet")
        path = tmp_path / "a.parquet"
        small, far = topic.read(found, path), adding.rows(found, path, engine=engine)
        (n, labels), (m, others) = found.module.design(small), found.module.design(far)
        assert [str(x) for x in labels] == [str(x) for x in others]
        assert n.tolist() == m.tolist()


@pytest.mark.parametrize("engine", engines.NAMES)
def test_rows_about_all_rows_together_are_asked_of_the_sums(engine, tmp_path):
    found = topic.load("entropy")
    path = write(tmp_path / "a.csv", "category\na\na\n")
    small = refused(topic.read, found, path)
    assert "at least two different values" in small
    assert small in refused(adding.rows, found, path, engine=engine)


def test_counts_that_are_not_said_to_be_are_not_taken_for_rows(tmp_path):
    found = topic.load("entropy")
    path = write(tmp_path / "a.csv", "category,n\n" + "".join(f"w{i},{i}\n" for i in range(3_000)))
    assert refused(adding.rows, found, path, engine="duckdb") == refused(topic.read, found, path)
    with path.open("a") as more:  # a label twice, far below what is looked at first
        more.write("w7,1\n")
    data = adding.rows(found, path, engine="duckdb")
    assert data["count"].sum() == 3_001


def test_a_sequence_in_order_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", "state\na\nb\na\n")
    said = refused(adding.rows, topic.load("markov_chain"), path, engine="duckdb")
    assert "no column `next`, and rows that are added up have no order to work it out" in said


@pytest.mark.parametrize("engine", [None, *engines.NAMES])
def test_a_topic_that_does_not_add_up_says_so(engine, tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.csv", "y\n1\n")
    said = refused(adding.rows, topic.load(NO_SUMS), tmp_path / "*.csv", engine=engine)
    assert "every row is looked at, so no engine adds them up: fit a sample" in said


def test_one_file_may_be_read_as_a_whole_however_large(tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "MOST_TEXT", 10)
    path = write(tmp_path / "a.csv", "tested,positive\n9,1\n9,2\n")
    found = topic.load("beta_binomial")
    assert len(adding.rows(found, path)) == 1
    whole = adding.rows(found, path, engine="none")
    assert len(whole) == 2
    assert whole.attrs["options"] == ["--engine", "none"]
    for several in ({"source": tmp_path / "*.csv"}, {"scheduler": "tcp://localhost:1"}):
        said = refused(adding.rows, found, **{"source": path, "engine": "none"} | several)
        assert said == "--engine none reads one file as a whole, on this machine"


@pytest.mark.parametrize("known", ["beta_binomial", "linear_regression"])
def test_rows_that_stand_for_several_are_added_up_by_no_engine(known, tmp_path):
    columns = {"beta_binomial": "tested,positive", "linear_regression": "outcome,x"}[known]
    path = write(tmp_path / "a.csv", f"{columns},rows alike\n9,1,2\n8,2,3\n")
    said = refused(adding.rows, topic.load(known), path, engine="duckdb")
    assert "`rows alike` is not for rows that are added up, each of which counts once" in said


def test_files_that_are_not_one_table_are_refused(counts, tmp_path):
    pattern = tmp_path / "*.csv"
    assert refused(adding.rows, counts, pattern) == f"{pattern}: no file has such a name"
    assert "not a file but a folder, and no Parquet file is in it" in refused(
        adding.rows, counts, tmp_path
    )
    assert "no such file" in refused(adding.rows, counts, tmp_path / "a.csv", engine="duckdb")
    write(tmp_path / "a.csv", "tested,positive\n1,1\n")
    write(tmp_path / "b.csv", "tested,cases\n1,1\n")
    assert refused(adding.rows, counts, pattern) == (
        f"{pattern}: every file needs the same columns; b.csv lacks positive; a.csv lacks cases"
    )
    pd.DataFrame({"tested": [1], "positive": [1]}).to_parquet(tmp_path / "b.csv")
    assert "a.csv is text, and b.csv is Parquet" in refused(adding.rows, counts, pattern)
    (tmp_path / "b.csv").write_bytes(b"\x1f\x8b")
    assert "compressed (gzip)" in refused(adding.rows, counts, pattern)
    (tmp_path / "b.csv").write_text("")
    assert "the file is empty" in refused(adding.rows, counts, pattern)
    write(tmp_path / "b.csv", "tested,positive\n")
    assert adding.rows(counts, pattern)["tested"].tolist() == [1]
    write(tmp_path / "a.csv", "tested,positive\n")
    assert "no rows below the header (tested, positive)" in refused(adding.rows, counts, pattern)


@pytest.mark.parametrize("engine", engines.NAMES)
def test_parquet_of_other_types_in_other_files_adds_up(engine, counts, tmp_path):
    for i, kind in enumerate(["int8", "float64", "uint64"]):
        rows = pd.DataFrame({"positive": np.array([1, 0]).astype(kind), "tested": [1, 1]})
        rows.to_parquet(tmp_path / f"{i}.parquet")
    assert adding.rows(counts, tmp_path, engine=engine)["positive"].tolist() == [3]


def test_a_file_that_ends_in_nothing_is_refused(counts, tmp_path):
    """As one does that was set aside whole and never filled; DuckDB reads over it."""
    with (tmp_path / "a.csv").open("wb") as file:
        file.write(b"tested,positive\n" + b"5,1\n" * 5_000)
        file.truncate(50 * 2**20)
    assert "its end holds NUL bytes" in refused(adding.rows, counts, tmp_path / "*.csv")


BROKEN = {  # below what is looked at first
    "few cells": (b"5\n", "every row must have as many cells as the header, 2; line 5002 has 1"),
    "many cells": (b"5,1,7\n", "as many cells as the header, 2; line 5002 has 3"),
    "latin": (b"5,\xff\xe9\n", "line 5002 is not UTF-8"),
    "a quote": (b'5,"1\n', "line 5002 has a quotation mark that is not closed"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_line_that_is_no_row_is_named(case, counts, tmp_path):
    line, words = BROKEN[case]
    write(tmp_path / "a.csv", "tested,positive\n9,1\n")
    (tmp_path / "b.csv").write_bytes(b"tested,positive\n" + b"5,1\n" * 5_000 + line)
    said = refused(adding.rows, counts, tmp_path / "*.csv")
    assert said.startswith(f"{tmp_path}/b.csv: ")
    assert words in said


def test_what_no_engine_takes_is_refused(counts, tmp_path):
    path = write(tmp_path / "a.csv", "tested,positive\n1,1\n")
    ask = (adding.rows, counts, path)
    assert refused(*ask, engine="spark") == (
        "--engine spark: it can be one of duckdb, polars, dask, pandas, none"
    )
    assert "--scheduler is for --engine dask" in refused(*ask, engine="polars", scheduler="tcp://x")
    assert "--encoding is for one file" in refused(*ask, engine="duckdb", encoding="cp1252")
    path.write_bytes("tested,positive\n1,1\n".encode("utf-16"))
    assert "UTF-8 only" in refused(*ask, engine="duckdb")
    book = tmp_path / "a.xlsx"
    pd.DataFrame({"tested": [1], "positive": [1]}).to_excel(book, index=False)
    path.write_bytes(book.read_bytes())
    assert "Excel files are read as a whole" in refused(*ask, engine="duckdb")
    pd.DataFrame({"n": [1], "N": [2], "positive": [1]}).to_parquet(path)
    assert "capitals alone" in refused(*ask, ["tested=N"], engine="duckdb")
    assert adding.rows(counts, path, ["tested=N"], engine="polars")["tested"].item() == 2


def test_a_label_that_is_a_measurement_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "MOST_LEFT", 50)
    path = write(tmp_path / "a.csv", "category\n" + "".join(f"{i}\n" for i in range(51)))
    said = refused(adding.rows, topic.load("entropy"), path, engine="duckdb")
    assert "more than 50 of 51 rows differ, so they do not add up" in said


def test_one_large_file_whose_rows_differ_is_read_as_a_whole(tmp_path, monkeypatch):
    """Unless an engine is named: then the rows are what they are, each for itself."""
    monkeypatch.setattr(adding, "MOST_TEXT", 10)
    x = np.random.default_rng(3).normal(size=60)
    rows = pd.DataFrame({"outcome": (x > 0).astype(int), "x": x})
    rows.to_csv(path := tmp_path / "a.csv", index=False)
    found = topic.load("logistic_regression")
    alone = adding.rows(found, path)
    assert "added" not in alone.attrs
    pd.testing.assert_frame_equal(alone[["outcome", "x"]].reset_index(drop=True), rows)
    named = adding.rows(found, path, engine="duckdb")
    assert named.attrs["added"]["rows"] == 60
    assert ALIKE not in named
    again = pd.concat([rows] * 3)
    again.to_csv(path, index=False)
    assert adding.rows(found, path)[ALIKE].tolist() == [3] * 60


@pytest.mark.parametrize(
    ("known", "header", "absent"),
    [("normal_normal", "value,stat", "error"), ("normal_unknown_variance", "y0,y1", "y")],
)
def test_what_is_worked_out_row_by_row_is_refused(known, header, absent, tmp_path):
    """Though it be the same in the first rows."""
    path = write(tmp_path / "a.csv", f"{header}\n" + "1,2\n" * 1_500 + "1,7\n")
    said = refused(adding.rows, topic.load(known), path, engine="duckdb")
    assert f"no column `{absent}`, and no engine works it out from" in said
    assert "row by row: add it to the files, or read one file as a whole" in said


@pytest.mark.parametrize("engine", engines.NAMES)
def test_predictors_that_nearly_repeat_one_another_are_refused(engine, tmp_path):
    """Seconds since 1970 and their square, over a day: in products the curve is rounded off."""
    rng, t = np.random.default_rng(5), np.linspace(1.7e9, 1.7e9 + 86_400, 2_000)
    more = {"z": rng.random(t.size), "outcome": rng.normal(size=t.size)}
    rows = pd.DataFrame({"t": t, "t2": t**2} | more)
    rows.to_parquet(path := tmp_path / "a.parquet")
    found = topic.load("linear_regression")
    said = refused(adding.rows, found, path, engine=engine)
    assert "`t`, `t2` nearly repeat one another" in said
    rows.assign(t=t - t.mean(), t2=(t - t.mean()) ** 2).to_parquet(path)
    assert len(adding.rows(found, path, engine=engine)) == 9
    rows.assign(t2=2 * t).to_parquet(path)  # exactly so: one direction less
    assert len(adding.rows(found, path, engine=engine)) == 7


def test_sums_beyond_what_pymc_counts_are_refused(counts, tmp_path):
    path = write(tmp_path / "a.csv", "tested,positive\n" + "1073741823,5\n" * 2)
    assert adding.rows(counts, path, engine="duckdb")["tested"].tolist() == [2**31 - 2]
    with path.open("a") as more:
        more.write("2,1\n")
    said = refused(adding.rows, counts, path, engine="duckdb")
    assert "`tested` adds up to 2,147,483,648, and PyMC holds counts of at most 2^31 - 1" in said


def test_a_small_file_is_read_as_before_and_a_large_one_is_added_up(counts, tmp_path):
    path = write(tmp_path / "a.csv", "site,tested,positive\n" + "north,5,2\n" * 9)
    assert "added" not in adding.rows(counts, path).attrs
    assert len(adding.rows(counts, path)) == 9
    large = write(tmp_path / "b.csv", "tested,positive\n" + "5,2\n" * 1_100_000)
    assert adding.rows(counts, large)["tested"].tolist() == [5_500_000]
    assert len(adding.rows(counts, large, encoding="utf-8")) == 1_100_000
    wide = pd.DataFrame({"tested": np.full(100_001, 5), "positive": np.full(100_001, 2)})
    wide.to_parquet(tmp_path / "c.parquet")
    assert adding.rows(counts, tmp_path / "c.parquet")["positive"].tolist() == [200_002]
    wide.head(9).to_parquet(tmp_path / "c.parquet")
    assert len(adding.rows(counts, tmp_path / "c.parquet")) == 9


@pytest.mark.parametrize("engine", engines.NAMES)
def test_a_delimiter_too_many_and_columns_without_a_name_do_no_harm(engine, counts, tmp_path):
    path = write(tmp_path / "a.csv", "tested,positive\n10,3,\n5,2,\n")
    assert adding.rows(counts, path, engine="duckdb")["tested"].tolist() == [15]
    path = write(tmp_path / "b.csv", ",tested,,positive,\n1,10,,3,\n2,5,,2,\n")
    assert adding.rows(counts, path, engine=engine).to_dict("list") == {
        "tested": [15], "positive": [5]
    }  # fmt: skip


def test_dask_takes_text_in_blocks(counts, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "BLOCK", 300_000)  # what it looks at first is less
    rng = np.random.default_rng(6)
    rows = pd.DataFrame(rng.integers([5, 0], [9, 5], (200_000, 2)), columns=["tested", "positive"])
    for name in "ab":
        text = "# from: me\n# twice\n" + rows.to_csv(index=False, sep=";")
        write(tmp_path / f"{name}.csv", text)
    data = adding.rows(counts, tmp_path / "*.csv", engine="dask")
    assert data.to_dict("records") == [(2 * rows.sum()).to_dict()]


def test_one_hears_how_far_an_engine_is(counts, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr(adding, "EVERY", 0.001)
    write(tmp_path / "a.csv", "tested,positive\n" + "5,2\n" * 400_000)
    data = adding.rows(counts, tmp_path / "a.csv", engine="duckdb", tell=lambda *x: heard.append(x))
    assert heard
    assert all(done is None and (share is None or 0 <= share <= 1) for done, share in heard)
    assert 2**25 < data.attrs["added"]["peak_memory"] < 2**36


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """300,000 rows in one Parquet file, a billion tests in all, through the command line."""
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(2)
    n = rng.integers(0, 7_000, 300_000)
    rows = pd.DataFrame({"tested": n, "positive": rng.binomial(n, 0.23)})
    rows.to_parquet(folder / "large.parquet")
    out = folder / "out"
    code = main(["report", "beta_binomial", "--data", str(folder / "large.parquet"),
                 "--out", str(out)])  # fmt: skip
    return rows, code, out


def test_300_000_rows_end_in_a_verified_report(large):
    rows, code, out = large
    assert code == 0
    facts = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert facts["verdict"] == "agree"
    assert facts["data"]["rows"] == 1
    assert facts["data"]["added"]["rows"] == 300_000
    assert facts["data"]["added"]["engine"] == "DuckDB"
    tested, positive = rows["tested"].sum(), rows["positive"].sum()
    assert tested > 1e9
    (theta,) = facts["unknowns"]
    assert theta["exact"]["mean"] == pytest.approx((1 + positive) / (10 + tested), rel=1e-12)
    assert theta["mle"] == pytest.approx(positive / tested, rel=1e-12)


def test_a_report_says_how_many_rows_were_added_up_and_what_that_leaves_out(large):
    page = (large[2] / "report.html").read_text(encoding="utf-8")
    assert "300,000 rows of 1 file, added up by DuckDB in" in page
    assert "What compares single rows with one another" in page
    assert "the log evidence is that of what is left" in page
    assert "One rate for every row?" not in page
    assert "def reduced(rows)" in page
    assert "--data large.parquet --engine duckdb" in page


@pytest.mark.parametrize("known", ["poisson_gamma", "linear_regression"])
def test_a_worker_killed_half_way_changes_nothing(known, tmp_path):
    """Two workers of a real cluster; one is killed as soon as a few parts are done."""
    from distributed import Client, LocalCluster

    found = topic.load(known)
    rng = np.random.default_rng(4)
    x, noise = rng.gamma(2, 3, 40_000), rng.normal(size=40_000)
    columns = {
        "poisson_gamma": {"count": rng.poisson(2, 40_000), "exposure": x},
        "linear_regression": {"outcome": 3 * x + noise, "x": x, "x squared": x**2},
    }
    rows = pd.DataFrame(columns[known])
    rows.to_parquet(tmp_path / "rows.parquet", row_group_size=1_000)
    alone = adding.rows(found, tmp_path / "rows.parquet", engine="duckdb")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True,
                      dashboard_address="127.0.0.1:0") as local:  # fmt: skip
        scheduler, killed = local.scheduler_address, []

        def kill():
            with Client(scheduler, set_as_default=False) as client:  # closed in another order
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    done = client.run_on_scheduler(
                        lambda dask_scheduler: sum(
                            group.states.get("memory", 0) + group.states.get("released", 0)
                            for group in dask_scheduler.task_groups.values()
                        )
                    )
                    if done >= 10:
                        workers = client.run(os.getpid)
                        killed.append(min(workers.values()))
                        os.kill(killed[0], signal.SIGKILL)
                        return
                    time.sleep(0.01)

        thread = threading.Thread(target=kill)
        thread.start()
        together = adding.rows(found, tmp_path / "rows.parquet", scheduler=scheduler)
        thread.join()
        with Client(scheduler) as client:
            assert killed
            assert killed[0] not in client.run(os.getpid).values()
    assert together.attrs["added"]["engine"] == "Dask"
    pd.testing.assert_frame_equal(together, alone, check_exact=True)


def test_dask_without_a_scheduler_works_here_whatever_is_set(counts, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("tested,positive\n5,2\n4,3\n", encoding="utf-8")
    with dask.config.set(scheduler="dask.distributed"):
        assert adding.rows(counts, path, engine="dask")["positive"].tolist() == [5]


def test_a_scheduler_that_is_not_there_is_refused(counts, tmp_path):
    path = write(tmp_path / "a.csv", "tested,positive\n1,1\n")
    said = refused(adding.rows, counts, path, scheduler="tcp://127.0.0.1:9")
    assert "no scheduler with workers answers" in said
