"""Entropy and its kin, always in bits: of shares that are known, and of shares that are Dirichlet.

Of p ~ Dirichlet(a) the entropy has no law that can be written down, but an exact mean and sd
(Wolpert and Wolf 1995, Phys. Rev. E 52, 6841). One device gives them all: weighing Dirichlet(a)
by p_i p_j makes it Dirichlet(a + e_i + e_j), and under any Dirichlet the logs have the digamma
function for a mean, the trigamma function for a variance. Categories are the last axis.
"""

import numpy as np
from scipy import stats
from scipy.special import digamma, entr, lambertw, polygamma, rel_entr

from models._moments import Moments

BIT = np.log(2)  # in nats
NODES, FALL = 40, 36.0  # of a rule for Gamma-distributed totals
ROUNDING = 1e-12  # a hundred times what the variance of MI, times sqrt(n), may be off


def entropy(p):
    """H(p) of known shares: questions with two answers, on average, to find out a category."""
    return entr(np.asarray(p, float)).sum(-1) / BIT


def divergence(p, q):
    """KL(p || q) of known shares: bits a category costs more if p is coded as though it were q."""
    return rel_entr(np.asarray(p, float), np.asarray(q, float)).sum(-1) / BIT


def cross_entropy(p, q):
    """H(p, q) = -sum p log q of known shares: bits a category costs in the code made for q."""
    p, q = np.broadcast_arrays(np.asarray(p, float), np.asarray(q, float))
    with np.errstate(divide="ignore"):
        return -np.sum(np.log2(q, where=p > 0, out=np.zeros(p.shape)) * p, axis=-1)


def average(a, u, v):
    """E of sum_k p_k (u log p_k + v_k), in nats; u is one number, v one for each share."""
    total = a.sum(-1, keepdims=True)
    return np.sum(a / total * (u * (digamma(a + 1) - digamma(total + 1)) + v), axis=-1)


def covariance(a, one, other):
    """Covariance of two such sums, each a pair (u, v), in nats squared."""
    total = a.sum(-1, keepdims=True)
    apart, same, uu = [], [], one[0] * other[0]
    for u, v in (one, other):
        centred = v - average(a, u, v)[..., None]  # else two large numbers would cancel
        apart.append(u * (digamma(a + 1) - digamma(total + 2)) + centred)
        same.append(u * (digamma(a + 2) - digamma(total + 2)) + centred)
    pairs = (a * apart[0]).sum(-1) * (a * apart[1]).sum(-1) - (a**2 * apart[0] * apart[1]).sum(-1)
    squares = (a * (a + 1) * (same[0] * same[1] + uu * polygamma(1, a + 2))).sum(-1)
    total = total[..., 0]
    return (pairs + squares) / (total * (total + 1)) - uu * polygamma(1, total + 2)


def in_bits(mean, variance) -> Moments:
    """Moments in bits, of those in nats."""
    return Moments(mean / BIT, np.sqrt(variance) / BIT)


def entropy_of(a) -> Moments:
    """H(p) for p ~ Dirichlet(a)."""
    sum_ = -1.0, np.zeros(a.shape)
    return in_bits(average(a, *sum_), covariance(a, sum_, sum_))


def cross_entropy_of(a, q) -> Moments:
    """H(p, q) for p ~ Dirichlet(a) and known q."""
    sum_ = 0.0, -np.log(q)
    return in_bits(average(a, *sum_), covariance(a, sum_, sum_))


def divergence_of(a, q) -> Moments:
    """KL(p || q) for p ~ Dirichlet(a) and known q."""
    sum_ = 1.0, -np.log(q)
    return in_bits(average(a, *sum_), covariance(a, sum_, sum_))


def reverse_of(a, q) -> Moments:
    """KL(q || p) for p ~ Dirichlet(a) and known q: a sum of logs, weighed by what is known."""
    total = a.sum(-1)
    mean = np.sum(q * (np.log(q) - digamma(a)), axis=-1) + digamma(total)
    variance = np.sum(q**2 * polygamma(1, a), axis=-1) - polygamma(1, total)
    return in_bits(mean, variance)


def conditional_of(a) -> Moments:
    """H(column | row) for p ~ Dirichlet(a), `a` a table (R, C)."""
    mean, variance, _ = _within_rows(a, np.zeros(a.shape[1]))
    return in_bits(-mean, variance)


def _within_rows(a, v):
    """Mean and variance of sum_ij p_ij (log of p_ij / its row's total + v_j), and means by row.

    The rows' totals are a Dirichlet, each row by itself is another, and all are independent.
    """
    rows, sum_ = a.sum(1), (1.0, np.broadcast_to(v, a.shape))
    means, variances = average(a, *sum_), covariance(a, sum_, sum_)
    square = rows * (rows + 1) / (rows.sum() * (rows.sum() + 1))  # E of a row's share squared
    between = covariance(rows, (0.0, means), (0.0, means))
    return average(rows, 0.0, means), between + np.sum(square * variances), means


