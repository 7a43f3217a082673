"""What is known about an answer: the exact posterior and the evidence.

Every distribution in here answers `mean, std, pdf, logpdf, cdf, ppf, rvs`, elementwise, in the
shape of the unknown it belongs to: SciPy's own frozen ones, or those of `models/_distributions.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class NoMaximum(ValueError):
    """The likelihood has no maximum; the message says why."""


@dataclass(frozen=True)
class Exact:
    """The exact posterior of one model given one data set.

    Parameters
    ----------
    marginals
        Free unknown's name -> its distribution, elementwise, in the unknown's shape.
    log_evidence
        log p(data), every constant included, in nats.
    by
        How it is known: "algebra", "quadrature over sigma", ...
    derived
        The same as `marginals` for the model's Deterministics.
    joint
        theta -> log p(theta | data), theta a dict of arrays by unknown. Left out, the unknowns
        are independent scalars and their marginals add up.
    masses
        Name -> integral of a marginal that was *not* normalised by itself but carries the
        evidence. Each must be one; a wrong evidence shows here.
    second_log_evidence
        The evidence by another route, where the first was quadrature.
    """

    marginals: dict[str, Any]
    log_evidence: float
    by: str
    derived: dict[str, Any] = field(default_factory=dict)
    joint: Callable[[dict], float] | None = None
    masses: dict[str, float] = field(default_factory=dict)
    second_log_evidence: float | None = None

    def log_density(self, theta: dict) -> float:
        """log p(theta | data), normalised."""
        if self.joint is not None:
            return float(self.joint(theta))
        return float(sum(np.sum(d.logpdf(theta[name])) for name, d in self.marginals.items()))

    @property
    def distributions(self) -> dict[str, Any]:
        """Every marginal, of unknowns and of what is derived from them, by name."""
        return {**self.marginals, **self.derived}
