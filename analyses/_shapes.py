"""Laws as pictures: exact over drawn, and what each shape is good for."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats

from analyses._laws import LAWS, gamma_with
from models._law import QUICK, plain

GLOROT = np.sqrt(6 / (4 + 64))  # layers of 4 and 64 units


def every_law(seed: int):
    figure, axes = plt.subplots(2, 8, figsize=(9.6, 3.1), layout="constrained")
    for axis, law in zip(axes.flat, LAWS, strict=True):
        _exact_over_draws(axis, law, law.draws(20_000, seed))
        axis.set_title(law.label.replace("(", "\n("), fontsize=8)
        axis.set(yticks=[])
        axis.tick_params(labelsize=8)
        axis.spines["left"].set_visible(False)
    return figure


def _exact_over_draws(axis, law, values):
    low, high = law.twin.ppf([0.002, 0.998])
    if law.discrete:
        k = np.arange(low - (low == high), high + 1 + (low == high))
        axis.bar(k, [(values == i).mean() for i in k], width=0.9, color="draws", alpha=0.5)
        axis.plot(k, law.twin.pmf(k), "_", color="exact", markersize=7, markeredgewidth=2)
        axis.set_xticks(np.unique([k[0], k[k.size // 2], k[-1]]))
        return
    logarithmic = law.name == "log-uniform"  # there the density is that of the logarithm
    edges = np.geomspace(low, high, 31) if logarithmic else np.linspace(low, high, 31)
    width = np.diff(np.log(edges) if logarithmic else edges)
    counts = np.histogram(values, edges)[0] / values.size / width
    axis.stairs(counts, edges, color="draws", fill=True, alpha=0.5)
    x = np.linspace(low, high, 240)
    axis.plot(x, law.twin.pdf(x) * (x if logarithmic else 1), color="exact")
    axis.set_ylim(0, 1.25 * np.quantile(counts, 0.97))
    if logarithmic:
        axis.set_xscale("log")
        axis.set_xticks([0.001, 0.1])
        axis.minorticks_off()
    else:
        axis.locator_params(axis="x", nbins=2)


def moments():
    rows = [
        {
            "law": law.label,
            "such as": law.about,
            "mean": _equation(law, "mean"),
            "variance": _equation(law, "variance"),
        }
        for law in LAWS
    ]
    yield pd.DataFrame(rows)
    yield (
        "Each formula was compared with the integral (or sum) of PyMC's own density, which knows nothing of "
        "it. A Gamma is in rate form here; SciPy's second argument is the scale, one over the rate. The "
        "point mass is a law like any other: all of its draws are equal."
    )
    k = np.arange(10)
    each = {"binomial(100, 0.02)": stats.binom(100, 0.02), "Poisson(2)": stats.poisson(2),
            "Poisson(4.5)": stats.poisson(4.5)}  # fmt: skip
    table = pd.DataFrame({name: law.pmf(k) for name, law in each.items()}, index=k).T
    yield table.map("{:.4f}".format).reset_index(names="chance of")
    furthest = np.abs(each["binomial(100, 0.02)"].pmf(k) - each["Poisson(2)"].pmf(k)).max()
    yield (
        "A hundred rare chances are nearly a Poisson law of the same mean: no chance above differs by more "
        f"than {furthest:.4f}."
    )


def _equation(law, which: str) -> str:
    """'alpha / beta² = 64', and nothing twice."""
    sides = plain(getattr(law, which)), f"{law.formula(which):.6g}"
    return " = ".join(dict.fromkeys(sides))


def gamma():
    wanted = ((35, 64), (35, 400), (35, 1225))
    figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    x, rows = np.linspace(0.05, 100, 300), []
    for (mean, variance), line in zip(wanted, ("-", "--", ":"), strict=True):
        found = gamma_with(mean, variance)
        law = stats.gamma(found["alpha"], scale=1 / found["beta"])
        axis.plot(x, law.pdf(x), line, color="exact", label=f"sd {np.sqrt(variance):g}")
        rows.append({"wanted mean": mean, "wanted variance": variance, "alpha": f"{found['alpha']:.5g}",
                     "beta (rate)": f"{found['beta']:.5g}", "P(less than 30)": f"{law.cdf(30):.4f}"})  # fmt: skip
    axis.plot(x, stats.norm(35, 8).pdf(x), color="muted", linewidth=1, label="normal, sd 8")
    axis.set(yticks=[], xlabel="delivery time, minutes")
    axis.legend()
    yield (
        "A prior is often known by its mean and variance. The Gamma that has them is alpha = mean² / variance, "
        "beta = mean / variance. It never leaves the positive numbers, and where the sd reaches the mean it is "
        "the exponential law."
    )
    yield pd.DataFrame(rows)
    yield (
        figure,
        "Three Gamma laws of mean 35, and the normal law that the narrowest of them resembles.",
    )


def rates(seed: int):
    random = {"random_seed": seed, "mode": QUICK}
    law = next(law for law in LAWS if law.name == "log-uniform")
    even = pm.draw(pm.Uniform.dist(np.float64(1e-4), np.float64(0.1), size=20), **random)
    figure, axis = plt.subplots(figsize=(6.4, 1.7), layout="constrained")
    for y, values in enumerate((even, law.draws(20, seed))):
        axis.plot(values, np.full(20, y), "|", color="draws", markersize=22, markeredgewidth=1.6)
    axis.set_xscale("log")
    axis.set(yticks=[0, 1], ylim=(-0.6, 1.6), xlim=(8e-5, 0.12), xlabel="learning rate")
    axis.set_yticklabels(["uniform", "log-uniform"])
    few = stats.uniform(1e-4, 0.1 - 1e-4).cdf(0.01)
    yield (
        figure,
        f"Twenty learning rates from 0.0001 to 0.1, drawn evenly and evenly on the log scale. Below 0.01 lie "
        f"{100 * few:.0f} % of the first law and {100 * law.twin.cdf(0.01):.0f} % of the second.",
    )
    yield (
        f"Weights between layers of 4 and 64 units start, by Glorot's rule, uniform within ± {GLOROT:.4f}: "
        f"the uniform law whose variance, {GLOROT**2 / 3:.5f}, is 2 / (4 + 64)."
    )
