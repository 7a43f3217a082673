"""A model without an exact answer: what its draws say, what was shown of them, and what was not.

The verdict is then "unproved". Draws are checked by the gates, by Stein's identities, by a second
sampler if the topic has one, and by a short calibration: simulated data sets, fitted there and
then, must have their truth at every rank equally often.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from models._exact import Exact
from workflow import calibrate
from workflow.calibrate import Calibrator
from workflow.check import Check
from workflow.locate import given, located, named

SIMULATIONS = calibrate.LEAST
STORY = "The story of `analyses/{}.py` speaks of an exact answer; there is none, so it is left out."


class NoExact(Exception):
    """An analysis asked for an exact answer, and there is none."""


class Absent:
    """In place of an exact answer: asking it for anything is a `NoExact`."""

    def __getattr__(self, name):
        raise NoExact


class Drawn:
    """What draws say of an unknown, answering what a distribution answers but for its density."""

    def __init__(self, values: np.ndarray):
        self.values = values  # (draws, *shape of the unknown)
        self.shape = values.shape[1:]

    def mean(self):
        return self.values.mean(axis=0)

    def std(self):
        return self.values.std(axis=0)

    def median(self):
        return self.ppf(0.5)

    def ppf(self, q):
        q = np.broadcast_to(q, np.broadcast_shapes(np.shape(q), self.shape))
        out = np.empty(q.shape)
        for index in np.ndindex(self.shape):
            out[..., *index] = np.quantile(self.values[:, *index], q[..., *index])
        return out[()]

    def cdf(self, x):
        x = np.broadcast_to(x, np.broadcast_shapes(np.shape(x), self.shape))
        out = np.empty(x.shape)
        for index in np.ndindex(self.shape):
            out[..., *index] = stats.ecdf(self.values[:, *index]).cdf.evaluate(x[..., *index])
        return out[()]

    def sf(self, x):
        return 1 - self.cdf(x)

    def rvs(self, size=(), random_state=None):
        rng = np.random.default_rng(random_state)
        return self.values[rng.integers(len(self.values), size=size)]


def asked(topic, part: str, data, settings):
    """What `exact` or `mle` of a topic returns, and ''; or None where there is none, and why.

    A topic without such a function gives no reason; one that answers for some data only says
    `raise NotImplementedError(reason)` for the others.
    """
    if not callable(getattr(topic.module, part, None)):
        return None, ""
    try:
        return getattr(topic, part)(data, settings), ""
    except NotImplementedError as problem:
        return None, str(problem)


def known(run):
    """The run as `answer` and `discrepancy` see it: without an exact answer one made of draws."""
    if run.exact is not None:
        return run
    every = {
        name: Drawn(v.transpose("chain", "draw", ...).values.reshape(-1, *v.shape[2:]))
        for name, v in run.posterior.items()
    }
    free = [v.name for v in run.model.free_RVs]
    made = Exact(
        marginals={name: every.pop(name) for name in free if name in every},
        derived=every,
        log_evidence=np.nan,
        by="the draws",
    )
    return replace(run, exact=made)


def story(run) -> list:
    """What `story` yields; of one that asks for an exact answer where there is none, a sentence."""
    if run.exact is not None:
        return list(run.topic.analysis.story(run))
    try:
        return list(run.topic.analysis.story(replace(run, exact=Absent())))
    except NoExact:
        return [STORY.format(run.topic.name)]


def calibration(run, tell: Callable[[str], None]) -> Check:
    """A short calibration under the settings of this run; its rows stay in `run.calibration`.

    Where the topic asks for a tighter prior to calibrate under, it is that, but for settings given.
    """
    name = "calibration, smallest p after Holm"
    settings = calibrate.settings_of(run.topic)[0] | given(run.topic, run.settings)
    if run.weighed:
        note = "not carried out: rows that stand for several each cannot be simulated"
        return Check(name, 0.0, calibrate.LEVEL, note, at_least=True, applies=False)
    try:
        made = Calibrator(run.topic, run.data, settings)
    except Exception as problem:  # models of any shape come here, with two observed variables too
        note = f"not carried out: {located(problem) or named(problem)}"
        return Check(name, 0.0, calibrate.LEVEL, note, at_least=True, applies=False)
    rows = []
    for job in range(SIMULATIONS):
        if job % 20 == 0:
            tell(f"calibrating, {job} of {SIMULATIONS} simulated data sets")
        rows.append(made.simulation(job))
    run.calibration = pd.DataFrame(rows)
    found = calibrate.verdicts({run.topic.name: run.calibration})
    worst = found.loc[found["p"].idxmin()]
    note = f"{SIMULATIONS} simulations, {worst['unconverged']} unconverged"
    return Check(name, float(worst["holm"]), calibrate.LEVEL, note, at_least=True)


def sentence(run) -> str:
    """What was shown of an answer where something was not; '' where all was."""
    if run.exact is not None:
        lacking = not run.maximum.check.applies
        return "There is no `mle`: score and limit were left out." if lacking else ""
    yes = ["the sampler converged", "Stein's identities hold"]
    no = ["that the draws match an exact posterior"]
    if run.mle is not None:
        yes.append("the MLE maximises the likelihood")
    elif not run.maximum.check.applies:
        no.append("where the likelihood is highest, as there is no `mle`")
    if run.gibbs is not None:
        yes.append("a second sampler agrees")
    else:
        no.append("that no mode was missed")
    if run.calibration is None:
        no.append("calibration")
    else:
        yes.append(f"the truth of {len(run.calibration)} simulated data sets is ranked evenly")
    why = f" ({run.unknown})" if run.unknown else ""
    return (
        f"Unproved: no exact answer is known{why}. Shown: {'; '.join(yes)}. "
        f"Not shown: {'; '.join(no)}."
    )
