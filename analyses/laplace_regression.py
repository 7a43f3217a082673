"""How much of a larger income goes to food?

Absolute error is Laplace noise, and an absolute penalty a Laplace prior. A household far from the
line counts by the side it is on, not by its distance: it does not drag the line along.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import _linear as linear
from models.laplace_regression import design, fold, quantile

QUESTION = "How does the outcome go with the predictor, and what can one far outlier do?"
SHOW = ["w_raw", "b", "scale"]  # first on the page


def answer(run) -> str:
    low, middle, high = run.exact.derived["w_raw"].ppf([0.025, 0.5, 0.975])
    error = run.exact.marginals["scale"].ppf(0.5)
    what = "franc of income" if run.shipped else "unit of x"
    more = "francs more for food" if run.shipped else "in y"
    return (
        f"One {what} more goes with {middle:+.3g} {more} (95 % interval {low:+.3g} to {high:+.3g}); "
        f"a typical row lies {error:.3g} off the line."
    )


def discrepancy(y, run) -> float:
    """How much the scatter changes along the line: |correlation| of x and the size of an error."""
    z = design(run.data)[0]
    size = np.abs(y - run.exact.marginals["b"].mean() - run.exact.marginals["w"].mean() * z)
    return float(abs(np.corrcoef(z, size)[0, 1])) if np.ptp(size) > 1e-9 * np.ptp(y) else 0.0


def story(run):
    yield from _lines(run)
    yield "### One outlier, moved far away"
    yield from _outlier(run)
    yield "### Absolute error is Laplace noise"
    yield from _loss(run)
    yield "### An absolute penalty is a Laplace prior"
    yield from _penalty(run)
    if len(run.data) >= 20:
        yield from ("### Other quantiles", *_quantiles(run))


def squares(data):
    """The line (b, w) of least squares."""
    z, y, _, _ = design(data)
    return linear.least_squares(linear.turn(z[:, None], y))


def per_unit(data, line):
    """A line's height at x = 0 and its slope per unit of x."""
    _, _, mean, sd = design(data)
    return line[0] - line[1] * mean / sd, line[1] / sd


def _lines(run):
    data, ends = run.data, np.array([run.data["x"].min(), run.data["x"].max()])
    _, _, mean, sd = design(data)
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    axis.plot(data["x"], data["y"], "o", color="ink", markersize=3, alpha=0.6)
    law = [run.exact.marginals[name].mean() for name in ("b", "w")]
    axis.plot(ends, law[0] + law[1] * (ends - mean) / sd, color="exact")
    axis.plot(ends, np.polynomial.Polynomial(per_unit(data, squares(data)))(ends), "--", color="muted")
    axis.set(xlabel="x, income in francs" if run.shipped else "x",
             ylabel="y, francs for food" if run.shipped else "y")  # fmt: skip
    caption = "The rows; the line at its posterior mean (blue), and that of least squares (dashed)."
    yield figure, caption
    rows = {"posterior mean": law, "least squares": squares(data)}
    if run.mle:
        rows["least absolute errors"] = run.mle["b"], run.mle["w"]
    table = [[name, *(f"{v:.5g}" for v in per_unit(data, line))] for name, line in rows.items()]
    yield pd.DataFrame(table, columns=["line", "y at x = 0", "slope"])


def _outlier(run):
    z, y, _, sd = design(run.data)
    i, spread = int(np.argmax(z)), np.std(y)
    b, w = (run.exact.marginals[name].mean() for name in ("b", "w"))
    far = b + w * z[i] + spread * np.linspace(-10, 10, 21)
    slopes = []
    for value in far:
        moved = run.data.assign(y=np.where(np.arange(len(y)) == i, value, y))
        slopes.append((_mean_slope(moved, run.settings), squares(moved)[1], quantile(moved, 0.5)[1]))
    ours, theirs, best = np.transpose(slopes) / sd
    figure, axis = plt.subplots(figsize=(6.4, 3.3), layout="constrained")
    axis.plot(far, theirs, "--", color="muted")
    axis.plot(far, best, "^", color="mle", markersize=5)
    axis.plot(far, ours, color="exact")
    axis.axvline(y[i], color="ink", linewidth=0.8)
    axis.set(xlabel="y of the row with the largest x, moved", ylabel="slope")
    yield figure, (
        "The slope when one row is moved up and down: its posterior mean (blue), least absolute errors "
        "(triangles), least squares (dashed). The upright line is where the row really is."
    )
    yield (
        f"The row with the largest x is put up to ten standard deviations of y away from the line. The slope of least "
        f"squares then runs from {theirs[0]:.3g} to {theirs[-1]:.3g}, in proportion to the distance. Under Laplace noise it stays "
        f"between {ours.min():.3g} and {ours.max():.3g}: once the row is on one side, how far off it is makes no difference to the "
        "line of least absolute errors, and to the posterior only by a larger scale. That holds for an outlier "
        "in y. A row far out in x is a lever under either noise, as it is whose side counts most."
    )


