"""Which of ten baseline measurements go with the progress of diabetes a year later?

Ridge regression is a Gaussian prior on the weights. Read as a posterior it says more than its
point: how sure each weight is, what the prior's width does, and how far a prediction can be off.
"""

from contextlib import suppress

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models.linear_regression import design, integrated, mle, predict, predictors

QUESTION = "Which measurements go with a higher outcome, and how surely?"
SHOW = ["w[bmi]", "w[s5]", "w[s1]", "w"]  # first on the page, where they exist


def answer(run) -> str:
    w = run.exact.derived["w_raw"]
    j = np.argmax(np.abs(w.mean()) / w.std())
    low, middle, high = (float(f"{w.ppf(q)[j]:.3g}") for q in (0.025, 0.5, 0.975))
    clear = np.sum(w.ppf(0.025) * w.ppf(0.975) > 0)
    return (
        f"The {'clearest' if clear else 'least unclear'} link is with `{predictors(run.data).columns[j]}`: between cases alike in "
        f"all else, one unit more of it goes with {middle:+,g} in the outcome (95 % interval "
        f"{low:+,g} to {high:+,g}); the direction is clear for {clear} of {w.std().size} predictors."
    )


def discrepancy(y, run) -> float:
    """How much the scatter changes along the line: |correlation| of fitted value and error size."""
    X, sigma = design(run.data)[0], run.exact.marginals["sigma"].mean()
    penalty = (sigma / run.settings["tau"]) ** 2 * np.eye(X.shape[1])
    fitted = X @ np.linalg.solve(X.T @ X + penalty, X.T @ (y - np.mean(y)))
    size = np.abs(y - fitted - np.mean(y - fitted))
    some = min(np.std(size), np.std(fitted)) > 1e-9 * np.std(y)
    return float(abs(np.corrcoef(fitted, size)[0, 1])) if some else 0.0


def story(run):
    names = [str(name)[:24] for name in predictors(run.data)]
    yield from _weights(run, names)
    yield "### What the width of the prior does"
    yield from _path(run, names)
    yield "### Squared error plus a penalty"
    yield from _points(run, names)
    yield from _prediction(run)
    if run.shipped:
        yield (
            "The patients were observed, not treated: *goes with* is not *causes*. `s4` is the "
            "ratio of `s1` to `s3`, and `s1` contains `s2`; the source calls `s5` only *possibly* "
            "the logarithm of triglycerides, and does not say which `sex` is 1."
        )


def _weights(run, names):
    w, reach = run.exact.marginals["w"], 1.96 * run.settings["tau"]
    order = np.argsort(np.abs(w.mean()))[-14:]
    rows = np.arange(order.size)
    figure, axis = plt.subplots(figsize=(6.4, 1.1 + 0.25 * order.size), layout="constrained")
    axis.axvspan(-reach, reach, color="prior", alpha=0.12, linewidth=0)
    axis.axvline(0, color="muted", linewidth=1)
    axis.hlines(rows, w.ppf(0.025)[order], w.ppf(0.975)[order], color="exact", linewidth=3)
    axis.plot(w.ppf(0.5)[order], rows, "o", color="exact")
    if run.mle:
        axis.plot(run.mle["w"][order], rows, "|", color="mle", markersize=13, markeredgewidth=2)
    axis.set_yticks(rows, [names[j] for j in order])
    axis.set(xlabel="difference in outcome per standard deviation of the predictor")
    caption = "The largest weights with 95 % intervals, over the prior's 95 % interval (green)"
    yield figure, caption + ("; upright strokes: least squares." if run.mle else ".")
    draws = run.posterior["w"].transpose("chain", "draw", ...).values.reshape(-1, len(names))
    together = np.atleast_2d(np.corrcoef(draws.T))
    if together.min() < -0.7:  # else the sum is hardly better known than either
        i, j = np.unravel_index(np.argmin(together), together.shape)
        seen = np.corrcoef(predictors(run.data).to_numpy(float).T)[i, j]
        yield (
            f"A wide interval need not mean an idle predictor. `{names[i]}` and `{names[j]}` "
            f"correlate at {seen:.2f} in the data; their weights have posterior standard "
            f"deviations {draws[:, i].std():.3g} and {draws[:, j].std():.3g}, but their sum "
            f"{draws[:, [i, j]].sum(axis=1).std():.3g}: what one gains the other loses."
        )


