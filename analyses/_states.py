"""Counts from hidden states: what comes next, how many states there are, and a published answer."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import _poisson_chain as chain
from models import poisson_hidden_markov as topic
from models._conjugate import Dirichlet
from models._distributions import Mixture
from models._exact import NoMaximum

BINS = 200  # of a forecast; a count a bin where there are fewer
STATES = range(1, 5)  # looked at
WEAK = 0.01  # rate of the published prior
PUBLISHED = {
    "expected count": [13.198, 19.828, 29.905],
    "chance to stay": [0.862, 0.817, 0.691],
    "share in the long run": [0.391, 0.418, 0.191],
}


def years(data):
    """What to know where years are not one after another."""
    year = data["year"].to_numpy() if "year" in data else np.arange(len(data))
    odd = np.flatnonzero(np.diff(year) != 1)
    return "" if not odd.size else (
        " Rows are taken in the order of the file, each one step after the row before: `year` is a label only, and does "
        f"not ascend by one in {odd.size:,} of {year.size - 1:,} steps, first from {year[odd[0]]} to {year[odd[0] + 1]}."
    )  # fmt: skip


def ahead(y, start, A, lam, steps):
    """The predictive law of each of these rows ahead: every state of every draw has its share."""
    shares = []
    for one, rate in zip(A, lam, strict=True):
        now = chain.messages(y, start, one, rate)[1][-1]
        shares.append([now / now.sum() @ np.linalg.matrix_power(one, h) for h in steps])
    return [Mixture(w.ravel(), stats.poisson, mu=lam.ravel()) for w in np.swapaxes(shares, 0, 1)]


def quantile(law, p):
    """The smallest count at or below which `law`, a mixture, has at least p: by halving."""
    low, high = -1, int(law.parts.ppf(p).max())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if law.cdf(middle) >= p else (middle, high)
    return high


def forecast(y, start, A, lam):
    """What the next rows hold: one ahead, five ahead, and in the long run."""
    laws, twice = ahead(y, start, A, lam, [1, 5, 1_000]), int(np.ceil(2 * y.mean()))
    last = max(quantile(law, 0.999) for law in laws)
    ends = np.unique(np.linspace(-1, last, BINS + 1).astype(int))
    figure, axis = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    lines = {"1 row ahead": "-", "5 rows ahead": "--", "the long run": ":", "one rate": "-"}
    for law, (name, line) in zip([*laws, stats.poisson(y.mean())], lines.items(), strict=True):
        each = np.diff(law.cdf(ends)) / np.diff(ends)
        colour = "muted" if name == "one rate" else "draws"
        axis.plot((ends[:-1] + 1 + ends[1:]) / 2, each, line, color=colour, label=name)
    axis.set(xlabel="count", ylabel="probability", xlim=(0, max(last, 1)), ylim=(0, None))
    axis.legend()
    yield (
        figure,
        "Predictive probability of a count, what is unknown about A, lam and the state averaged out"
        f"{', and averaged over neighbouring counts' if last >= BINS else ''}.",
    )
    means, chances = [law.mean() for law in laws], [1 - law.cdf(twice - 1) for law in laws]
    yield (
        f"The next row is expected to hold {means[0]:.1f} on average, one five rows on {means[1]:.1f}, one far off "
        f"{means[2]:.1f}: what is known of the present state fades. Twice the average of all rows, {2 * y.mean():.1f}, or "
        f"more comes with probability {chances[0]:.4f} next, {chances[2]:.4f} in the long run, and under a single rate "
        f"with {stats.poisson.sf(twice - 1, y.mean()):.6f}."
    )


def how_many(data):
    """One to four states: their highest points with AIC and BIC, and their evidence by draws."""
    y, rows, why, edge = data["count"].to_numpy(), [], "", []
    rng, weak = np.random.default_rng(1), [k / max(y.mean(), 0.1) for k in (0.2, 2)]
    for K in STATES:
        even, a, row = np.full(K, 1 / K), Dirichlet(np.ones((K, K))), {"states": K}
        row |= dict.fromkeys(("log likelihood", "AIC", "BIC"), "")
        try:
            one = {"A": np.ones((1, 1))}, stats.poisson.logpmf(y, y.mean()).sum()
            best, height = topic.highest(data, K) if K > 1 else one
            found = height, 2 * K**2 - 2 * height, K**2 * np.log(y.size) - 2 * height
            row |= {name: f"{x:.4f}" for name, x in zip(list(row)[1:], found, strict=True)}
            edge += [str(K)] if not best["A"].all() else []
        except NoMaximum as error:
            why += f" With {K} states three cells are empty ({error})."
        for rate in weak:
            rates = chain.Rates(np.ones(K), np.full(K, rate))
            found = chain.evidence_by_draws(y, even, a, rates, rng, 1_200)
            row[f"log evidence, rates Gamma(1, {rate:.2g})"] = "{:.2f} ± {:.2f}".format(*found)
        rows.append(row)
    named = " and ".join(edge)
    yield pd.DataFrame(rows)
    yield (
        "Log likelihood, AIC and BIC are those of a chain that has always been running, whatever `start` is above: K rates "
        "and K (K - 1) chances, so K squared parameters. AIC and BIC are smaller for better models; BIC asks more of a "
        "parameter. Their usual theory fails with more states than the counts need, as some chances can then be anything, and where a maximum "
        f"lies on the edge, a zero in A{f' (here with {named} states)' if edge else ''}.{why} The evidence is for an even start, rows of A under Dirichlet(1) and rates under the prior named, by "
        "Chib's method from draws, with its standard error. It needs no count of parameters, but moves with the prior, as "
        "the two columns show: trust a difference only where both agree on it. Leaving out one row "
        "asks how well a gap is filled from both sides, not how well the future is foretold, and cannot be read off a "
        "likelihood that is one number."
    )


def as_published(y, number=6_000):
    """Draws under the published priors, states sorted by rate: each of PUBLISHED's, (number, 3)."""
    K, rng = 3, np.random.default_rng(1)
    priors = Dirichlet(np.ones((K, K))), chain.Rates(np.ones(K), np.full(K, WEAK))
    A, lam, _ = zip(*chain.sweeps(y, None, *priors, rng, number), strict=True)
    order = np.argsort(lam, axis=1)
    named = lam, np.einsum("tii->ti", A), [chain.long_run(one) for one in A]
    found = (np.take_along_axis(np.array(x), order, axis=1) for x in named)
    return dict(zip(PUBLISHED, found, strict=True))


