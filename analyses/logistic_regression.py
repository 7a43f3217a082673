"""Was the cold a danger to the space shuttle's O-rings, as far as 23 earlier flights could tell?

Binary cross-entropy is the negative log likelihood of a coin whose odds follow a line, and an L2
penalty on its weights a Gaussian prior. Read as a posterior it also says how far a chance can be
off, most of all where nobody has looked, and it stays an answer where the likelihood has none.
"""

import numpy as np
from scipy.special import expit

from analyses import _cross_entropy as shown
from analyses import _one_predictor as one
from models import _classifier as classifier
from models.logistic_regression import design, known, predictors, prior

QUESTION = "How does the chance of an outcome change with what was measured?"
SHOW = ["w", "chance", "b", "w_raw"]


def answer(run) -> str:
    laws, names = run.exact.distributions, predictors(run.data).columns
    if not len(names):
        numbers = (_percent(expit(laws["b"].ppf(q))) for q in (0.025, 0.5, 0.975))
        return "In any row the chance is {1} (95 % interval {0} to {2}).".format(*numbers)
    w = laws["w_raw"]
    j = np.argmax(np.abs(w.mean()) / w.std())
    low, middle, high = np.exp([w.ppf(q)[j] for q in (0.025, 0.5, 0.975)])
    odds = (
        f"one unit more of `{names[j]}` multiplies the odds by {middle:.3g} (95 % interval "
        f"{low:.3g} to {high:.3g})"
    )
    if "chance" not in laws:
        return f"The clearest of {len(names)} predictors: all else equal, {odds}."
    law = laws["chance"]
    low, middle, high = map(_percent, (law.ppf(0.025), law.mean(), law.ppf(0.975)))
    where = f"Where `{names[0]}` is {run.settings['ask']:g}, the chance of the outcome is"
    return f"{where} {middle} (95 % interval {low} to {high}); {odds}."


def _percent(share):
    return f"{100 * share:.1f} %" if 0.0005 < share < 0.9995 else "0 %" if share < 0.5 else "100 %"


def discrepancy(y, run) -> float:
    """Outcomes against their expected number in five groups of rows, by score (Hosmer, Lemeshow)."""
    A = design(run.data)[0]
    score = A @ np.concatenate([np.atleast_1d(law.mean()) for law in run.exact.marginals.values()])
    return shown.in_groups(y[:, None], expit(score)[:, None])


def story(run):
    names = [str(name)[:24] for name in predictors(run.data)]
    (A, outcome, _, _), draws = design(run.data), _draws(run)
    if len(names) == 1:
        yield from one.curve(run, names[0], draws)
        yield from one.together(run, names[0])
    elif names:
        yield from shown.weights(run, names, draws[:, 1:, None], run.settings["tau"])
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


def _map(run, tau=None):
    """The most probable weights (1 + p, 1), under another tau if there is one."""
    A, outcome, _, _ = design(run.data)
    settings = {k: run.settings[k] for k in ("tau", "b_mean", "b_sd")}
    centre, d = prior(run.data, **settings | ({} if tau is None else {"tau": tau}))
    return classifier.most_probable(A, outcome, 2, np.diag(d**-2.0), centre[:, None])[0]


def _cold(run):
    few = run.data.sort_values("temperature").head(10)
    A, outcome, _, sd = design(few)
    settings = {k: run.settings[k] for k in ("tau", "b_mean", "b_sd")}
    low, middle, high = known(few, **settings).law([0, 1], scale=1 / sd[0]).ppf([0.025, 0.5, 0.975])
    yield "### When no curve fits best"
    yield (
        f"Of the {len(few)} coldest flights, {outcome.sum()} had damage, "
        + (
            "all of them colder than the others. The likelihood then has no maximum: a steeper "
            "curve always fits better. "
            if classifier.separated(A, outcome, 2)
            else "though not the coldest alone. "
        )
        + f"The posterior of these rows is an ordinary one: the log-odds of damage change by "
        f"{middle:.2f} with every degree, with a 95 % interval from {low:.2f} to {high:.2f}."
    )
    yield (
        "Four data sets go by the name of Challenger. Here an outcome is any damage to any of six "
        "rings, by erosion or blow-by; others count damaged rings, with one or two at 75 °F and two "
        "or five at 53 °F, and give other weights. No flight was near 31 °F: the chance there rests "
        "on the straight line in log-odds, and 23 rows cannot test that."
    )