def _mean_slope(data, settings):
    prior = {k: v for k, v in settings.items() if k != "alpha"}
    N = settings["alpha"] + len(data) + 2
    return fold(data, **prior).marginal(1, N, enough=1e-8).mean()


def _loss(run):
    z, y, _, _ = design(run.data)
    b, w = run.mle and (run.mle["b"], run.mle["w"]) or squares(run.data)
    size = np.abs(y - b - w * z)
    scale = size.mean() or 1.0
    ours = len(y) * size.mean() / scale + len(y) * np.log(2 * scale)
    theirs = -stats.laplace(b + w * z, scale).logpdf(y).sum()
    yield (
        f"With a mean absolute error (MAE) of {size.mean():.6g} in {len(y)} rows and the scale {scale:.6g}, MAE × n / scale + n log(2 scale) is "
        f"{ours:.9g}, and minus the log likelihood of Laplace noise is {theirs:.9g}. So whoever makes the absolute error "
        "small makes Laplace noise likely, whatever its scale. Two of the rows, at least, then lie on the line, and moving it either "
        "way costs more on one side than it gains on the other: the likelihood has a kink there, and no curvature "
        "to take a standard error from. The posterior has one all the same."
    )


def _penalty(run):
    tau, prior = run.settings["tau"], {k: v for k, v in run.settings.items() if k != "alpha"}
    z, y, _, _ = design(run.data)
    # with w = 0, b is a weighted median; no penalty below this pull of the signs lets go of 0
    flat = fold(run.data, **prior | {"tau": np.float64(1e-9)})
    pull = abs(np.sum(z * np.sign(y - prior["b_mean"] - flat.b)))
    taus = np.unique(np.r_[np.geomspace(0.05 / max(pull, 1), 20 * tau, 30), tau])
    points = np.array([fold(run.data, **prior | {"tau": t}).w for t in taus])
    N = run.settings["alpha"] + len(y) + 2
    means = [fold(run.data, **prior | {"tau": t}).marginal(1, N, enough=1e-8).mean() for t in taus]
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.plot(taus, points, "o", color="prior", markersize=4)
    axis.plot(taus, means, color="exact")
    axis.axvline(tau, color="prior", linestyle="--")
    axis.set(xscale="log", xlabel="tau, the reach of w's prior in units of scale", ylabel="w")
    yield figure, (
        "The weight of x as its prior widens: posterior mean (line) and most probable value (dots). "
        "Dashed: tau as set."
    )
    zero = int(np.sum(np.abs(points) < 1e-9 * np.max(np.abs(points), initial=1e-300)))
    yield (
        "The most probable line minimises the sum of absolute errors plus |w| / tau: an L1 penalty, the lasso's, *is* a Laplace "
        f"prior. Its reach is in units of scale, so the penalty does not depend on the scale: at tau = {tau:g} it is {1 / tau:.3g} a unit of w, "
        f"against a pull of {pull:.4g} by the rows where w is 0. Where the penalty is the stronger, the most probable w is 0 exactly, as "
        f"for {zero} of the {taus.size} values drawn; the posterior mean is never that sure."
    )


def _quantiles(run):
    ends = np.array([run.data["x"].min(), run.data["x"].max()])
    lines = {q: per_unit(run.data, quantile(run.data, q)) for q in (0.1, 0.25, 0.5, 0.75, 0.9)}
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    axis.plot(run.data["x"], run.data["y"], "o", color="ink", markersize=3, alpha=0.4)
    for q, (at_zero, slope) in lines.items():
        axis.plot(ends, at_zero + slope * ends, color="mle", linewidth=1.8 if q == 0.5 else 1)
        axis.annotate(f"{q:.0%}", (ends[1], at_zero + slope * ends[1]), (3, 0), textcoords="offset points", va="center")
    axis.set(xlabel="x", ylabel="y")
    yield figure, "Lines with 10, 25, 50, 75 and 90 % of the rows below them."
    table = [[f"{q:.0%}", *(f"{v:.5g}" for v in line)] for q, line in lines.items()]
    yield pd.DataFrame(table, columns=["rows below", "y at x = 0", "slope"])
    yield (
        "Errors above the line counted q / (1 - q) times as much as errors below it give the line of another quantile. Under the model "
        f"all of these would be parallel. Their slopes run from {min(v[1] for v in lines.values()):.3g} to {max(v[1] for v in lines.values()):.3g}; "
        "where they fan out, the scatter grows with x, and one scale for all rows is too simple."
    )
