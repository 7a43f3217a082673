"""What only the page of lower bounds can show, and that each of its checks can fail."""

from dataclasses import replace

import numpy as np
import pytest

from analyses import _bounds, _climbs, em_and_its_relatives
from models import hidden_markov, logistic_regression
from workflow import facts

NAME = "em_and_its_relatives"
TOUCH, ABOVE, TOP, DOWN, TOPIC, DIRECT, LATE = range(7)


@pytest.fixture(scope="module")
def climb():
    return _climbs.mixture()


def failing(climb):
    """Which of the checks, by number, do not hold."""
    found = _bounds.lines(climb, np.random.default_rng(1))
    return {k for k, line in enumerate(found) if not line["error"] <= line["allowed"]}


def test_every_line_of_the_page_holds_and_every_algorithm_has_all_of_them():
    page = facts.establish(facts.load_page(NAME))
    assert page.table[~page.holds].empty
    assert page.table.groupby("group").size().to_dict() == dict.fromkeys(page.data["climb"], 7)
    for climb in em_and_its_relatives.climbs():
        assert len(climb.path) > 5
        assert climb.height(climb.path[-1]) > climb.height(climb.path[0]) + 1


def test_a_bound_that_is_moved_no_longer_touches(climb):
    lower = replace(climb, bound=lambda u, at: climb.bound(u, at) - 1e-6)
    assert failing(lower) == {TOUCH}
    assert failing(replace(climb, bound=lambda u, at: climb.bound(u, at) + 1e-6)) >= {TOUCH, ABOVE}


def test_a_touching_curve_that_opens_too_wide_is_no_bound(climb):
    wide = replace(climb, bound=lambda u, at: climb.height(u) + np.sum((u - at) ** 2))
    assert failing(wide) >= {ABOVE, TOP}
    assert not failing(wide) & {TOUCH, DOWN, TOPIC, DIRECT}


def test_half_a_step_rises_but_not_to_the_top_of_the_bound(climb):
    path = climb.path.repeat(2, axis=0)[:-1]
    path[1::2] = (climb.path[:-1] + climb.path[1:]) / 2
    wrong = failing(replace(climb, path=path))
    assert TOP in wrong
    assert DOWN not in wrong


def test_a_step_back_is_seen(climb):
    back = np.r_[climb.path[:20], climb.path[15:]]
    assert failing(replace(climb, path=back)) >= {DOWN}


def test_a_climb_that_ends_early_is_short_of_the_top(climb):
    early = replace(climb, path=climb.path[:25])
    assert failing(early) >= {TOPIC, DIRECT}


def test_another_maximum_than_the_topics_is_seen(climb):
    assert failing(replace(climb, top=climb.top + 1e-7)) == {TOPIC}


def test_the_hidden_markov_climb_and_its_topics_start_apart_and_end_at_one_height(monkeypatch):
    """Else its line would compare EM with itself."""
    begun, climbs = [], hidden_markov.baum_welch

    def watched(codes, start, A, B):
        begun.append(np.r_[_climbs.ratios(A).ravel(), _climbs.ratios(B).ravel()])
        return climbs(codes, start, A, B)

    monkeypatch.setattr(hidden_markov, "baum_welch", watched)
    climb = _climbs.hidden_chain()
    assert len(begun) == 1
    assert abs(climb.height(climb.path[0]) - climb.height(begun[0])) > 1
    assert climb.height(climb.path[-1]) == pytest.approx(climb.top, abs=1e-8)


def test_every_other_point_is_another_algorithm(climb):
    assert failing(replace(climb, path=climb.path[::2])) >= {TOP, LATE}


def test_the_share_hidden_from_a_parabola_is_algebra():
    data = _climbs.rows(logistic_regression)
    A, _, _, _ = logistic_regression.design(data)
    climb = _climbs.logistic()
    p = 1 / (1 + np.exp(-A @ climb.path[-1]))
    left = np.eye(2) - np.linalg.solve(A.T @ A / 4, A.T @ (A * (p * (1 - p))[:, None]))
    np.testing.assert_allclose(_bounds.hidden(climb), left, atol=1e-5)
