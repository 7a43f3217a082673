"""What a curve costs: bias, variance and noise, by algebra and by simulation.

A curve that is linear in y, f = H y, is off on average by (H - 1) truth, scatters by H H', and a
new row by the noise on top. All are means over the places of the rows.
"""

import matplotlib.pyplot as plt
import numpy as np

from analyses._degrees import at, degrees
from models.polynomial_regression import design, posterior

TIMES = 4_000  # simulated data sets
PARTS = ("bias²", "variance", "error of a new row", "error of a fitted row")


def exactly(H, truth, sigma) -> np.ndarray:
    """The four of `PARTS`, truth (n,) measured from where H shrinks to."""
    n, off = truth.size, H @ truth - truth
    bias, variance = off @ off / n, sigma**2 * np.sum(H**2) / n
    fitted = bias + sigma**2 * np.sum((H - np.eye(n)) ** 2) / n
    return np.array([bias, variance, bias + variance + sigma**2, fitted])


def simulated(H, truth, sigma, noise, again) -> tuple[np.ndarray, np.ndarray]:
    """The same from simulated rows and new rows, `noise` and `again` (times, n), with errors.

    Squares of averages over simulations are too large by their own variance, which is taken off. How
    far bias² and variance scatter is algebra, as simulated curves are normal.
    """
    times, n = noise.shape
    y = truth + sigma * noise
    curves = y @ H.T
    off, spread = curves.mean(axis=0) - truth, curves.var(axis=0, ddof=1)
    cost = ((truth + sigma * again - curves) ** 2).mean(axis=1)
    fitted = ((y - curves) ** 2).mean(axis=1)
    values = [off @ off / n - spread.mean() / times, spread.mean(), cost.mean(), fitted.mean()]
    bias, covariance = H @ truth - truth, sigma**2 * H @ H.T
    wide = 2 * np.sum(covariance**2) / n**2
    along = 4 * bias @ covariance @ bias / n**2
    errors = [
        np.sqrt(along / times + wide / times**2),
        np.sqrt(wide / (times - 1)),
        *(x.std(ddof=1) / np.sqrt(times) for x in (cost, fitted)),
    ]
    return np.array(values), np.array(errors)


def story(run):
    every = degrees(run)
    whole = run.data.assign(held=0)
    settings = run.settings | {"degree": np.float64(every[-1])}
    truth = posterior(whole, **settings)
    columns, y = design(run.data, every[-1])
    curve = columns @ truth.m
    sigma = float(truth.sigma().mean())
    rng = np.random.default_rng(run.seed)
    noise, again = rng.standard_normal((2, TIMES, y.size))
    exact, drawn, errors = [], [], []
    for degree in every:
        X = design(run.data, degree)[0]
        H = X @ at(run, degree).hat
        exact.append(exactly(H, curve, sigma))
        one, off = simulated(H, curve, sigma, noise, again)
        drawn.append(one)
        errors.append(off)
    exact, drawn, errors = np.array(exact), np.array(drawn), np.array(errors)
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    colours = ("prior", "mle", "ink", "exact")
    for j, (name, colour) in enumerate(zip(PARTS, colours, strict=True)):
        axis.plot(every, exact[:, j], color=colour, label=name)
        axis.errorbar(every, drawn[:, j], 2 * errors[:, j], fmt=".", color=colour)
    axis.axhline(sigma**2, color="muted", linestyle="--")
    top = min(1.05 * exact.max(), 9 * sigma**2)
    axis.set(xlabel="degree", ylabel="mean squared", ylim=(0, top))
    axis.legend()
    yield (
        figure,
        (
            f"By algebra (lines) and from {TIMES:,} simulated data sets (dots, with two standard errors): bias², variance and, with the "
            "noise (dashed), their sum, the error of a new row; below it that of a row the curve was fitted to."
        ),
    )
    best, z = int(np.argmin(exact[:, 2])), np.abs(drawn - exact) / errors
    yield (
        f"Here the truth is known, as it is made up: the curve of degree {every[-1]} through all {len(run.data):,} rows, with noise of {sigma:.3g}. The curve at the posterior mean is "
        "linear in y, so its bias and variance are algebra; simulation agrees, "
        f"with a largest |z| of {z.max():.2f} in {z.size} comparisons. The error of a new row is bias² + variance + noise, exactly. It is least at degree {every[best]}: "
        f"{exact[best, 0]:.3g} + {exact[best, 1]:.3g} + {sigma**2:.3g} = {exact[best, 2]:.3g}. At degree {every[-1]} the bias² is {exact[-1, 0]:.2g} and the variance {exact[-1, 1]:.3g}, so the mean "
        f"squared error of a new row is {exact[-1, 2]:.3g}, and that of the fitted rows only {exact[-1, 3]:.3g}: rows that were fitted hide what it costs."
    )
