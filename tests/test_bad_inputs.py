"""Bad inputs: each ends in exit code 2 with a message a person can act on, and leaves nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import bad_inputs
from tests.bad_inputs import PAGE, cases, outcome, page, told
from workflow import topic
from workflow.__main__ import main

CASES = cases()
FOUND = {}  # outcomes of this session, for the page


def tree(folder: Path) -> dict[str, tuple]:
    """Every file with its size and time, but for what Python and tests keep for themselves."""
    own = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in own]
        for name in folders + files:
            path = Path(place, name)
            status = path.lstat()
            found[str(path)] = (status.st_size, status.st_mtime_ns) if name in files else ()
    return found


@pytest.fixture(scope="module", autouse=True)
def nothing_left(tmp_path_factory):
    """The repository and the folder for temporary files are after the corpus what they were."""
    temporary = tmp_path_factory.mktemp("temporary")
    before, kept = tree(topic.HOME), tempfile.tempdir
    tempfile.tempdir = str(temporary)
    yield temporary
    tempfile.tempdir = kept
    assert tree(topic.HOME) == before
    assert tree(temporary) == {}


@pytest.fixture
def place(tmp_path):
    yield tmp_path
    for path in tmp_path.iterdir():
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(tmp_path)  # pytest would keep what is large


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.topic}/{c.file}")
def test_what_becomes_of_it(case, place):
    code, FOUND[case] = outcome(case, place)
    assert told(case, FOUND[case]) == [], FOUND[case]
    assert code == case.code
    assert "Traceback" not in FOUND[case]
    assert all(c.isprintable() or c in "\n" for c in FOUND[case])
    assert not (place / "out").exists()


def test_the_corpus_is_as_large_as_it_should_be():
    assert len(CASES) >= 250
    assert {c.topic for c in CASES} == set(topic.names())
    kept = {p for p in bad_inputs.HERE.glob("*/*") if "__pycache__" not in p.parts}
    assert kept == {bad_inputs.HERE / c.topic / c.file for c in CASES if "made/" not in c.file}
    assert {c.file for c in CASES if "made/" in c.file} == {
        f"made/{n}" for n in bad_inputs.made.MADE
    }


def test_the_page_is_current(tmp_path):
    for number, case in enumerate(CASES):
        if case not in FOUND:
            (tmp_path / f"{number}").mkdir()
            FOUND[case] = outcome(case, tmp_path / f"{number}")[1]
    assert PAGE.read_text(encoding="utf-8") == page({case: FOUND[case] for case in CASES}), (
        "python -m tests.bad_inputs writes it anew"
    )


SHELL = [
    "beta_binomial/empty.csv", "beta_binomial/everything_wrong_at_once.csv",
    "beta_binomial/made/fifo", "beta_binomial/made/name_with_escapes",
    "beta_binomial/excel_with_text.xlsx", "linear_regression/perfect_line.csv",
    "base_rate/all_kinds_at_once.csv",
]  # fmt: skip
MAKE = [
    "beta_binomial/made/folder", "beta_binomial/thousands_of_points_misplaced.csv",
    "hidden_markov/one_symbol.csv",
]  # fmt: skip


@pytest.mark.parametrize("which", SHELL + MAKE)
def test_in_a_shell(which, place):
    """As a user types it: exit code, message on stderr, the tree as before."""
    (case,) = [c for c in CASES if f"{c.topic}/{c.file}" == which]
    path, before = case.path(place), tree(topic.HOME)
    words = [sys.executable, "-m", "workflow", "report", *case.words(path)]
    if which in MAKE:
        options = [word.removeprefix("--") for word in case.arguments.split(" --")]
        read = " ".join(word.replace(" ", "=") for word in options)
        words = ["make", f"PYTHON={sys.executable}", "READY=", case.topic, f"DATA={path}",
                 *([f"READ={read}"] if case.arguments else [])]  # fmt: skip
    done = subprocess.run(
        words, cwd=topic.HOME, text=True, capture_output=True, check=False, timeout=60,
        env={**os.environ, "TMPDIR": tempfile.gettempdir()},
    )  # fmt: skip
    assert done.returncode == 2
    assert told(case, done.stderr) == [], done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert tree(topic.HOME) == before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of EM on rows that are all alike
@pytest.mark.parametrize("case", [c for c in CASES if c.code == 0 and "made/" not in c.file],
                         ids=lambda c: f"{c.topic}/{c.file}")  # fmt: skip
def test_what_is_read_ends_in_a_verdict(case, place, capsys):
    """Odd rows may leave the sampler without convergence; a verdict is reached all the same."""
    code = main(["check", *case.words(case.path(place))])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert (code == 0) == (f"{case.topic:<23} agree" in shown.out)
    assert code in (0, 1)
