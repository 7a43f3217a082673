"""The pass over the rows of a normal mixture and nothing else: the yardstick of its benchmark.

No row is so far from every component that its density underflows, so no row needs its largest term
taken out: what is left is what any implementation must do at least.
"""

import math

import numba
import numpy as np
import pandas as pd
from scipy.special import softmax

from benchmarks import bare

ROWS = (1_000, 100_000, 1_000_000)


@numba.njit(cache=True)
def normal_mixture(y, w, mu, sigma):
    """Log likelihood, and its gradient in w, mu and sigma (K,)."""
    scale, per_sigma = w / sigma / math.sqrt(2 * math.pi), 1 / sigma
    part, z = np.empty(w.size), np.empty(w.size)
    count, first, second, height = np.zeros(w.size), np.zeros(w.size), np.zeros(w.size), 0.0
    for i in range(y.size):
        total = 0.0
        for k in range(w.size):
            z[k] = (y[i] - mu[k]) * per_sigma[k]
            part[k] = scale[k] * math.exp(-z[k] * z[k] / 2)
            total += part[k]
        height += math.log(total)
        share = 1 / total
        for k in range(w.size):
            r = part[k] * share
            count[k] += r
            first[k] += r * z[k]
            second[k] += r * z[k] * z[k]
    return height, count / w, first / sigma, (second - count) / sigma


def problem(rows: int, seed: int = 1):
    """Logits of the shares, means and logarithms of the sds (2,); and rows that these made."""
    logits, mu, log_sigma = np.array([-0.4, 0.0]), np.array([52.0, 80.0]), np.log([6.0, 5.0])
    rng = np.random.default_rng(seed)
    z = rng.choice(2, rows, p=softmax(logits))
    return (logits, mu, log_sigma), rng.normal(mu[z], np.exp(log_sigma[z]))


def race(contenders: dict) -> pd.DataFrame:
    """Every contender at every number of rows, beside the bare loop."""
    found = []
    for rows in ROWS:
        at, y = problem(rows)
        ready = y, softmax(at[0]), at[1], np.exp(at[2])
        for name, build in contenders.items():
            numbers = bare.beside(lambda r=ready: normal_mixture(*r), build(at, y), name, rows)
            found.append({"contender": name, "rows": rows, **numbers})
    return pd.DataFrame(found)
