"""Columns besides those of a topic's `Data`: opened by every engine, and held to its rules.

The sums themselves are not at stake here: `reduced` lets every row through, or groups equal ones.
"""

import re

import numpy as np
import pandas as pd
import pytest

from models._reduced import totals
from tests.asking import by_line, refused, write
from workflow import adding, engines, others, topic
from workflow.cells import Notation

NUMBERS = ["linear_regression", "probabilistic_pca", "logistic_regression", "softmax_regression"]
OPEN = [*NUMBERS, "naive_bayes"]
BAD = {  # what is wrong with a file of outcomes and predictors -> its text
    "text below": "outcome,x\n1,2\n2,abc\n4,7\n5,8\n",
    "a hole": "outcome,x\n1,2\n2,\n4,NA\n5,8\n",
    "numbers below": "outcome,x,z\n1,2,ann\n2,5,bob\n4,7,3\n",
    "a hole above": "outcome,x,z\n1,2,\n2,5,\n4,7,3\n",
    "infinite": "outcome,x\n1,inf\n2,5\n4,-Infinity\n5,nan\n",
    "nothing but infinite": "outcome,x,z\n1,inf,2\n2,inf,3\n4,inf,5\n",
    "many": "outcome,x\n1,2\n" + "2,?\n" * 9,
    "truths and text": "outcome,x,z\n1,true,5\n2,3,6\n4,false,7\n",
    "constant": "outcome,x,z\n1,2,5\n2,2,6\n4,2,7\n",
    "constant with a point": "outcome,x,z\n1,2.50,5\n2,2.5,6\n4,2.5,7\n",
    "constant truths": "outcome,x,z\n1,true,5\n2,TRUE,6\n4,True,7\n",
    "one row": "outcome,x,z\n1,2,5\n",
    "two at fault": "outcome,x,z\n1,2,5\n2,abc,5\n4,7,5\n",
    "out of range": "outcome,x\n1,1e200\n2,5\n4,1e-200\n",
    "commas": 'outcome,x,z\n1,2,"1,5"\n2,5,"2,5"\n4,7,"3,5"\n',
    "no predictor": "outcome,name\n1,ann\n2,bob\n",
    "a bad outcome, too": "outcome,x\n1,2\ny,abc\n4,7\n",
    "a strange name": 'outcome,"a ""b"", c\'s"\n1,2\n2,abc\n4,7\n',
}


@pytest.fixture
def let_through(monkeypatch):
    """Topic by name, whose `reduced` lets every row through; and what it was last handed."""
    handed = {}

    def load(name):
        def reduced(rows):
            handed.update(columns=dict(rows.collect_schema()))
            return rows

        found = topic.load(name)
        monkeypatch.setattr(found.module, "reduced", reduced, raising=False)
        return found, handed

    return load


