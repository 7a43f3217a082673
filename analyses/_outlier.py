"""Lines through the same rows: least squares, least absolute errors, other quantiles."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import _linear as linear
from models.laplace_regression import design, fold, quantile


def squares(data):
    """The line (b, w) of least squares."""
    z, y, _, _ = design(data)
    return linear.least_squares(linear.turn(z[:, None], y))


def per_unit(data, line):
    """A line's height at x = 0 and its slope per unit of x."""
    _, _, mean, sd = design(data)
    return line[0] - line[1] * mean / sd, line[1] / sd


def outlier(run):
    z, y, _, sd = design(run.data)
    i, spread = int(np.argmax(z)), np.std(y)
    b, w = (run.exact.marginals[name].mean() for name in ("b", "w"))
    far = b + w * z[i] + spread * np.linspace(-10, 10, 21)
    slopes = []
    for value in far:
        moved = run.data.assign(y=np.where(np.arange(len(y)) == i, value, y))
        slopes.append(
            (_mean_slope(moved, run.settings), squares(moved)[1], quantile(moved, 0.5)[1])
        )
    ours, theirs, best = np.transpose(slopes) / sd
    figure, axis = plt.subplots(figsize=(6.4, 3.3), layout="constrained")
    axis.plot(far, theirs, "--", color="muted")
    axis.plot(far, best, "^", color="mle", markersize=5)
    axis.plot(far, ours, color="exact")
    axis.axvline(y[i], color="ink", linewidth=0.8)
    axis.set(xlabel="y of the row with the largest x, moved", ylabel="slope")
    yield (
        figure,
        (
            "The slope when one row is moved up and down: its posterior mean (blue), least absolute errors "
            "(triangles), least squares (dashed). The upright line is where the row really is."
        ),
    )
    yield (
        f"The row with the largest x is put up to ten standard deviations of y away from the line. The slope of least "
        f"squares then runs from {theirs[0]:.3g} to {theirs[-1]:.3g}, a straight line in its distance. Under Laplace noise it stays "
        f"between {ours.min():.3g} and {ours.max():.3g}: once the row is on one side, how far off it is makes no difference to the "
        "line of least absolute errors, and to the posterior only by a larger scale. That holds for an outlier "
        "in y. A row far out in x is a lever under either noise, as it is whose side counts most."
    )


def _mean_slope(data, settings):
    prior = {k: v for k, v in settings.items() if k != "alpha"}
    N = settings["alpha"] + len(data) + 2
    return fold(data, **prior).marginal(1, N, enough=1e-8).mean()


def quantiles(run):
    ends = np.array([run.data["x"].min(), run.data["x"].max()])
    lines = {q: per_unit(run.data, quantile(run.data, q)) for q in (0.1, 0.25, 0.5, 0.75, 0.9)}
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    axis.plot(run.data["x"], run.data["y"], "o", color="ink", markersize=3, alpha=0.4)
    for q, (at_zero, slope) in lines.items():
        axis.plot(ends, at_zero + slope * ends, color="mle", linewidth=1.8 if q == 0.5 else 1)
        axis.annotate(
            f"{q:.0%}",
            (ends[1], at_zero + slope * ends[1]),
            (3, 0),
            textcoords="offset points",
            va="center",
        )
    axis.set(xlabel="x", ylabel="y")
    yield figure, "Lines with 10, 25, 50, 75 and 90 % of the rows below them."
    table = [[f"{q:.0%}", *(f"{v:.5g}" for v in line)] for q, line in lines.items()]
    yield pd.DataFrame(table, columns=["rows below", "y at x = 0", "slope"])
    yield (
        "Errors above the line counted q / (1 - q) times as much as errors below it give the line of another quantile. Under the model "
        f"all of these would be parallel. Their slopes run from {min(v[1] for v in lines.values()):.3g} to {max(v[1] for v in lines.values()):.3g}; "
        "where they fan out, the scatter grows with x, and one scale for all rows is too simple."
    )
