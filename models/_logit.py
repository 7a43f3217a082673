"""One or two weights of a logistic regression with Gaussian priors, by quadrature.

The log posterior is concave, and nowhere bends more than its prior precision and a quarter of the
sum of squares together. A trapezoid rule whose steps are a third of the sd that belongs to such a
bend converges exponentially whatever the rows, separated ones too. Where the prior is so wide that
this takes too many steps, there is no exact answer.

Shapes: r distinct rows, k = 1 or 2 weights (the intercept first), S values of a sum of weights.
"""

import numpy as np
from numpy.polynomial.chebyshev import Chebyshev
from scipy.special import expit, log_expit, logit, logsumexp, roots_legendre

from models._classifier import distinct, most_probable
from models._distributions import invert

STEP = 0.33  # in units of the least sd
FALL = 42.0  # nats below the top, where a density ends
MOST = 2e8  # logistic functions in one integral: some ten seconds
NEAR = 5.0  # nats below that, where looking for the end may end
LONGEST = 3_000  # steps from end to end
AT_ONCE = 2e6
APART = 1e-8  # of the log evidence by two rules


class Logit:
    """The posterior of weights (k,) ~ Normal(centre, d), given rows A (n, k) with outcomes y.

    Inside, weights are measured from the centre: settings may be too fine to be added to it.
    """

    def __init__(self, A, y, centre, d, times=None):
        rows, outcome, self.number = distinct(A, y, times)
        self.Z = rows * (2 * outcome - 1)[:, None]  # expit(Z w) is the chance of what happened
        self.centre, self.d = np.asarray(centre, float), np.asarray(d, float)
        prior = np.diag(self.d**-2.0)
        mode = most_probable(A, y, 2, prior, self.centre[:, None], times)[0][:, 0]
        self.mode = mode - self.centre
        own = np.eye(self.d.size)
        self.log_evidence = self._integral(own[0])
        self.second_log_evidence = self._integral(own[-1], legendre=True)  # the other order
        gap = abs(self.second_log_evidence - self.log_evidence)
        if not gap < APART * (1 + abs(self.log_evidence)):
            raise NotImplementedError(f"two rules of quadrature are {gap:.2g} apart")

    def joint(self, weights):
        """log p(weights | outcomes), weights (..., k) -> (...)."""
        return self._log_joint(weights - self.centre) - self.log_evidence

    def law(self, a, shape=(), scale=1.0, chance=False):
        """The law of `scale` times a @ weights, or of the chance whose log-odds they are."""
        a = np.asarray(a, float)

        def log_density(s):
            return self._log_joint_of(a, s) - self.log_evidence

        return Sum(log_density, *self._reach(a), a @ self.centre, shape, scale, chance)

    def _log_joint(self, off):
        likelihood = log_expit((off + self.centre) @ self.Z.T) @ self.number
        prior = -((off / self.d) ** 2) / 2 - np.log(self.d * np.sqrt(2 * np.pi))
        return likelihood + prior.sum(-1)

    def _integral(self, a, *, legendre=False):
        low, high, steps = self._reach(a)
        if legendre:
            x, weight = roots_legendre(steps + 50)
            s, weight = low + (high - low) * (x + 1) / 2, weight * (high - low) / 2
        else:
            s = np.linspace(low, high, steps + 1)
            weight = s[1] - s[0]
        return float(logsumexp(self._log_joint_of(a, s), b=weight))

    def _log_joint_of(self, a, s):
        """log p(a @ weights = s, outcomes), s (S,) -> (S,)."""
        s = np.asarray(s, float)
        start = s.reshape(-1, 1) * a / (a @ a)
        if a.size == 1:
            found = self._log_joint(start) - np.log(np.abs(a[0]))
        else:
            found = self._across(start, across(a)) - np.log(a @ a)
        return found.reshape(s.shape)

    def _reach(self, a):
        """Where the density of a @ weights begins and ends, and how many steps lie between."""
        least, most = self._least_sd(a / (a @ a)), np.linalg.norm(a * self.d)
        middle, out = a @ self.mode, np.geomspace(least, 2 * most * np.sqrt(2 * FALL), 90)
        ends = []
        for sign in (-1, 1):
            start = (middle + sign * out)[:, None] * a / (a @ a)
            if a.size == 2:
                v = across(a)
                start = start + self._summit(start, v)[:, None] * v
            low = self._log_joint(start) < self._log_joint(self.mode) - FALL
            ends.append(middle + sign * out[np.argmax(low)])
        steps = int(np.ceil((ends[1] - ends[0]) / (STEP * least)))
        if steps > LONGEST:
            raise NotImplementedError(f"{steps:,} places to add up are too many")
        return *ends, steps

    def _least_sd(self, v):
        """Of the density along a direction (k,), from wherever one starts."""
        return (self.number @ (self.Z @ v) ** 2 / 4 + np.sum((v / self.d) ** 2)) ** -0.5

    def _across(self, start, v):
        """log of the integral over t of the joint density at start + t v, start (S, 2) -> (S,)."""
        t = self._summit(start, v)
        floor = self._log_joint(start + t[:, None] * v) - FALL
        most, ends = np.sum((v / self.d) ** 2) ** -0.5 * np.sqrt(2 * FALL), []
        for end in (t - most, t + most):  # the prior alone has fallen so far there
            for _ in range(100):  # the tangents of a concave function lead inward, never too far
                value, slope, _ = self._along(start + end[:, None] * v, v)
                if np.all(value > floor - NEAR):
                    break
                end = np.where(value < floor, end - (value - floor) / slope, end)
            ends.append(end)
        steps = 2 + int(np.max(ends[1] - ends[0]) / (STEP * self._least_sd(v)))
        if steps * len(start) * len(self.Z) > MOST:
            raise NotImplementedError(f"{steps * len(start):,.0f} places to add up are too many")
        found, each = [], 1 + int(AT_ONCE / steps / len(self.Z))
        for i in range(0, len(start), each):
            part = slice(i, i + each)
            t = np.linspace(ends[0][part], ends[1][part], steps, axis=-1)
            height = self._log_joint(start[part, None] + t[..., None] * v)
            found.append(logsumexp(height, axis=-1) + np.log(t[:, 1] - t[:, 0]))
        return np.concatenate(found)

    def _summit(self, start, v):
        """t (S,) at which the joint density is highest along start + t v, to a hundredth sd."""
        _, slope, _ = self._along(start, v)
        t = np.zeros(len(start))
        reach = np.abs(slope) / np.sum((v / self.d) ** 2)  # the prior bends it at least so much
        low, high = -reach, reach
        for _ in range(100):
            _, slope, bend = self._along(start + t[:, None] * v, v)
            if np.all(slope**2 < 1e-4 * bend):
                break
            low, high = np.where(slope > 0, t, low), np.where(slope > 0, high, t)
            step = t + slope / bend
            t = np.where((step > low) & (step < high), step, (low + high) / 2)
        return t

    def _along(self, off, v):
        """log joint at `off` (S, k), its slope along v, and how it bends down: each (S,)."""
        turned = self.Z @ v
        wrong = expit(-(off + self.centre) @ self.Z.T)
        slope = (wrong * turned) @ self.number - off @ (v / self.d**2)
        bend = (wrong * (1 - wrong) * turned**2) @ self.number + np.sum((v / self.d) ** 2)
        return self._log_joint(off), slope, bend


