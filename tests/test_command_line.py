"""The command line end to end: what a user types, what is written, what is refused."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest
from scipy import stats

from workflow import topic
from workflow.__main__ import main


def cli(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "workflow", *map(str, words)],
        cwd=topic.HOME, text=True, capture_output=True, check=False, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def own_data(tmp_path_factory):
    """`make beta_binomial` on a stranger's file, through make and the shell."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "my tests.csv").write_text("Number tested,k\n12,3\n30,4\n8,0\n")
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "READY=", "beta_binomial",
         f"DATA={folder}/my tests.csv",
         "FIELDS='tested=Number tested' positive=k", "SET=alpha=1 beta=1", "SEED=3",
         f"OUT={folder}/out"],
        cwd=topic.HOME, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out", done


def test_own_data_get_their_exact_answer(own_data):
    facts = json.loads((own_data[0] / "summary.json").read_text())
    (theta,) = facts["unknowns"]
    right = stats.beta(1 + 7, 1 + 43)
    assert theta["exact"]["mean"] == pytest.approx(right.mean(), rel=1e-9)
    assert theta["exact"]["sd"] == pytest.approx(right.std(), rel=1e-9)
    assert theta["exact"]["q97.5"] == pytest.approx(right.ppf(0.975), rel=1e-9)
    assert theta["mle"] == pytest.approx(7 / 50, rel=1e-12)
    assert facts["verdict"] == "agree"
    assert facts["settings"] == {"alpha": 1.0, "beta": 1.0}
    assert facts["seed"] == 3


def test_a_report_is_five_whole_files(own_data):
    names = {p.name for p in own_data[0].iterdir()}
    assert names == {"report.html", "posterior.nc", "summary.csv", "summary.json", "thumbnail.svg"}
    page = (own_data[0] / "report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert "What share of the tests is positive?" in page
    assert len(page) < 3_000_000


def test_the_posterior_file_holds_what_arviz_needs(own_data):
    import xarray as xr

    with xr.open_datatree(own_data[0] / "posterior.nc", engine="h5netcdf") as tree:
        groups = set(tree.children)
        assert tree.posterior.sizes["draw"] * tree.posterior.sizes["chain"] >= 4_000
    assert {"posterior", "prior", "sample_stats", "log_likelihood", "posterior_predictive",
            "prior_predictive", "observed_data"} <= groups  # fmt: skip


def test_summary_csv_is_the_table_of_the_page(own_data):
    with (own_data[0] / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["label"] == "theta"
    assert float(row["exact.mean"]) == pytest.approx(8 / 52)


REFUSED = {
    "a missing column": ("n,k\n10,3\n", "no column `positive`"),
    "text in a count": ("tested,positive\n10,3\n10,x\n", "must be a whole number; line 3 has x"),
    "half a person": ("tested,positive\n10,3.5\n", "must be a whole number; line 2 has 3.5"),
    "more than all": ("tested,positive\n10,3\n5,9\n", "must be at most `tested`; line 3 has"),
    "less than none": ("tested,positive\n10,-1\n", "`positive` must be at least 0; line 2 has -1"),
    "a hole": ("tested,positive\n10,\n", "`positive` must be a whole number; line 2 has nothing"),
    "an empty file": ("", "the file is empty"),
    "only a header": ("tested,positive\n", "no rows below the header"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_rows_are_refused_in_words_and_nothing_is_written(case, tmp_path, capsys):
    text, message = REFUSED[case]
    path, out = tmp_path / "rows.csv", tmp_path / "out"
    path.write_text(text)
    code = main(["report", "beta_binomial", "--data", str(path), "--out", str(out)])
    shown = capsys.readouterr().err
    assert code == 2
    assert message in shown
    assert "Traceback" not in shown
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_exits_2_in_a_shell(tmp_path):
    out = tmp_path / "out"
    done = cli("report", "beta_binomial", "--data", tmp_path / "none.csv", "--out", out)
    assert done.returncode == 2
    assert "none.csv: no such file" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "beta_binomail"], "did you mean 'beta_binomial'"),
        (["check", "beta_binomial", "--set", "alhpa=1"], "did you mean 'alpha'"),
        (["check", "beta_binomial", "--set", "alpha=many"], "is not a number"),
        (["check", "beta_binomial", "--set", "alpha=nan"], "must be finite"),
        (["check", "beta_binomial", "--set", "alpha=1,2"], "takes one number"),
        (["check", "beta_binomial", "--column", "tested"], "ours=theirs"),
        (["check", "beta_binomial", "--column", "tested=n"], "no column `n`"),
        (["check", "beta_binomial", "--set", "alpha=-1"], "alpha"),
    ],
)
def test_words_that_do_not_fit_are_refused(words, message, capsys):
    assert main(words) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


def test_a_folder_that_cannot_be_written_exits_3(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code = main(["report", "beta_binomial", "--out", str(tmp_path / "file" / "out")])
    assert code == 3
    assert "Not a directory" in capsys.readouterr().err


def test_list_and_describe_and_help_say_what_there_is(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in topic.names())
    assert main(["describe", "beta_binomial"]) == 0
    shown = capsys.readouterr().out
    assert "positive" in shown
    assert "alpha = 1.0" in shown
    with pytest.raises(SystemExit) as stop:
        main(["report", "--help"])
    assert stop.value.code == 0
    assert "--set" in capsys.readouterr().out


def test_check_writes_nothing_and_names_every_rung(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["check", "gamma_precision"]) == 0
    shown = capsys.readouterr().out
    for rung in ("identity", "score", "limit", "draws against exact", "Stein", "R-hat"):
        assert rung in shown
    assert os.listdir(tmp_path) == []


def test_one_broken_topic_stops_neither_the_others_nor_the_exit_code(monkeypatch, capsys, tmp_path):
    """`beta_binomial` loses its exact answer; the other is still verified, and 1 returned."""
    from models import beta_binomial

    monkeypatch.setattr(beta_binomial, "exact", lambda data, **settings: 1 / 0)
    assert main(["check", "beta_binomial", "gamma_precision", "--processes", "1"]) == 1
    shown = capsys.readouterr()
    assert "ZeroDivisionError" in shown.err
    assert "gamma_precision         agree" in shown.out


def test_several_topics_at_once_are_each_verified_and_the_worst_code_wins(capfd):
    words = ["check", "beta_binomial", "nosuch", "normal_normal", "--processes", "2"]
    assert main(words) == 2
    shown = capfd.readouterr()
    assert "no topic 'nosuch'" in shown.err
    assert "topics: 3 of 3" in shown.err
    for name in ("beta_binomial", "normal_normal"):
        assert re.search(rf"^{name} +agree", shown.out, re.M)
    assert main(["check", "beta_binomial", "--processes", "0"]) == 2
    assert "at least 1" in capfd.readouterr().err
