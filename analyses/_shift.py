"""Three more shifts than that of a line's x: weights for it, a die that is loaded, rarer labels."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logsumexp

from models import _entropy as bits
from models import base_rate

FAIR, LOADED = np.full(6, 1 / 6), np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.5])
TEST = {"sensitivity": 0.95, "specificity": 0.98}  # found where half of the cases were fraud


def weights(x, target):
    """How much likelier each x (n,) is in the target than in training, both taken for normal.

    Each density has the mean and sd of its own rows (divisor n). The weights have mean one.
    """
    both = [stats.norm(rows.mean(), rows.std()) for rows in (np.asarray(target), np.asarray(x))]
    log = both[0].logpdf(x) - both[1].logpdf(x)
    return np.exp(log - logsumexp(log)) * len(x)


def effective(w) -> float:
    """How many rows of equal weight would scatter as little as rows weighted `w`."""
    return float(w.sum() ** 2 / (w**2).sum())


def weighted_line(x, y, w):
    """Intercept and slope with the least weighted squared error: (2,)."""
    root = np.sqrt(w)
    return np.linalg.lstsq(np.column_stack([root, root * x]), root * y, rcond=None)[0]


def together(after, z, y) -> float:
    """F of outcomes y (k,) at z (k,) against what is foretold of all of them together."""
    Z = np.column_stack([np.ones(len(z)), z])
    spread = np.eye(len(z)) + Z @ np.diag([1 / after["kappa"], 1 / after["tau"]]) @ Z.T
    off = y - after["m"] - after["slope"] * z
    return float(off @ np.linalg.solve(spread, off) / len(y) / (after["beta"] / after["alpha"]))


def weighting(x, y, target, outcome):
    """What weights do to the line, and how many rows they leave; an `outcome` may be missing."""
    w = weights(x, target)
    (start, rise), (level, slope) = weighted_line(x, y, np.ones(len(x))), weighted_line(x, y, w)
    away, ratio = (target.mean() - x.mean()) / x.std(), target.std(ddof=0) / x.std()
    yield (
        f"Least squares can count each training row as often as the target would have it, with weight p_target(x) / p_train(x). Neither density is known; both are taken for normal here, with their rows' own "
        f"means ({x.mean():.4g}, {target.mean():.4g}) and sds ({x.std():.4g}, {target.std(ddof=0):.4g}). The line then goes from {start:.4g} {rise:+.4g} x to {level:.4g} {slope:+.4g} x. But the {len(x)} rows are worth "
        f"(sum of w)² / (sum of w²) = **{effective(w):.2f}** rows of equal weight; the heaviest holds {w.max() / w.sum():.0%} of it all."
    )
    yield (
        sizes(),
        "What share of many training rows is left after weighting, exactly, for normal x: at equal sds exp(-d²), d the shift in training sds.",
    )
    nothing = "none of many rows, as the variance of the weights is infinite"
    left = f"about {share_left(away, ratio):.2g} of many rows" if ratio**2 < 2 else nothing
    ends = x.min(), x.max()
    outside = np.mean((target < ends[0]) | (target > ends[1]))
    yield (
        f"Here the target is {away:+.2f} training sds away and {ratio:.2g} times as wide, which would leave {left}. {outside:.0%} of the target lies where no training row is: weights cannot make up for what was not seen, and an effective size that "
        "is worked out from the rows at hand does not notice. Where the line is right no weights are needed: y given x is the same in both places, and all rows tell of it alike."
    )
    known = outcome.notna()
    if known.any():
        errors = [
            np.mean((outcome - a - b * target)[known] ** 2)
            for a, b in ((start, rise), (level, slope))
        ]
        yield f"On the outcomes that came in, the mean squared error of the plain line is {errors[0]:.4g}, of the weighted one {errors[1]:.4g}."


def sizes():
    """What is left of the training rows as the target moves away."""
    away = np.linspace(0, 4, 161)
    figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    for ratio, style in ((1.0, "-"), (0.7, "--"), (0.4, ":")):
        axis.plot(away, share_left(away, ratio), style, color="exact", label=f"{ratio:g}")
    axis.set(xlabel="target mean from training mean (training sds)", ylabel="share of rows left")
    axis.legend(title="sd of the target\nin training sds")
    return figure


def share_left(away, ratio):
    """1 / E[w^2] of normal densities, their means `away` training sds apart, sds in `ratio`.

    The integral of N(a, r)^2 / N(0, 1), which is finite for r^2 < 2.
    """
    return ratio * np.sqrt(2 - ratio**2) * np.exp(-(away**2) / (2 - ratio**2))


def cost(trained, used, n):
    """Bits a throw of the die `used` costs on average after n throws of the die `trained`.

    The shares are the posterior mean under Dirichlet(1, ..., 1); each count by itself is binomial.
    """
    k = np.arange(n + 1)[:, None]
    logs = np.log2((1 + k) / (trained.size + n))
    return float(-np.sum(used * np.sum(stats.binom(n, trained).pmf(k) * logs, axis=0)))


def dice():
    n = np.unique(np.geomspace(1, 2_000, 40).astype(int))
    H, wrong = bits.entropy(LOADED), bits.cross_entropy(LOADED, FAIR)
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.plot(n, [cost(FAIR, LOADED, i) for i in n], "--", color="exact", label="trained on fair")
    axis.plot(n, [cost(LOADED, LOADED, i) for i in n], color="exact", label="trained on loaded")
    axis.axhline(H, color="ink", linestyle=":", label="entropy of the loaded die")
    axis.set(xscale="log", xlabel="throws trained on", ylabel="bits a throw of the loaded die")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    yield (
        figure,
        "What a throw of the loaded die costs on average, exactly, after training on either die.",
    )
    ratio = LOADED / FAIR
    yield (
        f"A model is trained on a fair die and used where the six comes up half the time. A throw of that die holds {H:.4f} bits; taken for fair it costs H(loaded, fair) = {wrong:.4f}, and the "
        f"difference, KL = {bits.divergence(LOADED, FAIR):.4f} bits, no number of fair throws takes away: more data of the wrong kind only make the wrong answer surer. Were the use known, each fair throw could count "
        f"with weight loaded / fair ({ratio[0]:g}, of a six {ratio[5]:g}), and n throws would be worth n / {np.sum(LOADED * ratio):g}: here both dice can show every face, so that weights can do it."
    )


def labels():
    """The same test, used where cases are rarer than where it was trained."""
    n, share = 10_000, 0.002 * TEST["sensitivity"] + 0.998 * (1 - TEST["specificity"])
    flagged = round(n * share)
    rows = [("population", n, flagged), ("positives", 2_000, 1_900), ("negatives", 2_000, 40)]
    data = pd.DataFrame(rows, columns=["study", "tested", "flagged"])
    corrected = base_rate.mle(data)["prevalence"]
    law = base_rate.exact(data, **base_rate.PRIOR).marginals["prevalence"]
    half, rare = (base_rate.predictive_values(p, **TEST)[1] for p in (0.5, corrected))
    low, high = law.ppf([0.025, 0.975])
    yield (
        f"Here the features given the label stay as they were, and the labels do not. A test that was trained where half the cases were fraud finds {TEST['sensitivity']:.0%} of them ({rows[1][2]:,} of {rows[1][1]:,}) "
        f"and alarms at {1 - TEST['specificity']:.0%} of the rest ({rows[2][2]} of {rows[2][1]:,}). In use it flags {flagged} of {n:,}, {flagged / n:.2%}. Rogan and Gladen's (flagged - false alarms) / (found - false alarms) "
        f"makes of that a prevalence of {corrected:.2%}; with all three chances unknown, `base_rate` has, exactly and under its own prior, a 95 % interval of {low:.2%} to {high:.2%}. A flag was right in {half:.1%} of cases in "
        f"training and is in {rare:.1%} now: the odds are multiplied by the ratio of the odds of the labels, and nothing need be trained again."
    )