def mutual_of(a) -> Moments:
    """I(row; column) for p ~ Dirichlet(a), `a` a table (R, C).

    I = T - Y: how far the columns within each row are from c, their mean shares, less how far the
    columns' totals are. T is also Y - X + the same within columns, X that of the rows' totals.
    Taken from the mean shares all are small, so that nothing is lost where I is nearly nothing.
    """
    rows, columns = a.sum(1), a.sum(0)
    x, y = (1.0, -np.log(rows / a.sum())), (1.0, -np.log(columns / a.sum()))
    mean, variance, _ = _within_rows(a, y[1])
    by_column = _within_rows(a.T, x[1])[2]
    variance -= covariance(columns, y, y) + 2 * covariance(columns, y, (0.0, by_column))
    variance += 2 * _crossing(a, x, y)
    lost = variance < ROUNDING / np.sqrt(a.sum())
    return in_bits(mean - average(columns, *y), np.nan if lost else variance)


def _crossing(a, x, y):
    """Covariance of X and Y, in nats squared: totals of a row and of a column share a cell.

    This one has no closed form. In terms of independent Gammas the total of a row is A + B, that
    of a column A + C, A being the cell they share: given A the two are independent.
    """
    rows, columns, total = a.sum(1), a.sum(0), a.sum()
    node, weight = gamma_rule(a)
    inner = []
    for rest, v in ((rows[:, None] - a, x[1][:, None]), (columns - a, y[1])):
        other, share = gamma_rule(rest)
        sum_ = node[..., None] + other[..., None, :]
        log = np.log(sum_) - digamma(total + 2) + np.broadcast_to(v, a.shape)[..., None, None]
        inner.append(np.sum(share[..., None, :] * sum_ * log, axis=-1))
    joint = np.sum(weight * inner[0] * inner[1]) / (total * (total + 1))
    return joint - polygamma(1, total + 2) - average(rows, *x) * average(columns, *y)


def gamma_rule(shape):
    """Nodes x and weights (..., NODES) of Gamma(shape, rate 1): log x = t - exp(-t), t equidistant.

    In t the density is smooth and falls off fast on either side, for shapes below one too, where it
    is infinite at x = 0 (Takahasi and Mori 1974). It is cut where, as a density of log x, it has
    fallen by exp(-FALL).
    """
    shape = np.asarray(shape, float)[..., None]
    c = np.minimum(1 + FALL / shape, 600)
    below, above = (c + lambertw(-np.exp(-c), branch).real for branch in (0, -1))
    above = np.where(c < 1 + 1e-6, -np.sqrt(2 * (c - 1)), above)  # there SciPy's stays at -1
    peak = np.log(shape)
    ends = [u + lambertw(np.exp(-u)).real for u in (peak - below, peak - above)]
    t = np.linspace(*ends, NODES, axis=-1)[..., 0, :]
    away = t - np.exp(-t) - peak  # of log x from its peak
    weight = np.exp(shape * (away - np.expm1(away))) * (1 + np.exp(-t))
    return shape * np.exp(away), weight / weight.sum(-1, keepdims=True)


def plug_in(counts):
    """The entropy of the observed shares, and the same with Miller and Madow's correction."""
    n, seen = counts.sum(), np.sum(counts > 0)
    plugged = entropy(counts / n)
    return plugged, plugged + (seen - 1) / (2 * n * BIT)


def average_estimates(p, a, n):
    """Three estimates of H(p), averaged over all samples of `n` from known shares p (K,).

    The plug-in entropy of the observed shares, that with Miller and Madow's correction, and the
    posterior mean under Dirichlet(a). Each count by itself is binomial, so the averages are sums.
    """
    k = np.arange(n + 1)[:, None]
    chance = stats.binom(n, p).pmf(k)
    plugged = np.sum(chance * entr(k / n))
    added = (np.sum(1 - chance[0]) - 1) / (2 * n)
    share, total = (a + k) / (a.sum() + n), digamma(a.sum() + n + 1)
    mean = np.sum(chance * share * (total - digamma(a + k + 1)))
    return np.array([plugged, plugged + added, mean]) / BIT


def normal_divergence(mean, sd, other_mean=0.0, other_sd=1.0):
    """KL of one normal distribution from another."""
    ratio = sd / other_sd
    away = (mean - other_mean) / other_sd
    return (ratio**2 + away**2 - 1 - 2 * np.log(ratio)) / 2 / BIT