def published(y):
    """A published posterior of three states, and the same by turns."""
    found = as_published(y)
    rows = [
        {"quantity": f"{name}, state {k + 1}", "published mean": f"{told[k]:.3f}",
         "mean": f"{x.mean():.3f} ± {_error(x):.3f}", "median": f"{np.median(x):.3f}",
         "sd": f"{x.std():.3f}"}
        for name, told in PUBLISHED.items() for k, x in enumerate(found[name].T)
    ]  # fmt: skip
    yield pd.DataFrame(rows)
    yield (
        f"For three states, rates under Gamma(1, {WEAK}), rows of A under Dirichlet(1) and a start in the long run a "
        "course's Stan program gives the posterior means on the left (Wang, HMM-notes, chapter 8; standard deviations of the "
        "rates 0.857, 1.069 and 1.905), which carry a Monte Carlo error that is not stated. The draws on the right are by "
        "turns, path and parameters, under the same priors, states sorted by rate, and theirs is (±). Sorting stands in for "
        "priors that tell no states apart; the model here has some that do. Where few rows fall to the busiest state its "
        f"rate is what that weak prior makes it, up to {found['expected count'].max():.0f} here, so the median is the steadier comparison."
    )


def _error(x):
    """Monte Carlo error of a mean of draws, from forty batches."""
    batches = x[: x.size // 40 * 40].reshape(40, -1).mean(axis=1)
    return batches.std(ddof=1) / np.sqrt(40)