def across(a):
    """The direction (2,) along which a @ weights stays, as long as a's own is short."""
    return np.array([-a[1], a[0]]) / (a @ a)


class Sum:
    """A number known by the log density of a sum of weights s, as a Chebyshev series in s.

    The number is `scale` * (centre + s), or the chance expit(centre + s). The density is not
    normalised here: `mass` tells whether it and the evidence in it belong together.
    """

    def __init__(self, log_density, low, high, steps, centre, shape, scale, chance):
        self._log_density, self._domain, self.centre = log_density, (low, high), centre
        self.shape, self.scale, self.chance = shape, scale, chance
        degree = 60 + 3 * steps // 2
        series = Chebyshev.interpolate(lambda s: np.exp(log_density(s)), degree, [low, high])
        self._cumulative = series.integ(lbnd=low)
        self.mass = float(self._cumulative(high))
        x, weight = roots_legendre(degree)
        s = low + (high - low) * (x + 1) / 2
        self._nodes = self._outer(s)
        self._weights = weight * (high - low) / 2 * series(s) / self.mass

    def _outer(self, s):
        return expit(self.centre + s) if self.chance else self.scale * (self.centre + s)

    def _inner(self, x):
        with np.errstate(divide="ignore"):
            x = logit(np.asarray(x, float)) if self.chance else np.asarray(x, float) / self.scale
        return x - self.centre

    def mean(self):
        return np.full(self.shape, self._weights @ self._nodes)[()]

    def std(self):
        off = self._nodes - self._weights @ self._nodes
        return np.full(self.shape, np.sqrt(self._weights @ off**2))[()]

    def pdf(self, x):
        return np.exp(self.logpdf(x))

    def logpdf(self, x):
        s = np.asarray(self._inner(x))
        inside = np.isfinite(s)  # a chance of 0 or 1 is not
        score = self.centre + s
        slope = log_expit(score) + log_expit(-score) if self.chance else np.log(self.scale)
        found = self._log_density(np.where(inside, s, 0.0)) - np.where(inside, slope, 0.0)
        return np.where(inside, found, -np.inf)[()]

    def cdf(self, x):
        s = np.clip(self._inner(x), *self._domain)
        return np.clip(self._cumulative(s) / self.mass, 0.0, 1.0)

    def ppf(self, q):
        q = np.broadcast_to(q, np.broadcast_shapes(np.shape(q), self.shape))
        low, high = (np.full(q.shape, end) for end in self._domain)
        return self._outer(invert(self._cumulative, q * self.mass, low, high))

    def rvs(self, size=(), random_state=None):
        size = (size,) if np.ndim(size) == 0 else tuple(size)
        return self.ppf(np.random.default_rng(random_state).random((*size, *self.shape)))
