"""Gates that bite: models that must not be verified, through the command line to the page.

The topics of `tests/planted/` have exact answers and samplers that fail them. Each is run in a
copy of this repository that holds nothing else, so that no shipped topic is in danger.
"""

import html
import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from workflow import fit, summarise, topic
from workflow.check import Check

HOME = topic.HOME
PLANTED = HOME / "tests" / "planted"

# The verdict, gates that have to fail, and what the first line says of each: a number, its limit.
UNCONVERGED = {
    "funnel": {
        "bulk or tail ESS, lowest": r"the lowest effective sample size is \S+ \(at least 6,400\)",
        "E-BFMI, lowest": r"E-BFMI is 0\.\d+ \(at least 0\.3\)",
    },
    "stuck": {
        "R-hat, largest": r"R-hat is [\d.]+ \(at most 1\.01\)",
        "bulk or tail ESS, lowest": r"the lowest effective sample size is \d+ \(at least 6,400\)",
    },
    "divergent": {"divergences": r"\d+ of the transitions diverged \(none may\)"},
}
DISAGREE = {
    "one_mode": {
        "draws against exact, largest |z|": r"draws and exact answer are [\d,.]+ Monte Carlo "
        r"errors apart \(at most [\d.]+\)"
    }
}
FAILING = UNCONVERGED | DISAGREE


def workflow(tree, *words):
    return subprocess.run(
        [sys.executable, "-m", "workflow", *words],
        cwd=tree, text=True, capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The repository's machinery with the planted topics in place of its own."""
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HOME / "workflow", tree / "workflow", ignore=ignored)
    shutil.copytree(PLANTED, tree, ignore=ignored, dirs_exist_ok=True)
    for folder in ("models", "analyses"):
        for path in (HOME / folder).glob("_*.py"):
            shutil.copy(path, tree / folder)
    return tree


@pytest.fixture(scope="module")
def reports(tree):
    """All that must fail, in one process."""
    done = workflow(tree, "report", *FAILING)
    assert "Traceback" not in done.stderr, done.stderr
    found = {}
    for name in FAILING:
        folder = tree / "results" / name
        found[name] = SimpleNamespace(
            page=(folder / "report.html").read_text(encoding="utf-8"),
            facts=json.loads((folder / "summary.json").read_text(), parse_constant=_refuse),
        )
    return SimpleNamespace(done=done, **found)


def _refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def failed(facts):
    return [c["name"] for c in facts["checks"] if not c["passed"]]


def test_the_command_line_ends_with_1(reports):
    assert reports.done.returncode == 1, reports.done.stdout


@pytest.mark.parametrize("planted", FAILING)
def test_the_command_line_names_the_verdict_and_every_check_that_failed(reports, planted):
    facts = getattr(reports, planted).facts
    lines = reports.done.stdout.splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith(planted))
    assert facts["verdict"] in lines[start]
    said = [line.strip() for line in lines[start + 1 : start + 1 + len(facts["checks"]) + 2]]
    assert failed(facts)
    for check in facts["checks"]:
        word = "ok  " if check["passed"] else "FAIL"
        (line,) = (s for s in said if s.startswith(f"{word} {check['name']}: "))
        assert re.search(r": \S+ \(at (most|least) \S+\)", line)


@pytest.mark.parametrize("planted", FAILING)
def test_the_gate_that_was_planted_fails(reports, planted):
    facts = getattr(reports, planted).facts
    assert set(FAILING[planted]) <= set(failed(facts))
    assert facts["verdict"] == ("disagree" if planted in DISAGREE else "unconverged")


@pytest.mark.parametrize("planted", FAILING)
def test_the_first_line_names_the_gate_with_its_value_and_limit(reports, planted):
    report = getattr(reports, planted)
    header = report.page[report.page.index("</p>", report.page.index('class="crumbs"')) :]
    first = html.unescape(re.search(r"<p[^>]*>(.*?)</p>", header, flags=re.S)[1])
    assert first == report.facts["answer"]
    assert first.startswith("Not verified: ")
    assert first.endswith("No answer is given.")
    for words in FAILING[planted].values():
        assert re.search(words, first), first


