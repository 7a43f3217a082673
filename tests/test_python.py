"""From Python and notebooks: the README's lines as written, what they return, and how it shows."""

import inspect
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import workflow
from workflow import Refused, check, fit, report, topic

README = (topic.HOME / "README.md").read_text(encoding="utf-8")
QUICK = 0.3  # seconds
HEAVY = {"pymc", "pytensor", "arviz", "numba", "numpy", "pandas", "matplotlib", "logging"}


def python(code: str, *options: str):
    """A fresh interpreter, as a user starts it in the clone."""
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=topic.HOME, text=True, capture_output=True, check=False, timeout=300,
    )  # fmt: skip


def test_importing_is_quick_and_silent():
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from workflow import report, fit, check\n"
        f"print(time.perf_counter() - start, sorted({HEAVY} & set(sys.modules)))"
    )
    tries = [python(code, "-W", "error") for _ in range(3)]
    assert [t.stderr for t in tries] == [""] * 3
    found = [t.stdout.split(" ", 1) for t in tries]
    assert [modules.strip() for _, modules in found] == ["[]"] * 3
    assert min(float(seconds) for seconds, _ in found) < QUICK


FIRST = ("import workflow.fit", "from workflow.fit import CHAINS", "import workflow.verify")


@pytest.mark.parametrize("first", FIRST)
def test_a_verb_is_module_and_function_whatever_came_first(first):
    code = (
        f"{first}\nimport workflow, workflow.fit, sys\nfrom workflow import fit\n"
        "from workflow.fit import CHAINS\n"
        "assert fit is workflow.fit is sys.modules['workflow.fit'] and fit.CHAINS == CHAINS\n"
        "assert callable(fit) and fit.__doc__.startswith('From a model to draws')\n"
        "print(hasattr(fit, 'no_such_thing'))"
    )
    done = python(code)
    assert done.stdout == "False\n", done.stderr


def test_a_module_that_cannot_be_executed_says_so_every_time(tmp_path):
    """A PyMC that is missing is not taken for a module without attributes."""
    (tmp_path / "pymc.py").write_text("raise ImportError('broken install')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom workflow import fit\n"
        "for _ in range(2):\n    try: fit.CHAINS\n    except ImportError as e: print(e)"
    )
    assert python(code).stdout == "broken install\n" * 2


def test_the_three_say_how_they_are_called():
    for verb in (report, check, fit):
        names = list(inspect.signature(verb).parameters)
        assert names[:5] == ["topic", "data", "set", "column", "seed"]
    assert list(inspect.signature(report).parameters)[-1] == "out"
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = workflow.no_such_thing


EXAMPLE = """
import json
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
done = shell.run_cell({example!r})
done.raise_error()
run, frame = shell.user_ns["run"], shell.user_ns["frame"]
show = shell.display_formatter.format
from workflow import fit
draws = fit("beta_binomial", frame, column={{"tested": "n", "positive": "cases"}})
print("FOUND", json.dumps({{
    "verdict": run.verdict, "kind": type(run.draws).__name__, "groups": sorted(run.draws.children),
    "exact": run.table.loc["theta", "exact.mean"], "drawn": run.table.loc["theta", "draws.mean"],
    "sizes": dict(run.posterior["theta"].sizes), "rows": list(run.data.index),
    "html": show(run)[0]["text/html"], "fit": show(draws)[0]["text/html"],
    "fit_verdict": draws.verdict, "fit_mean": draws.table.loc["theta", "mean"],
    "fit_kind": type(draws.draws).__name__,
}}))
"""


@pytest.fixture(scope="module")
def example():
    """The README's Python, as written, in a fresh IPython; then `fit` on the same rows."""
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 5
    done = python(EXAMPLE.format(example=code))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.rpartition("FOUND ")[2]), done


