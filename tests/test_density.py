"""PyMC's log density at many points at once is what it is at each."""

import numpy as np
import pytest

from workflow.density import AT_ONCE, Unconstrained
from workflow.topic import load, read


@pytest.mark.parametrize("jacobian", [True, False])
def test_many_heights_at_once_are_those_one_by_one(name, jacobian):
    topic = load(name)
    model = topic.model(topic.exact_rows(read(topic), topic.defaults), topic.defaults)
    density = Unconstrained(model, jacobian=jacobian)
    start = np.concatenate([np.ravel(x) for x in model.initial_point().values()])
    u = start + np.random.default_rng(1).normal(scale=0.1, size=(7, start.size))
    density._at_once = 3  # three parts, of unequal lengths
    one_by_one = [density(row)[0] for row in u]
    np.testing.assert_allclose(density.heights(u), one_by_one, rtol=1e-11, atol=1e-11)


def test_many_rows_are_looked_at_from_few_points_at_a_time():
    topic = load("normal_normal")
    data = read(topic)
    few = Unconstrained(topic.model(data, topic.defaults), jacobian=True)
    assert few._at_once == AT_ONCE // len(data)
