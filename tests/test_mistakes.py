"""The proof that the checks bite: every planted mistake is seen.

An edit that no longer fits the source fails the test, so the mistakes cannot drift from the code.
"""

import ast

import pandas as pd
import pytest
import xarray as xr

from tests import mistakes
from tests.mistakes import hunt, mutate, rungs, table
from workflow import fit, topic

TABLES = topic.HOME / "docs" / "verification"

FEWEST = 8
MACHINERY = {"__init__", "__main__", "rungs", "mutate", "hunt", "table", "calibrated"}


def test_every_topic_has_mistakes_in_model_exact_and_mle(name):
    table = mistakes.planted(name).MISTAKES
    assert len(table) >= FEWEST
    reached = [mistakes.parts_edited(name, *edit) for edit in table.values()]
    assert set().union(*reached) == set(mistakes.PARTS)


def test_every_file_of_mistakes_has_a_topic():
    stems = {p.stem for p in (topic.HOME / "tests" / "mistakes").glob("*.py")}
    assert stems - MACHINERY == set(topic.names())


def test_every_planted_mistake_is_caught(name, request, subtests):
    """By a rung, not by a crash: a wrong answer has to look like an answer."""

    def posterior():  # of the real model; only what leaves the joint density alone asks for it
        return fit.whole(request.getfixturevalue("run").exact_draws)

    right = rungs.right_answers(name)
    for mistake, edit in mistakes.planted(name).MISTAKES.items():
        with subtests.test(mistake):
            wrong, reach = mistakes.edited(name, *edit), mistakes.parts_edited(name, *edit)
            assert rungs.seen_by(wrong, right, reach, posterior) in rungs.RUNGS


def test_an_edit_that_does_not_fit_is_an_error():
    with pytest.raises(AssertionError, match="stands 0 times"):
        mistakes.edited("beta_binomial", "no such source", "")
    with pytest.raises(AssertionError, match="stands 2 times"):
        mistakes.edited("beta_binomial", 'data["tested"].', "")
    with pytest.raises(AssertionError, match="does not use"):
        mistakes.edited("beta_binomial", "PERFECT = 1e-11", "PERFECT = 1", "_linear.py")


def test_an_edit_leaves_the_real_source_alone():
    """An edited helper is seen by the edited topic only, through every import between them."""
    name, edit = "linear_regression", ("** 2 + d**-2.0", "** 2 + 1 / d", "_linear.py")
    assert mistakes.loaded_after("_linear", name) == ["_linear", "_integrated", name]
    right = rungs.right_answers(name)[rungs.SHIPPED]
    before = right.exact.log_evidence, right.exact.marginals["b"].std()
    wrong = rungs.Answers(mistakes.edited(name, *edit), right.case)
    assert wrong.exact.marginals["b"].std() != before[1]
    again = rungs.Answers(topic.load(name), right.case)
    assert (again.exact.log_evidence, again.exact.marginals["b"].std()) == before


# --- every number and operator ------------------------------------------------------------------


def changes(text):
    """What the mutants of one expression would be, as text."""
    tree = ast.parse(text)
    found = []
    for parent, field, i, node in mutate.places(tree):
        for other in mutate.versions(node):
            with mutate.in_place(parent, field, i, node, other):
                found.append(ast.unparse(ast.fix_missing_locations(tree)))
    assert ast.unparse(tree) == ast.unparse(ast.parse(text))
    return found


def test_numbers_and_operators_are_changed_one_at_a_time():
    assert changes("a + b / 2") == ["a - b / 2", "a + b * 2", "a + b / 3", "a + b / 1"]
    assert changes("x[:-1]") == ["x[:1]", "x[:-2]", "x[:-0]"]
    assert changes("not a <= b") == ["a <= b", "not a < b", "not a > b"]
    assert changes("f(a.max(), keep=True)") == ["f(a.min(), keep=True)", "f(a.max(), keep=False)"]
    assert changes("if gain:\n    n += 1") == [
        "if not gain:\n    n += 1",
        "if gain:\n    n -= 1",
        "if gain:\n    n += 2",
        "if gain:\n    n += 0",
    ]
    assert changes("raise E(1 + 1)") == changes("print(f'{1 + 1}')") == []
    assert changes("pm.Normal('y', dims=names[0])") == []


def test_settings_and_columns_are_left_alone(name):
    keys = [key for key, _, _ in mutate.mutants(name)]
    assert len(keys) == len(set(keys)) >= 15
    text = " ".join(line for line, _ in keys)
    assert "PRIOR" not in text
    assert "pa.Field" not in text


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor(monkeypatch):
    """On one topic, whose mutants are all caught: first as it is, then with its checks asleep."""
    name = "beta_binomial"
    law = rungs.right_answers(name)[rungs.SHIPPED].exact.marginals["theta"]
    theta = law.rvs((4, 5_000), random_state=1)
    posterior = xr.Dataset({"theta": (("chain", "draw"), theta)})
    found = hunt.run(name, lambda: posterior)
    assert (found.survived, found.equivalent, found.stale) == ([], [], [])
    assert found.number == sum(1 for _ in mutate.mutants(name)) == found.caught.total()
    monkeypatch.setattr(rungs, "seen_by", lambda *_: None)
    reasons = {"if tested == 0:": {"asleep": ["tested == 0 -> tested != 0", "no such change"]}}
    monkeypatch.setattr(mistakes.planted(name), "EQUIVALENT", reasons)
    asleep = hunt.run(name, lambda: posterior)
    assert asleep.equivalent == [("if tested == 0:", "tested == 0 -> tested != 0", "asleep")]
    assert asleep.stale == [("if tested == 0:", "no such change")]
    assert len(asleep.survived) == found.number - 1


def test_a_mutant_that_does_not_end_is_caught(monkeypatch):
    monkeypatch.setattr(hunt, "SECONDS", 1)
    name = "beta_binomial"
    text = mistakes.source(name)
    head = "def exact(data, *, alpha, beta):\n"
    assert head in text
    endless = ast.parse(text.replace(head, head + "    while True:\n        pass\n"))
    with hunt.guarded():
        way = hunt.caught(name, endless, rungs.right_answers(name), {"exact"}, lambda: None)
    assert way == "hang"


def test_the_tables_in_docs_are_of_the_present_source(name):
    """Of all they list; what was found there only a new run can tell."""
    known = mistakes.planted(name)
    of = {
        stem: pd.read_csv(TABLES / f"{stem}.csv", keep_default_na=False).query("topic == @name")
        for stem in ("mistakes", "mutants", "equivalents")
    }
    assert list(of["mistakes"].columns) == table.COLUMNS
    assert of["mistakes"]["mistake"].tolist() == list(known.MISTAKES)
    assert of["mutants"]["mutants"].tolist() == [sum(1 for _ in mutate.mutants(name))]
    assert of["mutants"]["survived"].tolist() == [0]
    stated = {
        (line, change, reason)
        for line, reasons in known.EQUIVALENT.items()
        for reason, changes in reasons.items()
        for change in changes
    }
    assert set(of["equivalents"][["line", "change", "reason"]].itertuples(index=False)) == stated


@pytest.mark.slow
def test_no_mutant_survives_without_a_reason(name, run):
    found = hunt.run(name, lambda: fit.whole(run.exact_draws))
    assert found.survived == []
    assert found.stale == []
