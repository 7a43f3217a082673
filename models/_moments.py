"""What is known of a quantity whose law is not: its exact mean and standard deviation.

For `Exact.derived` only: a Deterministic such as the entropy of unknown shares, whose moments are
closed forms though nobody can write down its density. The draws are then compared with these two
numbers; quantiles, intervals and a density line are the draws' own.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """Mean and sd, elementwise, in the shape of the Deterministic; its fourth moment must exist."""

    expected: np.ndarray
    spread: np.ndarray

    def __post_init__(self):
        if np.shape(self.expected) != np.shape(self.spread):
            raise ValueError("mean and sd must have the same shape")

    def mean(self):
        return np.asarray(self.expected, dtype=float)[()]

    def std(self):
        return np.asarray(self.spread, dtype=float)[()]