@pytest.mark.parametrize("planted", FAILING)
def test_no_conclusion_is_on_the_page(reports, planted):
    """Neither sentence, story and pictures, nor numbers or a misfit that bad draws would show."""
    page = getattr(reports, planted).page
    shown = re.sub(r"<details>.*?</details>", "", page, flags=re.S)
    assert "CONCLUSION" not in page
    assert 'class="answer"' not in page
    assert "<figure class" not in page
    assert "No misfit found" not in page
    for heading in ("three ways", "Prior against posterior", "Does the model suit the data"):
        assert f"<h2>{heading}" not in page.replace("The same answer, ", "")
    assert "95 % interval" not in shown  # the table of estimates is folded up and says what it is
    assert "for diagnosis only" in shown
    assert shown.index("for diagnosis only") > shown.index("<h2>Checks</h2>")
    assert shown.index("<h2>Checks</h2>") < shown.index("<h2>Data</h2>")


def test_a_mode_that_no_chain_saw_is_invisible_but_for_the_exact_answer(reports):
    """Gates compare chains with each other, and all of them are in the same mode.

    Stein's identities hold within a mode as well as on the whole: they ask for the gradient of the
    log density, which does not know how much probability lies elsewhere, and for a density that
    vanishes at the edges, as it does in the valley between. So where no exact answer is known,
    this goes unseen; only a second sampler that jumps could tell.
    """
    facts = reports.one_mode.facts
    assert failed(facts) == ["draws against exact, largest |z|"]
    passed = [c["name"] for c in facts["checks"] if c["passed"]]
    assert "R-hat, largest" in passed
    assert "Stein identities, largest |z|" in passed
    (theta,) = facts["unknowns"]
    assert theta["exact"]["q2.5"] < -2 < 2 < theta["draws"]["q2.5"]


def test_the_exact_answers_of_planted_topics_are_right(reports):
    """What fails here is the sampler: Bayes' theorem holds for every planted topic."""
    for planted in FAILING:
        checks = {c["name"]: c["passed"] for c in getattr(reports, planted).facts["checks"]}
        assert checks["identity: log joint = log posterior + log evidence"]
        assert all(ok for name, ok in checks.items() if name.startswith(("mass", "evidence")))


def test_the_gallery_counts_none_of_them_as_verified(reports, tree):
    done = workflow(tree, "gallery")
    assert done.returncode == 1
    page = (tree / "results" / "index.html").read_text(encoding="utf-8")
    assert f"0 of {len(FAILING)} topics verified" in page
    assert "CONCLUSION" not in page


def test_a_model_without_observed_data_is_refused_and_nothing_is_written(tree):
    done = workflow(tree, "report", "unobserved")
    assert done.returncode == 2, done.stderr
    assert "no observed variable: `observed=` is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / "results" / "unobserved").exists()


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("R-hat, largest", 1.0103, 1.01), "R-hat is 1.0103 (at most 1.01)"),
        (Check("divergences", 1.0, 0), "1 of the transitions diverged (none may)"),
        (
            Check("bulk or tail ESS, lowest (exact rows)", 12.0, fit.ESS, at_least=True),
            "the lowest effective sample size is 12 on the exact rows (at least 6,400)",
        ),
        (Check("mass of v, with the evidence", 0.5, 1e-7), "mass of v, with the evidence is 0.5 "
         "(at most 1e-07)"),
        (Check("E-BFMI, lowest", float("nan"), 0.3, at_least=True), "E-BFMI is nan (at least 0.3)"),
        (Check("score: the likelihood falls inward", float("inf"), 0), "score: the likelihood "
         "falls inward is inf (at most 0)"),
    ],
)  # fmt: skip
def test_a_failure_in_words(check, words):
    assert summarise._failure(check) == words
