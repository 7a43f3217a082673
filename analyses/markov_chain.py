"""Vowel or consonant: does the next letter of Pushkin's verse depend on the one before it?

Markov counted 20,000 letters by hand to show that the law of large numbers needs no independence.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models._long_run import long_run
from models.markov_chain import design, over_independence

QUESTION = "What comes next, and how often does each state come in the long run?"
SHOW = ["pi[vowel]", "A[vowel, vowel]", "A[consonant, vowel]", "pi", "A"]  # first on the page
DRAWN = " With more than two states pi is known by its draws alone; each is computed from a draw of A, and those are verified."


def answer(run) -> str:
    labels, pi = design(run.data)[1], 100 * _pi(run)
    k = int(np.argmax(pi[1]))
    again = [100 * run.exact.marginals["A"].ppf(q)[k, k] for q in (0.025, 0.5, 0.975)]
    return (
        f"In the long run `{labels[k]}` comes in {pi[1, k]:.1f} % of steps (95 % interval {pi[0, k]:.1f} % to {pi[2, k]:.1f} %); "
        f"straight after it comes another with a chance of {again[1]:.1f} % ({again[0]:.1f} % to {again[2]:.1f} %)."
    )


def discrepancy(y, run) -> float:
    """Chi-square of the counts against the posterior mean of A."""
    expected = y.sum(axis=1, keepdims=True) * run.exact.marginals["A"].mean()
    return float(np.sum((y - expected) ** 2 / np.where(expected > 0, expected, 1)))


def story(run):
    count, labels = design(run.data)
    names = [str(label)[:24] for label in labels]
    yield (
        f"The {count.sum():,} steps between {len(names)} states are all the posterior needs, as a table of what came after what: "
        "each row of A has a Dirichlet for a prior and keeps one. A row says where the chain goes next, so rows sum to one. (Books "
        "that write the shares of the states as a column have columns that sum to one; their matrix is ours, transposed.)"
    )
    if len(names) <= 8:
        mean = run.exact.marginals["A"].mean()
        table = pd.DataFrame([[f"{n:,} ({p:.2%})" for n, p in zip(*pair, strict=True)] for pair in zip(count, mean, strict=True)])  # fmt: skip
        table.columns = [f"to {name}" for name in names]
        table.insert(0, "steps (posterior mean)", [f"from {name}" for name in names])
        yield table
    yield from ("### From any start", *_forgetting(run, names))
    yield from ("### Does the state matter at all?", _independence(run, count))
    if run.shipped:
        yield from ("### What one letter of memory cannot explain", _threes(run))
        yield from ("### The same on a street, and on a graph", *_shoppers(), *_surfer())


def _pi(run):
    """2.5, 50 and 97.5 % points of pi, (3, K): exact for two states, else of the draws."""
    if "pi" in run.exact.derived:
        return np.array([run.exact.derived["pi"].ppf(q) for q in (0.025, 0.5, 0.975)])
    return np.quantile(run.posterior["pi"].values, [0.025, 0.5, 0.975], axis=(0, 1))


def _forgetting(run, names):
    A, pi = run.exact.marginals["A"].mean(), _pi(run)
    slow, k = np.sort(np.abs(np.linalg.eigvals(A)))[-2], int(np.argmax(pi[1]))
    steps = np.arange(np.clip(np.ceil(np.log(0.01) / np.log(np.clip(slow, 0.01, 0.99))), 6, 60) + 1)
    chance = np.array([np.linalg.matrix_power(A, int(t))[:, k] for t in steps])
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.axhspan(pi[0, k], pi[2, k], color="exact", alpha=0.35, linewidth=0)
    for name, line, mark in zip(names, chance.T, "os^vDP", strict=False):
        axis.plot(steps, line, mark + "-", color="exact", markersize=4, label=f"from {name}")
    axis.set(xlabel="steps from the start", ylabel=f"chance of {names[k]}", ylim=(-0.03, 1.03))
    axis.legend(loc="upper right")
    caption = f"The chance of {names[k]} so many steps after each start, at the posterior mean of A; the band is the 95 % interval of its share in the long run."
    yield figure, caption
    yield (
        "The long run is the row pi that A leaves as it is, pi A = pi: an eigenvector, with eigenvalue 1. The next eigenvalue of "
        f"A (at its posterior mean) has size {slow:.4f}: in the end each step shrinks the difference between any two starts "
        f"by that factor, so that no start is remembered.{'' if len(names) == 2 else DRAWN}"
    )
    if len(names) == 2:
        d = run.posterior["A"].values[..., [0, 1], [0, 1]].sum(axis=-1) - 1
        sd = np.sqrt(np.sum(run.exact.marginals["A"].std().diagonal() ** 2))
        low, middle, high = np.quantile((1 + d) / (1 - d), [0.025, 0.5, 0.975])
        yield (
            f"With two states the next eigenvalue is d = A[1, 1] + A[2, 2] - 1 = {A.trace() - 1:.4f} (posterior sd {sd:.4f}, by "
            "algebra); were steps independent, it would be 0. It says how a count of visits scatters too: over a long sequence its "
            f"variance is (1 + d) / (1 - d) = {middle:.4f} times that of independent steps (95 % interval {low:.4f} to {high:.4f})."
        )


def _independence(run, count):
    flat, ours = (over_independence(run.data, **s) for s in ({"stay": 1, "move": 1}, run.settings))
    said = (
        "A chain whose rows are all alike has no memory. The log evidence of a row for each state less that of one row for all is "
        f"{ours:+,.3f} nats under this prior and {flat:+,.3f} under flat ones, exactly: the steps speak "
        f"{'for' if ours > 0 else 'against'} memory, and what more unknowns cost is in that number already."
    )
    if min((seen := count[np.ix_(count.any(axis=1), count.any(axis=0))]).shape) < 2:
        return said
    test = stats.chi2_contingency(seen, correction=False)
    p = f"{test.pvalue:.3g}" if test.pvalue else "0 to the last digit of a double"
    return f"{said} The classical test, chi-square {test.statistic:,.3f} on {test.dof} degrees of freedom, has p = {p}: how odd such a table were without memory, not how probable memory is."


def _threes(run):
    A, said = run.exact.marginals["A"].mean(), []
    for name, k, third, pairs in (("vowel", 1, 115, 1_104), ("consonant", 0, 505, 3_827)):
        p = stats.binom(pairs, A[k, k]).cdf(third)
        said.append(
            f"of {pairs:,} pairs of {name}s {third} were followed by a third, {third / pairs:.3f} of them, where one letter of "
            f"memory says {A[k, k]:.3f} (so few have probability {p:.1g})"
        )
    return (
        f"Markov counted threes as well: {'; '.join(said)}. The letters remember more than one step, which counts of pairs cannot "
        "show: the predictive check below asks only whether the prior lets A follow the counts. Vowels in blocks of a hundred "
        "letters had 0.208 times the variance of independent ones; Markov printed 0.300 for the chain, from rounded shares, and "
        "came to 0.195 with two letters of memory."
    )


def _shoppers():
    A = np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.5, 0.5]])
    crowd = [100 * np.linalg.matrix_power(A, moves)[0] for moves in (0, 1, 2, 4, 8)]
    table = pd.DataFrame(crowd, columns=["first place", "second place", "third place"])
    table, pi = table.map("{:.1f}".format), long_run(A)
    yield (
        "A hundred shoppers walk a street of three places. At each move half of them stay; who leaves either end goes to the middle, "
        f"and of those in the middle {A[1, 0]:.0%} go to the first place and {A[1, 2]:.0%} to the third. Wherever they start, the "
        f"expected crowd tends to 100 pi, pi = ({pi[0]:.1f}, {pi[1]:.1f}, {pi[2]:.1f}); people keep moving, the numbers do not. Here all start in the first place:"
    )
    table.insert(0, "moves", [0, 1, 2, 4, 8])
    yield table


def _surfer():
    links = {"home": "news shop help", "news": "home shop", "shop": "home", "help": "home shop", "old": "home"}  # fmt: skip
    A = np.array([[page in there.split() for page in links] for there in links.values()], float)
    bored = 0.85 * A / A.sum(axis=1, keepdims=True) + 0.15 / len(A)
    rank, both = long_run(bored), (A + A.T > 0).sum(axis=1)
    gap = np.abs(rank - np.linalg.matrix_power(bored, 40)[-1]).max()
    table = pd.DataFrame({"page": links.keys(), "has links to": links.values()})
    table["links to it"] = A.sum(axis=0).astype(int)
    table["PageRank"] = [f"{share:.4f}" for share in rank]
    yield (
        "A surfer who follows one of a page's links at random, or with probability 0.15 jumps to any page, walks a graph; the long "
        f"run is PageRank. From the page nobody links to it is reached within {gap:.0e} after 40 clicks. (With links walked both "
        f"ways and no jumps it would be each page's share of link ends: {both[0]} of {both.sum()} for the first.)"
    )
    yield table
