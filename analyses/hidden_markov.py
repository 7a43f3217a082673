"""Which hidden state made each symbol, and what are the states like?

Someone rolls dice and changes them behind a screen. From the rolls alone one learns how the dice
are biased, how often they are changed, and, roll by roll, which one was probably in the hand.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import hidden_markov as topic

QUESTION = "Which hidden state was at work, and when?"
SHOWN = 600  # rows a picture can hold


def answer(run) -> str:
    codes, start, rng = topic.design(run.data)[0], run.settings["start"], np.random.default_rng(1)
    paths = np.array([topic.draw_path(start, A, B.T[codes], rng) for A, B in _some(run)])
    said = []
    for k, name in list(enumerate(_names(run)))[1:]:
        middle, low, high = np.quantile(100 * (paths == k).mean(axis=1), [0.5, 0.025, 0.975])
        said.append(f"{name} made about {middle:.0f} % (95 % interval {low:.0f} % to {high:.0f} %)")
    return f"Of the {len(codes):,} rows, {' and '.join(said)}."


def discrepancy(y, run) -> float:
    """Chi-square of which symbol follows which, against the model at its posterior mean."""
    A, B = _means(run)
    state, visits = np.asarray(run.settings["start"]), np.zeros(len(A))
    for _ in y[1:]:
        visits, state = visits + state, state @ A
    expected = np.maximum(B.T @ (visits[:, None] * A) @ B, 1e-12)
    found = np.zeros_like(expected)
    np.add.at(found, (y[:-1], y[1:]), 1)
    return float(np.sum((found - expected) ** 2 / expected))


def story(run):
    names, stay = _names(run), _means(run)[0].diagonal()
    visits = ", ".join(f"{1 / (1 - p):.0f} rows for {n}" for p, n in zip(stay, names, strict=True))
    yield (
        f"Each of {len(names)} states has its own odds for the symbols (a row of B); after each row the state stays or "
        f"changes (a row of A). At the posterior mean a visit lasts {visits}. On the first {len(run.exact_data)} rows "
        f"the posterior is known exactly, by {run.exact.by}, but so few teach little; on all rows two samplers that "
        "share no code have to agree."
    )
    yield _emissions(run, names)
    yield "### Row by row"
    yield from _along(run, names)
    if run.shipped and run.mle:
        yield "### The highest point of the likelihood is not the answer"
        yield from _maxima(run)
    yield "### The same in small: a party"
    yield from _party()


def _names(run):
    """States by number; the casino's two by name, the loaded die being the less even one."""
    if run.shipped and len(run.settings["start"]) == 2:
        uneven = _means(run)[1].max(axis=1)
        return [("the fair die", "the loaded die")[int(x == uneven.max())] for x in uneven]
    return [f"state {k + 1}" for k in range(len(run.settings["start"]))]


def _means(run):
    return [run.posterior[name].mean(("chain", "draw")).values for name in ("A", "B")]


def _some(run, number=500):
    """Pairs (A, B) of posterior draws, evenly thinned."""
    A, B = (v.reshape(-1, *v.shape[2:]) for v in (run.posterior[n].values for n in ("A", "B")))
    pick = np.linspace(0, len(A) - 1, number).astype(int)
    return zip(A[pick], B[pick], strict=True)


