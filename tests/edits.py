"""What a person may do to a prior or a model, and what they are told: run for real, in a copy.

    python -m tests.edits      carries all of it out and writes docs/edits.md

Each scenario is a topic of its own, made by `python -m workflow new`, or a command on a shipped
one; all are run by one process in a copy of this repository.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workflow.topic import HOME

PAGE = HOME / "docs" / "edits.md"
WORKS = re.compile(r"^\w+: [a-zA-Z ,0-9]+$", flags=re.M)  # the stage a run is in


@dataclass(frozen=True)
class Scenario:
    """One edit. `swaps` are (old, new) texts of models/<name>.py, a copy of `source`; or `given`
    settings of the source itself."""

    title: str
    code: int
    source: str = "beta_binomial"
    swaps: tuple = ()
    given: tuple = ()

    def words(self, name) -> list[str]:
        asked = ["--set", *self.given] if self.given else []
        return ["report", self.source if self.given else name, *asked]


SETTINGS = 'PRIOR = {"alpha": 1.0, "beta": 9.0}'
OBSERVED = 'pm.Binomial("positive", tested, theta, observed=positive, dims="row")'
THETA = 'theta = pm.Beta("theta", alpha, beta)'
EXACT = "def exact(data, *, alpha, beta):"
MLE = "def mle(data):"
GONE = "def _not_{}(data, **settings):".format
LINEAR = "tau, b_mean, b_sd, sigma_scale"

PRIORS = {
    "negative": Scenario("A prior that does not exist", 2, given=("alpha=-1",)),
    "line": Scenario(
        "The same, in the PRIOR line", 2, swaps=((SETTINGS, SETTINGS.replace("9.0", "0.0")),)
    ),
    "nan": Scenario(
        "A setting that is no number", 2, swaps=((SETTINGS, SETTINGS.replace("1.0", "np.nan")),)
    ),
    "extreme": Scenario("A prior beyond double precision", 2, given=("alpha=1e300",)),
    "order": Scenario("A rule of the topic itself", 2, "gaussian_mixture", given=("m=80,52",)),
    "lengths": Scenario("Lists of different lengths", 2, "gaussian_mixture", given=("m=40,60,80",)),
    "strong": Scenario("A prior of one's own", 0, given=("alpha=20", "beta=20")),
}  # fmt: skip

MODELS = {
    "copy": Scenario("A copy, as it is", 0),
    "family": Scenario(
        "Another family for the prior, while `exact` stays",
        1,
        swaps=((THETA, 'theta = pm.Kumaraswamy("theta", alpha, beta + np.float64(1))'),),
    ),
    "constant": Scenario(
        "An evidence that lacks a term",
        1,
        swaps=(("log_evidence=log_binomial.sum() + betaln", "log_evidence=betaln"),),
    ),
    "scatter": Scenario(
        "Another prior for one of three unknowns",
        1,
        "linear_regression",
        (("pm.HalfNormal(", "pm.HalfCauchy("),),
    ),
    "added": Scenario(
        "One more unknown",
        1,
        swaps=(
            (OBSERVED, 'shift = pm.Normal("shift", np.float64(0), np.float64(0.1))\n        '
             + OBSERVED.replace("theta,", "pm.math.invlogit(pm.math.logit(theta) + shift),")),
        ),
    ),
    "without_exact": Scenario("No `exact` any more", 0, swaps=((EXACT, GONE("exact")),)),
    "without_both": Scenario(
        "Neither `exact` nor `mle`", 0, swaps=((EXACT, GONE("exact")), (MLE, GONE("mle")))
    ),
    "without_mle": Scenario("No `mle` any more", 0, swaps=((MLE, GONE("mle")),)),
    "wrong_mle": Scenario(
        "No `exact`, and an `mle` of another model",
        1,
        swaps=(
            (EXACT, GONE("exact")),
            ('["positive"].sum() / tested', '["positive"].add(1).sum() / tested'),
        ),
    ),
    "potential": Scenario(
        "No `exact`, and a factor that simulated data know nothing of",
        1,
        swaps=(
            (EXACT, GONE("exact")),
            (OBSERVED, OBSERVED + '\n        pm.Potential("push", np.float64(300) * theta)'),
        ),
    ),
    "mixture": Scenario(
        "No `exact`, where a second sampler stands beside the first",
        0,
        "gaussian_mixture",
        (("def exact(data, *, components, a, m, kappa, shape, rate):", GONE("exact")),),
    ),
}  # fmt: skip

CODE = {
    "unobserved": Scenario(
        "`observed=` forgotten", 2, swaps=((OBSERVED, OBSERVED.replace("observed=positive, ", "")),)
    ),
    "syntax": Scenario("A bracket left open", 2, swaps=((THETA, THETA[:-1]),)),
    "misspelt": Scenario(
        "A name misspelt", 2, swaps=((OBSERVED, OBSERVED.replace("theta", "thet")),)
    ),
    "imports": Scenario(
        "An import of what is not there", 2, swaps=(("import betaln", "import betalnn"),)
    ),
    "keyword": Scenario(
        "A setting misspelt", 2, swaps=((SETTINGS, SETTINGS.replace("alpha", "alhpa")),)
    ),
    "shapes": Scenario(
        "Arrays that do not fit", 2, swaps=(("log_binomial = ", "log_binomial = np.ones(3) + "),)
    ),
    "nothing": Scenario("A model that is not returned", 2, swaps=(("    return built\n", ""),)),
    "parts": Scenario("A table that is missing", 2, swaps=(("PRIOR = ", "PRIORS = "),)),
}  # fmt: skip

EVERY = PRIORS | MODELS | CODE

DRIVER = """
import contextlib, io, json, sys
from workflow.__main__ import main
for words in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(words)
    print(json.dumps([code, out.getvalue()]), flush=True)
