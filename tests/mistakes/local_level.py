"""Wrong versions and edge cases of the local level."""

import numpy as np
import pandas as pd

MISTAKES = {
    "scales exchanged in the model": (
        'pm.HalfNormal("sigma_level", level_scale)',
        'pm.HalfNormal("sigma_level", obs_scale)',
    ),
    "variance for the scale of the error": (
        'pm.HalfNormal("sigma_obs", obs_scale)',
        'pm.HalfNormal("sigma_obs", obs_scale**2)',
    ),
    "sds exchanged in the likelihood": (
        '"y", sigma_level, sigma_obs, walk',
        '"y", sigma_obs, sigma_level, walk',
    ),
    "gain by the ratio of sds, not of variances": (
        "sigma_obs) ** 2 * walk.h",
        "sigma_obs) * walk.h",
    ),
    "gain by the ratio turned round": (
        "(sigma_level / sigma_obs) ** 2",
        "(sigma_obs / sigma_level) ** 2",
    ),
    "sds for variances in the filter": (
        "every, sigma_level**2, sigma_obs**2",
        "every, sigma_level, sigma_obs",
    ),
    "sd of the start for its variance": ("m0, s0**2)\n        squares", "m0, s0)\n        squares"),
    "both halves of the priors forgotten": ("np.log(2 / np.pi /", "np.log(1 / (2 * np.pi) /"),
    "laws exchanged": ("known.law(0)", "known.law(1)"),
    "slope of the gain forgotten": ("np.log(1 / k + 1 / (2 * (1 - k)))", "np.log(1 / k)"),
    "no allowance for the gap": (
        "walk[p] * gap[t]",
        "walk[p] * (gap[t] > 0)",
        "_kalman.py",
    ),
    "sd of the move grows with the gap": (
        "walk[p] * gap[t]",
        "walk[p] * gap[t] ** 2",
        "_kalman.py",
    ),
    "error left out of the surprise": (
        "share = 1 / (before + error[p])",
        "share = 1 / before",
        "_kalman.py",
    ),
    "a level that does not move before it is read": (
        "mean[p] += before * share",
        "mean[p] += variance[p] * share",
        "_kalman.py",
    ),
    "equal series counted once": ("one.count * foretold", "foretold", "_kalman.py"),
    "a start that moved since the series before": (
        "rows[0, 1] = 0.0",
        "rows[0, 1] = abs(rows[0, 1])",
        "_kalman.py",
    ),
    "determinant of the start forgotten": (
        " + pt.sum(pt.log(grown))",
        "",
        "_walk.py",
    ),
    "variances for sds in the MLE": ("np.sqrt(moves)", "moves"),
    "names exchanged in the MLE": ("moves, noise = kalman", "noise, moves = kalman"),
    "sd of the start for its variance in the MLE": (
        "highest(every, m0, s0**2",
        "highest(every, m0, s0",
    ),
    "the edges forgotten": (
        "return at if height > edge[0] + 1e-10 * (1 + abs(height)) else edge[1]",
        "return at",
        "_kalman.py",
    ),
}


def walk(n, level, obs, *, seed=1, gaps=None, start=0.0):
    """n made-up readings."""
    rng, gaps = np.random.default_rng(seed), np.ones(n) if gaps is None else np.asarray(gaps)
    moves = level * np.sqrt(gaps) * rng.normal(size=n)
    y = start + np.cumsum(moves) + obs * rng.normal(size=n)
    return pd.DataFrame({"time": np.cumsum(gaps), "y": y.round(4)})


UNIT = {"m0": 0.2, "s0": 1.5, "level_scale": 0.7, "obs_scale": 1.2}
UNEVEN = np.tile([1.0, 0.3, 4.0, 0.7, 12.0], 4)
TWICE = pd.concat([walk(20, 1.0, 0.8, seed=4), walk(14, 1.0, 0.8, seed=5)], ignore_index=True)
ALONE = walk(1, 1.0, 0.8, seed=9).assign(time=2.0)  # not after those before it
SAME = pd.concat([walk(12, 0.9, 0.6, seed=7)] * 3, ignore_index=True)

CASES = {
    "uneven times": (walk(20, 0.6, 0.9, seed=2, gaps=UNEVEN), UNIT, True),
    "no times": (walk(15, 0.9, 0.7, seed=3).drop(columns="time"), UNIT, True),
    "two series": (TWICE, UNIT, True),
    "the same series three times": (SAME, UNIT, True),
    "units far apart": (
        walk(25, 8e5, 3e4, seed=6, gaps=np.full(25, 1e-3)),
        {"m0": 1e3, "s0": 5e3, "level_scale": 9e5, "obs_scale": 2e4},
        True,
    ),
    "nothing moves": (walk(15, 0.0, 1.0, seed=8), UNIT, "boundary"),
    "no error": (
        pd.DataFrame({"y": [0.0, 1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 9.0]}),
        UNIT,
        "boundary",
    ),
    "a start that is known well": (walk(12, 1.0, 0.5, seed=10), UNIT | {"s0": 1e-3}, True),
    "a start that is not known": (walk(12, 0.8, 0.9, seed=13), UNIT | {"s0": 1e4}, True),
    "two readings": (pd.DataFrame({"y": [0.0, 3.0]}), UNIT, "boundary"),
    "a series of one reading before others": (
        pd.concat([TWICE.head(20), ALONE, TWICE.head(20)], ignore_index=True),
        UNIT,
        True,
    ),
    "one reading": (pd.DataFrame({"y": [1.3]}), UNIT, False),
    "a series of one reading among others": (
        pd.concat([TWICE, ALONE, walk(4, 1.0, 0.8, seed=12)], ignore_index=True),
        UNIT,
        True,
    ),
    "two readings alike": (pd.DataFrame({"y": [1.0, 1.0]}), UNIT, False),
    "s0 of zero": (walk(5, 1.0, 1.0), {"s0": 0.0}, "refused"),
    "level_scale below zero": (walk(5, 1.0, 1.0), {"level_scale": -2.0}, "refused"),
    "obs_scale of zero": (walk(5, 1.0, 1.0), {"obs_scale": 0.0}, "refused"),
}

EQUIVALENT = {
    "lambda ratio: 2 / (1 + np.sqrt(1 + 4 / (ratio**2 * h))),": {
        "only where the search for the density begins": [
            "2 -> 1",
            "1 -> 2",
            "1 + 4 / (ratio ** 2 * h) -> 2 + 4 / (ratio ** 2 * h)",
            "1 + 4 / (ratio ** 2 * h) -> 1 + 4 * (ratio ** 2 * h)",
            "4 / (ratio ** 2 * h) -> 5 / (ratio ** 2 * h)",
            "4 / (ratio ** 2 * h) -> 3 / (ratio ** 2 * h)",
            "4 / (ratio ** 2 * h) -> 4 / (ratio ** 2 / h)",
            "ratio ** 2 * h -> ratio * 2 * h",
            "ratio ** 2 -> ratio ** 3",
            "ratio ** 2 -> ratio ** 1",
        ]
    },
    "second_log_evidence=known.log_evidence + np.log(gain.mass),": {
        "the mass is one to rounding, which another rung insists on": ["... + ... -> ... - ..."]
    },
}
