"""Laws of several numbers as pictures: shares that add up to one, and numbers that depend."""

import matplotlib.pyplot as plt
import numpy as np
import pymc as pm
from scipy import stats

from analyses._laws import by_cholesky, delivery
from models._law import QUICK


def shares(seed: int):
    figure, axes = plt.subplots(3, 5, figsize=(9, 3.6), sharex=True, layout="constrained")
    for row, a in zip(axes, (0.1, 1.0, 10.0), strict=True):
        law = pm.Dirichlet.dist(np.full(10, a))
        drawn = pm.draw(law, 5, random_seed=seed, mode=QUICK)
        for axis, share in zip(row, drawn, strict=True):
            axis.bar(np.arange(1, 11), share, color="draws", alpha=0.7)
            axis.axhline(0.1, color="exact", linewidth=1)
            axis.set(yticks=[], xticks=[1, 10], ylim=(0, drawn.max()))
            axis.spines["left"].set_visible(False)
        row[0].set_ylabel(f"alpha = {a:g}")
    yield (
        figure,
        "Five draws each from a Dirichlet law of ten shares. The mean is one tenth everywhere (blue). Below "
        "one, a draw is nearly all in a few shares; at one, any division is as likely as any other; "
        "above, the shares come near to equal.",
    )
    low, high = (stats.beta(a, 9 * a).sf(0.5) for a in (0.1, 10.0))
    yield (
        f"Each share by itself is a Beta(alpha, 9 alpha): the chance that a given one takes more than half "
        f"is {low:.3f} at alpha = 0.1 and {high:.1e} at alpha = 10."
    )


def cholesky(seed: int):
    mu, cov = delivery()
    draws, lower = by_cholesky(2_000, seed), np.linalg.cholesky(cov)
    r = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.0), sharey=True, layout="constrained")
    turn = np.linspace(0, 2 * np.pi, 100)
    for axis, i, name in zip(axes, (0, 1), ("distance", "traffic"), strict=True):
        axis.plot(
            draws[:, i], draws[:, 2], ".", color="draws", markersize=2, alpha=0.5, rasterized=True
        )
        two = np.linalg.cholesky(cov[np.ix_([i, 2], [i, 2])])
        for p in (0.5, 0.95):
            ring = two @ np.array([np.cos(turn), np.sin(turn)]) * np.sqrt(stats.chi2(2).ppf(p))
            axis.plot(mu[i] + ring[0], mu[2] + ring[1], color="exact")
        axis.set(xlabel=name, title=f"correlation {r[i, 2]:.4f}")
    axes[0].set_ylabel("delivery time, minutes")
    yield (
        "Delivery takes 8.6 + 7.3 distance + 1.5 traffic minutes and a normal error of sd 3. If cov = L L' "
        f"with a triangular L (Cholesky), here with the diagonal {', '.join(f'{x:.4g}' for x in np.diag(lower))}, "
        "then mean + L z has covariance cov, where z are independent standard normal numbers."
    )
    yield (
        figure,
        "2,000 draws made that way (a normal law with the means and covariances of the text's uniform "
        "distances and traffic), and the ellipses that hold 50 % and 95 % of the law.",
    )
