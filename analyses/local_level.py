"""How much water did the Nile bring behind the ups and downs of single years, and what comes next?

A level that nobody sees moves a little from reading to reading, and every reading has an error. What
a new reading is worth depends on the ratio of the two, which the readings themselves have to tell.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analyses import _filter as shown
from analyses._crowd import END, the_end
from models import _kalman as kalman
from models import local_level as topic
from models import normal_normal

QUESTION = "Where is the level behind noisy readings, and where may it go?"
SHOW = ["sigma_level", "sigma_obs", "gain"]
AHEAD = np.array([1, 2, 5, 10, 20])  # median gaps between readings


def answer(run) -> str:
    law = topic.levels(run.data, **run.settings).later([0])
    low, middle, high = (_number(law.ppf(q).item()) for q in (0.025, 0.5, 0.975))
    share = [f"{100 * q:.0f} %" for q in run.exact.derived["gain"].ppf([0.5, 0.025, 0.975])]
    return (
        f"At the last reading, which was {_number(run.data['y'].iloc[-1])}, the level is about {middle} (95 % interval {low} to "
        f"{high}): in the long run a new reading moves it by about {share[0]} of its surprise ({share[1]} to {share[2]})."
    )


def discrepancy(y, run) -> float:
    """Largest surprise: a reading's distance from what those before it foretell, in its own sd."""
    every, _ = topic.design(run.data.assign(y=y))
    return max(np.abs(_surprises(run, one)).max() for one in every)


def story(run):
    yield from _series(run)
    yield from _levels(run)
    yield from ("### What a reading is worth", *shown.gain(run, _gap(run), _sds(run)))
    yield from ("### How far one can see", *_ahead(run))
    yield from ("### When nothing moves", _still(run))
    if run.mle:
        yield from ("### The highest likelihood, and its conventions", *shown.highest(run))
    if run.shipped:
        yield from ("### A car with a GPS", *shown.car())


def _number(x):
    return f"{x:,.4g}"


def _sds(run):
    """Both variances at the posterior means of their roots, and how a series starts."""
    level, obs = (run.exact.marginals[k].mean() for k in ("sigma_level", "sigma_obs"))
    return level**2, obs**2, run.settings["m0"], run.settings["s0"] ** 2


def _gap(run):
    return topic.design(run.data)[1]


def _surprises(run, one):
    moves, noise, *start = _sds(run)
    before = [state[:2] for state in kalman.steps(one, moves, noise, *start)]
    mean, variance = np.array(before).T
    return (one.y - mean) / np.sqrt(variance + noise)


def _series(run):
    back = 1 + np.flatnonzero(np.diff(run.data["time"]) < 0) + 1  # rows count from 1
    if back.size:
        yield (
            f"`time` goes back at row {', '.join(map(str, back[:4]))}{', ...' if back.size > 4 else ''}: the rows are read as "
            f"{back.size + 1} series, each with a level of its own. If one is meant, sort the rows by time."
        )


def _levels(run):
    one = topic.design(run.data)[0][-1]
    time, n = run.data["time"].to_numpy(float)[-len(one.y) :], len(one.y)
    beyond = _gap(run) * np.arange(11)
    known = topic.levels(run.data, **run.settings)
    hindsight, sofar, later = known.smoothed(), known.filtered(), known.later(beyond)
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.plot(time[END], one.y[END], "o", color="ink", markersize=3)
    for at, law, color in (
        (time, sofar, "muted"),
        (time, hindsight, "exact"),
        (time[-1] + beyond, later, "exact"),
    ):
        at, mean, two = at[END], law.mean()[END], 2 * law.std()[END]
        axis.plot(at, mean, color=color)
        axis.fill_between(at, mean - two, mean + two, color=color, alpha=0.2, linewidth=0)
    axis.set(
        xlabel="year" if run.shipped else "time",
        ylabel="flow (100 million m³)" if run.shipped else "y",
    )
    caption = "Readings (dots) and the exact law of the level, its mean and two standard deviations to either side: given the readings so far (filtered, grey), given all of them (smoothed, blue), and from the last reading on up to ten steps beyond it (blue, ever wider). Everywhere both sds are as all readings tell them."
    yield figure, caption + the_end(n, "readings")
    ratio = hindsight.std() / sofar.std()
    yield (
        "The filtered level is given the readings so far, and it lags where the level moves; the smoothed one is given those that "
        f"came after, too: its standard deviation is {ratio.mean():.2f} times the filtered one on average, and the same at the last "
        "reading. Both are mixtures over all pairs of sds that all readings leave possible. A navigator on the way has only the readings so "
        "far to tell the sds as well, and knows them less well."
        f"{f' This is the last series, {n:,} of {len(run.data):,} readings.' if n < len(run.data) else ''}"
    )
    if run.shipped:
        before, after = hindsight.mean()[[27, 29]]
        yield (
            f"In hindsight the level fell from {before:.0f} in 1898 to {after:.0f} in 1900. The model knows only many small moves, so "
            "it makes a slope of what others read as a single step, at the time when the first dam at Aswan was being built."
        )


def _ahead(run):
    at = _gap(run) * np.r_[0, AHEAD]
    known = topic.levels(run.data, **run.settings)
    level, reading = known.later(at), known.later(at, noise=True)
    now, *_, far = level.std()
    yield pd.DataFrame({
        "steps ahead": [0, *AHEAD],
        "expected": [_number(x) for x in level.mean()],
        "sd of the level": [_number(x) for x in level.std()],
        "95 % interval of the level": [f"{_number(a)} to {_number(b)}" for a, b in level.ppf(np.array([[0.025], [0.975]])).T],
        "sd of a reading": [_number(x) for x in reading.std()],
    })  # fmt: skip
    yield (
        f"A step is the median time between two readings, {_gap(run):g}. What is expected stays where it is, as the level may rise as "
        f"well as fall; what grows is the doubt, from {now:.4g} to {far:.4g} in {AHEAD[-1]} steps, as variances of moves add up. "
        "A reading is more doubtful than the level by its own error, which does not grow."
    )


def _still(run):
    one, (m0, s0) = topic.design(run.data)[0][-1], (run.settings["m0"], run.settings["s0"])
    sd = run.exact.marginals["sigma_obs"].mean()
    mean, variance = kalman.filtered(one, 0.0, sd**2, m0, s0**2)
    values = pd.DataFrame({"value": one.y, "error": sd})
    same = normal_normal.exact(values, m=m0, s=s0).marginals["mu"]
    return (
        "Were sigma_level 0, every reading would be one more measurement of the same thing. With errors of "
        f"{sd:.4g} the filter ends at {mean[-1]:.10g} with standard deviation {np.sqrt(variance[-1]):.8g}; the weighted mean of the "
        f"topic `normal_normal` is {same.mean():.10g} with {same.std():.8g}. A filter is that sum, with an allowance for change."
    )