def test_the_readme_example_returns_the_run(example):
    found, done = example
    right = stats.beta(2 + 9, 9 + 116).mean()
    assert found["verdict"] == "agree"
    assert found["exact"] == pytest.approx(right, rel=1e-9)
    assert found["drawn"] == pytest.approx(right, rel=0.02)
    assert found["kind"] == "DataTree"
    assert {"posterior", "prior", "log_likelihood", "posterior_predictive"} <= set(found["groups"])
    assert found["sizes"]["chain"] * found["sizes"]["draw"] >= 20_000
    assert found["rows"] == ["North", "South", "West"]
    assert f"agree {right:.6f}"[:12] in done.stdout


def test_a_run_shows_itself_in_a_notebook(example):
    html = example[0]["html"]
    assert "Verified: the draws match the exact posterior" in html
    assert "tests are positive" in html
    assert "<th>exact: mean</th>" in html
    assert 'src="data:image/svg+xml;base64,' in html
    assert not re.search(r"<script|https?:|var\(--", html)


def test_fit_draws_and_claims_no_more(example):
    found = example[0]
    assert found["fit_verdict"] == "unchecked"
    assert found["fit_kind"] == "DataTree"
    assert found["fit_mean"] == pytest.approx(stats.beta(1 + 9, 9 + 116).mean(), rel=0.02)
    assert "compared with nothing" in found["fit"]
    assert "erified" not in found["fit"]


def test_a_run_that_is_not_verified_shows_no_answer(each):
    """A check that fails: the sentence says so, and neither table nor picture is shown."""
    from workflow.check import Check
    from workflow.verify import FRAME, Run

    found, data, settings = each
    run = Run(found, data, FRAME, settings, 1, checks=[Check("a check <i>", 2.0, 1.0)])
    html = run._repr_html_()
    assert "Not verified: the answers disagree" in html
    assert "a check &lt;i&gt;: 2 (at most 1)" in html
    assert "<table" not in html
    assert "<img" not in html


FRAME = pd.DataFrame({"tested": [10, 20], "positive": [3, 30]})


@pytest.mark.parametrize("verb", [report, check, fit], ids=["report", "check", "fit"])
def test_what_cannot_be_used_is_refused_in_the_same_words(verb, tmp_path):
    with pytest.raises(Refused, match="`positive` must be at most `tested`"):
        verb("beta_binomial", FRAME)
    with pytest.raises(Refused, match=r"no topic 'beta_binomal'.*did you mean 'beta_binomial'"):
        verb("beta_binomal", FRAME)
    with pytest.raises(Refused, match=r"has no setting 'alfa'.*did you mean 'alpha'"):
        verb("beta_binomial", FRAME, set={"alfa": 2})
    with pytest.raises(Refused, match="is not a number"):
        verb("beta_binomial", FRAME, set={"alpha": "two"})
    with pytest.raises(Refused, match="no column `cases`"):
        verb("beta_binomial", FRAME, column={"positive": "cases"})
    with pytest.raises(Refused, match=r"no such file|cannot be read"):
        verb("beta_binomial", tmp_path / "nowhere.csv")
    with pytest.raises(Refused, match="alpha"):
        verb("beta_binomial", FRAME.assign(positive=1), set={"alpha": -1.0})


def test_settings_reach_the_model_to_the_last_digit():
    from workflow.notebook import _input

    third = np.float64(1) / 3
    _, rows, how = _input("beta_binomial", FRAME.assign(positive=1), {"alpha": third}, None)
    assert how["settings"]["alpha"] == third
    assert how["settings"]["beta"] == 9.0
    _, _, how = _input("gaussian_mixture", None, {"m": [1, third]}, None)
    assert list(how["settings"]["m"]) == [1.0, third]
    assert list(rows["tested"]) == [10, 20]


def test_the_frame_given_is_left_as_it_was():
    from workflow.notebook import _input

    frame = pd.DataFrame({"n": [10, 20], "positive": ["3", "4"], "site": ["a", "b"]})
    before = frame.copy(deep=True)
    _input("beta_binomial", frame, None, {"tested": "n"})
    pd.testing.assert_frame_equal(frame, before)
