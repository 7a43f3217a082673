"""A covariance and its eigenvalues: EM to the same point, no noise, how many dimensions, five films."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import _components as components

# Seven people, five films, stars: the first two films are of one kind, the next two of another.
FILMS = ["Alien", "Matrix", "Amélie", "Notting Hill", "Up"]
STARS = [[5, 5, 1, 2, 4], [4, 5, 2, 1, 3], [5, 4, 2, 2, 4], [1, 2, 5, 4, 4],
         [2, 1, 4, 5, 4], [3, 3, 3, 4, 5], [2, 2, 5, 5, 5]]  # fmt: skip


def height(x, W, square):
    """The log likelihood of W (d, q) and sigma^2, mu at the rows' mean."""
    n, mean, S = components.moments(x)
    return components.log_likelihood(n, mean, S, mean, W @ W.T + square * np.eye(len(S)))


def scores(x, W, square):
    """What is expected of the hidden scores of each row: (n, q)."""
    M = W.T @ W + square * np.eye(W.shape[1])
    return np.linalg.solve(M, W.T @ (x - x.mean(axis=0)).T).T


def climb(x, S, W, square):
    """EM from random loadings, beside the W and sigma^2 of the closed form."""
    top, gaps = height(x, W, square), []
    now = np.random.default_rng(1).normal(size=W.shape), np.trace(S) / len(S)
    for step in range(201):
        now = components.em_step(S, *now) if step else now
        gaps.append(max(top - height(x, *now), 1e-12))
    figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    axis.semilogy(gaps, color="mle")
    axis.set(xlabel="step of EM", ylabel="log likelihood still missing")
    yield (
        figure,
        "EM from random loadings: each step closes part of the gap to the height known in closed form.",
    )
    off = np.abs(now[0] @ now[0].T - W @ W.T).max()
    yield (
        f"After {len(gaps) - 1} steps {gaps[-1]:.2g} of log likelihood is missing, W W' differs by at most {off:.2g} and sigma² by "
        f"{abs(now[1] - square):.2g}. Of {len(gaps) - 1} steps {np.sum(np.diff(gaps) > 1e-9)} went down: EM cannot."
    )


def no_noise(x, W, square):
    """Scores as sigma^2 shrinks: pseudoinverse and singular vectors."""
    away, rows = x - x.mean(axis=0), []
    U, s, _ = np.linalg.svd(away, full_matrices=False)
    q = W.shape[1]
    for part in (1, 1e-2, 1e-4, 1e-8):
        values, vectors = np.linalg.eigh(away.T @ away / len(x))
        axes = vectors[:, ::-1][:, :q] * np.sqrt(np.maximum(values[::-1][:q] - part * square, 0))
        z = scores(x, axes, part * square)
        row = {"sigma² over its maximum": f"{part:g}"}
        row["scores less W⁺ (x - mean)"] = f"{np.abs(z - away @ np.linalg.pinv(axes).T).max():.2g}"
        row["scores less √n U of the SVD"] = (
            f"{np.abs(np.abs(z) - np.sqrt(len(x)) * np.abs(U[:, :q])).max():.2g}"
        )
        rows.append(row)
    yield pd.DataFrame(rows)
    yield (
        "The expected scores shrink towards zero by M⁻¹ W', M = W' W + sigma² I: ridge regression on the loadings. As sigma "
        "goes to zero that becomes the Moore-Penrose pseudoinverse W⁺, the projection of PCA with each score in units of its "
        "own sd, and the scores become the left singular vectors of the centred rows (singular values "
        f"{', '.join(f'{v:.4g}' for v in s[:6])}), but for their sign and the factor √n. The table shows the largest difference left."
    )


def how_many(settings, x):
    """Likelihood, BIC and evidence for every q."""
    n, d, rows, rng = *x.shape, [], np.random.default_rng(1)
    prior = components.Beliefs(*(settings[k] for k in ("m", "s", "tau", "alpha", "beta")))
    for q in range(1, d):
        W, square = components.closed_form(components.moments(x)[2], q)
        if not square > 1e-12 * np.trace(W @ W.T):
            break
        top, free = height(x, W, square), d + d * q - q * (q - 1) // 2 + 1
        row = {
            "q": q,
            "sigma²": f"{square:.6f}",
            "log likelihood": f"{top:.6f}",
            "parameters": free,
        }
        row["BIC"] = f"{free * np.log(n) - 2 * top:.2f}"
        row["log evidence"] = "{:.2f} ± {:.2f}".format(*components.evidence(x, q, prior, rng))
        rows.append(row)
    yield pd.DataFrame(rows)
    yield (
        "The log likelihood can only rise with q. BIC is p log n - 2 log likelihood, with p parameters, rotations not counted: "
        "the smaller, the better. The log evidence, the larger the better, is under the prior of this run, by importance "
        "sampling from a t about the highest point, with its standard error: it needs a posterior with one peak, and it moves "
        "with tau. With q one below the number of columns the model is any "
        "covariance at all, so a preference for it says that equal noise in all "
        "columns is too simple, not that there are so many hidden dimensions."
    )


def films():
    """What somebody new may think of films, from two films and what others think."""
    x = np.array(STARS, float)
    W, square = components.closed_form(components.moments(x)[2], 2)
    C, mean, seen = W @ W.T + square * np.eye(5), x.mean(axis=0), [0, 2]
    stars = np.array([5.0, 1.0])
    guess = mean + C[:, seen] @ np.linalg.solve(C[np.ix_(seen, seen)], stars - mean[seen])
    spread = C - C[:, seen] @ np.linalg.solve(C[np.ix_(seen, seen)], C[seen])
    sd = [f"{v:.2f}" for v in np.sqrt(np.maximum(spread.diagonal(), 0))]
    table = pd.DataFrame({"film": FILMS, "mean": mean, "expected": guess})
    table["sd"] = ["given" if i in seen else each for i, each in enumerate(sd)]
    yield table.assign(**{name: table[name].map("{:.2f}".format) for name in ("mean", "expected")})
    yield (
        f"Users by films is such a table too: {len(STARS)} made-up people gave stars to {len(FILMS)} films, and two hidden "
        f"dimensions of taste leave over sigma = {np.sqrt(square):.2f} stars. Somebody new gives {FILMS[0]} {stars[0]:g} and {FILMS[2]} "
        f"{stars[1]:g}: at the maximum likelihood the other films are then expected as in the table. The sd "
        "holds what that person's taste leaves open, not how little so few people tell of W; and a normal does not know "
        "that stars end at five."
    )
