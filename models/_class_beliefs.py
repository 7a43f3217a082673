"""What is known of classes whose features are told apart one by one: a prior, or a posterior.

A case is a row of whole numbers: its class, its level of each of F categorical features, and its G
counts, as `models/_features.py` makes them; m rows are an array (m, 1 + F + G).
"""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from scipy import stats
from scipy.special import digamma, gammaln, logsumexp, polygamma

from models._conjugate import Dirichlet
from models._moments import Moments


@dataclass(frozen=True)
class ClassBeliefs:
    """Pseudo-counts, or those and counts together, of C classes; all independent.

    theta (C,) ~ Dirichlet(a); within class c the shares of the levels of feature f, p_f[c] (K,) ~
    Dirichlet(b_f[c]), and the mean of counted feature g, rate[c, g] ~ Gamma(alpha[c, g], beta[c]).

    a (C,), b: one (C, K) for each categorical feature, alpha (C, G), beta (C, 1).
    """

    a: np.ndarray
    b: list
    alpha: np.ndarray
    beta: np.ndarray

    def given(self, seen):
        """The posterior after a `Tally` was seen."""
        b = [before + levels for before, levels in zip(self.b, seen.levels, strict=True)]
        n = seen.n[:, None]
        return ClassBeliefs(self.a + seen.n, b, self.alpha + seen.events, self.beta + n)

    @property
    def shares(self):
        """Everything that adds up to one: the law of theta, then one for each feature."""
        return [Dirichlet(self.a), *map(Dirichlet, self.b)]

    @property
    def rate(self):
        return stats.gamma(self.alpha, scale=1 / self.beta)

    @property
    def log_partition(self):
        gammas = gammaln(self.alpha) - self.alpha * np.log(self.beta)
        return sum(law.log_partition.sum() for law in self.shares) + gammas.sum()

    def logpdf(self, shares, rate):
        """Joint log density of theta and the p_f, in this order, and of the rates (C, G)."""
        every = zip(self.shares, shares, strict=True)
        return sum(law.logpdf(x).sum() for law, x in every) + self.rate.logpdf(rate).sum()

    def factors(self, case, *, out=0.0):
        """The logs of a class's share and of each feature's chance within it: a list of (m, C).

        All unknowns are integrated out. With `out` = 1 each case, one of those seen, is first taken
        out of its own class: this is what all the others foretell of it.
        """
        own = out * (case[:, [0]] == np.arange(self.a.size))
        found, split = [np.log((self.a - own) / (self.a.sum() - out))], 1 + len(self.b)
        with np.errstate(divide="ignore"):  # no pseudo-counts: what was never seen cannot be
            for b, k in zip(self.b, case[:, 1:split].T, strict=True):
                found.append(np.log(b[:, k].T - own) - np.log(b.sum(axis=1) - own))
        for g, x in enumerate(case[:, split:, None].transpose(1, 0, 2)):
            alpha, beta = self.alpha[:, g] - own * x, self.beta[:, 0] - own
            found.append(stats.nbinom(alpha, beta / (beta + 1)).logpmf(x))
        return found

    def foretold(self, case, *, out=0.0):
        """P(class | features) of each case, (m, C)."""
        return chances(sum(self.factors(case, out=out)))

    def log_odds(self, features):
        """Mean and sd of log P(c | features) / P(first class | features), (C - 1,).

        The logs of Gamma shares have digamma functions for means, trigamma functions for variances;
        those of x log rate - rate go together with covariance x / beta.
        """
        mean, square = digamma(self.a), polygamma(1, self.a)
        for b, k in zip(self.b, features, strict=False):
            mean += digamma(b[:, k]) - digamma(b.sum(axis=1))
            square += polygamma(1, b[:, k]) - polygamma(1, b.sum(axis=1))
        x, alpha, beta = features[len(self.b) :], self.alpha, self.beta
        mean += np.sum(x * (digamma(alpha) - np.log(beta)) - alpha / beta, axis=1)
        terms = x**2 * polygamma(1, alpha) + alpha / beta**2 - 2 * x / beta
        square += terms.sum(axis=1)
        return Moments(mean[1:] - mean[0], np.sqrt(square[1:] + square[0]))


def chances(log_joint):
    """Probabilities (..., C) from the logs of anything proportional to them: nothing underflows."""
    return np.exp(log_joint - logsumexp(log_joint, axis=-1, keepdims=True))


def log_joint(case, theta, p, rates):
    """log P(label, features) of each row of `case`, as PyTensor; `rates` lists one array, or none.

    theta (C,), p: one (C, K) for each categorical feature, rates (C, G).
    """
    label = case[:, 0]
    total = pt.log(theta)[label]
    for f, shares in enumerate(p, start=1):
        total += pt.log(shares)[label, case[:, f]]
    for rate in rates:
        x = case[:, 1 + len(p) :]
        total += (x * pt.log(rate)[label] - rate[label] - pt.gammaln(x + 1)).sum(axis=1)
    return total


def draw_cases(theta, p, *rates_and_rows, rng, size=None):
    """As many cases as there are rows: labels first, then each feature given them.

    theta (C,), p: one (C, K) for each categorical feature; then the rates (C, G), if any, and the
    numbers of the rows (m,).
    """
    *rates, rows = rates_and_rows
    label = rng.choice(theta.size, p=theta, size=rows.size)
    edges = [shares.cumsum(axis=1)[label, :-1] for shares in p]
    levels = [(rng.random((rows.size, 1)) >= edge).sum(axis=1) for edge in edges]
    return np.column_stack([label, *levels, *(rng.poisson(rate[label]) for rate in rates)])