def _emissions(run, names):
    low, middle, high = run.posterior["B"].quantile([0.025, 0.5, 0.975], ("chain", "draw")).values
    labels, at, step = topic.design(run.data)[1], np.arange(low.shape[1]), -(-low.shape[1] // 12)
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    axis.axhline(1 / at.size, color="muted", linestyle=":")
    for k, (name, x) in enumerate(zip(names, np.linspace(-0.2, 0.2, len(names)), strict=True)):
        axis.vlines(at + x, low[k], high[k], color="draws", linewidth=2)
        axis.plot(at + x, middle[k], "os^vDP"[k % 6], color="draws", label=name)
        axis.plot(at + x, run.mle["B"][k] if run.mle else at * np.nan, "x", color="mle")
    axis.set_xticks(at[::step], [str(s)[:8] for s in labels[::step]])
    axis.set(xlabel="symbol", ylabel="probability", ylim=(0, None))
    axis.legend(frameon=False)
    return figure, (
        "How often each state makes each symbol: median and 95 % interval of the draws; the maximum-likelihood value "
        "as a cross; equal odds dotted."
    )


def _along(run, names):
    data, start, last, n = (
        run.data,
        run.settings["start"],
        len(names) - 1,
        min(len(run.data), SHOWN),
    )
    both = [topic.decode(data, start, *draw)[:2] for draw in _some(run)]
    filtered, smoothed = np.mean(both, axis=0)
    best = topic.decode(data, start, *(run.mle.values() if run.mle else _means(run)))[2]
    rows = {"filtered": filtered.argmax(1), "smoothed": smoothed.argmax(1), "Viterbi": best}
    if "truth" in data:  # a label is the state it shares most rows with; -1 where it is not known
        codes = data["truth"].cat.codes.to_numpy()
        shared = (codes[:, None] == np.arange(codes.max() + 1)).T @ smoothed
        rows["truth"] = np.append(shared.argmax(1), -1)[codes]
    figure, (curve, strip) = plt.subplots(
        2, 1, figsize=(6.4, 3.6), sharex=True, height_ratios=[3, 1], layout="constrained"
    )
    at, lanes = 1 + np.arange(n), list(rows)[2:]
    curve.plot(at, filtered[:n, last], color="muted", linewidth=0.8)
    curve.plot(at, smoothed[:n, last], color="draws")
    curve.set(ylabel="probability", title=names[last], ylim=(-0.02, 1.02))
    for i, (lane, colour) in enumerate(zip(lanes, ("mle", "ink"), strict=False)):
        on = 0.7 * (rows[lane][:n] == last)
        strip.fill_between(at, -i, on - i, step="mid", color=colour, linewidth=0)
    strip.set_yticks(0.35 - np.arange(len(lanes)), lanes)
    strip.set(xlabel="row")
    yield (
        figure,
        f"Probability of {names[last]}, averaged over posterior draws: from the rows so far (filtered: thin, grey) and "
        f"in hindsight (smoothed). Below, its rows on the most probable path{', and in truth' * ('truth' in rows)}.",
    )
    table = pd.DataFrame({"states": list(rows)})
    table[f"rows of {names[last]}"] = [int((z == last).sum()) for z in rows.values()]
    table["changes"] = [np.count_nonzero(np.diff(z)) for z in rows.values()]
    if "truth" in rows:
        right = [np.mean((z == rows["truth"])[rows["truth"] >= 0]) for z in rows.values()]
        table["rows right"] = [f"{100 * x:.1f} %" for x in right]
    yield table
    yield (
        "Filtering knows only what came before, so it is late and nervous; smoothing also knows what came after. Both "
        "judge each row by itself. Viterbi looks for the most probable path as a whole, which changes only where that "
        "pays, and does not say how unsure single rows are."
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
        "teach that a face is impossible. The posterior weighs regions, not peaks, and its prior says that one die is "
        "near fair."
    )


def _party():
    start, A = np.array([0.8, 0.2]), np.array([[0.95, 0.05], [0.2, 0.8]])  # happy, upset
    B = np.array([[0.6, 0.4], [0.9, 0.1]])  # home, party
    diary = topic.Data.validate(pd.DataFrame({"symbol": ["party", *["home"] * 8, "party"]}))
    filtered, smoothed, best = topic.decode(diary, start, A, B)
    logs = np.log(start), np.log(A), np.log(B).T[topic.design(diary)[0]]
    party, whole = (np.exp(topic.forward_backward(*logs[:2], logs[2][:n])[0]) for n in (1, 10))
    learnt = topic.exact(diary, states=2, start=start, stay=19.0, move=1.0, emission=10 * B)
    happy, upset = learnt.marginals["B"].mean()[:, 1]
    yield (
        f"A friend is happy with probability {start[0]} and then goes to a party with {B[0, 1]}; upset, with {B[1, 1]}. "
        f"A party has probability {party:.2f}, and a friend seen at one is happy with {filtered[0, 0]:.4f}: Bayes' rule, "
        f"not what causes what. Now let moods last ({A[0, 0]} to stay happy, {A[1, 1]} to stay upset) and ten evenings be "
        f"a party, eight at home, a party. **Likelihood:** this diary has probability {whole:.2e}. **Decoding:** on the "
        f"fifth evening the friend is happy with {filtered[4, 0]:.3f} from the evenings so far and {smoothed[4, 0]:.3f} "
        f"in hindsight; the most probable path is happy on {(best == 0).sum()} of 10. **Learning:** were the odds of a "
        f"party only believed, with the weight of ten evenings in each mood, the diary would move them, by {learnt.by}, "
        f"from {B[0, 1]} to {happy:.3f} when happy and from {B[1, 1]} to {upset:.3f} when upset."
    )
