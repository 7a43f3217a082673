"""Which of three kinds is a flower, by the length and width of its sepals and petals?

Categorical cross-entropy is a categorical likelihood, and weight decay its Gaussian prior. One
kind stands apart from the others, so the likelihood alone has no maximum: here the prior decides
how sure the answer sounds, and rows held out of the fit say whether that is too sure.
"""

import numpy as np

from analyses import _cross_entropy as shown
from analyses import _held_out as held_out
from models._alike import mean, times
from models.softmax_regression import classes, design, most_probable, predictors

QUESTION = "Which class does a row belong to, and how sure can one be?"
SHOW = ["w", "b"]


def answer(run) -> str:
    (A, label, _, _), names = design(run.data), classes(run.data)
    theta = _theta({k: law.mean() for k, law in run.exact.marginals.items()})
    right = mean(shown.chances(theta, A).argmax(axis=1) == label, times(run.data))
    said = f"The likeliest of {len(names)} classes is the true one in {100 * right:.1f} % of rows"
    if "w" not in run.exact.marginals:
        return f"{said}, always the same."
    w = run.exact.marginals["w"]
    at = np.unravel_index(np.argmax(np.abs(w.mean()) / w.std()), np.shape(w.mean()))
    low, middle, high = np.exp([w.ppf(q)[at] for q in (0.025, 0.5, 0.975)])
    return (
        f"{said}. The clearest sign: a standard deviation more of "
        f"`{predictors(run.data).columns[at[0]]}` multiplies the odds of {names[at[1] + 1]} against "
        f"{names[0]} by {_times(middle)} (95 % interval {_times(low)} to {_times(high)})."
    )


def _times(ratio):
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def discrepancy(y, run) -> float:
    """Labels against their expected number in five groups of rows, by each class's chance."""
    theta = _theta({k: law.mean() for k, law in run.exact.marginals.items()})
    chance = shown.chances(theta, design(run.data)[0])
    return shown.in_groups(y[:, None] == np.arange(chance.shape[1]), chance)


def story(run):
    (A, label, _, _), kinds = design(run.data), classes(run.data)
    names = [f"{str(x)[:20]}: {str(k)[:14]}" for x in predictors(run.data) for k in kinds[1:]]
    draws = _theta({k: v.transpose("chain", "draw", ...).values for k, v in run.posterior.items()})
    draws = draws.reshape(-1, *draws.shape[2:])[:: max(1, draws.shape[0] * draws.shape[1] // 4000)]
    if names:
        yield from shown.weights(run, names, draws[:, 1:], 2**0.5 * run.settings["tau"])
        yield (
            f"Each is the log-odds of a class against {kinds[0]}, the first; those of two others "
            "against each other are differences. No class is special: the prior is that of "
            "differences of independent weights, one for each class."
        )
    yield "### Cross-entropy plus a penalty"
    yield from shown.points(run, A, label, _map(run, run.settings["tau"]), draws)
    if names:
        yield "### What the width of the prior does"
        yield from shown.path(run, names, lambda tau: _map(run, tau))
        yield "### Is it as sure as it should be?"
        yield from held_out.temperature(run, label)
    if run.shipped:
        yield (
            "The kinds were named by a botanist, who could see more than four lengths: that "
            f"{kinds[0]} stands apart and the other two overlap is a fact of these lengths, not of "
            "the flowers. Copies of these rows differ: in that of the UCI repository two flowers "
            "are misprinted."
        )


def _theta(parts):
    """b (..., K - 1) and w (..., p, K - 1) as weights (..., 1 + p, K - 1)."""
    rows = [np.asarray(parts["b"])[..., None, :]] + [
        np.asarray(parts[k]) for k in parts if k == "w"
    ]
    return np.concatenate(rows, axis=-2)


def _map(run, tau):
    return most_probable(run.data, tau=tau, b_sd=run.settings["b_sd"])
