"""A climb by lower bounds, and what is checked: that they are bounds and lead to the top."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.optimize import minimize

REST, MOST = 1e-10, 20_000  # how small a step ends a climb; how many steps are too many
ROUNDING = 1e-12  # of the size of a log likelihood
NEAR = 1e-4  # standard errors, as for every maximum here
LINEAR = 1e-3  # of a step, where the next is foretold from it
AROUND = (1.0, 1e-2, 1e-4)  # how far from a point others are tried


@dataclass(frozen=True)
class Climb:
    """A path of points u (p,), what it climbs, and the bounds it climbs by."""

    name: str
    path: np.ndarray  # (steps + 1, p)
    height: Callable  # log likelihood at u
    bound: Callable  # bound(u, at) touches the height at u = at
    top: float  # log likelihood at the maximum that the topic finds

    @classmethod
    def along(cls, name, points, height, bound, top):
        """Point after point, until nothing moves."""
        path = []
        for u in islice(points, MOST):
            path.append(u)
            if len(path) > 1 and np.abs(path[-1] - path[-2]).max() < REST:
                break
        return cls(name, np.array(path), height, bound, top)


def steps(u, step):
    """u, and wherever a step leads from there."""
    while True:
        yield u
        u = step(u)


def lines(climb, rng):
    """One line a check; an error is a share of the log likelihood's size where nothing is said."""
    path, h = climb.path, np.array([climb.height(u) for u in climb.path])
    size = 1 + np.abs(h)
    touching = [abs(climb.bound(u, u) - x) for u, x in zip(path, h, strict=True)]
    above, missed = _around(climb, rng)
    found = {
        "every bound touches": (np.max(touching / size), ROUNDING),
        "no bound is above": (above, ROUNDING),
        "each step goes to the top of its bound": (missed, ROUNDING),
        f"none of {len(h) - 1:,} steps goes down": (_worst(h[:-1] - h[1:], size[1:]), ROUNDING),
        "short of the topic's maximum, standard errors": (_apart(climb.top, h[-1]), NEAR),
        "short of a quasi-Newton climb, standard errors": (_apart(_direct(climb), h[-1]), NEAR),
        "a late step is the one before times the share hidden": (_foretold(climb), LINEAR),
    }
    for line, (error, allowed) in found.items():
        yield {"group": climb.name, "line": line, "error": float(error), "allowed": allowed}


def _worst(excess, size):
    return np.max(np.maximum(excess, 0) / size)


def _around(climb, rng):
    """By how much bounds are above the height, and above what the step reached, at other points."""
    above, missed, steps = 0.0, 0.0, len(climb.path) - 1
    for t in np.unique(np.geomspace(1, steps, 12).astype(int)):
        at, to = climb.path[t - 1 : t + 1]
        reached = climb.bound(to, at)
        for scale in np.repeat(AROUND, 12):
            for centre in (at, to):
                u = centre + scale * rng.standard_normal(at.size)
                height, bound = climb.height(u), climb.bound(u, at)
                above = max(above, _worst(bound - height, 1 + abs(height)))
                missed = max(missed, _worst(bound - reached, 1 + abs(reached)))
    return above, missed


def _apart(one, other):
    """Two heights apart, as standard errors from a maximum: half the square of these is lost."""
    return np.sqrt(2 * abs(one - other))


def _direct(climb):
    """The height that a climb by the slope alone reaches, from early on the path."""
    start = climb.path[min(10, len(climb.path) // 3)]
    how = {"method": "BFGS", "jac": "3-point", "options": {"gtol": 1e-7}}
    return -minimize(lambda u: -climb.height(u), start, **how).fun


def curvature(f, u, step=1e-3):
    """-f'' at u (p,), by differences: (p, p)."""
    e, found = step * np.eye(u.size), np.zeros((u.size, u.size))
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        found -= [[a * b * f(u + a * i + b * j) for j in e] for i in e]
    return found / (4 * step**2)


def hidden(climb):
    """The share of the information that is hidden (p, p): what is left of a step's error.

    Of the complete rows' information the bound has all, the log likelihood what can be seen
    (Dempster, Laird and Rubin 1977).
    """
    end = climb.path[-1]
    complete = curvature(lambda u: climb.bound(u, end), end)
    return np.eye(end.size) - np.linalg.solve(complete, curvature(climb.height, end))


def _foretold(climb):
    steps = np.diff(climb.path, axis=0)
    t = np.flatnonzero(np.abs(steps[:-1]).max(axis=1) > 1e-5)[-1]
    return np.linalg.norm(steps[t + 1] - hidden(climb) @ steps[t]) / np.linalg.norm(steps[t])
