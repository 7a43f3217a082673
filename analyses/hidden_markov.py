"""Which hidden state made each symbol, and what are the states like?

Someone rolls dice and changes them behind a screen. From the rolls alone one learns how the dice
are biased, how often they are changed, and, roll by roll, which one was probably in the hand.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from models import hidden_markov as topic

QUESTION = "Which hidden state was at work, and when?"
SHOWN = 600  # rows a picture can hold


def answer(run) -> str:
    codes, start, rng = topic.design(run.data)[0], run.settings["start"], np.random.default_rng(1)
    paths = np.array([topic.draw_path(start, A, B.T[codes], rng) for A, B in _some(run)])
    said = []
    for k, name in list(enumerate(_names(run)))[1:]:
        middle, low, high = np.quantile((paths == k).mean(axis=1), [0.5, 0.025, 0.975])
        said.append(f"{name} made about {middle:.0%} (95 % interval {low:.0%} to {high:.0%})")
    return f"Of the {len(codes)} rows, {' and '.join(said)}."


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
        f"Each of {len(names)} states has its own odds for the symbols (a row of B); after each row "
        f"the state stays or changes (a row of A). At the posterior mean a visit lasts {visits}. On "
        f"the first {len(run.exact_data)} rows the posterior is known exactly, by {run.exact.by}, but "
        "so few teach little; on all rows two samplers that share no code have to agree."
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
    names = [f"state {k + 1}" for k in range(len(run.settings["start"]))]
    if run.shipped and len(names) == 2:
        loaded = int(_means(run)[1].max(axis=1).argmax())
        names[loaded], names[1 - loaded] = "the loaded die", "the fair die"
    return names


def _means(run):
    return [run.posterior[name].mean(("chain", "draw")).values for name in ("A", "B")]


def _some(run, number=500):
    """Pairs (A, B) of posterior draws, evenly thinned."""
    A, B = (v.reshape(-1, *v.shape[2:]) for v in (run.posterior[n].values for n in ("A", "B")))
    pick = np.linspace(0, len(A) - 1, number).astype(int)
    return zip(A[pick], B[pick], strict=True)


def _emissions(run, names):
    low, middle, high = run.posterior["B"].quantile([0.025, 0.5, 0.975], ("chain", "draw")).values
    labels, at = topic.design(run.data)[1], np.arange(low.shape[1])
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    axis.axhline(1 / at.size, color="muted", linestyle=":")
    for k, (name, x) in enumerate(zip(names, np.linspace(-0.2, 0.2, len(names)), strict=True)):
        axis.vlines(at + x, low[k], high[k], color="draws", linewidth=2)
        axis.plot(at + x, middle[k], "os^vDP"[k % 6], color="draws", label=name)
        if run.mle:
            axis.plot(at + x, run.mle["B"][k], "x", color="mle", markersize=5)
    step = -(-at.size // 12)
    axis.set_xticks(at[::step], [str(s)[:8] for s in labels[::step]])
    axis.set(xlabel="symbol", ylabel="probability", ylim=(0, None))
    axis.legend(frameon=False)
    return figure, (
        "How often each state makes each symbol: median and 95 % interval of the draws; the "
        "maximum-likelihood value as a cross; equal odds dotted."
    )


def _along(run, names):
    data, start, last = run.data, run.settings["start"], len(names) - 1
    both = [topic.decode(data, start, *draw)[:2] for draw in _some(run)]
    filtered, smoothed = np.mean(both, axis=0)
    point = (run.mle["A"], run.mle["B"]) if run.mle else _means(run)
    rows = {"so far (filtered)": filtered.argmax(1), "in hindsight (smoothed)": smoothed.argmax(1)}
    rows |= {"best path (Viterbi)": topic.decode(data, start, *point)[2]} | _truth(run, smoothed)
    figure, (curve, strip) = plt.subplots(
        2, 1, figsize=(6.4, 3.6), sharex=True, height_ratios=[3, 1], layout="constrained"
    )
    at = 1 + np.arange(min(len(data), SHOWN))
    curve.plot(at, filtered[: at.size, last], color="muted", linewidth=0.8)
    curve.plot(at, smoothed[: at.size, last], color="draws")
    curve.set(ylabel="probability", title=names[last], ylim=(-0.02, 1.02))
    for i, path in enumerate(list(rows.values())[2:]):
        on, colour = 0.7 * (path[: at.size] == last), ("mle" if run.mle else "draws", "ink")[i]
        strip.fill_between(at, -i, on - i, step="mid", color=colour, linewidth=0)
    strip.set_yticks(0.35 - np.arange(len(rows) - 2), ["Viterbi", "truth"][: len(rows) - 2])
    strip.set(xlabel="row")
    yield (
        figure,
        f"Probability of {names[last]}, averaged over posterior draws: from the rows so far (thin, "
        "grey) and in hindsight. Below, its rows on the most probable path"
        + (", and in truth." if "truth" in rows else "."),
    )
    table = pd.DataFrame({"state of each row": list(rows)})
    table[f"rows of {names[last]}"] = [int((z == last).sum()) for z in rows.values()]
    table["changes"] = [np.count_nonzero(np.diff(z)) for z in rows.values()]
    if "truth" in rows:
        right = [np.mean((z == rows["truth"])[rows["truth"] >= 0]) for z in rows.values()]
        table["rows right"] = [f"{x:.1%}" for x in right]
    yield table
    yield (
        "Filtering knows only what came before, so it is late and nervous; smoothing also knows what "
        "came after. Both judge each row by itself. Viterbi looks for the most probable path as a "
        "whole, which changes only where that pays, and does not say how unsure single rows are."
    )


def _truth(run, smoothed):
    """True states as numbers, each label meaning the state it best matches; -1 where unknown."""
    if "truth" not in run.data:
        return {}
    codes = run.data["truth"].cat.codes.to_numpy()
    shared = (codes[:, None] == np.arange(codes.max() + 1)).T @ smoothed
    meant = dict(zip(*linear_sum_assignment(shared, maximize=True), strict=True))
    return {"truth": np.array([meant.get(code, -1) for code in codes])}


def _maxima(run):
    (codes, labels), start, rng = (
        topic.design(run.data),
        run.settings["start"],
        np.random.default_rng(1),
    )
    ours, ends, sizes = topic.baum_welch(codes, start, **run.mle)[1], [], (len(start), len(labels))
    for _ in range(24):
        A, B = (rng.dirichlet(np.ones(n), len(start)) for n in sizes)
        ends.append(topic.baum_welch(codes, start, A, B))
    found = pd.Series([f"{height:.3f}" for _, height in ends]).value_counts().sort_index()
    yield found.rename_axis("log likelihood").reset_index(name="random starts that end there")
    top, height = max(ends, key=lambda end: end[1])
    never = [str(x) for x, p in zip(labels, top["B"].min(axis=0), strict=True) if p < 1e-6]
    text = (
        f"Baum-Welch climbs to the nearest top; 24 random starts end on {len(found)}. The one "
        f"reported, {ours:.3f}, is where it arrives from a fair and a loaded die."
    )
    if height > ours + 1e-3 and never:
        text += (
            f" The highest, {height:.3f}, has a die that never shows {' or '.join(never)}: on the "
            f"boundary, and better by only {height - ours:.2f}. {len(codes)} rolls cannot teach that "
            "a face is impossible."
        )
    yield (
        text + " The posterior weighs regions, not peaks, and its prior says one die is near fair."
    )


def _party():
    start, A = np.array([0.8, 0.2]), np.array([[0.95, 0.05], [0.2, 0.8]])  # happy, upset
    B = np.array([[0.6, 0.4], [0.9, 0.1]])  # home, party
    diary = topic.Data.validate(pd.DataFrame({"symbol": ["party", *["home"] * 8, "party"]}))
    filtered, smoothed, best = topic.decode(diary, start, A, B)
    first, move, row = np.log(start), np.log(A), np.log(B).T[topic.design(diary)[0]]
    one, ten = (np.exp(topic.forward_backward(first, move, row[:n])[0]) for n in (1, len(row)))
    learnt = topic.exact(diary, states=2, start=start, stay=19.0, move=1.0, emission=10 * B)
    happy, upset = learnt.marginals["B"].mean()[:, 1]
    yield (
        f"A friend is happy with probability {start[0]} and then goes to a party with {B[0, 1]}; "
        f"upset, with {B[1, 1]}. **Likelihood:** a party has probability {one:.2f}. **Decoding:** a "
        f"friend seen at one is happy with {filtered[0, 0]:.4f}; that is Bayes' rule, not what causes "
        f"what. Now ten evenings of moods that last: {A[0, 0]} to stay happy, {A[1, 1]} to stay upset."
    )
    columns = {"evening": 1 + np.arange(len(diary)), "seen": diary["symbol"].astype(str)}
    columns |= {"P(happy) so far": filtered[:, 0].round(3), "in hindsight": smoothed[:, 0].round(3)}
    yield pd.DataFrame(columns | {"best path": np.where(best == 0, "happy", "upset")})
    yield (
        f"The diary has probability {ten:.2e}. **Learning:** were the odds of a party only believed, "
        f"with the weight of ten evenings in each mood, it would move them, by {learnt.by}, from "
        f"{B[0, 1]} to {happy:.3f} when happy and from {B[1, 1]} to {upset:.3f} when upset. The same "
        "questions, answered by the same code, are what this page asks of its rows."
    )
