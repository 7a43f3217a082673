"""Every topic at its edges: what catches mistakes is silent about the real source."""

import ast
import inspect

import pytest

from tests import mistakes
from tests.mistakes import rungs
from workflow import fit, topic

FREE = [rung for ways in (rungs.CHEAP, rungs.DEAR) for _, rung, _ in ways]  # need no sampler


def test_every_case_passes_the_rungs_and_has_a_maximum_or_not_as_stated(name, subtests):
    assert mistakes.planted(name).CASES
    for label, answers in rungs.right_answers(name).items():
        with subtests.test(label):
            if answers.case.refused:
                assert answers.refusals["exact"]
            else:
                for rung in FREE:
                    assert not rung(answers), rung(answers)


def test_rows_the_model_makes_up_follow_its_own_likelihood(name):
    assert not rungs.simulation(rungs.right_answers(name)[rungs.SHIPPED])


def test_some_case_has_no_maximum_and_some_has_none_inside_or_no_answer(name):
    """Where nothing but interior maxima is tried, the branches of the MLE go untested."""
    stated = [case.maximum for case in rungs.cases(name).values()]
    assert True in stated
    if getattr(mistakes.planted(name), "ALWAYS", False):
        mle = ast.walk(ast.parse(inspect.getsource(topic.load(name).module.mle)))
        assert not any(isinstance(node, ast.If | ast.IfExp | ast.Raise) for node in mle)
    else:
        assert {False, "boundary"} & set(stated)


def test_draws_of_the_real_model_pass_as_they_are_and_with_deterministics_computed_anew(name, run):
    posterior = fit.whole(run.exact_draws)
    right = rungs.right_answers(name)[rungs.SHIPPED]
    assert rungs.draws(right, posterior) == (None if right.exact is None else [])
    names = [v.name for v in right.small.deterministics]
    for each in names:
        assert rungs.deterministics(right, posterior)[each].values == pytest.approx(
            posterior[each].values, rel=1e-10
        )
