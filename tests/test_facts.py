"""Pages of facts: an analysis without a model, from the folder to the gallery."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from analyses import distributions
from tests import edits
from tests.test_pages import Addresses, look
from workflow import facts, page, topic
from workflow.__main__ import main

NAME = "distributions"
HOLDS = {"group": "sums", "line": "two and two", "ours": 4.0, "error": 0.0, "allowed": 1e-9}
FAILS = HOLDS | {"line": "two and three", "ours": 5.1, "error": 0.1}


@pytest.fixture(scope="session")
def established():
    """The shipped page with its table, computed once."""
    return facts.establish(facts.load_page(NAME))


@pytest.fixture
def small(monkeypatch):
    """Puts a table of a few lines in the place of the page's own."""

    def put(*lines):
        monkeypatch.setattr(distributions, "table", lambda page: list(lines))
        monkeypatch.setattr(distributions, "answer", lambda page: "So it is.")
        monkeypatch.setattr(distributions, "story", lambda page: iter(["A story."]))

    return put


def test_an_analysis_is_a_topic_or_a_page_and_never_both():
    stems = {p.stem for p in (topic.HOME / "analyses").glob("*.py") if p.stem[0] != "_"}
    assert stems == set(topic.names()) | set(topic.pages())
    assert not set(topic.names()) & set(topic.pages())
    assert NAME in topic.pages()


def test_every_line_of_the_shipped_page_holds(established):
    assert established.table[~established.holds].empty
    assert established.verdict == "agree"
    assert len(established.table) > 200


def test_a_report_is_four_whole_files(established, tmp_path):
    facts.write(established, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        "report.html", "summary.csv", "summary.json", "thumbnail.svg"
    }  # fmt: skip
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    addresses = Addresses()
    addresses.feed(text)
    assert [a for a in addresses.found if not a.startswith(("data:image/png", "../index"))] == []
    assert addresses.scripts == 0
    assert text.rstrip().endswith("</html>")
    assert distributions.answer(established) in text
    bare = re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
    assert "nan" not in bare.lower().split()
    found = json.loads((tmp_path / "summary.json").read_text())
    assert found["verdict"] == "agree"
    assert len(found["checks"]) == len(established.table)
    assert all(check["passed"] for check in found["checks"])
    assert (tmp_path / "thumbnail.svg").read_text().startswith("<svg")


def test_a_line_that_is_wrong_is_said_first_and_the_story_withheld(small, tmp_path, capsys):
    small(HOLDS, FAILS)
    assert main(["report", NAME, "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert f"{NAME:<23} disagree" in shown
    assert "1 of 2 lines do not hold: two and three is off by 0.1 (at most 1e-09)" in shown
    assert "FAIL sums: two and three" in shown
    text = (tmp_path / "report.html").read_text()
    assert text.index('class="warning"') < text.index("<h1>")
    assert "A story." not in text
    assert "So it is." not in text
    assert json.loads((tmp_path / "summary.json").read_text())["verdict"] == "disagree"


@pytest.mark.parametrize("error", [float("nan"), float("inf"), 2e-9])
def test_only_a_number_within_what_is_allowed_holds(error, small):
    small(HOLDS, HOLDS | {"error": error})
    assert list(facts.establish(facts.load_page(NAME)).holds) == [True, False]


def test_a_table_without_lines_proves_nothing(small):
    small(HOLDS)
    found = facts.establish(facts.load_page(NAME))
    assert found.good
    found.table = found.table.iloc[:0]
    assert not found.good


def test_check_says_every_group_and_writes_nothing(small, tmp_path, monkeypatch, capsys):
    small(HOLDS)
    monkeypatch.chdir(tmp_path)
    assert main(["check", NAME]) == 0
    shown = capsys.readouterr().out
    assert "ok   sums: 1 lines" in shown
    assert "So it is." in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["describe", NAME], "without a model"),
        (["calibrate", NAME], "without a model"),
        (["seeds", NAME], "without a model"),
        (["new", "mine", "--from", NAME], "without a model"),
        (["new", NAME], "is there already"),
        (["report", NAME, "--data", "mine.csv"], "--data: "),
        (["check", NAME, "--column", "a=b"], "--column: "),
        (["check", NAME, "--set", "alpha=1"], "--set: "),
        (["check", NAME, "--decimal", ","], "--decimal: "),
        (["report", NAME[:-1]], f"did you mean '{NAME}'"),
    ],
)
def test_what_needs_a_model_is_refused(words, message, capsys, tmp_path, monkeypatch):
    before = {p.name for p in (topic.HOME / "models").iterdir()}
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert {p.name for p in (topic.HOME / "models").iterdir()} == before


