"""Two positive unknowns known only through their joint log density, by quadrature over both logs.

The joint density of both logs is added up by the trapezoid rule, in both directions at once, on
ever finer grids until halving the step changes nothing; for a smooth density whose ends are cut
where it is negligible the rule converges exponentially. The same density as a function of one
unknown, of the other, and of their ratio gives each its law, and each law's mass tests the sum.
"""

from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from models._distributions import Density

FALL = 32.0  # nats below the highest point: what lies lower is left out
COARSE, FINEST = 33, 1056  # points along a side
SAME = 1e-8  # what halving the step may change before the last halving
HEAVY = 1e-13  # lighter nodes are left out of mixtures
PIECE = 8192  # pairs at a time: what is made of them on the way stays in the processor's cache


class Scales:
    """The posterior of a > 0 and b > 0 with density exp(log_joint(a, b)), not yet normalised.

    `start` is any number within a factor exp(40) of both.
    """

    def __init__(self, log_joint, start):
        self._joint = log_joint
        self._low, self._high = self._box(np.full(2, np.log(start)))
        points, before = COARSE, np.inf
        while True:
            u, v = (np.linspace(*ends, points) for ends in zip(self._low, self._high, strict=True))
            height = self._of_logs(u[:, None], v)
            found = logsumexp(height) + np.log((u[1] - u[0]) * (v[1] - v[0]))
            if abs(found - before) < SAME or 2 * points > FINEST:
                break
            points, before = 2 * points, found
        if not abs(found - before) < SAME:
            raise NotImplementedError(f"the sum over {points:,} x {points:,} points is not settled")
        self.log_evidence, self._u, self._v = float(found), u, v
        self._height = height

    def _of_logs(self, u, v):
        """log density of both logs; nothing where it is not a number."""
        pairs = np.stack(np.broadcast_arrays(u, v))
        found = np.empty(pairs.shape[1:])
        every, flat = found.ravel(), pairs.reshape(2, -1)
        for i in range(0, every.size, PIECE):
            a, b = flat[:, i : i + PIECE]
            with np.errstate(all="ignore"):
                every[i : i + PIECE] = self._joint(np.exp(a), np.exp(b)) + a + b
        return np.nan_to_num(found, nan=-np.inf, posinf=-np.inf)

    def _box(self, middle):
        """A box of logs that holds all that is not negligible, hardly larger than needed."""
        low, high = middle - 45, middle + 45
        for _ in range(60):
            sides = [np.linspace(*ends, 41) for ends in zip(low, high, strict=True)]
            height = self._of_logs(sides[0][:, None], sides[1])
            inside = np.argwhere(height > height.max() - FALL)
            step, used = (high - low) / 40, np.ptp(inside, axis=0)
            low, high = (
                low + (inside.min(axis=0) - 2) * step,
                high + (inside.max(axis=0) - 38) * step,
            )
            if used.min() > 25:  # of 40 steps, on both sides
                break
        return low, high

    @cached_property
    def parts(self):
        """Weights, and both unknowns, at the nodes that carry weight: (P,) each."""
        every = slice(None, None, 2)  # half as many are enough: the last halving changed nothing
        weight = np.exp(self._height[every, every] - self._height.max()).ravel()
        weight /= weight.sum()
        u, v = (x.ravel() for x in np.meshgrid(self._u[every], self._v[every], indexing="ij"))
        kept = weight > HEAVY
        return weight[kept] / weight[kept].sum(), np.exp(u[kept]), np.exp(v[kept])

    def law(self, which):
        """The law of a (0) or of b (1); its mass carries the evidence."""
        nodes = (self._v, self._u)[which]

        def log_density(x):
            with np.errstate(divide="ignore"):
                along = np.log(np.asarray(x, float))[..., None]
            pair = (along, nodes) if which == 0 else (nodes, along)
            inner = logsumexp(self._of_logs(*pair), axis=-1) + np.log(nodes[1] - nodes[0])
            return inner - along[..., 0] - self.log_evidence

        around = (self._u, self._v)[which][np.argmax(self._height.max(axis=1 - which))]
        return Density(log_density, "log", np.exp(around), degree=self._u.size)

    def of_ratio(self, inverse, slope, outer, scale):
        """The law of outer(a / b): `inverse` gives log(a / b), `slope` its log derivative.

        Here the sum is over log b along lines of equal ratio: another order, another rule.
        """

        def log_density(x):
            x = np.asarray(x, float)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = inverse(x)[..., None]
                rise = slope(x)
            inner = logsumexp(self._of_logs(ratio + self._v, self._v), axis=-1)
            return inner + np.log(self._v[1] - self._v[0]) + rise - self.log_evidence

        top = np.unravel_index(np.argmax(self._height), self._height.shape)
        around = outer(np.exp(self._u[top[0]] - self._v[top[1]]))
        return Density(log_density, scale, around, degree=self._u.size)