def _path(run, names):
    tau, spread = run.settings["tau"], run.data["outcome"].std(ddof=0)
    taus = np.geomspace(min(spread / 200, tau), max(5 * spread, tau), 40)
    fits = [integrated(run.data, **run.settings | {"tau": t}) for t in taus]
    w = np.array([fit.along(np.eye(fit.d.size)[1:]).mean() for fit in fits])
    evidence = np.array([fit.log_evidence for fit in fits])
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.3), layout="constrained")
    left.plot(taus, w, color="exact", linewidth=1.2)
    for j in {int(np.argmin(w[-5])), int(np.argmax(w[-5]))}:
        left.text(taus[-5], w[-5, j], names[j], ha="right", va="bottom")
    if run.mle:
        left.plot(np.full(len(names), taus[-1]), run.mle["w"], "<", color="mle", clip_on=False)
    right.plot(taus, evidence - evidence.max(), color="exact")
    left.set(ylabel="posterior mean of each weight")
    right.set(ylim=(-20, 2), ylabel="log evidence below its peak (nats)")
    for axis in (left, right):
        axis.axvline(tau, color="prior", linestyle="--")
        axis.set(xscale="log", xlabel="tau (units of outcome)")
    caption = "Left: the ridge path, weights against the prior's width (triangles: least squares)."
    yield figure, caption + " Right: how well each tau foretold the data. Dashed: tau as set."
    yield (
        "A narrow prior says that no predictor matters; a wide one gives least squares back. Of "
        f"the values drawn, tau = {taus[np.argmax(evidence)]:.2g} foretold the data best; {tau:g} "
        f"has {max(evidence.max() - run.exact.log_evidence, 0):.2g} nats less of log evidence. "
        "Columns that nearly repeat each other share a weight under a narrow prior and pull "
        "against each other under a wide one: there a path bends, or crosses zero."
    )


def _points(run, names):
    mean, known = run.exact.marginals["sigma"].mean(), integrated(run.data, **run.settings)
    points = {"ridge at the mean sigma": (mean, known.ridge(mean)[0][1:])}
    if mode := known.joint_mode():
        points["joint MAP"] = mode[0], mode[1][1:]
    points["posterior mean"] = mean, run.exact.marginals["w"].mean()
    points |= {"least squares": (run.mle["sigma"], run.mle["w"])} if run.mle else {}
    where = "nowhere: weights that fit every row exactly let it grow without bound."
    yield (
        "Given sigma, the most probable weights minimise squared error plus λ times the squared "
        "weights, λ = sigma²/tau²: squared error *is* Gaussian noise, an L2 penalty *is* a Gaussian "
        f"prior. At the mean of sigma λ is {(mean / run.settings['tau']) ** 2:.3g}. The joint density "
        f"of weights and sigma is highest {'at a point of its own.' if mode else where}"
    )
    some = np.argsort(-np.ptp([w for _, w in points.values()], axis=0))[:3]
    rows = [[k, *(f"{v:.4g}" for v in (s, *w[some]))] for k, (s, w) in points.items()]
    yield pd.DataFrame(rows, columns=["point", "sigma", *(f"w of {names[j]}" for j in some)])


def _prediction(run):
    rng, inside, (n, p) = np.random.default_rng(0), [], predictors(run.data).shape
    for mixed in [rng.permutation(n) for _ in range(20 if n >= p + 10 else 0)]:
        seen, new = run.data.iloc[mixed[: p + 5]], run.data.iloc[mixed[p + 5 : p + 205]]
        with suppress(ValueError):  # so few rows may hold a constant column, or fit perfectly
            (_, _, mean, sd), point = design(seen), mle(seen)
            line = point["b"] + (predictors(new) - mean) / sd @ point["w"]
            rank = predict(seen, new, **run.settings).cdf(new["outcome"])
            near = np.abs(new["outcome"] - line) < 1.96 * point["sigma"]
            inside.append((near.mean(), np.mean(np.abs(rank - 0.5) < 0.475)))
    if inside:
        plugged, whole = np.mean(inside, axis=0)
        yield (
            f"A prediction from a point takes the line as known. When {p + 5} rows, drawn at random "
            f"{len(inside)} times, predict up to 200 others, {plugged:.0%} of those lie in least "
            f"squares' 95 % interval; {whole:.0%} do if weights and sigma are integrated out."
        )
