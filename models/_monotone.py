"""Measurements that end early: each column a line in the columns before it, holes only at the end.

Where a hole is followed by nothing but holes, the density of what was seen is a product: the first
column, the second given the first, and so on, each over the rows that have it. With a conjugate
prior for each line (`Weights`) the lines stay independent, and each is algebra. A column's mean is
its line at the means of the columns before it: given these a Student t, and so a mixture.

Sources: Little and Rubin, Statistical Analysis with Missing Data, chapter 7; Schafer, chapter 6.
"""

import numpy as np
from scipy import stats

from models import _linear as linear
from models._distributions import Mixture
from models._weights import Weights

# Of a sum over one mean: how many at least; how far apart at most, as the poles of a Student t are
# pi / 2 off its grid; the nats at which it ends; and where a sinh is more than a number can be.
NODES, STEP, FALL, FARTHEST = 61, 0.25, 37.0, 350.0


class Flat(Weights):
    """A line under the prior 1 / sigma^`power` of its noise, flat in its weights: the limit."""

    def __init__(self, X, y, power):
        self.root = np.linalg.qr(X, mode="r")
        self.m = np.linalg.lstsq(X, y)[0]
        self.shape = (len(y) - len(self.m) + power - 1) / 2
        self.rate = np.sum((y - X @ self.m) ** 2) / 2


class Lines:
    """Beliefs about K lines: `lines[k]` says where column k is, measured from m[k].

    Its predictors are a one and the columns before it, measured from m in units of s.
    """

    def __init__(self, lines, m, s):
        self.lines, self.m, self.s = lines, m, s

    @classmethod
    def given(cls, rows, m, s, make):
        """Each line from the rows (n, K) that have its column; `make(X, y, k)` is its posterior."""
        z, lines = (rows - m) / s, []
        for k in range(len(m)):
            seen = ~np.isnan(rows[:, k])
            X = np.column_stack([np.ones(seen.sum()), z[seen, :k]])
            lines.append(make(X, rows[seen, k] - m[k], k))
        return cls(lines, m, s)

    def foretold(self, earlier, k, *, noise=True):
        """The law of column k where the columns before it are `earlier` (n, k); (n,)."""
        A = np.column_stack([np.ones(len(earlier)), (earlier - self.m[:k]) / self.s[:k]])
        df, away, scale = self.lines[k].along(A, noise=noise).args
        return stats.t(df, self.m[k] + away, scale)

    def logpdf(self, mu, slope, lam):
        """Joint log density of the means (K,), slopes (line by line) and precisions (K,)."""
        away, found, used = np.asarray(mu) - self.m, 0.0, 0
        for k, line in enumerate(self.lines):
            rises = np.asarray(slope)[used : used + k]
            weights = np.r_[away[k] - rises @ away[:k], rises * self.s[:k]]
            found += line.logpdf(weights, lam[k]) + np.log(self.s[:k]).sum()
            used += k
        return found

    def precisions(self):
        """Of each column about its line, (K,): Gamma."""
        return stats.gamma(self._each("shape"), scale=1 / self._each("rate"))

    def sds(self):
        """Of each column about its line, (K,): generalised Gamma."""
        return stats.gengamma(self._each("shape"), -2, scale=np.sqrt(self._each("rate")))

    def _each(self, name):
        return np.array([getattr(line, name) for line in self.lines])

    def slopes(self):
        """Of every later column with every earlier one: Student t."""
        found = []
        for k, line in enumerate(self.lines):
            for j in range(k):
                found.append(line.along(np.eye(k + 1)[[j + 1]] / self.s[j]).args)
        df, loc, scale = np.array([[np.ravel(v)[0] for v in args] for args in found]).T
        return stats.t(df, loc, scale)

    def mean(self, k, *, less_first=False):
        """The law of the mean of column k, or of that less the mean of the first: `(law, mass)`.

        `law` is a `Mixture` of Student t; `mass` is what its weights sum to, one but for the error
        of the sum.

        The means before it are summed over, each along the sinh of an even grid, on which a
        Student t falls off exponentially.
        """
        nodes, weight = np.zeros((1, 0)), np.ones(1)
        for earlier in range(k):
            law = self.foretold(nodes, earlier, noise=False)
            df, middle, scale = (np.broadcast_to(v, len(nodes))[:, None] for v in law.args)
            reach = FALL / df[0, 0] + np.arcsinh(np.sqrt(df[0, 0]))
            if reach > FARTHEST:
                raise NotImplementedError("so small an `alpha` says next to nothing of a mean")
            count = max(NODES, 1 + 2 * int(np.ceil(reach / STEP)))
            u, step = np.linspace(-reach, reach, count, retstep=True)
            each = stats.t(df).pdf(np.sinh(u)) * np.cosh(u) * step
            x = (middle + scale * np.sinh(u)).ravel()
            nodes = np.column_stack([np.repeat(nodes, count, axis=0), x])
            weight = (weight[:, None] * each).ravel()
        df, loc, scale = self.foretold(nodes, k, noise=False).args
        loc = loc - nodes[:, 0] if less_first else loc
        df = np.broadcast_to(df, loc.shape)
        return Mixture(weight, stats.t, df=df, loc=loc, scale=scale), float(weight.sum())


def least_squares(rows):
    """Means (K,), slopes by line, and residual variances (K,; divisor: rows that have the column).

    None where a line has no rows, or reproduces them.
    """
    mu, slopes, variance = [], [], []
    for k in range(rows.shape[1]):
        seen = rows[~np.isnan(rows[:, k])]
        before, y = seen[:, :k], seen[:, k]
        if len(seen) == 0:
            return None
        slope, rest = np.zeros(0), np.sum((y - y.mean()) ** 2)
        if k:
            turned = linear.turn(before - before.mean(axis=0), y - y.mean())
            slope, rest = linear.least_squares(turned)[1:], turned.rss
        if y.min() == y.max() or (k and linear.fits_perfectly(turned)):
            return None
        mu.append(y.mean() + slope @ (np.array(mu) - before.mean(axis=0)))
        slopes.append(slope)
        variance.append(rest / len(seen))
    return np.array(mu), slopes, np.array(variance)


def em(rows, steps):
    """EM for means (K,) and covariance (K, K) under any holes: yields them and the log likelihood.

    It begins with the means of what is there and with variances alone.
    """
    mu, sigma = np.nanmean(rows, axis=0), np.diag(np.nanvar(rows, axis=0))
    patterns, which = np.unique(~np.isnan(rows), axis=0, return_inverse=True)
    blocks = [(there, rows[which.ravel() == k]) for k, there in enumerate(patterns)]
    for _ in range(steps):
        height, filled, open_ = 0.0, [], np.zeros_like(sigma)
        for there, block in blocks:
            inner = sigma[np.ix_(there, there)]
            height += np.sum(stats.multivariate_normal(mu[there], inner).logpdf(block[:, there]))
            pull = np.linalg.solve(inner, sigma[there]).T  # (K, seen)
            line = mu + (block[:, there] - mu[there]) @ pull.T
            filled.append(np.where(there, block, line))
            open_ += len(block) * (sigma - pull @ sigma[there])  # what holes leave open
        yield mu, sigma, height
        mu = np.concatenate(filled).mean(axis=0)
        away = np.concatenate(filled) - mu
        sigma = (away.T @ away + open_) / len(rows)