def same(left, right, columns):
    """Whether two frames hold the same numbers, whatever their order and index."""
    left, right = (
        np.sort(frame[columns].astype(float).to_numpy(), axis=0) for frame in (left, right)
    )
    return np.array_equal(left, right)


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_the_words_of_a_small_file(case, engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    path = write(tmp_path / "rows.csv", BAD[case])
    said = by_line(refused(adding.rows, found, path, engine=engine))
    assert sorted(said.splitlines()) == sorted(refused(topic.read, found, path).splitlines())


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("which", NUMBERS)
def test_text_far_below_numbers_is_refused_by_name_and_row(which, engine, let_through, tmp_path):
    """And so are numbers far below text, and holes; nothing of it shows in the first rows."""
    found, _ = let_through(which)
    rows = pd.DataFrame({"label": ["a", "b"] * 1_000, "outcome": [0, 1] * 1_000})
    rows["x"], rows["z"] = np.arange(2_000.0), np.arange(2_000.0) / 3
    for column, cells in {"x": ["abc", ""], "name": ["ann", 7]}.items():
        bad = rows.assign(**{column: rows.get(column, cells[0])}).astype({column: object})
        bad.loc[1_500:1_501, column] = cells
        bad.to_csv(path := tmp_path / "rows.csv", index=False)
        said = by_line(refused(adding.rows, found, path, engine=engine))
        assert f"`{column}` must be a finite number in every row or in none; line " in said
        assert said == refused(topic.read, found, path)


@pytest.mark.parametrize("engine", engines.NAMES)
def test_of_many_files_the_one_at_fault_is_named(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    write(tmp_path / "a.csv", "outcome,x,flag\n1,2,true\n2,5,false\n")
    write(tmp_path / "b.csv", "x;flag;outcome\n3;true;5\n\nabc;false;6\n" + "?;no;1\n" * 5)
    said = refused(adding.rows, found, tmp_path / "*.csv", engine=engine)
    rule = f"{tmp_path}/*.csv: `{{}}` must be a finite number in every row or in none; "
    rows = [f"row {i} of b.csv has " for i in range(3, 8)]
    assert said.splitlines() == [
        rule.format("x") + "; ".join(["row 2 of b.csv has abc", *(r + "?" for r in rows[:-1])])
        + "; and 1 more",
        rule.format("flag") + "; ".join(r + "no" for r in rows),
    ]  # fmt: skip
    write(tmp_path / "b.csv", "outcome,flag,z\n1,true,2\n")
    assert refused(adding.rows, found, tmp_path / "*.csv", engine=engine) == (
        f"{tmp_path}/*.csv: every file needs the same columns; b.csv lacks x; a.csv lacks z"
    )


@pytest.mark.parametrize("engine", engines.NAMES)
def test_numbers_reach_reduced_as_floats_under_our_names(engine, let_through, tmp_path):
    found, handed = let_through("linear_regression")
    text = 'y,name,"a ""b"", c\'s",flag,n,rows,"x; y",row of its file\n'
    text += "".join(f"{i},ann,{i * i},{i % 2 > 0},{i % 3},{-i},.{i},1e{i}\n" for i in range(1, 8))
    path = write(tmp_path / "rows.csv", text)
    columns = ["outcome=y", "m=n", 'n=a "b", c\'s']
    data = adding.rows(found, path, columns, engine=engine)
    small = topic.read(found, path, columns)
    numbers = ["n", "flag", "m", "rows", "x; y", "row of its file"]
    assert {name: str(kind) for name, kind in handed["columns"].items()} == dict.fromkeys(
        ["outcome", *numbers], "Float64"
    )
    assert list(found.module.predictors(data)) == list(found.module.predictors(small)) == numbers
    assert same(data, small, ["outcome", *numbers])
    assert data["flag"].sum() == 4


@pytest.mark.parametrize("columns", [["x"], ["x="], ["=x"], ["x=y"], ["x=x", "x=x"], ["outcme=x"]])
def test_a_name_that_is_not_well_given_is_refused_as_in_a_small_file(
    columns, let_through, tmp_path
):
    found, _ = let_through("linear_regression")
    path = write(tmp_path / "rows.csv", "outcomes,x\n1,2\n2,3\n")
    small = refused(topic.read, found, path, columns)
    assert refused(adding.rows, found, path, columns, engine="duckdb") == small


@pytest.mark.parametrize("engine", engines.NAMES)
def test_names_that_differ_in_capitals_alone(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    rows = pd.DataFrame({"outcome": [1, 2, 4], "x": [3, 5, 8], "X": [1.5, 1.25, 9]})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    for path in (tmp_path / "rows.csv", tmp_path / "rows.parquet"):
        if engine == "duckdb":
            said = refused(adding.rows, found, path, engine=engine)
            assert "differ in capitals alone, which DuckDB does not tell apart" in said
        else:
            assert same(adding.rows(found, path, engine=engine), rows, ["outcome", "x", "X"])
    rows.assign(x=["3", "abc", "8"]).to_csv(tmp_path / "rows.csv", index=False)
    rows.assign(x=["3", "abc", "8"]).to_parquet(tmp_path / "rows.parquet")
    if engine != "duckdb":  # which alone can say where it is, and in Parquet cannot
        for ending, where in {"csv": "row 2 has abc", "parquet": "1 row"}.items():
            said = refused(adding.rows, found, tmp_path / f"rows.{ending}", engine=engine)
            assert said.endswith(f"`x` must be a finite number in every row or in none; {where}")


@pytest.mark.parametrize("engine", engines.NAMES)
def test_parquet_keeps_its_own_kinds(engine, let_through, tmp_path):
    """Numbers, decimals, truths and numbers as text are taken; dates, lists and names are not."""
    found, handed = let_through("linear_regression")
    rows = pd.DataFrame({"outcome": [1.5, 2.5, 3.5, 4.5], "small": np.arange(4, dtype="int8")})
    rows["flag"], rows["text"] = [True, False, True, True], ["1", "2.5", " 3", "1e2"]
    rows["day"], rows["many"] = pd.to_datetime(["2024-01-05"] * 4), [[1], [2], [], [3]]
    rows["name"], rows["kind"] = list("abcd"), pd.Categorical(list("aabb"))
    rows["code"] = pd.Categorical([10, 20, 10, 20])
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_parquet(tmp_path / "b.parquet", row_group_size=2)
    data = adding.rows(found, tmp_path, engine=engine)
    assert set(handed["columns"]) == {"outcome", "small", "flag", "text", "code"}
    small = topic.read(found, pd.concat([rows, rows], ignore_index=True))
    assert same(data, small, ["outcome", "small", "flag", "text", "code"])
    for bad in ([1.5, np.inf, np.nan, 2.0], [np.nan] * 4):
        rows.assign(small=bad).to_parquet(path := tmp_path / "b.parquet")
        assert refused(adding.rows, found, path, engine=engine) == refused(topic.read, found, path)
    rows["text"] = ["1", "2", "b", "c"]
    rows.to_parquet(tmp_path / "b.parquet")
    said = refused(adding.rows, found, tmp_path, engine=engine)
    assert said.endswith("in every row or in none; row 3 of b.parquet has b; row 4 of b.parquet "
                         "has c")  # fmt: skip


@pytest.mark.parametrize("engine", engines.NAMES)
def test_parquet_of_other_kinds_in_other_files(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    rows = pd.DataFrame({"outcome": [1.0, 2.0], "x": [1, 2], "y": ["a", "b"], "z": [None, None]})
    rows.to_parquet(tmp_path / "a.parquet")
    rows.assign(x=["4", "c"], y=[3.5, 4], z=[5, 6]).to_parquet(tmp_path / "b.parquet")
    said = refused(adding.rows, found, tmp_path, engine=engine)
    assert [line.partition("; ")[2] for line in said.splitlines()] == [
        "row 2 of b.parquet has c",
        "row 1 of a.parquet has a; row 2 of a.parquet has b",
        "row 1 of a.parquet has nothing; row 2 of a.parquet has nothing",
    ]


@pytest.mark.parametrize("engine", engines.NAMES)
def test_names_that_stand_for_other_columns_are_refused(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    path = write(tmp_path / "rows.csv", "outcome,*,^x.*$,x1\n1,2,3,4\n2,5,7,5\n")
    assert refused(adding.rows, found, path, engine=engine).splitlines() == [
        f"{path}: `{name}` is a pattern to DuckDB and Polars, not a name: rename the column"
        for name in ("*", "^x.*$")
    ]


@pytest.mark.parametrize("engine", engines.NAMES)
def test_what_is_the_same_in_the_first_rows_may_vary_below(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    rows = pd.DataFrame({"outcome": np.arange(3_000), "x": np.arange(3_000) // 2_999 * 4})
    rows.to_csv(path := tmp_path / "rows.csv", index=False)
    assert adding.rows(found, path, engine=engine)["x"].sum() == 4
    rows.assign(x=0.5).to_csv(path, index=False)
    said = refused(adding.rows, found, path, engine=engine)
    assert said == f"{path}: `x` is 0.5 in every row: it can explain nothing"
    rows.assign(x=["5"] * 2_500 + ["abc"] * 500).to_csv(path, index=False)
    said = refused(adding.rows, found, path, engine=engine)
    assert by_line(said) == refused(topic.read, found, path)
    rows.assign(x=0.5).to_csv(path, index=False)
    pca, _ = let_through("probabilistic_pca")  # to which such a column is a dimension
    assert adding.rows(pca, path, engine=engine)["x"].unique() == [0.5]


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("which", OPEN)
def test_the_rows_the_repository_ships_come_back(which, engine, let_through):
    found, handed = let_through(which)
    small = topic.read(found, found.csv)
    data = adding.rows(found, found.csv, engine=engine)
    numbers = list(small.select_dtypes("number"))
    assert same(data, small, numbers)
    own, kinds = found.module.Data.to_schema().columns, handed["columns"]
    taken = [column for column in kinds if column not in own]
    if which == "naive_bayes":
        assert taken == ["class", "sex", "age"]
    else:
        assert taken == [column for column in numbers if column not in own]
        assert {str(kinds[column]) for column in taken} == {"Float64"}
    assert all(str(kinds[c]) == "String" for c in ("class", "label") if c in kinds)


@pytest.mark.parametrize("engine", engines.NAMES)
def test_a_first_column_without_a_name_labels_the_rows(engine, let_through, tmp_path):
    found, handed = let_through("linear_regression")
    path = write(tmp_path / "rows.csv", ",outcome,x,\n1,1,2,\n2,2,4,\n3,4,7,\n")
    assert same(adding.rows(found, path, engine=engine), topic.read(found, path), ["outcome", "x"])
    assert list(handed["columns"]) == ["outcome", "x"]


@pytest.mark.parametrize("engine", engines.NAMES)
def test_decimal_commas_in_predictors(engine, let_through, tmp_path):
    found, _ = let_through("linear_regression")
    path = write(tmp_path / "rows.csv", "outcome;x\n1,5;1.000,25\n2;-3\n3;,5\n")
    how = {"decimal": ",", "thousands": "."}
    data = adding.rows(found, path, engine=engine, **how)
    assert sorted(data["x"]) == [-3, 0.5, 1000.25]
    assert same(data, topic.read(found, path, **how), ["outcome", "x"])


@pytest.mark.parametrize("engine", engines.NAMES)
def test_words_of_an_outcome_and_trials(engine, let_through, tmp_path):
    found, _ = let_through("logistic_regression")
    path = write(tmp_path / "a.csv", "outcome,x\nYes,1\nno,2\n TRUE,3\nfalse,4\n")
    data = adding.rows(found, path, engine=engine)
    assert same(data, topic.read(found, path), ["outcome", "x"])
    assert data.loc[data["outcome"] == 1, "x"].tolist() == [1, 3]
    for trials in (1, 5):  # as many as there are rows, or more
        write(path, f"outcome,trials,x\n1,{trials},1\n0,{trials},2\n")
        said = refused(adding.rows, found, path, engine=engine)
        words = "`trials` makes other rows of these, and rows that are added up are taken as they"
        assert said == f"{path}: {words} stand: read one file as a whole (--engine none)"


@pytest.fixture
def grouped(monkeypatch):
    """naive_bayes, whose rows that are alike become one that counts as many."""
    found = topic.load("naive_bayes")

    def reduced(rows):
        names = [n for n in rows.collect_schema().names() if n != "count"]
        return totals(rows, ["count"], by=names)

    monkeypatch.setattr(found.module, "reduced", reduced, raising=False)
    return found


FEATURES = {  # of things that are labelled -> whether a small file of them is refused
    "words": ("label,sky\na,sun\na,sun\nb,rain\nb,sun\n", False),
    "that tell all": ("label,sky\na,sun\na,sun\nb,rain\nb,rain\n", False),  # one sum of each
    "names, too": ("label,sky,name\na,sun,ann\na,sun,bob\nb,rain,cid\nb,sun,dan\n", False),
    "truths": ("label,wet\na,true\na,True\nb,false\nb,true\n", False),
    "zero and one": ("label,wet\na,1\na,0\nb,1\nb,1\n", False),
    "counts": ("label,n\na,1\na,0\nb,7\nb,1\n", False),
    "numbers and text": ("label,n\na,1\na,low\nb,1\nb,low\n", False),
    "a code": ("label,n_code\na,3\na,8\nb,8\nb,8\n", False),
    "a hole": ("label,sky\na,sun\na,\nb,rain\nb,sun\n", True),
    "a measurement": ("label,sky\na,1.5\na,2\nb,1\nb,1.5\n", True),
    "one level": ("label,sky\na,sun\na,sun\nb,sun\nb,sun\n", True),
    "a text of counts": ("label,n_count\na,sun\na,sun\nb,rain\nb,sun\n", True),
    "no feature": ("label,name\na,ann\nb,bob\n", True),
}


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("case", FEATURES)
def test_features_are_those_of_a_small_file(case, engine, grouped, tmp_path):
    text, bad = FEATURES[case]
    path = write(tmp_path / "rows.csv", text)
    if bad:
        said = [
            refused(adding.rows, grouped, path, engine=engine),
            refused(topic.read, grouped, path),
        ]
        assert len({re.split("; (?:row|line|sum)", words)[0] for words in said}) == 1, said
        return
    small, far = topic.read(grouped, path), adding.rows(grouped, path, engine=engine)
    (n, names, coords), (m, ours, far_coords) = map(grouped.module.design, (small, far))
    assert names == ours
    assert {k: [*v] for k, v in coords.items()} == {k: [*v] for k, v in far_coords.items()}
    assert n.n.tolist() == m.n.tolist()
    assert n.events.tolist() == m.events.tolist()
    assert [table.tolist() for table in n.levels] == [table.tolist() for table in m.levels]


def test_names_of_so_many_rows_are_no_feature(grouped, tmp_path):
    rows = pd.DataFrame({"label": list("ab") * 2_000, "sky": list("ssrs") * 1_000})
    rows.assign(name=[f"n{i}" for i in range(4_000)]).to_csv(tmp_path / "a.csv", index=False)
    data = adding.rows(grouped, tmp_path / "a.csv", engine="duckdb")
    assert len(data) == 3
    assert "name" not in data


def test_what_a_topic_takes_is_its_own_to_say():
    rows = pd.DataFrame({"outcome": ["1"], "label": ["a"], "count": ["1"], "x": ["2"]}, dtype="str")
    rows["day"] = "2024-01-05"
    every = dict.fromkeys(["outcome", "count", "x"], float)
    expected = {
        "linear_regression": dict.fromkeys(["count", "x"], float),
        "logistic_regression": dict.fromkeys(["count", "x"], float),
        "softmax_regression": every,
        "probabilistic_pca": every,
        "naive_bayes": dict.fromkeys(["outcome", "x", "day"], "category"),
        "beta_binomial": {},
    }
    for name, taken in expected.items():
        assert others.found(topic.load(name).module, rows, Notation()).taken == taken, name
