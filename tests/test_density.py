"""PyMC's log density at many points at once is what it is at each."""

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from workflow import density
from workflow.density import Unconstrained
from workflow.topic import load, read


def model_of(name):
    topic = load(name)
    return topic.model(topic.exact_rows(read(topic), topic.defaults), topic.defaults)


@pytest.fixture
def few_at_once(monkeypatch):
    """Three points at a time, so that there are parts, of unequal lengths."""

    def set_for(model):
        rows = sum(int(model.rvs_to_values[v].size.eval()) for v in model.observed_RVs)
        monkeypatch.setattr(density, "AT_ONCE", 3 * rows)

    return set_for


@pytest.mark.parametrize("jacobian", [True, False])
def test_many_heights_at_once_are_those_one_by_one(name, jacobian, few_at_once):
    model = model_of(name)
    few_at_once(model)
    wanted = Unconstrained(model, jacobian=jacobian)
    start = np.concatenate([np.ravel(x) for x in model.initial_point().values()])
    u = start + np.random.default_rng(1).normal(scale=0.1, size=(7, start.size))
    one_by_one = [wanted(row)[0] for row in u]
    np.testing.assert_allclose(wanted.heights(u), one_by_one, rtol=1e-11, atol=1e-11)


def test_log_densities_of_draws_are_pymcs(name, few_at_once):
    """Names, shape, dimensions and numbers: what ArviZ takes for sensitivity and LOO."""
    model = model_of(name)
    few_at_once(model)
    with model:
        prior = pm.sample_prior_predictive(
            7, random_seed=1, compile_kwargs={"mode": density.INTERPRETED}
        )
    free = [v.name for v in model.free_RVs]
    draws = xr.DataTree.from_dict({"posterior": prior.prior.to_dataset()[free]})
    how = {"progressbar": False, "compile_kwargs": {"mode": density.INTERPRETED}}
    with model:
        pm.stats.compute_log_likelihood(draws, **how)
        pm.stats.compute_log_prior(draws, **how)
    for group, variables in (("log_likelihood", model.observed_RVs), ("log_prior", model.free_RVs)):
        ours = density.log_densities(model, variables, draws.posterior)
        theirs = draws[group].to_dataset()
        xr.testing.assert_allclose(ours, theirs, rtol=1e-11)
        for variable in theirs:
            assert ours[variable].dims == theirs[variable].dims


def test_what_depends_on_no_unknown_is_the_same_at_every_point():
    with pm.Model() as model:
        pm.Normal("theta")
        pm.Normal("y", observed=np.array([1.0, 2.0]))
    draws = xr.Dataset(
        {"theta": (("chain", "draw"), np.zeros((2, 5)))}, coords={"chain": [0, 1], "draw": range(5)}
    )
    found = density.log_densities(model, model.observed_RVs, draws)
    assert found["y"].shape == (2, 5, 2)
    assert (found["y"] == found["y"][0, 0]).all()
