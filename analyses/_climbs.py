"""Three climbs of a log likelihood, on the shipped rows of three topics.

A point u (p,) stands on a scale without limits: ratios of probabilities, precisions and variances
as logarithms. A bound is computed apart from the height it is to touch: what is expected of the log
joint density, given what was believed at the point `at`, plus the entropy of that belief.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import entr, expit, logsumexp, softmax

from analyses._bounds import Climb, steps
from models import gaussian_mixture, hidden_markov, logistic_regression
from models._forward_backward import forward_backward

DATA = Path(__file__).parents[1] / "data"


def rows(module):
    """The shipped rows of a topic."""
    name = module.__name__.rpartition(".")[2]
    frame = pd.read_csv(DATA / f"{name}.csv", comment="#")
    return module.Data.validate(module.tidy(frame) if hasattr(module, "tidy") else frame)


def logs(ratios):
    """Log probabilities (..., K) from the logs of their ratios to the first (..., K - 1)."""
    full = np.concatenate([np.zeros((*ratios.shape[:-1], 1)), ratios], axis=-1)
    return full - logsumexp(full, axis=-1, keepdims=True)


def ratios(p):
    """Logs of the ratios to the first (..., K - 1) from probabilities (..., K)."""
    return np.log(p[..., 1:] / p[..., :1])


def mixture():
    """Hidden: the component of each row."""
    data = rows(gaussian_mixture)
    y = data["y"].to_numpy(float)

    def flat(w, mu, lam):
        return np.r_[ratios(w), mu, np.log(lam)]

    def theta(u):
        return np.exp(logs(u[:1])), u[1:3], np.exp(u[3:])

    def parts(u):
        return gaussian_mixture.log_parts(y, *theta(u))

    def height(u):
        return logsumexp(parts(u), axis=-1).sum()

    def bound(u, at):
        r = softmax(parts(at), axis=-1)
        return np.sum(r * parts(u)) + entr(r).sum()

    def step(u):
        return flat(*gaussian_mixture.em_step(y, *theta(u)))

    start = flat(np.array([0.5, 0.5]), np.array([60.0, 75.0]), np.array([0.01, 0.02]))
    best = gaussian_mixture.mle(data, components=2)
    top = height(flat(best["w"], best["mu"], best["lam"]))
    return Climb.along("Mixture", steps(start, step), height, bound, top)


def hidden_chain():
    """Hidden: the state at each row. The climb starts elsewhere than that of the topic itself."""
    data, known = rows(hidden_markov), hidden_markov.KNOWN
    codes, labels = hidden_markov.design(data)
    start, F = np.array(known["start"]), len(labels)

    def flat(A, B):
        return np.r_[ratios(A).ravel(), ratios(B).ravel()]

    def tables(u):
        return logs(u[:2].reshape(2, 1)), logs(u[2:].reshape(2, F - 1))

    def found(u):
        log_A, log_B = tables(u)
        return forward_backward(np.log(start), log_A, log_B.T, codes)

    def bound(u, at):
        _, filtered, smoothed, moves, seen = found(at)
        log_A, log_B = tables(u)
        reached = filtered[:-1, :, None] * np.exp(tables(at)[0])  # (T - 1, from, to)
        came = entr(reached / reached.sum(axis=1, keepdims=True)).sum(axis=1)
        open_ = entr(smoothed[-1]).sum() + np.sum(smoothed[1:] * came)
        joint = smoothed[0] @ np.log(start) + np.sum(moves * log_A) + np.sum(seen.T * log_B)
        return joint + open_

    def step(u):
        *_, moves, seen = found(u)
        return flat(*(n / n.sum(axis=1, keepdims=True) for n in (moves, seen.T)))

    best = hidden_markov.mle(data, **known)
    top = found(flat(best["A"], best["B"]))[0]
    rising = np.arange(1.0, F + 1) / np.arange(F + 1).sum()
    other = flat(np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([rising[::-1], rising]))
    return Climb.along("Hidden Markov", steps(other, step), lambda u: found(u)[0], bound, top)


def logistic():
    """Nothing is hidden: no logistic curve bends more than 1/4, so a parabola lies below."""
    data = rows(logistic_regression)
    A, outcome, _, _ = logistic_regression.design(data)
    bend = A.T @ A / 4  # Böhning and Lindsay (1988)

    def height(u):
        return outcome @ (A @ u) - np.logaddexp(0, A @ u).sum()

    def slope(u):
        return A.T @ (outcome - expit(A @ u))

    def bound(u, at):
        return height(at) + (slope(at) - bend @ (u - at) / 2) @ (u - at)

    def step(u):
        return u + np.linalg.solve(bend, slope(u))

    best = logistic_regression.mle(data, ask=np.nan)
    top = height(np.r_[best["b"], best["w"]])
    flat = np.zeros(A.shape[1])
    return Climb.along("Logistic regression", steps(flat, step), height, bound, top)
