"""Four lengths of a flower go together. How few hidden dimensions would do, and what do they leave over?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, KernelPCA

from analyses._spectrum import climb, films, height, how_many, no_noise, scores
from models import _components as components
from models import probabilistic_pca as topic

QUESTION = "How few hidden dimensions lie behind these measurements?"
SHOW = ["sigma", "signal[petal_length, petal_length]", "mu[petal_length]"]
MOST_ROWS, MOST_AXES = 1_000, 8  # for what takes long: a kernel between all rows, evidence by draws


def answer(run) -> str:
    signal, sigma = (_draws(run, name) for name in ("signal", "sigma"))
    total = np.trace(signal, axis1=1, axis2=2)
    q, d, unit = int(run.settings["q"]), signal.shape[1], " cm" if run.shipped else ""
    share = np.quantile(100 * total / (total + d * sigma**2), [0.5, 0.025, 0.975])
    left = np.quantile(sigma, [0.5, 0.025, 0.975])
    few = "1 hidden dimension accounts" if q == 1 else f"{q} hidden dimensions account"
    return (
        f"{few} for about {share[0]:.1f} % (95 % interval {share[1]:.1f} % to {share[2]:.1f} %) of the variance of {d} "
        f"columns, and leave over about {left[0]:.3g}{unit} ({left[1]:.3g} to {left[2]:.3g}) in each."
    )


def discrepancy(y, run) -> float:
    """How unlike the left-over directions are, by Bartlett's statistic."""
    n, _, S = components.moments(y)
    left = np.linalg.eigvalsh(S)[: len(S) - int(run.settings["q"])]
    left = np.maximum(left, 1e-12 * np.trace(S))
    return float(n * (left.size * np.log(left.mean()) - np.log(left).sum()))


def story(run):
    x, q = topic.design(run.data, run.settings["q"])
    n, _, S = components.moments(x)
    if run.mle is None:
        yield "Nothing is left over here, so the likelihood has no maximum and the usual pictures do not exist."
        return
    W, square = components.closed_form(S, q)
    values, top = np.linalg.eigvalsh(S)[::-1], height(x, W, square)
    yield (
        f"Each of {n:,} rows is a mean, plus {q} hidden scores times their loadings W, plus noise of the same size in all "
        f"{len(S)} columns. The likelihood has its maximum in closed form: the eigenvalues of the covariance are "
        f"{', '.join(f'{v:.4g}' for v in values)}; sigma² is the mean of those left out, {square:.8f}, and the log "
        f"likelihood there is {top:.6f}."
    )
    if q < min(x.shape):
        yield _scikit_learn(x, q, square, top)
    yield (
        "W itself is not determined: turned within its columns it gives the same W W'. Only W W' (here `signal`) and sigma "
        "are compared; the mean of W over draws that turn freely would be zero. So the hidden dimensions are summaries of "
        "what goes together, not causes."
    )
    yield from ("### The rows, seen along the hidden axes", *_scores(run, x, W, square))
    yield from ("### Another way to the same point: EM", *climb(x, S, W, square))
    yield from ("### No noise: PCA, SVD and the pseudoinverse", *no_noise(x, W, square))
    if len(S) <= MOST_AXES:
        yield from ("### How many hidden dimensions?", *how_many(run.settings, x))
    yield from ("### The same in small: five films", *films())


def _scikit_learn(x, q, square, top):
    (n, d), told, over = x.shape, PCA(q, random_state=1).fit(x), ""
    if n < d:
        over = f" and, with fewer rows than columns, averages over n - q = {n - q} eigenvalues instead of d - q = {d - q}"
    return (
        f"That covariance has divisor n, as the likelihood wants. scikit-learn's `PCA` divides by n - 1{over}: it prints a noise variance of "
        f"{told.noise_variance_:.8f}, {told.noise_variance_ / square:.4f} times the sigma² above; at its values the same rows have log likelihood "
        f"{told.score(x) * n:.6f}, lower by {top - told.score(x) * n:.6f}."
    )


def _draws(run, name):
    """All draws of one unknown, (draws, ...)."""
    values = run.posterior[name].values
    return values.reshape(-1, *values.shape[2:])


def _kinds(run):
    """A text column with two to six kinds, for the markers; else one kind."""
    for name in run.data.columns:
        if not pd.api.types.is_numeric_dtype(run.data[name]) and 2 <= run.data[name].nunique() <= 6:
            return run.data[name].astype(str).to_numpy()
    return np.full(len(run.data), "rows")


def kernel_scores(x):
    """Two coordinates of each row by kernel PCA (n, 2), and the width of its Gaussian kernel."""
    width = np.sqrt(np.trace(components.moments(x)[2]))
    return KernelPCA(2, kernel="rbf", gamma=1 / (2 * width**2)).fit_transform(x), width


def _scores(run, x, W, square):
    views, by_distance = {"hidden scores, linear": scores(x, W, square)}, ""
    if 2 < len(x) <= MOST_ROWS:
        views["kernel PCA, Gaussian kernel"], width = kernel_scores(x)
        by_distance = (
            ", and by two components of a kernel that looks at distances only, exp(-distance² / (2 width²)) "
            f"with a width of {width:.3g}{' cm' if run.shipped else ''}, the root of the variances' sum"
        )
    figure, axes = plt.subplots(
        1, len(views), figsize=(3.3 * len(views), 3.2), squeeze=False, layout="constrained"
    )
    kinds = _kinds(run)
    for axis, (name, z) in zip(axes[0], views.items(), strict=True):
        second = z[:, 1] if z.shape[1] > 1 else np.zeros(len(z))
        for kind, mark, colour in zip(
            dict.fromkeys(kinds), "os^vDP", ["draws", "ink", "muted"] * 2, strict=False
        ):
            here = kinds == kind
            axis.plot(
                z[here, 0], second[here], mark, color=colour, markersize=3.5, alpha=0.7, label=kind
            )
        axis.set(title=name, xlabel="first", ylabel="second")
    if len(set(kinds)) > 1:
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    yield (
        figure,
        f"Each row by its first two hidden scores at the maximum likelihood{by_distance}. The kinds are only drawn, never "
        "fitted. Signs and directions mean nothing.",
    )
