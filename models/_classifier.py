"""What logistic and softmax regression share: rows, likelihood, separation, Newton, a sampler.

Shapes: n rows, p predictors, k = 1 + p weights of a class (the intercept first), K classes, of
which the first is the reference: its weights are 0. `A` (n, k) holds a column of ones and the
standardised predictors, `y` (n,) the classes by number, theta (..., k, K - 1) the weights; a row
counts so many `times` (n,), or once.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.special import softmax

from models import _alike as alike
from models import _linear as linear
from models._exact import NoMaximum
from models._predictors import predictors

MOST = 1_000_000  # rows that counts may stand for
WIDER = 1.6  # the second sampler's ellipses than the posterior's: no tail may stick out


def some_number(frame, label):
    """Whether there is a predictor, or no column at all that was meant to be one."""
    return predictors(frame, label).shape[1] > 0 or list(frame.columns) == [label]


def in_numbers(column, words):
    """A column of nothing but `words`, as the numbers they stand for; any other as it is."""
    said = column.astype(str).str.lower()
    return said.map(words) if said.isin(words).all() else column


def one_by_one(frame, label, trials):
    """Rows that count `trials`, and in how many of them it happened, as rows of one trial each."""
    counts = frame[[trials, label]].apply(pd.to_numeric, errors="coerce").astype(float)
    for name, column in counts.items():
        bad = ~((column >= 0) & (column % 1 == 0) & (column <= counts[trials]))
        if bad.any():
            most = "" if name == trials else f", at most `{trials}`"
            found = f"row {np.argmax(bad) + 1} has {frame[name][bad].iloc[0]}"
            raise ValueError(f"`{name}` must be a count, 0 or more{most} ({found})")
    n = counts[trials].astype(int).to_numpy()
    if not 0 < n.sum() <= MOST:
        raise ValueError(f"`{trials}` must add up to 1 to {MOST:,}; it does to {n.sum():,}")
    rows = frame.drop(columns=trials).loc[frame.index.repeat(n)]
    before = np.arange(n.sum()) - np.repeat(n.cumsum() - n, n)
    return rows.assign(**{label: (before < rows[label]).astype(int)}).reset_index(drop=True)


def differences(K):
    """S (K - 1, K - 1): the covariance of differences from one of K independent normals."""
    return np.eye(K - 1) + np.ones((K - 1, K - 1))


def insist_on_sds(**settings):
    for name, value in settings.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` is a standard deviation: it must be above 0, not {value}")


def design(frame, label):
    """A (n, k), and the means and sds (p,) that standardised the predictors."""
    X, mean, sd = linear.standardise(predictors(frame, label), alike.times(frame))
    return np.column_stack([np.ones(len(X)), X]), mean, sd


def distinct(A, y, times=None):
    """Rows that differ, and how often each comes: their log likelihood is that of all rows."""
    found, where = np.unique(np.column_stack([y, A]), axis=0, return_inverse=True)
    number = np.bincount(where.ravel(), times, len(found))
    return found[:, 1:], found[:, 0].astype(int), number.astype(float)


def log_likelihood(theta, A, y, number=1.0):
    """Minus the categorical cross-entropy, summed over rows: theta (..., k, K - 1) -> (...)."""
    scores = A @ theta
    member = y[:, None] == np.arange(1, scores.shape[-1] + 1)
    own = (theta * (A.T @ (member * np.reshape(number, (-1, 1))))).sum(axis=(-2, -1))
    top = np.maximum(scores.max(axis=-1), 0)  # the reference scores 0
    total = np.log(np.exp(-top) + np.exp(scores - top[..., None]).sum(axis=-1))
    return own - ((top + total) * number).sum(axis=-1)


def separated(A, y, K):
    """Whether some weights score no row's own class below another, and some row's above.

    Along them the likelihood rises for ever (Albert and Anderson 1984). A linear programme finds
    them, if there are any: the largest total lead that weights within [-1, 1] can have.
    """
    rows, own, _ = distinct(A, y)
    leads = []
    for other in range(K):
        some = own != other
        each = np.zeros((some.sum(), A.shape[1], K))
        each[np.arange(len(each)), :, own[some]] = rows[some]
        each[..., other] -= rows[some]
        leads.append(each[..., 1:].reshape(len(each), -1))
    leads = np.concatenate(leads)
    strict = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(-leads.sum(0), -leads, np.zeros(len(leads)), bounds=(-1, 1), options=strict)
    lead = leads @ found.x
    # What only the tolerance lets through is far from the bounds: such weights can be doubled.
    return bool(np.abs(found.x).max() > 0.5 and lead.sum() > 1e-6 and lead.min() > -1e-9)


def most_probable(A, y, K, precision=None, centre=0.0, times=None):
    """Weights (k, K - 1) of the highest likelihood times prior, by Newton, and minus the Hessian.

    `precision` (k (K - 1), the same) is that of a Gaussian prior about `centre`; left out, there is
    none, and where columns are collinear the answer is the shortest.
    """
    A, y, number = distinct(A, y, times)
    member = (y[:, None] == np.arange(1, K)) * 1.0
    theta = np.zeros((A.shape[1], K - 1)) + centre
    prior = np.zeros((theta.size, theta.size)) if precision is None else precision

    def height(theta):
        off = np.ravel(theta - centre)
        return log_likelihood(theta, A, y, number) - off @ prior @ off / 2

    for _ in range(200):
        chance = softmax(np.column_stack([np.zeros(len(A)), A @ theta]), axis=1)[:, 1:]
        slope = np.ravel(A.T @ (number[:, None] * (member - chance)))
        slope -= prior @ np.ravel(theta - centre)
        spread = chance[:, :, None] * (np.eye(K - 1) - chance[:, None, :])
        curvature = np.einsum("i,ia,ib,ijl->ajbl", number, A, A, spread)
        curvature = curvature.reshape(slope.size, -1) + prior
        step = np.linalg.lstsq(curvature, slope, rcond=1e-13)[0]
        size = 1.0
        while height(theta + size * step.reshape(theta.shape)) < height(theta) and size > 1e-9:
            size /= 2
        theta = theta + size * step.reshape(theta.shape)
        if slope @ step < 1e-22:
            break
    return theta, curvature


def maximum(A, y, K, times=None):
    """The maximum-likelihood weights (k, K - 1), if there are any."""
    if np.unique(y).size < K or separated(A, y, K):
        raise NoMaximum(
            "no maximum: the outcome is the same in every row"
            if np.unique(y).size == 1
            else "no maximum: a weighted sum of the predictors separates outcomes without a "
            "mistake, so the likelihood rises for ever as its weights grow"
        )
    return most_probable(A, y, K, times=times)[0]


def drawn(A, y, K, precision, centre, rng, draws, chains, times=None):
    """Weights (chains, draws, k, K - 1) by a second sampler, which shares no code with the first.

    The prior is Gaussian about `centre` (k, 1 or K - 1), with a precision as in `most_probable`.
    """
    top, curvature = most_probable(A, y, K, precision, centre, times)
    rows = distinct(A, y, times)

    def log_density(flat):
        theta = flat.reshape(-1, *top.shape)
        off = (theta - centre).reshape(flat.shape)
        return log_likelihood(theta, *rows) - (off @ precision * off).sum(-1) / 2

    found = on_ellipses(log_density, top.ravel(), curvature, rng, draws, chains)
    return found.reshape(*found.shape[:2], *top.shape)


def on_ellipses(log_density, centre, curvature, rng, draws, chains, burn=300):
    """Draws (chains, draws, d) of a smooth density that is highest at `centre` (d,).

    Gibbs sampling of the region under the density: a height below that of the last point, then a
    point that is above it, on a random ellipse through the last (Murray, Adams and MacKay 2010;
    their Gaussian is here that of the curvature at the top, made wider).
    """
    root = WIDER * np.linalg.inv(np.linalg.cholesky(curvature)).T

    def over(u):  # the density over that of the Gaussian
        return log_density(centre + u @ root.T) + (u**2).sum(-1) / 2

    u, kept = rng.normal(size=(chains, centre.size)), []
    now = over(u)
    for _ in range(burn + draws):
        other, height = rng.normal(size=u.shape), now - rng.exponential(size=chains)
        angle = rng.uniform(0, 2 * np.pi, chains)
        low, high, moved = angle - 2 * np.pi, angle, np.zeros(chains, bool)
        new = u
        while not moved.all():
            turn = np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * other
            new = np.where(moved[:, None], new, turn)
            now = over(new)
            moved = now >= height
            low, high = np.where(angle < 0, angle, low), np.where(angle < 0, high, angle)
            angle = np.where(moved, angle, rng.uniform(low, high))
        u = new
        kept.append(u)
    return centre + np.stack(kept[burn:], axis=1) @ root.T
