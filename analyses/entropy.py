"""How many bits does a throw of Wolf's white die hold, and what is lost by taking it for a fair one?

Shares known through counts leave entropy and divergence unknown too; these then have posteriors.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import _entropy as bits
from models import entropy as topic

QUESTION = "How many bits does one observation hold, and what does a wrong distribution cost?"
SHOW = ["H", "KL_pq", "KL_qp"]
PAIRS = [".7 .2 .1, .6 .3 .1", ".7 .2 .1, .65 .25 .10", ".65 .25 .10, .7 .2 .1", ".7 .2 .1, .10 .20 .70", ".5 .5, .9 .1"]  # fmt: skip


def answer(run) -> str:
    H, cost = run.exact.derived["H"], run.exact.derived["KL_pq"]
    low, high = np.quantile(run.posterior.H, [0.025, 0.975])
    return (
        f"One observation holds about {H.mean():.4f} bits (95 % interval {low:.4f} to {high:.4f}, by draws) of the "
        f"{np.log2(len(_known(run)[2])):.4f} possible; taking the reference for true costs {cost.mean():.2g} bits more (sd {cost.std():.1g})."
    )


def discrepancy(y, run) -> float:
    """Chi-square of the counts against the posterior mean of the shares."""
    expected = y.sum() * run.exact.marginals["p"].mean()
    return float(np.sum((y - expected) ** 2 / np.maximum(expected, 1e-300)))


def story(run):
    yield from _estimates(run)
    yield from ("### An estimate that is too low on average", *_bias(run))
    yield from ("### Against the reference", *_reference(run))
    yield from ("### One unit throughout", *_identity(run))
    if run.shipped:
        yield from ("### Coins, letters, bell curves", *_scale())


def _known(run):
    counts, labels = topic.design(run.data)
    a, q = (topic.per_category(name, run.settings[name], len(labels)) for name in "aq")
    return counts, a, q / q.sum()


def _estimates(run):
    (counts, a, _), H, drawn = _known(run), run.exact.derived["H"], run.posterior["H"].values
    yield (
        f"A category of share p carries log2(1 / p) bits of information: heads of a fair coin {np.log2(2):g}, something sure none. H is the average of that. "
        f"All is in bits; a bit is ln 2 = {bits.BIT:.6f} nats. The {a.size} shares are known through {counts.sum():,.0f} counts only, so H is unknown too. No "
        "formula gives its density, but its mean and standard deviation are exact, and the draws must agree with both."
    )
    rows = [("exact posterior mean ± sd", f"{H.mean():.6f} ± {H.std():.6f}")]
    rows.append(("draws, mean ± sd", f"{drawn.mean():.6f} ± {drawn.std(ddof=1):.6f}"))
    for i, name in enumerate(["plug-in, from the observed shares", "with Miller and Madow's term"]):
        rows += [(name, f"{bits.plug_in(counts)[i]:.6f}")] if counts.any() else []
    rows.append((f"the most {a.size} categories can hold", f"{np.log2(a.size):.6f}"))
    yield pd.DataFrame(rows, columns=["entropy", "bits"])


def _bias(run):
    p, a, n = run.exact.marginals["p"].mean(), _known(run)[1], 20
    sizes, truth = np.unique(np.geomspace(2, 1_000, 24).astype(int)), bits.entropy(p)
    curves = np.array([bits.average_estimates(p, a, n) for n in sizes]).T
    figure, axis = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    axis.axhline(truth, color="ink", linestyle=":")
    axis.plot(sizes, curves[0], color="mle", label="plug-in")
    axis.plot(sizes, curves[1], "--", color="mle", label="Miller-Madow")
    axis.plot(sizes, curves[2], color="exact", label="posterior mean")
    axis.set(xscale="log", xlabel="observations", ylabel="average estimate of H (bits)")
    axis.legend(loc="lower right")
    yield figure, "Exact averages over all samples, were the posterior means the shares (dotted)."
    plugged, corrected, mean = bits.average_estimates(p, a, n) - truth
    yield (
        f"Counts scatter, and scatter looks like order. With {n} observations the plug-in estimate is off by {plugged:+.3f} bits on average; the first term "
        f"of its bias is -(K - 1) / (2 n ln 2) = {-(a.size - 1) / (2 * n * bits.BIT):.3f}, which Miller and Madow add back for the categories seen: "
        f"{corrected:+.3f} remain. The posterior mean is off by {mean:+.3f}, as its prior has it."
    )


def _reference(run):
    (counts, _, q), labels = _known(run), topic.design(run.data)[1]
    p, at, n, step = run.exact.marginals["p"], np.arange(q.size), counts.sum(), -(-q.size // 12)
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.bar(at, q, color="muted", alpha=0.4)
    axis.vlines(at, p.ppf(0.025), p.ppf(0.975), color="exact", linewidth=3)
    axis.set_xticks(at[::step], [str(label)[:10] for label in labels[::step]])
    axis.set(xlabel="category", ylabel="share", ylim=(0, None))
    yield figure, "Each share: its exact 95 % interval; grey: the reference q."
    cost, back = (run.exact.derived[name] for name in ("KL_pq", "KL_qp"))
    yield (
        f"KL(p || q) is {cost.mean():.5f} ± {cost.std():.5f} bits: what an observation costs beyond H in a code made for q. KL(q || p), were q the "
        f"truth and the code made for p, is {back.mean():.5f} ± {back.std():.5f}. Neither is ever negative, and one is not the other."
    )
    if n:
        G = 2 * n * bits.divergence(counts / n, q) * bits.BIT
        yield (
            f"At the observed shares 2 n KL(p || q) in nats is G = {G:.4f}, the likelihood-ratio statistic of the hypothesis p = q: p-value at most "
            f"{max(stats.chi2.sf(G, q.size - 1), 1e-300):.2g} on {q.size - 1} degrees of freedom. The p-value is about whether p is q, the posterior about "
            f"how many bits that matters: {cost.mean() / np.log2(q.size):.2%} of the {np.log2(q.size):.3f} possible."
        )


def _identity(run):
    (counts, a, q), rows = _known(run), []
    pairs = {"posterior means, reference": (run.exact.marginals["p"].mean(), q)}
    pairs |= {text: [np.array(x.split(), float) for x in text.split(",")] for text in PAIRS}
    for name, (p, r) in pairs.items():
        H, KL, cross = bits.entropy(p), bits.divergence(p, r), bits.cross_entropy(p, r)
        row = (H, KL, H + KL, cross, cross - H - KL * bits.BIT)
        rows.append([name, *map("{:.6f}".format, row)])
    names = ["p, q", "H(p)", "KL(p || q)", "their sum", "H(p, q)", "short by, KL in nats"]
    yield pd.DataFrame(rows, columns=names)
    known, drawn = bits.cross_entropy_of(a + counts, q), run.posterior.H + run.posterior.KL_pq
    yield (
        f"H(p, q) = H(p) + KL(p || q), always, in one unit. In the draws the sum has mean {float(drawn.mean()):.6f} and sd {float(drawn.std()):.6f}; "
        f"H(p, q) itself has, exactly, {known.mean():.6f} and {known.std():.6f}. Add KL in nats to H in bits, and a share of 1 - ln 2 = "
        f"{1 - bits.BIT:.1%} of KL is lost (last column); where KL is small a loose tolerance does not notice."
    )


def _scale():
    p, (rare, fair) = np.linspace(0, 1, 201), bits.entropy([[0.02, 0.98], [0.5, 0.5]])
    figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    axis.plot(p, bits.entropy(np.column_stack([p, 1 - p])), color="ink")
    axis.set(xlabel="chance of heads", ylabel="entropy of a coin (bits)")
    yield figure, f"A fair coin holds {fair:g} bit; one with 2 heads in 100 tosses, {rare:.4f}."
    sure, unsure, even = bits.entropy([[0.98, 0.01, 0.01], [0.6, 0.3, 0.1], [1 / 3] * 3])
    yield (
        f"Three classes: (.98 .01 .01) hold {sure:.6f} bits, or {sure * bits.BIT:.6f} nats (0.10, as a textbook has it, is neither); (.6 .3 .1) hold "
        f"{unsure:.6f}; three alike hold {even:.6f}, the most."
    )
    pairs = np.array([[1104, 7534], [7534, 3827]])  # vowel, consonant; then vowel, consonant
    then, given = bits.entropy_of((1.0 + pairs).sum(0)), bits.conditional_of(1.0 + pairs)
    yield (
        f"**Letters.** Markov counted vowels and consonants in {pairs.sum():,} pairs of neighbouring letters of *Eugene Onegin*. Which of the two a letter is holds "
        f"{then.mean():.5f} ± {then.std():.5f} bits; given the letter before, H(next | last) is {given.mean():.5f} ± {given.std():.5f} (flat prior on the four kinds "
        f"of pair). The difference, {then.mean() - given.mean():.5f} bits, is what one letter tells of the next."
    )
    mean, sd, x = 1.0, 0.5, np.random.default_rng(1).normal(1.0, 0.5, 100_000)
    ratio = (stats.norm(mean, sd).logpdf(x) - stats.norm.logpdf(x)) / bits.BIT
    there, back = bits.normal_divergence(mean, sd), bits.normal_divergence(0.0, 1.0, mean, sd)
    yield (
        f"**Bell curves.** A variational autoencoder pays KL(Normal(mu, sigma) || Normal(0, 1)) = (mu² + sigma² - 1 - ln sigma²) / 2 nats for each number it encodes. "
        f"At mu = {mean:g}, sigma = {sd:g} that is {there * bits.BIT:.6f} nats, {there:.6f} bits; the average of the log ratio over {x.size:,} draws is "
        f"{ratio.mean():.4f} ± {ratio.std() / np.sqrt(x.size):.4f} bits. The other way round it is {back:.6f}."
    )
