"""The proof that the checks bite: every planted mistake is seen.

An edit that no longer fits the source fails the test, so the mistakes cannot drift from the code.
"""

import pytest

from tests import mistakes
from tests.mistakes import rungs
from workflow import topic

FEWEST = 8
MACHINERY = {"__init__", "__main__", "rungs", "mutate", "table"}


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
        return request.getfixturevalue("run").exact_draws.posterior.to_dataset()

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
