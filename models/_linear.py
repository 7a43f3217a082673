"""The linear algebra of regressions with Gaussian weights and Gaussian noise.

The plan: standardise the columns, turn the problem once by a singular value decomposition, and
from then on every noise level sigma costs one pass over p + 1 independent scalars: along
direction k the data say c_k = s_k z_k + sigma * noise, the prior says z_k ~ Normal(0, d_k), and
the weights are V @ z.

A regression needs `standardise` (columns -> X), `turn` (X, y -> Turned) and then one of three:
`log_likelihood` and `turned_weights` (sigma given), `least_squares` (no prior at all), or, sigma
unknown, `Integrated` in `models/_integrated.py`. Shapes: n rows, p predictors, k = p + 1 weights
(the intercept is the first), P values of sigma.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from models import _alike as alike

PERFECT = 1e-11  # residual / size of y below which a fit is nothing but rounding error
SILENT = 1e-11  # singular value / largest, below which columns are collinear but for rounding


class Turned(NamedTuple):
    """y = intercept + X w + noise in coordinates where the weights do not mix.

    s (k,): singular values, the intercept's sqrt(n) first; 0 where the data are silent.
    c (k,): y along each direction; 0 where the data are silent.
    V (k, k): orthogonal; the weights, intercept first, are V @ (turned weights).
    rss (): what no weight can reach, squared and summed.
    idle (): how many of the n directions that is.
    n (): rows, each as often as it counts.
    """

    s: np.ndarray
    c: np.ndarray
    V: np.ndarray
    rss: float
    idle: int
    n: int


def standardise(columns, times=None):
    """Columns (n, p) -> X (n, p) of mean 0 and sd 1 (divisor n), their means and sds (p,).

    Here and below each row counts so many `times` (n,); left out, once.
    """
    columns = np.asarray(columns, dtype=float)
    times = np.ones(len(columns)) if times is None else times
    mean, sd = alike.mean(columns, times), np.sqrt(alike.variance(columns, times))
    if np.any(columns.min(axis=0) == columns.max(axis=0)):
        raise ValueError("a constant column cannot be standardised")
    return (columns - mean) / sd, mean, sd


def turn(X, y, times=None):
    """One thin SVD of centred X (n, p); y (n,) is measured from the intercept's prior mean.

    Centred columns are orthogonal to the intercept, so it stays a coordinate of its own. With
    fewer rows than columns, rows of zeros are added: they hold no information, and keep in V
    the directions a thin SVD would drop, along which the posterior is the prior.
    """
    rows, p = X.shape
    times = np.ones(rows) if times is None else times
    n, y_mean, root = int(times.sum()), alike.mean(y, times), np.sqrt(times)
    padded = np.vstack([root[:, None] * X, np.zeros((max(p - rows, 0), p))])
    U, s, Vt = np.linalg.svd(padded, full_matrices=False)
    heard = (s > SILENT * s[0]) & (np.arange(p) < n - 1)  # the intercept took one direction
    centred = root * (y - y_mean)
    c = np.where(heard, U[:rows].T @ centred, 0)
    residual = centred - U[:rows] @ c
    idle = n - 1 - int(heard.sum())
    return Turned(
        s=np.r_[np.sqrt(n), np.where(heard, s, 0)],
        c=np.r_[np.sqrt(n) * y_mean, c],
        V=block_diag(1.0, Vt.T),
        rss=float(residual @ residual) if idle else 0.0,
        idle=idle,
        n=n,
    )


def fits_perfectly(turned):
    """Whether every y is reproduced to rounding error: the likelihood then has no bound."""
    return turned.rss <= PERFECT**2 * (turned.rss + np.sum(turned.c**2))


def log_likelihood(turned, sigma, d):
    """log p(y | sigma), weights integrated out; sigma (P,), prior sds d (k,) -> (P,)."""
    sigma = np.asarray(sigma, dtype=float)[..., None]
    heard = turned.s > 0
    variance = sigma**2 + (d * turned.s)[heard] ** 2
    fit = np.sum(np.log(variance) + turned.c[heard] ** 2 / variance, axis=-1)
    sigma = sigma[..., 0]
    rest = turned.rss / sigma**2 + 2 * turned.idle * np.log(sigma)
    return -0.5 * (turned.n * np.log(2 * np.pi) + fit + rest)


def turned_weights(turned, sigma, d):
    """Mean and variance of each turned weight given y and sigma (P,): both (k, P).

    The mean is that of ridge regression with penalty sigma^2 / d^2; as d grows it tends to the
    Moore-Penrose solution, and along silent directions the variance stays d^2.
    """
    s, c, d = turned.s[:, None], turned.c[:, None], np.asarray(d, dtype=float)[:, None]
    sigma = np.asarray(sigma, dtype=float)
    precision = (s / sigma) ** 2 + d**-2.0
    return s * c / sigma**2 / precision, 1 / precision


def least_squares(turned):
    """The shortest of the weights (k,), intercept first, with the least sum of squares."""
    heard = turned.s > 0
    return turned.V @ np.where(heard, turned.c / np.where(heard, turned.s, 1), 0)
