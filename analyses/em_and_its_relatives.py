"""Why can a step of EM never lower the likelihood, and what else climbs in the same way?

A page of facts without a model. Five climbs on rows of other topics: four by what is expected of
something hidden (EM), one by a parabola (MM). Each bound is computed apart from the likelihood.
"""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analyses import _bounds, _climbs, _normal_climbs

QUESTION = "Why does a step of EM never lower the likelihood, and what else climbs like that?"
FIVE = (_climbs.mixture, _climbs.hidden_chain, _normal_climbs.principal_components,
        _normal_climbs.holes, _climbs.logistic)  # fmt: skip


@cache
def climbs():
    """The five climbs, each climbed once."""
    return [climb() for climb in FIVE]


def answer(page) -> str:
    taken = sum(len(climb.path) - 1 for climb in climbs())
    return (
        "Each step goes to the top of a lower bound that touches the likelihood where one stands, so "
        f"it cannot go down: in {len(FIVE)} algorithms none of {taken:,} steps does. Each ends at a local maximum "
        "that a quasi-Newton climb finds too; for principal components, missing data and logistic regression it "
        "is the maximum found without EM."
    )


def table(page):
    for climb in climbs():
        yield from _bounds.lines(climb, np.random.default_rng(page.seed))


def picture(page, *, small=False):
    """The same picture for every climb: likelihood, bound, next bound; small, of the mixture."""
    if small:
        figure, axis = plt.subplots(figsize=(3.1, 2.2), layout="constrained")
        _one(axis, climbs()[0])
        return figure, "a likelihood and two lower bounds"
    figure, axes = plt.subplots(2, 3, figsize=(7.6, 4.8), layout="constrained")
    for axis, climb in zip(axes.flat, climbs(), strict=False):
        _one(axis, climb)
        axis.set_title(climb.name)
    axes[1, 2].axis("off")
    axes[1, 2].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")
    return figure, (
        "Along the line of a climb's second step: the log likelihood, and the bounds that touch it where the step "
        "begins (0) and where it ends (1), which is the top of the first."
    )


def _one(axis, climb, at=1):
    """Heights along the line from one point of the path through the next."""
    here, there = climb.path[at : at + 2]
    s = np.linspace(-0.7, 2.2, 101)
    line = here + s[:, None] * (there - here)
    level, reached = climb.height(here), climb.height(there)
    heights = np.array([climb.height(u) for u in line]) - level
    axis.plot(s, heights, color="ink", label="log likelihood")
    for place, point, style in ((0, here, "-"), (1, there, "--")):
        bound = np.array([climb.bound(u, point) for u in line]) - level
        axis.plot(s, bound, style, color="exact", label=f"bound that touches at {place}")
        axis.plot(place, climb.height(point) - level, "o", color="exact", markersize=5)
    gain = reached - level
    axis.set(xlabel="steps", ylabel="log likelihood gained", ylim=(-1.2 * gain, 1.8 * gain))


def _gaps():
    figure, axis = plt.subplots(figsize=(7.6, 3.2), layout="constrained")
    for climb, style in zip(climbs(), ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))), strict=True):
        gap = climb.top - np.array([climb.height(u) for u in climb.path])
        axis.semilogy(
            np.where(gap > 1e-9, gap, np.nan), linestyle=style, color="ink", label=climb.name
        )
    longest = sorted(len(climb.path) for climb in climbs())[-2]
    axis.set(xlabel="steps", ylabel="log likelihood below the top", xlim=(0, 1.6 * longest))
    figure.legend(loc="outside right upper")
    yield (
        figure,
        "How far below the top each climb is. In the end lines are straight: a share is left.",
    )


def story(page):
    yield (
        "A log likelihood that sums over something hidden is hard to maximise; the log density of what is hidden "
        "and seen together is easy. EM takes its expectation under what is believed about the hidden part at the "
        "present point, and adds the entropy of that belief. By Jensen's inequality the result is nowhere above the log "
        "likelihood, and where one stands it touches it. So its top lies at least as high as one stands, and the likelihood "
        "there at least as high as the top. Nothing in this needs a hidden part: any lower bound that touches will do, "
        "and the method is then called MM (minorise, maximise)."
    )
    yield page.data.drop(columns="topic")
    rates = [_rate(climb) for climb in climbs()]
    slow, fast = climbs()[int(np.argmax(rates))], climbs()[int(np.argmin(rates))]
    yield (
        "What is hidden also sets the pace. Near the top a step leaves over that share of the distance which the hidden "
        "part has in the information of all: curvature of the likelihood and of the bound, taken by differences, "
        f"foretell the next step of each climb: lines of the table at the end of this page. {slow.name} is the slowest: a step leaves {max(rates):.1%} "
        f"of the distance, and ten times nearer takes {np.log(0.1) / np.log(max(rates)):.0f} steps. {fast.name} needs "
        f"{np.log(0.1) / np.log(min(rates)):.1f}."
    )
    yield pd.DataFrame(
        {
            "climb": [climb.name for climb in climbs()],
            "rows of": page.data.set_index("climb")["topic"][[climb.name for climb in climbs()]],
            "steps": [len(climb.path) - 1 for climb in climbs()],
            "distance left by a step": [f"{rate:.3f}" for rate in rates],
        }
    )
    yield from _gaps()
    yield (
        "Mixture and hidden Markov model have several local maxima, and their topics' own maxima are found by EM, too: there "
        "the line on the topic's maximum says that EM from another start ends at the same height, and only the quasi-Newton "
        "climb is another way. It starts early on the path of EM, so it may go to the same one of several maxima."
    )
    yield (
        "The logistic regression hides nothing. Its parabola has the same curvature everywhere, so one matrix is factored "
        "once for all steps; Newton's method takes the curvature of the place, is far faster near the top, and may "
        "go down far from it."
    )


def _rate(climb) -> float:
    """The share of the distance that a late step leaves over."""
    lengths = np.linalg.norm(np.diff(climb.path, axis=0), axis=1)
    late = np.flatnonzero(lengths > 1e-6)[-1]
    return float(lengths[late] / lengths[late - 1])
