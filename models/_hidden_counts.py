"""Exact Bayes for an imperfect test: a sum over the two counts that nobody saw.

Of the k who were flagged t are cases, of the n - k who were not f are. Were t and f known,
prevalence, sensitivity and specificity would be three independent Betas; so the posterior is a
finite mixture of such triples, and the weight of (t, f) is a product of gamma functions. A factor
odds**s only moves their arguments, so E[odds**s] is another such sum, over the first: that is all
`LogOdds` needs to know of a marginal.
"""

import numpy as np
from scipy.special import betaln, gammaln, log_expit, loggamma, logsumexp

from models._log_odds import NEGLIGIBLE, LogOdds

LARGEST = 4_000_000  # terms in one table of weights


class HiddenCounts:
    """p(t, f | data): `weight` (T, F), adding up to one, on the lattice `t` (T,), `f` (F,).

    n tests and k flags in the population; a, b (3,) the Beta parameters of prevalence,
    sensitivity and specificity without it. log_sum is log of the mean of
    share**k (1 - share)**(n - k) under these Betas, times their normalisers.
    """

    def __init__(self, n, k, a, b):
        self.n, self.k, self.a, self.b = float(n), float(k), a, b
        t, f, stride, table = self._lattice()
        self.log_sum = float(logsumexp(table) + 2 * np.log(stride))
        log_weight = table - logsumexp(table)
        kept = [np.flatnonzero(log_weight.max(axis=i) > -NEGLIGIBLE) for i in (1, 0)]
        rows, columns = (slice(i[0], i[-1] + 1) for i in kept)
        self.t, self.f, self.log_weight = t[rows], f[columns], log_weight[rows, columns]
        self.weight = np.exp(self.log_weight)
        self.j = self.t[0] + self.f[0] + stride * np.arange(self.t.size + self.f.size - 1)

    def exponents(self, t, f, j):
        """Of prevalence and 1 - prevalence, the same of sensitivity and specificity; j = t + f."""
        (a0, a1, a2), (b0, b1, b2), unflagged = self.a, self.b, self.n - self.k
        return a0 + j, b0 + self.n - j, a1 + t, b1 + f, a2 + unflagged - f, b2 + self.k - t

    def log_betas(self, t, f, j, shift=(0,) * 6, s=0.0):
        """Logs of the Beta functions, split by what hangs on t, f and j: (T, S), (F, S), (J, S).

        Exponents are moved by shift * s; the first two by opposite amounts, so that
        gamma(a0 + b0 + n) never moves and is left out.
        """
        cases, others = self.a[1] + self.b[1] + j, self.a[2] + self.b[2] + self.n - j
        powers = (*shift, shift[2] + shift[3], shift[4] + shift[5])
        moved = (
            loggamma(x[:, None] + power * s if power else x[:, None])
            for x, power in zip((*self.exponents(t, f, j), cases, others), powers, strict=True)
        )
        yes, no, hit, missed, cleared, alarm, cases, others = moved
        return hit + alarm, missed + cleared, yes + no - cases - others

    def log_terms(self, t, f, stride=1.0):
        """Logs of the terms of the sum, shape (T, F)."""
        j = t[0] + f[0] + stride * np.arange(t.size + f.size - 1)
        by_t, by_f, by_j = (x[:, 0] for x in self.log_betas(t, f, j))
        by_t = by_t + log_choose(self.k, t) - gammaln(self.a[0] + self.b[0] + self.n)
        by_f = by_f + log_choose(self.n - self.k, f)
        return spread(by_t, by_f, by_j)

    def _lattice(self):
        """Every (t, f) if they are not too many; else those that matter, or every so-manyth.

        Where terms change little over s steps, s times the sum over every s-th is the sum: the
        trapezoid rule. The box grows until nothing is left outside, s shrinks until halving it
        moves nothing.
        """
        most, stride = np.array([self.k, self.n - self.k]), 1
        noise = 1e-11 + 1e-16 * gammaln(self.n + 2)
        box = self._around(most) if np.prod(most + 1) > LARGEST else np.array([0 * most, most])
        for _ in range(60):
            while np.prod((box[1] - box[0]) // stride + 1) > LARGEST:
                stride *= 2
            t, f = (np.arange(low, high + 1, stride) for low, high in box.T)
            table = self.log_terms(t, f, stride)
            seen = np.argwhere(table > table.max() - NEGLIGIBLE) * stride + box[0]
            seen = np.array([seen.min(axis=0) - 3 * stride, seen.max(axis=0) + 3 * stride])
            outside = [(seen[0] < box[0]) & (box[0] > 0), (seen[1] > box[1]) & (box[1] < most)]
            if np.any(outside):
                size = box[1] - box[0]
                box = np.array([seen[0] - size * outside[0], seen[1] + size * outside[1]])
            else:
                whole, same = logsumexp(table), 1
                while (
                    abs(logsumexp(table[:: 2 * same, :: 2 * same]) + np.log(4 * same**2) - whole)
                    < noise
                ):
                    same *= 2
                if stride == 1 or same > 1:
                    kept = max(same // 2, 1)  # twice as fine as it need be
                    return t[::kept], f[::kept], stride * kept, table[::kept, ::kept]
                box, stride = seen, stride // 2
                if np.prod((box[1] - box[0]) // stride + 1) > LARGEST:
                    break
            box = np.clip(box, 0, most)
        raise ValueError(
            f"too many tests ({self.n:,.0f} in the population) for so few of known status: there"
            " are more hidden counts than can be summed over; a more informative prior helps"
        )

    def _around(self, most):
        """A box around the likely (t, f), found by EM from nine starts."""
        part = np.array([0.02, 0.5, 0.98])
        t, f = (x.ravel() for x in np.meshgrid(most[0] * part, most[1] * part))
        for _ in range(1000):  # M-step: rates from counts. E-step: counts from rates.
            yes, no, hit, missed, cleared, alarm = self.exponents(t, f, t + f)
            yes, no = yes / (hit + missed), no / (cleared + alarm)
            t = most[0] * yes * hit / (yes * hit + no * alarm)
            f = most[1] * yes * missed / (yes * missed + no * cleared)
        ends = np.array([t, f])
        height = np.array([self.log_terms(*end[:, None])[0, 0] for end in ends.T])
        ends = ends[:, height > height.max() - NEGLIGIBLE]
        box = np.array([np.floor(ends.min(axis=1)) - 8, np.ceil(ends.max(axis=1)) + 8])
        return np.clip(box, 0, most)

    def _factors(self, shift, s):
        before = self.log_betas(self.t, self.f, self.j)
        after = self.log_betas(self.t, self.f, self.j, shift, s)
        return (y - x for x, y in zip(before, after, strict=True))

    def log_mean_power(self, shift, s):
        """log E[product of the six chances, each to the power shift * s], for one real s."""
        return logsumexp(spread(*(x[:, 0] for x in self._factors(shift, s))) + self.log_weight)

    def mean_power(self, shift, s):
        """The same mean, no log, for imaginary s (S,)."""
        by_t, by_f, by_j = (np.exp(x) for x in self._factors(shift, s))
        if shift[0] == 0:  # one of the three has nothing moved: the sum is a matrix product
            return np.sum(by_t * (self.weight @ by_f), axis=0)
        if shift[3] == shift[4] == 0:
            return np.sum(by_t * (skew(self.weight) @ by_j), axis=0)
        return np.sum(by_f * (skew(self.weight.T) @ by_j), axis=0)

    def log_density(self, u):
        """Log density at the log-odds u (3,), of the chances themselves: the mixture, added up."""
        x = self.exponents(self.t[:, None], self.f, self.t[:, None] + self.f)
        pairs = zip(u, x[::2], x[1::2], strict=True)
        parts = sum(
            (a - 1) * log_expit(v) + (b - 1) * log_expit(-v) - betaln(a, b) for v, a, b in pairs
        )
        return float(logsumexp(parts + self.log_weight))

    def marginal(self, shift):
        """The law of the chance whose odds are the product of the six, each to its shift."""
        ends = [x[[0, -1]] for x in (self.t, self.f, self.j)]
        least = np.min(self.exponents(*ends), axis=1)  # a power may not take all of an exponent
        edges = []
        for sign in (-1, 1):
            taken = -sign * np.array(shift)
            powers = sign * np.min(least[taken > 0]) * 2.0 ** -np.arange(0.1, 20)
            # Chernoff: P(log-odds > u) < E[odds**s] exp(-s u), and the same below for s < 0
            bounds = [(self.log_mean_power(shift, s) + NEGLIGIBLE) / s for s in powers]
            edges.append(sign * np.nanmin(sign * np.array(bounds)))
        return LogOdds(lambda s: self.mean_power(shift, s), *edges)


def spread(by_t, by_f, by_j):
    """Sums of the three on the table of all (t, f)."""
    return by_t[:, None] + by_f + by_j[np.arange(by_t.size)[:, None] + np.arange(by_f.size)]


def skew(table):
    """Each row moved right by one more than the row above: columns t, f become columns t + f."""
    rows, columns = table.shape
    padded = np.pad(table, ((0, 0), (0, rows)))
    return padded.ravel()[:-rows].reshape(rows, rows + columns - 1)


def log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
