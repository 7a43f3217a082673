"""Was the cold a danger to the space shuttle's O-rings, as far as 23 earlier flights could tell?

Binary cross-entropy is the negative log likelihood of a coin whose odds follow a line, and an L2
penalty on its weights a Gaussian prior. Read as a posterior it also says how far a chance can be
off, most of all where nobody has looked, and it stays an answer where the likelihood has none.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from analyses import _cross_entropy as shown
from models import _classifier as classifier
from models.logistic_regression import asked, design, known, predictors

QUESTION = "How does the chance of an outcome change with what was measured?"
SHOW = ["w", "chance", "b", "w_raw"]
GROUPS = 5


def answer(run) -> str:
    laws, names = run.exact.distributions, predictors(run.data).columns
    if "chance" in laws or not len(names):
        law = laws.get("chance", laws["b"])
        numbers = law.ppf(0.025), law.mean(), law.ppf(0.975)
        low, middle, high = numbers if "chance" in laws else expit(numbers)
        where = f"Where `{names[0]}` is {run.settings['ask']:g}" if len(names) else "In any row"
        said = f"{where}, the chance is {middle:.1%} (95 % interval {low:.1%} to {high:.1%})"
        if not len(names):
            return f"{said}."
    w = laws["w_raw"]
    j = np.argmax(np.abs(w.mean()) / w.std())
    low, middle, high = np.exp([w.ppf(q)[j] for q in (0.025, 0.5, 0.975)])
    odds = (
        f"one unit more of `{names[j]}` multiplies the odds by {middle:.3g} (95 % interval "
        f"{low:.3g} to {high:.3g})"
    )
    if "chance" in laws:
        return f"{said}; {odds}."
    return f"Of {len(names)} predictors, all else equal, the clearest: {odds}."


def discrepancy(y, run) -> float:
    """Outcomes against their expected number in five groups of rows, by score (Hosmer, Lemeshow)."""
    A = design(run.data)[0]
    score = A @ np.concatenate([np.atleast_1d(law.mean()) for law in run.exact.marginals.values()])
    chance, total = expit(score), 0.0
    for rows in np.array_split(np.argsort(score, kind="stable"), min(GROUPS, len(score))):
        spread = np.sum(chance[rows] * (1 - chance[rows]))
        total += np.sum(y[rows] - chance[rows]) ** 2 / max(spread, 1e-12)
    return float(total)


def story(run):
    names = [str(name)[:24] for name in predictors(run.data)]
    (A, outcome, _, _), draws = design(run.data), _draws(run)
    if len(names) == 1:
        yield from _curve(run, names[0], draws)
        yield from _together(run, names[0])
    elif names:
        yield from shown.weights(run, names, draws[:, 1:, None])
    yield "### Cross-entropy plus a penalty"
    yield from shown.points(run, A, outcome, _map(run), draws[..., None])
    if names:
        yield "### What the width of the prior does"
        yield from shown.path(run, names, lambda tau: _map(run, tau))
    if run.shipped:
        yield from _cold(run)


def _draws(run):
    """Weights, the intercept first, (draw, 1 + p)."""
    parts = [
        run.posterior[k].transpose("chain", "draw", ...) for k in ("b", "w") if k in run.posterior
    ]
    flat = [part.values.reshape(part.sizes["chain"] * part.sizes["draw"], -1) for part in parts]
    return np.concatenate(flat, axis=1)[:: max(1, len(flat[0]) // 4000)]


def _curve(run, name, draws):
    (_, outcome, mean, sd), x = design(run.data), predictors(run.data).to_numpy(float)[:, 0]
    at = asked(run.data, run.settings["ask"])
    ends = [*x] + ([run.settings["ask"]] if at is not None else [])
    grid = np.linspace(min(ends) - sd[0] / 4, max(ends) + sd[0] / 4, 200)
    A = np.column_stack([np.ones(200), (grid - mean[0]) / sd[0]])
    chance = expit(A @ draws.T)
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    low, high = np.quantile(chance, [0.025, 0.975], axis=1)
    axis.fill_between(grid, low, high, color="draws", alpha=0.25, linewidth=0)
    axis.plot(grid, chance.mean(axis=1), color="draws")
    if run.mle:
        axis.plot(grid, expit(A @ np.r_[run.mle["b"], run.mle["w"]]), "--", color="mle")
    spots, number = np.unique(np.column_stack([x, outcome]), axis=0, return_counts=True)
    axis.scatter(*spots.T, s=14 * number, color="ink", zorder=3, clip_on=False)
    if at is not None:
        laws = run.exact.derived["chance"]
        axis.vlines(run.settings["ask"], *laws.ppf([0.025, 0.975]), color="exact", linewidth=3)
        axis.plot(run.settings["ask"], laws.mean(), "o", color="exact")
    axis.set(xlabel=name, ylabel="chance of the outcome", ylim=(-0.03, 1.03))
    caption = "Every row (dots, larger where several coincide), the mean chance and its 95 % band"
    caption += "; dashed: maximum likelihood" if run.mle else ""
    yield (
        figure,
        caption + ("; blue: the exact answer where it was asked." if at is not None else "."),
    )
    if at is not None and run.mle:
        best = expit(run.mle["b"] + run.mle["w"][0] * at)
        gap = np.clip(run.settings["ask"], x.min(), x.max()) - run.settings["ask"]
        yield (
            f"{run.settings['ask']:g} lies "
            + (f"{abs(gap):g} beyond the nearest row" if gap else "among the rows")
            + f". The best-fitting curve puts the chance there at {best:.4f}, as if it were known; "
            f"averaged over all curves that the rows leave possible it is {laws.mean():.4f}, and "
            f"with a probability of 2.5 % below {laws.ppf(0.025):.3f}. The average of curves is no "
            "such curve, and always less certain than the best of them."
        )


def _together(run, name):
    settings = {k: run.settings[k] for k in ("tau", "b_mean", "b_sd")}
    found = known(run.data, **settings)
    b, w = (run.exact.marginals[k] for k in ("b", "w"))
    sides = [np.linspace(law.ppf(1e-4), law.ppf(1 - 1e-4), 90).ravel() for law in (b, w)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1)
    height = np.exp(found.joint(points) - found.joint(found.centre + found.mode))
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.contour(*sides, height.T, levels=[0.01, 0.05, 0.2, 0.5, 0.8], colors="exact", linewidths=1)
    mode, mean = found.centre + found.mode, [b.mean(), w.mean()[0]]
    axis.plot(*mode, "o", color="exact")
    axis.plot(*mean, "D", color="exact")
    if run.mle:
        axis.plot(run.mle["b"], run.mle["w"][0], "^", color="mle")
    axis.set(xlabel="b, log-odds at the average", ylabel=f"w, per sd of {name}")
    yield (
        figure,
        "The exact joint density, in shares of its peak; its peak (dot), its mean (diamond)"
        + (
            " and maximum likelihood (triangle)." if run.mle else "; the likelihood has no maximum."
        ),
    )
    leans = abs(mean[1]) > abs(mode[1]) + 0.02 * w.std()[0]
    yield (
        f"The joint density peaks at w = {mode[1]:.3f}; the mean of w is {mean[1]:.3f}"
        + (f", and the likelihood peaks at {run.mle['w'][0]:.3f}. " if run.mle else ". ")
        + (
            "It leans away from 0: rows exclude too small a weight sooner than too large a one, as "
            "a steep curve and a steeper one hardly differ where there are rows. That is what few "
            "rows look like, and no error of either number."
            if leans
            else "Peak and mean hardly differ, as with many rows or a narrow prior."
        )
    )


def _map(run, tau=None):
    """The most probable weights (1 + p, 1), under another tau if there is one."""
    A, outcome, _, sd = design(run.data)
    tau = run.settings["tau"] if tau is None else tau
    precision = np.diag(np.r_[run.settings["b_sd"], 0 * sd + tau] ** -2.0)
    centre = np.r_[run.settings["b_mean"], 0 * sd][:, None]
    return classifier.most_probable(A, outcome, 2, precision, centre)[0]


def _cold(run):
    few = run.data.sort_values("temperature").head(10)
    A, outcome, mean, sd = design(few)
    apart = classifier.separated(A, outcome, 2)
    settings = {k: run.settings[k] for k in ("tau", "b_mean", "b_sd")}
    law = known(few, **settings).law([1, (run.settings["ask"] - mean[0]) / sd[0]], chance=True)
    yield "### When no curve fits best"
    yield (
        f"Of the {len(few)} coldest flights, {outcome.sum()} had damage, "
        f"{'every one of them colder than' if apart else 'not all of them colder than'} the others. "
        + (
            "The likelihood has then no maximum: a steeper curve always fits better. "
            if apart
            else ""
        )
        + f"The posterior of the same rows is an ordinary one, and its mean chance of damage at "
        f"{run.settings['ask']:g} °F is {law.mean():.3f} (95 % interval {law.ppf(0.025):.3f} to "
        f"{law.ppf(0.975):.3f})."
    )
    yield (
        "Four data sets go by the name of Challenger. Here an outcome is any damage to any of six "
        "rings, by erosion or blow-by; others count damaged rings, with one or two at 75 °F and two "
        "or five at 53 °F, and give other weights. No flight was near 31 °F: the chance there rests "
        "on the straight line in log-odds, and 23 rows cannot test that."
    )
