"""Somebody changes dice behind a screen. Which was in the hand at each roll, and how is it biased?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analyses._crowd import END, the_end
from models import hidden_markov as topic

QUESTION = "Which hidden state was at work, and when?"
SHOW = ["B[2, 6]", "A[1, 2]", "A[2, 1]"]  # first on the page, where they exist


def answer(run) -> str:
    codes, start, rng = topic.design(run.data)[0], run.settings["start"], np.random.default_rng(1)
    draws, said = zip(*_draws(run, 4_000), strict=True), []
    paths = np.array([topic.draw_path(start, A, B.T[codes], rng) for A, B in draws])
    for k, name in list(enumerate(_names(run)))[1:]:
        mid, low, high = np.quantile(100 * (paths == k).mean(axis=1), [0.5, 0.025, 0.975])
        said.append(f"{name} made about {mid:.0f} % (95 % interval {low:.0f} % to {high:.0f} %)")
    return f"Of the {len(codes):,} rows, {' and '.join(said)}."


def discrepancy(y, run) -> float:
    """Chi-square of which symbol follows which, against the model at its posterior mean."""
    A, B = (draws.mean(axis=0) for draws in _draws(run, 4000))
    long_run = np.linalg.matrix_power(A, 999)[0]
    expected = np.maximum((y.size - 1) * B.T @ (long_run[:, None] * A) @ B, 1e-12)
    found = np.bincount(y[:-1] * len(B.T) + y[1:], minlength=expected.size).reshape(expected.shape)
    return float(np.sum((found - expected) ** 2 / expected))


def story(run):
    names, stay = _names(run), _draws(run)[0].mean(axis=0).diagonal()
    visits = ", ".join(f"{1 / (1 - p):.0f} rows for {n}" for p, n in zip(stay, names, strict=True))
    yield (
        f"Each of {len(names)} states has its own odds for the symbols (a row of B); after each row the state stays or "
        f"changes (a row of A). At the posterior mean a visit lasts {visits}. On the first {len(run.exact_data)} rows all "
        f"is known exactly, by {run.exact.by}; on all rows two samplers that share no code have to agree."
    )
    yield from (_emissions(run, names), "### Row by row", *_along(run, names))
    if run.shipped and run.mle:
        yield "### The highest point of the likelihood is not the answer"
        yield from _maxima(run)
    yield from ("### The same in small: a party", _party())


def _draws(run, number=None):
    """Draws of A (n, K, K) and B (n, K, F): all, or about `number` of them, evenly thinned."""
    flat = [v.reshape(-1, *v.shape[2:]) for v in (run.posterior[n].values for n in ("A", "B"))]
    return [v[:: max(1, len(v) // number) if number else 1] for v in flat]


def _names(run):
    K, emission = len(run.settings["start"]), run.settings["emission"]
    casino = run.shipped and K == 2 and emission[0] > emission[-1]  # told apart as by default
    return ["the fair die", "the loaded die"] if casino else [f"state {k + 1}" for k in range(K)]


def _emissions(run, names):
    low, middle, high = np.quantile(_draws(run)[1], [0.025, 0.5, 0.975], axis=0)
    labels, at, step = topic.design(run.data)[1], np.arange(low.shape[1]), -(-low.shape[1] // 12)
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    axis.axhline(1 / at.size, color="muted", linestyle=":")
    for k, (name, x) in enumerate(zip(names, np.linspace(-0.2, 0.2, len(names)), strict=True)):
        axis.vlines(at + x, low[k], high[k], color="draws", linewidth=2)
        axis.plot(at + x, middle[k], "os^vDP"[k % 6], color="draws", label=name)
        axis.plot(at + x, run.mle["B"][k] if run.mle else at * np.nan, "x", color="mle")
    axis.set_xticks(at[::step], [str(s)[:8] for s in labels[::step]])
    axis.set(xlabel="symbol", ylabel="probability", ylim=(0, None))
    axis.legend(loc="upper left")
    caption = "How often each state makes each symbol: median and 95 % interval of the draws; maximum likelihood as a cross; equal odds dotted."
    return figure, caption


def _along(run, names):
    data, start, last, (A, B) = run.data, run.settings["start"], len(names) - 1, _draws(run, 500)
    every = [topic.decode(data, start, *draw)[:2] for draw in zip(A, B, strict=True)]
    filtered, smoothed = np.mean(every, axis=0)
    point = run.mle or {"A": A.mean(axis=0), "B": B.mean(axis=0)}
    rows = {"filtered": filtered.argmax(1), "smoothed": smoothed.argmax(1)}
    rows["Viterbi"] = topic.decode(data, start, **point)[2]
    if "truth" in data and data["truth"].notna().any():  # a label is the state it mostly goes with
        codes = data["truth"].cat.codes.to_numpy()
        shared = (codes[:, None] == np.arange(codes.max() + 1)).T @ smoothed
        rows["truth"] = np.append(shared.argmax(1), -1)[codes]
    figure = plt.figure(figsize=(6.4, 3.6), layout="constrained")
    curve, strip = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    at, lanes = 1 + np.arange(len(data))[END], list(rows)[2:]
    curve.plot(at, filtered[END, last], color="muted", linewidth=0.8)
    curve.plot(at, smoothed[END, last], color="draws")
    curve.set(ylabel="probability", title=names[last], ylim=(-0.02, 1.02))
    for i, lane in enumerate(lanes):
        on = 0.7 * (rows[lane][END] == last)
        strip.fill_between(at, -i, on - i, step="mid", color=("mle", "ink")[i], linewidth=0)
    strip.set(xlabel="row", yticks=0.35 - np.arange(len(lanes)), yticklabels=lanes)
    yield (
        figure,
        f"Probability of {names[last]}, averaged over draws: from the rows so far (filtered: thin, grey) and in "
        f"hindsight (smoothed). Below, its rows on the most probable path{', and in truth' * ('truth' in rows)}."
        f"{the_end(len(data))}",
    )
    z = np.array(list(rows.values()))
    table = pd.DataFrame({"states": list(rows), f"rows of {names[last]}": (z == last).sum(axis=1)})
    table["changes"] = np.count_nonzero(np.diff(z), axis=1)
    table[f"% same as {lanes[-1]}"] = np.round(100 * (z == z[-1])[:, z[-1] >= 0].mean(axis=1), 1)
    yield table
    yield (
        "Filtering knows only what came before, so it is late and nervous; smoothing also knows what came after. "
        "Viterbi looks for the most probable path as a whole, and does not say how unsure its single rows are."
    )


def _maxima(run):
    (codes, labels), start = topic.design(run.data), run.settings["start"]
    ours, ends, rng = topic.baum_welch(codes, start, **run.mle)[1], [], np.random.default_rng(1)
    for _ in range(24):
        A, B = (rng.dirichlet(np.ones(n), len(start)) for n in (len(start), len(labels)))
        ends.append(topic.baum_welch(codes, start, A, B))
    found = pd.Series([f"{height:.3f}" for _, height in ends]).value_counts().sort_index()
    yield found.rename_axis("log likelihood").reset_index(name="random starts that end there")
    top, height = max(ends, key=lambda end: end[1])
    never = " or ".join(str(x) for x, p in zip(labels, top["B"].min(0), strict=True) if p < 1e-6)
    yield (
        f"Baum-Welch climbs to the nearest top; 24 random starts end on {len(found)}. The one reported, {ours:.3f}, is "
        f"where it arrives from a fair and a loaded die. The highest found, {height:.3f}, differs by "
        f"{height - ours:+.2f}; faces that one of its dice never shows: {never or 'none'}. A few hundred rolls cannot "
        "teach that. The posterior weighs regions, not peaks, and its prior says that one die is near fair."
    )


def _party():
    start, A = np.array([0.8, 0.2]), np.array([[0.95, 0.05], [0.2, 0.8]])  # happy, upset
    B = np.array([[0.6, 0.4], [0.9, 0.1]])  # home, party
    diary = topic.Data.validate(pd.DataFrame({"symbol": ["party", *["home"] * 8, "party"]}))
    filtered, smoothed, best = topic.decode(diary, start, A, B)
    codes, logs = topic.design(diary)[0], [np.log(p) for p in (start, A, B.T)]
    party, whole = (np.exp(topic.forward_backward(*logs, codes[:n])[0]) for n in (1, 10))
    learnt = topic.exact(diary, states=2, start=start, stay=19.0, move=1.0, emission=10 * B)
    happy, upset = learnt.marginals["B"].mean()[:, 1]
    return (
        f"A friend is happy with probability {start[0]} and then goes to a party with {B[0, 1]}; upset, with {B[1, 1]}. "
        f"A party has probability {party:.2f}, and a friend seen at one is happy with {filtered[0, 0]:.4f}: Bayes' rule, "
        f"not what causes what. Now moods last ({A[0, 0]} to stay happy, {A[1, 1]} to stay upset), and ten evenings are a "
        f"party, eight at home, a party. **Likelihood:** this diary has probability {whole:.2e}. **Decoding:** on the "
        f"fifth evening the friend is happy with {filtered[4, 0]:.3f}, in hindsight with {smoothed[4, 0]:.3f}; the most "
        f"probable path is happy on {(best == 0).sum()} of 10. **Learning:** were the odds of a party only believed, with "
        f"the weight of ten evenings in each mood, the diary would move them, by {learnt.by}, from {B[0, 1]} to "
        f"{happy:.3f} when happy and from {B[1, 1]} to {upset:.3f} when upset."
    )
