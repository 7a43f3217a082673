"""Likelihoods with kinks, where no gradient says whether a point is the highest.

A log likelihood that holds an absolute value, such as Laplace's, is looked at on spheres about the
point: it has to be lower on every side, near and far.
"""

import numpy as np

RADII = (1e-4, 1e-2, 1.0)  # in units of the distance over which half a nat is lost
ROUNDING = 1e-12  # of the log likelihood
TURNS, TRIES = 20, 30  # how often the highest direction is improved on, and by how many others
DOUBLINGS = 100


def around(value, u: np.ndarray) -> tuple[float, bool]:
    """How far u is below the highest point of spheres about it, and whether some is as high.

    `value(u)` is the log likelihood; both in units of its rounding errors, so a point is highest
    where the first is at most one.
    """
    top, rng = value(u), np.random.default_rng(1)
    rounding = ROUNDING * (1 + abs(top))
    width = _widths(value, u, top)
    rises = [_highest(value, u, radius * width, rng) - top for radius in RADII]
    return max(rises) / rounding, bool(rises[-1] > -rounding)


def _widths(value, u, top):
    """How far each coordinate goes until half a nat is lost on both sides."""
    widths = np.empty(u.size)
    for i, axis in enumerate(np.eye(u.size)):
        h = 1e-12 * (1 + abs(u[i]))
        for _ in range(DOUBLINGS):
            if max(value(u + h * axis), value(u - h * axis)) < top - 0.5:
                break
            h *= 2
        widths[i] = h
    return widths


def _highest(value, u, reach, rng):
    """The highest value on the ellipsoid about u: many directions, then the best of them turned."""
    axes = np.eye(u.size)
    ways = _unit(np.vstack([axes, -axes, rng.standard_normal((100 * u.size, u.size))]))
    heights = np.array([value(u + reach * way) for way in ways])
    best, way = heights.max(), ways[heights.argmax()]
    spread = 0.2
    for _ in range(TURNS):
        ways = _unit(way + spread * rng.standard_normal((TRIES, u.size)))
        heights = np.array([value(u + reach * w) for w in ways])
        if heights.max() > best:
            best, way = heights.max(), ways[heights.argmax()]
        spread /= 2
    return best


def _unit(ways):
    return ways / np.linalg.norm(ways, axis=-1, keepdims=True)
