"""A line was fitted to slow cars. What does it say of fast ones, and how far is that to be trusted?

Its own uncertainty grows with the distance from its data, exactly as it should if the line goes on;
that it goes on is an assumption which no training row can test.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from analyses import _shift
from analyses._crowd import dot
from models import covariate_shift as topic

QUESTION = "What does a line say beyond the range it was fitted on?"
SHOW = ["at_target", "slope_raw", "sigma"]


def answer(run) -> str:
    law, x = run.exact.derived["at_target"], topic.design(run.data)[-1]
    (low, high), further = law.ppf([0.025, 0.975]), _further(run, x.mean())
    least, most = further.ppf([0.025, 0.975])
    return (
        f"At x = {x.mean():.4g}, the middle of the {len(x):,} target rows, the line is at {law.mean():.4g} (95 % interval {low:.4g} to {high:.4g}) and one "
        f"outcome is foretold between {least:.4g} and {most:.4g}, if the line goes on as in the training rows."
    )


def discrepancy(y, run) -> float:
    """Curvature in the training rows: squared t of a parabola's bend beside the line."""
    z = topic.design(run.data)[0]
    if len(np.unique(z)) < 3 or len(y) < 4:
        return 0.0
    Q, _ = np.linalg.qr(np.column_stack([np.ones(len(z)), z, z**2]))
    along = Q.T @ y
    left = max(y @ y - along @ along, 1e-300)
    return float(along[2] ** 2 / left * (len(y) - 3))


def story(run):
    yield from _band(run)
    yield from ("### How the uncertainty grows", *_growth(run))
    yield from _scored(run)
    yield from ("### Weighting the training rows", *_weighted(run))
    yield from ("### Trained on a fair die, used on a loaded one", *_shift.dice())
    yield from ("### When the labels are rarer", *_shift.labels())


def _after(run):
    return topic.posterior(run.data, **run.settings)


def _z(run, x):
    _, _, mean, sd, _ = topic.design(run.data)
    return (np.asarray(x, float) - mean) / sd


def _further(run, x):
    """One more outcome at x."""
    return topic.along(_after(run), _z(run, x), noise=1.0)


def _band(run):
    data = run.data
    x = np.linspace(data["x"].min(), data["x"].max(), 200)
    x = np.linspace(x[0] - 0.1 * np.ptp(x), x[-1] + 0.1 * np.ptp(x), 200)
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for noise, alpha in ((1.0, 0.15), (0.0, 0.3)):
        low, high = (topic.along(_after(run), _z(run, x), noise).ppf(q) for q in (0.025, 0.975))
        axis.fill_between(x, low, high, color="exact", alpha=alpha, linewidth=0)
    axis.plot(x, topic.along(_after(run), _z(run, x)).mean(), color="exact", zorder=3)
    known, size = data["y"].notna(), dot(len(data))
    for place, style in (("train", "o"), ("target", "x")):
        rows = data[(data["where"] == place) & known]
        if len(rows):
            axis.plot(rows["x"], rows["y"], style, color="ink", markersize=size, label=place)
    if not known.all():
        at = np.full((~known).sum(), axis.get_ylim()[0])
        axis.plot(data.loc[~known, "x"], at, "|", color="muted", label="target, no y yet")
    labels = ("speed (mph)", "stopping distance (ft)") if run.shipped else ("x", "y")
    axis.set(xlabel=labels[0], ylabel=labels[1])
    axis.legend()
    yield (
        figure,
        f"The line and its 95 % band by {run.exact.by} (dark), and where 95 % of single outcomes are foretold (light). Dots: the rows it was fitted to; crosses: rows it has not seen.",
    )


def _growth(run):
    after, (_, y, mean, _, target) = _after(run), topic.design(run.data)
    near = target.iloc[np.argsort(np.abs(_z(run, target)))]
    asked = {"the training mean": mean, "the target's nearest x": near.iloc[0]}
    asked |= {"the target's mean x": target.mean(), "the target's farthest x": near.iloc[-1]}
    unit, rows = after["beta"] / (after["alpha"] - 1), []
    for what, x in asked.items():
        z = _z(run, x)
        parts = unit * np.array([1, 1 / after["kappa"], z**2 / after["tau"]])
        rows.append(
            [
                what,
                f"{x:.4g}",
                f"{z:+.2f}",
                *(f"{v:,.5g}" for v in parts),
                f"{_further(run, x).std():.4g}",
            ]
        )
    yield pd.DataFrame(
        rows,
        columns=["at", "x", "z", "scatter", "of the level", "of the slope", "sd of one outcome"],
    )
    yield (
        f"The variance of one outcome is E[sigma²] (1 + 1 / (kappa + n) + z² / (tau + n)) with n = {len(y):,} rows and E[sigma²] = {unit:.4g}: the scatter stays, the slope's part grows with the "
        f"square of the distance. It is a Student t with {2 * after['alpha']:g} degrees of freedom. No part stands for the line itself being wrong out there."
    )


def _scored(run):
    rows = run.data[(run.data["where"] == "target") & run.data["y"].notna()]
    if rows.empty:
        return
    after, z, y = _after(run), _z(run, rows["x"]), rows["y"].to_numpy()
    law = _further(run, rows["x"])
    inside, F = np.mean(np.abs(law.cdf(y) - 0.5) < 0.475), _shift.together(after, z, y)
    p = stats.f(len(y), 2 * after["alpha"]).sf(F)
    off = y - law.mean()
    zs, ys, *_ = topic.design(run.data)
    train = np.mean((ys - after["m"] - after["slope"] * zs) ** 2)
    yield "### Outcomes that came in"
    yield (
        f"Of {len(y):,} target rows with an outcome {inside:.0%} lie within their own 95 % interval. They miss the line by {off.mean():+.4g} on average; the mean squared error is {np.mean(off**2):.4g}, and "
        f"{train:.4g} on the training rows. All together, as they share one unknown line: F = {F:.3f} on {len(y):,} and {2 * after['alpha']:g} degrees of freedom, p-value {p:.3g}, so they "
        f"{'contradict' if p < 0.01 else 'do not contradict'} a line that goes on."
    )


def _weighted(run):
    train, target = (run.data[run.data["where"] == place] for place in topic.PLACES)
    if target["x"].nunique() < 2:
        yield "One target x has no density to weigh by."
    else:
        yield from _shift.weighting(
            train["x"].to_numpy(), train["y"].to_numpy(), target["x"], target["y"]
        )