"""


def copied(tree: Path) -> Path:
    """A copy of the repository's topics and machinery."""
    for folder in ("models", "analyses", "data", "workflow"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HOME / folder, tree / folder, ignore=ignored)
    shutil.copy(HOME / "Makefile", tree)
    return tree


def edit(tree: Path, name: str, swaps) -> None:
    path = tree / "models" / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    for old, new in swaps:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def workflow(tree: Path, commands: list[list[str]]) -> list[tuple[int, str]]:
    """Exit code and all that is said, of each command; one process for all of them."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        cwd=tree, input=json.dumps(commands), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [(code, "\n".join(_worth_showing(text))) for code, text in said]


def _worth_showing(text: str) -> list[str]:
    """All but the stages a run goes through and the checks that passed."""
    lines = WORKS.sub("", text).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("  ok  ")]


def carry_out(tree: Path, scenarios: dict) -> dict[str, tuple[int, str]]:
    """Name -> exit code and message; the topics of the scenarios stay in the tree."""
    own = {name: s for name, s in scenarios.items() if not s.given}
    made = workflow(tree, [["new", name, "--from", s.source] for name, s in own.items()])
    assert all(code == 0 for code, _ in made), made
    for name, scenario in own.items():
        edit(tree, name, scenario.swaps)
    said = workflow(tree, [s.words(name) for name, s in scenarios.items()])
    return dict(zip(scenarios, said, strict=True))


def page(found: dict) -> str:
    """docs/edits.md"""
    parts = [
        "# Edits, and what one is told\n\n"
        "Written by `python -m tests.edits`, which carries out every edit in a copy of this "
        "repository; `make test` does so again and compares the words. Each starts from a copy "
        "made by `make new`, or from a shipped topic with `SET`; checks that passed are left out. "
        "Exit codes: 0, the answer agrees or is unproved; 1, it disagrees; 2, "
        "the input was refused and nothing written.\n"
    ]
    for heading, table in (
        ("Editing a prior", PRIORS), ("Editing a model", MODELS), ("Python that does not run", CODE)
    ):  # fmt: skip
        parts.append(f"\n## {heading}\n")
        for name, scenario in table.items():
            code, said = found[name]
            parts.append(f"\n### {scenario.title}\n\n```diff\n{_change(name, scenario)}\n```\n")
            parts.append(f"\nExit code {code}.\n\n```\n{said}\n```\n")
    return "".join(parts)


def _change(name, scenario) -> str:
    if scenario.given:
        return f'make {scenario.source} SET="{" ".join(scenario.given)}"'
    lines = [f"make new TOPIC={name} FROM={scenario.source}"]
    for old, new in scenario.swaps:
        lines += [f"- {line.strip()}" for line in old.strip().splitlines()]
        lines += [f"+ {line.strip()}" for line in new.strip().splitlines()]
    return "\n".join([*lines, f"make {name}"])


def in_outline(text: str) -> str:
    """The page without its numbers, which differ from one machine to another."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d.,]*(e[+-]\d+)?", "0", text))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        result = carry_out(copied(Path(folder)), EVERY)
    wrong = {n: result[n] for n, s in EVERY.items() if result[n][0] != s.code}
    PAGE.write_text(page(result), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HOME)}")
    for name, (code, said) in wrong.items():
        print(f"{name}: exit code {code} instead of {EVERY[name].code}\n{said}", file=sys.stderr)
    sys.exit(bool(wrong))
