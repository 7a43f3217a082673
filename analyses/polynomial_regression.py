"""How many powers does the year of the sea need?

A higher degree always fits better and at some point foretells worse. The evidence, leaving rows out
and rows held back say where; bias and variance say why.
"""

import matplotlib.pyplot as plt
import numpy as np

from analyses import _bias_variance, _degrees
from analyses._degrees import degrees, held
from models.polynomial_regression import basis, design, fitted, least_squares, posterior, predict

QUESTION = "How many powers does the curve need, and what do too many cost?"
SHOW = ["w", "sigma"]  # first on the page


def answer(run) -> str:
    logs = _degrees.evidences(run)
    best, share = int(np.argmax(logs)), np.exp(logs - np.logaddexp.reduce(logs))
    sigma, degree = run.exact.derived["sigma"], int(run.settings["degree"])
    low, middle, high = sigma.ppf([0.025, 0.5, 0.975])
    return (
        f"Of degrees 0 to {logs.size - 1}, held equally likely beforehand, degree {best} has probability {share[best]:.2g}; "
        f"about the curve of degree {degree} rows scatter by {middle:.3g} (95 % interval {low:.3g} to {high:.3g})."
    )


def discrepancy(y, run) -> float:
    """Correlation of neighbouring errors along x.

    A curve too stiff leaves long runs of rows on one side of it.
    """
    columns, _ = design(run.data, run.settings["degree"])
    order = np.argsort(fitted(run.data)["x"].to_numpy(), kind="stable")
    away = y - run.settings["level"]
    r = (away - columns @ posterior(run.data, **run.settings).hat @ away)[order]
    return float(r[1:] @ r[:-1] / (r @ r)) if r @ r > 0 else 0.0


def story(run):
    yield from _curves(run)
    yield "### Evidence, leaving one out, and rows the curve has not seen"
    yield from _degrees.choice(run)
    yield "### Bias, variance and noise"
    yield from _bias_variance.story(run)
    yield (
        "How probable a degree is depends on the prior of the weights, and so on the basis. Here every weight, of whatever "
        "power, has the same prior in the basis of Legendre polynomials; the same numbers as priors of the powers of x themselves "
        "would be another model, which expects wilder curves, and its evidences would be others."
    )


def _curves(run):
    rows, data = fitted(run.data), run.data
    x = np.linspace(data["x"].min(), data["x"].max(), 200)
    shown = sorted({0, 1, int(run.settings["degree"]), int(degrees(run)[-1])})[-3:]
    figure, axes = plt.subplots(1, len(shown), figsize=(9, 3.2), sharey=True, layout="constrained")
    for axis, degree in zip(np.atleast_1d(axes), shown, strict=True):
        settings = run.settings | {"degree": np.float64(degree)}
        law = predict(data, x, noise=False, **settings)
        axis.plot(held(data)["x"], held(data)["y"], ".", color="muted", markersize=2, alpha=0.5)
        axis.fill_between(x, law.ppf(0.025), law.ppf(0.975), color="exact", alpha=0.25, linewidth=0)
        axis.plot(x, law.mean(), color="exact")
        columns, y = design(data, degree)
        line = basis(data, x, degree) @ least_squares(columns, y - settings["level"])
        axis.plot(x, settings["level"] + line, "--", color="mle", linewidth=1)
        axis.plot(rows["x"], rows["y"], "o", color="ink", markersize=4)
        axis.set(title=f"degree {degree}", xlabel="month" if run.shipped else "x")
        axis.set_ylim(*_range(data["y"]))
    axes = np.atleast_1d(axes)
    axes[0].set_ylabel("temperature, °C" if run.shipped else "y")
    yield (
        figure,
        (
            f"The fitted rows (dots{'; grey: rows held back' * bool(len(held(data)))}), the curve with its 95 % interval by {run.exact.by} (blue), and least squares (dashed)."
        ),
    )


def _range(y):
    margin = 0.15 * (y.max() - y.min()) or 1.0
    return y.min() - margin, y.max() + margin
