"""How much of a larger income goes to food?

Absolute error is Laplace noise, and an absolute penalty a Laplace prior. A household far from the
line counts by the side it is on, not by its distance: it does not drag the line along.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from analyses import _outlier as lines
from models.laplace_regression import design, fold

QUESTION = "How does the outcome go with the predictor, and what can one far outlier do?"
SHOW = ["w_raw", "b", "scale"]  # first on the page


def answer(run) -> str:
    low, middle, high = run.exact.derived["w_raw"].ppf([0.025, 0.5, 0.975])
    middle = middle if abs(middle) > 1e-9 * (high - low) else 0.0
    error = run.exact.marginals["scale"].ppf(0.5)
    what, of = ("franc of income", "francs for food") if run.shipped else ("unit of x", "in y")
    return (
        f"One {what} more goes with {middle:+.3g} {of} (95 % interval {low:+.3g} to {high:+.3g}); "
        f"rows lie {error:.3g} off the line on average."
    )


def discrepancy(y, run) -> float:
    """How much the scatter changes along the line: |correlation| of x and the size of an error."""
    z = design(run.data)[0]
    size = np.abs(y - run.exact.marginals["b"].mean() - run.exact.marginals["w"].mean() * z)
    return float(abs(np.corrcoef(z, size)[0, 1])) if np.ptp(size) > 1e-9 * np.ptp(y) else 0.0


def story(run):
    yield from _lines(run)
    yield "### One outlier, moved far away"
    yield from lines.outlier(run)
    yield "### Absolute error is Laplace noise"
    yield from _loss(run)
    yield "### An absolute penalty is a Laplace prior"
    yield from _penalty(run)
    if len(run.data) >= 20:
        yield from ("### Other quantiles", *lines.quantiles(run))


def _lines(run):
    data, ends = run.data, np.array([run.data["x"].min(), run.data["x"].max()])
    _, _, mean, sd = design(data)
    figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    axis.plot(data["x"], data["y"], "o", color="ink", markersize=3, alpha=0.6)
    law = [run.exact.marginals[name].mean() for name in ("b", "w")]
    axis.plot(ends, law[0] + law[1] * (ends - mean) / sd, color="exact")
    axis.plot(
        ends,
        np.polynomial.Polynomial(lines.per_unit(data, lines.squares(data)))(ends),
        "--",
        color="muted",
    )
    axis.set(xlabel="x, income in francs" if run.shipped else "x",
             ylabel="y, francs for food" if run.shipped else "y")  # fmt: skip
    caption = "The rows; the line at its posterior mean (blue), and that of least squares (dashed)."
    yield figure, caption
    rows = {"posterior mean": law, "least squares": lines.squares(data)}
    if run.mle:
        rows["least absolute errors"] = run.mle["b"], run.mle["w"]
    table = [
        [name, *(f"{v:.5g}" for v in lines.per_unit(data, line))] for name, line in rows.items()
    ]
    yield pd.DataFrame(table, columns=["line", "y at x = 0", "slope"])


def _loss(run):
    z, y, _, _ = design(run.data)
    b, w = (run.mle and (run.mle["b"], run.mle["w"])) or lines.squares(run.data)
    size = np.abs(y - b - w * z)
    scale = size.mean() or 1.0
    ours = len(y) * size.mean() / scale + len(y) * np.log(2 * scale)
    theirs = -stats.laplace(b + w * z, scale).logpdf(y).sum()
    yield (
        f"With a mean absolute error (MAE) of {size.mean():.6g} in {len(y):,} rows and the scale {scale:.6g}, MAE × n / scale + n log(2 scale) is "
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
    yield (
        figure,
        (
            "The weight of x as its prior widens: posterior mean (line) and most probable value (dots). "
            "Dashed: tau as set."
        ),
    )
    zero = int(np.sum(np.abs(points) < 1e-9 * np.max(np.abs(points), initial=1e-300)))
    yield (
        "The most probable line minimises the sum of absolute errors plus |w| / tau: an L1 penalty, the lasso's, *is* a Laplace "
        f"prior. Its reach is in units of scale, so the penalty does not depend on the scale: at tau = {tau:g} it is {1 / tau:.3g} a unit of w, "
        f"against a pull of about {pull:.4g} by the rows where w is 0. Where the penalty is the stronger, the most probable w is 0 exactly, as "
        f"for {zero} of the {taus.size} values drawn; the posterior mean is never that sure."
    )
