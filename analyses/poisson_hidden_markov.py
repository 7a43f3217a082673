"""Some decades shook more than others. Are there quiet and busy times, and which is it now?"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from analyses._crowd import END, the_end
from analyses._states import ahead, forecast, how_many, published, quantile, years
from models import _poisson_chain as chain
from models import poisson_hidden_markov as topic
from models._classes import frequencies
from models._distributions import Mixture
from models._hidden_chain import draw_path

QUESTION = "Are there quiet and busy times, and what comes next?"
SHOW = ["lam[1]", "lam[2]", "A[1, 2]"]  # first on the page, where they exist
NAMED = 12  # rows told one by one
MOST_ROWS = 2_000  # of which the number of states is looked into


def answer(run) -> str:
    y, start, A, lam = _draws(run, 2_000)
    rng, K, said = np.random.default_rng(1), lam.shape[1], []
    row, what = ("year", " major earthquakes") if run.shipped else ("row", "")
    w = [np.exp(stats.poisson.logpmf(y[:, None], one)) + 1e-300 for one in lam]
    every = zip(A, w, strict=True)
    paths = np.array([draw_path(chain.begin(start, one), one, v, rng) for one, v in every])
    for k in range(K):
        share = np.quantile(100 * (paths == k).mean(axis=1), 0.5)
        said.append(
            "about {1:.3g}{3} (95 % interval {0:.3g} to {2:.3g})".format(*_range(lam[:, k]), what)
            + f" in {share:.0f} % of the {row}s"
        )
    coming = ahead(*_draws(run, 500), [1])[0]
    low, high = (quantile(coming, p) for p in (0.025, 0.975))
    return (
        f"Taken as {K} states, a {row} holds {' or '.join(said)}; the next is expected to hold "
        f"{low:,} to {high:,} (95 %)."
    )


def discrepancy(y, run) -> float:
    """Squared error of the forecast of each row from those before, in predictive variances."""
    _, start, A, lam = _draws(run, 4_000)
    A, lam = A.mean(axis=0), lam.mean(axis=0)
    filtered = chain.messages(y, start, A, lam)[1]
    before = filtered[:-1] / filtered[:-1].sum(axis=1, keepdims=True) @ A
    before = np.vstack([chain.begin(start, A), before])
    mean = before @ lam
    return float(np.sum((y - mean) ** 2 / (mean + before @ lam**2 - mean**2)))


def story(run):
    y, start, A, lam = _draws(run, 1_000)
    K, stay = lam.shape[1], A.mean(axis=0).diagonal()
    visits = " and ".join(f"{1 / (1 - p):.0f} rows in state {k + 1}" for k, p in enumerate(stay))
    begins = (
        "in the long run of its own A"
        if start is None
        else f"with chances {', '.join(f'{p:g}' for p in start)}"
    )
    yield (
        f"One rate for all {y.size:,} rows would make variance and mean alike; here they are {y.var():.1f} and "
        f"{y.mean():.1f}. The model has {K} rates and a state that mostly stays: at the posterior mean for {visits}. The "
        f"chain begins {begins}. On the first {len(run.exact_data)} rows all is known exactly, by "
        f"{run.exact.by}; on all rows two samplers that share no code have to agree.{years(run.data)}"
    )
    yield from ("### Row by row", *_along(run, y, start, A, lam))
    yield from ("### What a single rate misses", *_fits(y, A, lam))
    yield from ("### What comes next", *forecast(y, start, A, lam))
    if y.size <= MOST_ROWS:
        yield from ("### How many states?", *how_many(run.data))
    if run.shipped:
        yield from ("### The same as published", *published(y))


def _draws(run, number):
    """Counts, start, and about `number` draws of A (n, K, K) and lam (n, K), evenly thinned."""
    flat = [v.reshape(-1, *v.shape[2:]) for v in (run.posterior[n].values for n in ("A", "lam"))]
    start = topic.beginnings(run.settings["states"], run.settings["start"])
    return [run.data["count"].to_numpy(), start, *(v[:: max(1, len(v) // number)] for v in flat)]


def _range(x):
    return np.quantile(x, [0.025, 0.5, 0.975], axis=0)


def _along(run, y, start, A, lam):
    at = run.data["year"].to_numpy() if "year" in run.data else 1 + np.arange(y.size)
    every = [chain.decode(y, start, *draw)[1] for draw in zip(A, lam, strict=True)]
    low, middle, high = _range([p @ rate for p, rate in zip(every, lam, strict=True)])
    point = run.mle or {"A": A.mean(axis=0), "lam": lam.mean(axis=0)}
    _, smoothed, path = chain.decode(y, start, **point)
    local = smoothed.argmax(axis=1)
    figure, axis = plt.subplots(figsize=(6.6, 3.2), layout="constrained")
    axis.plot(at[END], y[END], ".", color="ink", markersize=4)
    axis.fill_between(at[END], low[END], high[END], color="draws", alpha=0.3, linewidth=0)
    axis.plot(at[END], middle[END], color="draws")
    axis.step(at[END], point["lam"][path[END]], where="mid", color="mle", linewidth=1.1)
    axis.set(xlabel="year" if "year" in run.data else "row", ylabel="count", ylim=(0, None))
    yield (
        figure,
        "Each row's count (dots); its expected count in hindsight, median and 95 % band of the draws; and the "
        "expected counts along the most probable path at the maximum likelihood (steps)."
        f"{the_end(y.size)}",
    )
    other = at[path != local]
    named = ", ".join(str(x) for x in other[:NAMED]) or "no row"
    more = f", ... ({other.size:,} in all)" if other.size > NAMED else ""
    yield (
        "The most probable path (Viterbi) answers for all rows at once, local decoding for each by itself: they need not "
        f"agree, and {'at the maximum likelihood' if run.mle else 'at the posterior mean'} they differ in {named}{more}. "
        f"The path changes state {np.count_nonzero(np.diff(path))} times."
    )


def _fits(y, A, lam):
    mean, pi, lam = A.mean(axis=0), chain.long_run(A.mean(axis=0)), lam.mean(axis=0)
    laws = {
        "one rate": lambda each: stats.poisson(y.mean() * each),
        f"{lam.size} states": lambda each: Mixture(pi, stats.poisson, mu=np.outer(each, lam)),
    }
    table = frequencies(y, np.ones(y.size), laws)
    if table is not None:
        yield table.assign(**{name: table[name].map("{:.1f}".format) for name in laws})
    lags, away = np.arange(1, min(16, y.size)), y - y.mean()
    found = [away[h:] @ away[:-h] / max(away @ away, 1e-300) for h in lags]
    spread = pi @ lam**2 - (pi @ lam) ** 2
    powers = [pi * lam @ np.linalg.matrix_power(mean, h) @ lam - (pi @ lam) ** 2 for h in lags]
    figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    axis.vlines(lags, 0, found, color="ink", linewidth=3)
    axis.plot(lags, np.array(powers) / (pi @ lam + spread), "o-", color="draws")
    axis.axhline(0, color="muted", linewidth=0.8)
    axis.set(xlabel="rows apart", ylabel="autocorrelation")
    yield (
        figure,
        "How far counts go together that are so many rows apart: the data (bars) and the model in its long run, at "
        "the posterior mean (dots). Under one rate all would be near zero.",
    )