def test_python_is_told_so_too():
    from workflow import report

    with pytest.raises(topic.Refused, match="without a model"):
        report(NAME)


def test_list_names_it(capsys):
    assert main(["list"]) == 0
    assert f"{NAME:<23} {distributions.QUESTION}" in capsys.readouterr().out


def test_the_gallery_has_it(small, tmp_path):
    small(HOLDS)
    facts.write(facts.establish(facts.load_page(NAME)), tmp_path / NAME)
    (found,) = page.gallery(tmp_path)
    assert found["topic"] == NAME
    text = (tmp_path / "index.html").read_text()
    assert f'href="{NAME}/report.html"' in text
    assert f"1 of 1 lines of <code>{NAME}</code> hold" in text
    assert "0 of 0 topics" in text
    shutil.rmtree(tmp_path / NAME)
    assert page.gallery(tmp_path) == []
    assert NAME in (tmp_path / "index.html").read_text()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The repository copied, to be spoilt."""
    copy = edits.copied(tmp_path_factory.mktemp("copy"))
    (copy / "requirements.txt").write_text("")
    return copy


def would_make(tree, *words) -> str:
    done = subprocess.run(
        ["make", "-n", "PYTHON=python", "READY=", *words],
        cwd=tree, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_makes_it_where_it_is_stale(tree):
    assert f" {NAME} " in would_make(tree, "all") + " "
    assert f"workflow report {NAME}" in would_make(tree, NAME)
    for name in topic.names() + topic.pages():
        (tree / "results" / name).mkdir(parents=True)
        (tree / "results" / name / "summary.json").write_text("{}")
    assert "workflow report" not in would_make(tree, "all")
    (tree / "data" / f"{NAME}.csv").touch()
    assert f"workflow report {NAME} " in would_make(tree, "all")


def test_make_needs_no_page(tree, tmp_path):
    copy = shutil.copytree(tree, tmp_path / "copy")
    (copy / "analyses" / f"{NAME}.py").unlink()
    assert NAME not in would_make(copy, "all")


def test_a_page_that_is_not_whole_is_refused(tree, tmp_path):
    """As is a topic whose model was deleted: its analysis is then taken for a page."""
    copy = shutil.copytree(tree, tmp_path / "copy")
    (copy / "models" / "beta_binomial.py").unlink()
    (copy / "analyses" / "half.py").write_text('QUESTION = "?"\nanswer = picture = story = None\n')
    (copy / "analyses" / "torn.py").write_text("1 / 0\n")
    (copy / "data" / f"{NAME}.csv").unlink()
    words = [["check", name] for name in ("beta_binomial", "half", "torn", NAME)]
    found = edits.workflow(copy, words)
    assert [code for code, _ in found] == [2, 2, 2, 2]
    lacks = (
        "analyses/beta_binomial.py: `picture` is missing; an analysis without models/beta_binomial"
    )
    assert lacks in found[0][1]
    assert "analyses/half.py: `table` is missing" in found[1][1]
    assert "analyses/torn.py, line 1: ZeroDivisionError" in found[2][1]
    assert f"data/{NAME}.csv: no such file" in found[3][1]


def test_the_words_of_a_shell(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "workflow", "report", NAME, "--data", "x.csv"],
        cwd=topic.HOME, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_a_browser(established, width, tmp_path):
    facts.write(established, tmp_path)
    found, console, asked = look(tmp_path, width)
    assert found["problems"] == []
    assert found["pictures"] >= 5
    assert console == []
    assert asked == set()
