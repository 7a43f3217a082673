"""Stories that logistic and softmax regression share: weights, loss and penalty, the prior's width.

Weights are (1 + p, K - 1), the intercept first, as in `models/_classifier.py`; draws of them have
an axis before.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import softmax

from models import _classifier as classifier

GROUPS = 5
MOST = 14  # weights in one picture
MANY = 2_000  # draws that chances are averaged over


def chances(theta, A):
    """Chance of every class in every row: theta (..., 1 + p, K - 1) -> (..., n, K)."""
    scores = A @ theta
    return softmax(np.concatenate([np.zeros_like(scores[..., :1]), scores], axis=-1), axis=-1)


def in_groups(member, chance):
    """Chi-square of labels against chances, both (n, K), in five groups of rows for each class."""
    total = 0.0
    for found, given in zip(member.T, chance.T, strict=True):
        for rows in np.array_split(np.argsort(given, kind="stable"), min(GROUPS, len(given))):
            spread = np.sum(given[rows] * (1 - given[rows]))
            total += np.sum(found[rows] - given[rows]) ** 2 / max(spread, 1e-12)
    return float(total)


def best(run):
    """Maximum likelihood as weights (1 + p, K - 1); None where there is none."""
    if not run.mle:
        return None
    rows = [np.reshape(run.mle[k], (-1, np.size(run.mle["b"]))) for k in ("b", "w") if k in run.mle]
    return np.concatenate(rows)


def weights(run, names, draws, sd):
    """The largest weights: draws (draw, p, K - 1), a name for each of p (K - 1), their prior sd."""
    w = draws.reshape(len(draws), -1)
    order = np.argsort(np.abs(w.mean(axis=0)))[-MOST:]
    rows = np.arange(order.size)
    figure, axis = plt.subplots(figsize=(6.4, 1.1 + 0.25 * order.size), layout="constrained")
    axis.axvspan(-1.96 * sd, 1.96 * sd, color="prior", alpha=0.12, linewidth=0)
    axis.axvline(0, color="muted", linewidth=1)
    axis.hlines(rows, *np.quantile(w[:, order], [0.025, 0.975], axis=0), color="draws", linewidth=3)
    axis.plot(np.median(w[:, order], axis=0), rows, "o", color="draws")
    if run.mle:
        axis.plot(
            best(run)[1:].ravel()[order], rows, "|", color="mle", markersize=13, markeredgewidth=2
        )
    axis.set_yticks(rows, [names[j] for j in order])
    axis.set(xlabel="change in log-odds per standard deviation of the predictor")
    axis.set_ylim(-0.6, order.size - 0.4)
    caption = "The largest weights with 95 % intervals, over the prior's 95 % interval (green)"
    yield figure, caption + ("; upright strokes: maximum likelihood." if run.mle else ".")


def points(run, A, y, most_probable, draws):
    """Loss and likelihood of single points, and of all draws averaged."""
    named = {"most probable (MAP)": most_probable, "mean": draws.mean(axis=0)}
    named = ({"maximum likelihood": best(run)} if run.mle else {}) | named
    found = {name: chances(theta, A) for name, theta in named.items()}
    every = draws[:: max(1, len(draws) // MANY)]
    found["all averaged"] = sum(chances(theta, A) for theta in every) / len(every)
    member = y[:, None] == np.arange(named["mean"].shape[1] + 1)
    rows = []
    for name, chance in found.items():
        with np.errstate(divide="ignore"):
            entropy = -np.mean(np.log(chance[member]))
        likelihood = classifier.log_likelihood(named[name], A, y) if name in named else np.nan
        rows.append({
            "point": name,
            "cross-entropy": f"{entropy:.6f}",
            "times rows": f"{entropy * len(y):.6f}",
            "log likelihood": f"{likelihood:.6f}" if name in named else "",
            "Brier score": f"{np.mean(((chance - member) ** 2).sum(axis=1)) / 2:.4f}",
            "right": f"{100 * np.mean(chance.argmax(axis=1) == y):.1f} %",
        })  # fmt: skip
    of_all = " of all classes" if member.shape[1] > 2 else ""
    yield (
        "The mean cross-entropy of a point, times the number of rows, is minus its log likelihood: "
        f"minimising this loss *is* maximising that likelihood. And λ/2 times the squared weights{of_all}, "
        f"λ = 1/tau² = {run.settings['tau'] ** -2:.3g}, *is* minus the log of their Gaussian prior: "
        "the point with the least of loss and penalty together is the most probable. (scikit-learn "
        "calls tau² `C`, and gives the intercept no prior.)"
    )
    yield pd.DataFrame(rows)
    yield (
        "Right counts the rows whose likeliest outcome came true; always naming the most frequent "
        f"would be right in {100 * member.mean(axis=0).max():.1f} %. The Brier score is the mean squared "
        "distance of chance and outcome. These are the rows that the points were fitted to; on others "
        "each should be expected to do worse."
    )


def path(run, names, most_probable):
    """The most probable weights by the prior's width; `most_probable` takes a tau."""
    tau = run.settings["tau"]
    taus = np.geomspace(min(0.02, tau / 2), max(50.0, 2 * tau), 50)
    w = np.array([most_probable(t)[1:].ravel() for t in taus])
    figure, axis = plt.subplots(figsize=(6.4, 3.1), layout="constrained")
    axis.plot(taus, w, color="exact", linewidth=1.2)
    for j in {int(np.argmin(w[-8])), int(np.argmax(w[-8]))} if len(names) > 1 else ():
        up = -1 if j == np.argmin(w[-8]) else 1
        axis.annotate(
            names[j], (taus[-8], w[-8, j]), (0, 3 * up), textcoords="offset points",
            ha="right", va="bottom" if up > 0 else "top",
        )  # fmt: skip
    axis.margins(y=0.12)
    if run.mle:
        axis.plot(
            np.full(w.shape[1], taus[-1]), best(run)[1:].ravel(), "<", color="mle", clip_on=False
        )
    axis.axvline(tau, color="prior", linestyle="--")
    axis.set(xscale="log", xlabel="tau", ylabel="most probable w")
    caption = "The most probable weights against the prior's width; dashed: tau as set"
    yield figure, caption + ("; triangles: maximum likelihood." if run.mle else ".")
    yield (
        "A narrow prior says that no predictor matters; as it widens, the weights tend to those of "
        "maximum likelihood."
        if run.mle
        else "A narrow prior says that no predictor matters. As it widens, the weights grow for ever, "
        f"since the likelihood has {run.maximum.note}. The posterior is proper all the same."
    )
