"""Edits of priors and models: what one is told, for real, in a copy; see `tests/edits.py`."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests import edits
from tests.test_house import IN_A_COPY
from workflow import check, picture, prior, topic, unproved
from workflow.locate import rules
from workflow.new import new
from workflow.verify import Run


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return edits.copied(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def found(tree):
    return edits.carry_out(tree, edits.EVERY)


@pytest.fixture(scope="module")
def facts(tree, found):
    def of(name):
        path = tree / "results" / name / "summary.json"
        return json.loads(path.read_text(encoding="utf-8")), path.with_name("report.html")

    return of


SAID = {
    "negative": "--set alpha=-1: the prior of theta is Beta(alpha, beta), here alpha = -1, beta = 9"
    ", which needs alpha > 0",
    "line": "models/line.py, PRIOR: the prior of theta is Beta(alpha, beta), here alpha = 1, "
    "beta = 0, which needs alpha > 0, beta > 0",
    "nan": "models/nan.py: PRIOR: `alpha` must be a finite number or a list of them; it is nan",
    "extreme": "--set alpha=1e+300: too extreme for double precision: `alpha` must be below 1e+100",
    "order": "--set m=80,52: `m` must ascend, to tell components apart; it is [80. 52.]",
    "lengths": "--set m=40,60,80: `m` has 3 values for 2 components",
    "unobserved": "models/unobserved.py: the model has no observed variable: ",
    "syntax": "models/syntax.py, line 43: SyntaxError: '(' was never closed",
    "misspelt": "models/misspelt.py, line 44: NameError: name 'thet' is not defined",
    "imports": "models/imports.py, line 14: ImportError: cannot import name 'betalnn' from "
    "'scipy.special'",
    "keyword": "models/keyword.py, line 39: model() does not fit its settings (alhpa, beta): ",
    "shapes": "models/shapes.py, line 51: ValueError: operands could not be broadcast",
    "nothing": "models/nothing.py: model() must return Model, and returned NoneType",
    "parts": "models/parts.py: `PRIOR` is missing; every topic has one",
}


@pytest.mark.parametrize("scenario", edits.EVERY)
def test_every_edit_ends_with_its_exit_code_and_no_traceback(found, scenario):
    code, said = found[scenario]
    assert code == edits.EVERY[scenario].code, said
    assert "Traceback" not in said
    assert "Warning" not in said


@pytest.mark.parametrize("scenario", SAID)
def test_what_is_refused_is_refused_in_one_line_and_nothing_written(found, tree, scenario):
    said = found[scenario][1]
    assert said.startswith(SAID[scenario])
    assert "\n" not in said
    assert not (tree / "results" / scenario).exists()


def test_what_is_not_refused_is_reported(found):
    assert {n for n, (code, _) in found.items() if code == 2} == set(SAID)


def first_line(page):
    header = page.read_text(encoding="utf-8").partition('class="crumbs"')[2].partition("</p>")[2]
    return re.search(r"<p[^>]*>(.*?)</p>", header, flags=re.S)[1]


def test_a_copy_agrees_at_once(found, facts):
    assert re.match(r"copy +agree ", found["copy"][1])
    assert facts("copy")[0]["exact_by"] == "algebra"


NUMBER = r"[\d.e+-]+"
DISAGREE = {
    "family": rf"the log joint differs by {NUMBER} at theta = {NUMBER} and by {NUMBER} at theta = "
    rf"{NUMBER}\. The difference varies with theta, so it is more than a constant",
    "constant": rf"the log joint differs by {NUMBER} wherever it was compared\. The difference is "
    "constant, so it is the log evidence or another normalising constant that is off",
    "scatter": rf"the log joint differs by {NUMBER} at sigma = {NUMBER} and by {NUMBER} at sigma = "
    rf"{NUMBER}, the others at their posterior mean\. The difference varies with sigma and not "
    "with b or w, so it is more than a constant",
    "added": "`shift` of the model is unknown to exact",
}  # fmt: skip


@pytest.mark.parametrize("scenario", DISAGREE)
def test_an_exact_answer_of_another_model_is_said_in_words(found, facts, scenario):
    known, page = facts(scenario)
    words = rf"Not verified: model and exact disagree: {DISAGREE[scenario]}\. No answer is given\."
    assert known["verdict"] == "disagree"
    assert re.fullmatch(words, known["answer"])
    assert known["answer"] in found[scenario][1]
    assert re.fullmatch(words, first_line(page))


def test_the_numbers_of_a_disagreement_are_right(tree, found, facts):
    """The binomial coefficients that were left out, and Beta against Kumaraswamy by SciPy."""
    from scipy import special, stats

    data = topic.read(topic.load("beta_binomial"))
    n, k = data["tested"].to_numpy(float), data["positive"].to_numpy(float)
    lost = np.sum(-special.betaln(k + 1, n - k + 1) - np.log1p(n))
    said = re.search(rf"differs by ({NUMBER}) wherever", found["constant"][1])[1]
    assert float(said) == pytest.approx(lost, rel=1e-3)
    for by, at in re.findall(rf"by ({NUMBER}) at theta = ({NUMBER})", found["family"][1]):
        theta = float(at.rstrip("."))
        kumaraswamy = np.log(10) + 9 * np.log1p(-theta)  # a = 1, b = 10
        assert float(by) == pytest.approx(
            abs(kumaraswamy - stats.beta(1, 9).logpdf(theta)), rel=6e-3
        )


UNPROVED = ("without_exact", "without_both", "mixture")


@pytest.mark.parametrize("scenario", UNPROVED)
def test_without_an_exact_answer_the_verdict_is_unproved(found, facts, scenario):
    known, page = facts(scenario)
    text = page.read_text(encoding="utf-8")
    assert known["verdict"] == "unproved"
    assert "agree " not in found[scenario][1].splitlines()[0]
    assert "Unproved: no exact answer is known. Shown: the sampler converged;" in known["answer"]
    assert "Not shown: " in known["answer"]
    assert known["exact_by"] is known["log_evidence"] is known["exact_rows"] is None
    assert all(u["exact"] is None and u["z"] is None for u in known["unknowns"])
    names = [c["name"] for c in known["checks"]]
    assert "calibration, smallest p after Holm" in names
    assert "Stein identities, largest |z|" in names
    assert not [n for n in names if n.startswith(("identity", "limit", "draws against exact"))]
    assert ("score at the MLE, in standard errors" in names) == (scenario != "without_both")
    assert ("NUTS against Gibbs, largest |z|" in names) == (scenario == "mixture")
    assert "100 times; each data set was fitted afresh" in text
    assert unproved.STORY.format(scenario).replace("`", "<code>", 1).split("`")[0] in text
    assert "Verified" not in text.replace("“Verified”", "")


def test_the_gallery_shows_it_as_unproved(tree, found):
    code, said = edits.workflow(tree, [["gallery"]])[0]
    assert code == 1  # others disagree
    assert re.search(r"^without_exact +unproved", said, flags=re.M)
    page = (tree / "results" / "index.html").read_text(encoding="utf-8")
    assert "unproved</span> · no exact answer" in page


def test_a_topic_that_does_not_run_stops_no_other(tree, found):
    (code, said), (listed, topics) = edits.workflow(
        tree, [["check", "syntax", "misspelt", "copy"], ["list"]]
    )
    assert code == listed == 2
    assert "SyntaxError" in said
    assert "NameError" in said
    assert re.search(r"^copy +agree", said, flags=re.M)
    assert "SyntaxError" in topics
    assert re.search(r"^copy +What share", topics, flags=re.M)


def test_an_answer_older_than_its_topic_is_not_in_the_gallery(tree, found):
    """Else one that no longer runs would stand there as verified."""
    source = tree / "models" / "copy.py"
    before = source.stat().st_mtime
    later = (tree / "results" / "copy" / "summary.json").stat().st_mtime + 10
    os.utime(source, (later, later))
    said = edits.workflow(tree, [["gallery"]])[0][1]
    os.utime(source, (before, before))
    assert re.search("^copy +missing", said, flags=re.M)
    assert re.search("^copy +agree", edits.workflow(tree, [["gallery"]])[0][1], flags=re.M)


def test_an_mle_that_does_not_belong_fails_where_nothing_is_exact(found, facts):
    known, _ = facts("wrong_mle")
    assert known["verdict"] == "disagree"
    assert "standard errors from where the model's own likelihood is highest" in known["answer"]


def test_a_calibration_that_fails_is_a_disagreement(found, facts):
    known, page = facts("potential")
    assert [c["name"] for c in known["checks"] if not c["passed"]] == [
        "calibration, smallest p after Holm"
    ]
    assert "because the smallest p of a short calibration is" in known["answer"]
    assert "Not calibrated" in page.read_text(encoding="utf-8")


def test_without_an_mle_the_rest_is_verified_and_says_so(found, facts):
    known, page = facts("without_mle")
    assert known["verdict"] == "agree"
    assert known["unknowns"][0]["mle"] is None
    assert known["answer"].endswith("There is no `mle`: score and limit were left out.")
    assert "no MLE is known" in page.read_text(encoding="utf-8")


def test_the_answer_of_draws_is_near_the_exact_one(found):
    def interval(scenario):
        return [float(x) for x in re.findall(r"([\d.]+) %", found[scenario][1])][:4]

    assert interval("without_exact") == pytest.approx(interval("copy"), rel=0.01)


def test_a_prior_of_ones_own_stands_beside_the_default(tree, found):
    page = (tree / "results" / "mine" / "beta_binomial" / "report.html").read_text("utf-8")
    said = re.search(
        r"Under the default prior \(alpha = 1, beta = 9\) the exact posterior mean of theta "
        rf"is ({NUMBER}); under yours it is ({NUMBER}), ({NUMBER}) posterior standard deviations",
        page,
    )
    data = topic.read(topic.load("beta_binomial"))
    n, k = data["tested"].sum(), data["positive"].sum()
    default, mine = (1 + k) / (10 + n), (20 + k) / (40 + n)
    sd = np.sqrt(default * (1 - default) / (n + 11))
    assert float(said[1]) == pytest.approx(default, rel=1e-3)
    assert float(said[2]) == pytest.approx(mine, rel=1e-3)
    assert float(said[3]) == pytest.approx((mine - default) / sd, rel=0.05)
    assert "the prior moves theta most, with a sensitivity of" in page
    assert "exact, under the default prior" in page


def test_the_page_says_what_was_said(found):
    committed = edits.PAGE.read_text(encoding="utf-8")
    assert edits.in_outline(committed) == edits.in_outline(edits.page(found)), (
        "run `python -m tests.edits`"
    )


# --- settings, in this process ------------------------------------------------------------------


def test_every_setting_is_refused_with_a_rule_or_gives_a_finite_answer(each, subtests):
    """Zero, negative, no number, huge and tiny, one at a time: model, exact answer, identity."""
    found, data, settings = each
    for name, value in settings.items():
        for text in ("0", "-1", "nan", "inf", "1e300", "1e-300", "1e9", "1e-9"):
            rest = [f"{v:.17g}" for v in np.ravel(value)[1:]]
            for values in {(text, *rest), (text,) * np.size(value)}:
                given = f"{name}={','.join(values)}"
                with subtests.test(given):
                    _refused_or_finite(found, data, given)


def _refused_or_finite(found, data, given):
    try:
        settings = topic.settings(found, [given])
        with rules(found, settings, found.csv):
            rows = found.exact_rows(data, settings)
            model = found.model(rows, settings)
        prior.insist_on_draws(found, rows, model, settings)
        with rules(found, settings, found.csv):
            exact, _ = unproved.asked(found, "exact", rows, settings)
        if exact is None:
            return
        prior.insist_on_an_answer(found, settings, exact)
        checks = check.identity(model, exact, seed=1, importance=False)
        prior.insist_on_precision(found, settings, checks[0])
    except topic.Refused as problem:
        said = str(problem)
        assert said.startswith("--set "), said
        assert "Error" not in said or "no answer can be computed" in said
        return
    if found.name == "linear_regression" and given == "sigma_scale=1e-9":  # scatter is near 50
        assert [c.name for c in checks if not c.passed] == ["mass of sigma, with the evidence"]
        return
    assert all(c.passed for c in checks), [c for c in checks if not c.passed]


def numbers(text) -> list[float]:
    return [float(x) for x in re.findall(r"\d+(?:\.\d+)?", text)]


def test_draws_alone_feed_every_analysis(run):
    """`answer` says nearly the same of draws; `story`, of what is exactly known, is left out."""
    if run.exact is None:  # then draws are all there is, and the story does without
        told = [part for part in unproved.story(run) if isinstance(part, str)]
        assert unproved.STORY.format(run.topic.name) not in told
        return
    bare = replace(run, exact=None)
    said, exactly = (run.topic.analysis.answer(unproved.known(r)) for r in (bare, run))
    assert re.findall("[a-z]+", said) == re.findall("[a-z]+", exactly)
    # The last of the digits shown may turn by one: 0.8 - 0.7 is 0.1 but for its last bit.
    assert numbers(said) == pytest.approx(numbers(exactly), rel=0.1, abs=0.1 + 1e-9)
    with picture.style():
        assert unproved.story(bare) == [unproved.STORY.format(run.topic.name)]
        assert len(unproved.story(run)) > 1


def test_a_story_that_needs_no_exact_answer_is_told():
    def story(run):
        yield f"{run.seed} is a seed."

    told = SimpleNamespace(name="told", analysis=SimpleNamespace(story=story))
    assert unproved.story(Run(told, None, None, {}, seed=7)) == ["7 is a seed."]


def test_what_draws_say_is_what_their_quantiles_say():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4_000, 2, 3))
    law = unproved.Drawn(values)
    assert law.ppf(0.3).shape == law.mean().shape == law.std().shape == (2, 3)
    assert law.ppf(0.3)[1, 2] == np.quantile(values[:, 1, 2], 0.3)
    assert law.cdf(law.ppf(0.3)) == pytest.approx(np.full((2, 3), 0.3), abs=1e-3)
    assert law.cdf(np.zeros((5, 2, 3))).shape == (5, 2, 3)
    assert law.rvs(7, rng).shape == (7, 2, 3)
    one = unproved.Drawn(values[:, 0, 0])
    assert one.ppf([0.1, 0.9]).tolist() == np.quantile(values[:, 0, 0], [0.1, 0.9]).tolist()
    assert one.cdf(np.array([-9.0, 9.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("command", IN_A_COPY)
def test_the_command_of_the_readme_makes_a_copy(tree, command):
    """`mine` as printed; another topic's copy imports its own model."""
    for line in (command, "make new TOPIC=spread FROM=gamma_precision"):
        done = subprocess.run(
            [*line.split(), f"PYTHON={sys.executable}", "READY="],
            cwd=tree, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "are a working copy of" in done.stdout
    assert (tree / "data" / "mine.csv").read_bytes() == (
        topic.HOME / "data" / "beta_binomial.csv"
    ).read_bytes()
    analysis = (tree / "analyses" / "spread.py").read_text(encoding="utf-8")
    assert "from models import spread as gamma_precision" in analysis


@pytest.mark.parametrize(
    ("name_", "why"),
    [
        ("a b", "a Python name"),
        ("_mine", "a Python name"),
        ("2nd", "a Python name"),
        ("class", "a Python name"),
        ("größe", "a Python name"),
        ("../up", "a Python name"),
        ("beta_binomial", "already"),
        ("test", "something else already"),
        ("clean", "something else already"),
        ("new", "something else already"),
    ],
)
def test_a_bad_name_is_refused(name_, why):
    with pytest.raises(topic.Refused, match=why):
        new(name_, "beta_binomial")
