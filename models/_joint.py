"""A law of several numbers, PyMC's and SciPy's, and what is known of weighted sums of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pymc as pm
from pytensor.scalar.basic import autocast_float_as
from scipy import stats

from models._law import QUICK, z_of_draws


@dataclass(frozen=True, eq=False)
class Joint:
    """A law of several numbers at once, and laws that SciPy knows of sums of them.

    `variable` makes PyMC's; `parts` are pairs: weights, and the law of the weighted sum.
    """

    label: str
    about: str
    variable: Callable
    twin: object
    parts: list

    def densities(self, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """PyMC's log density and SciPy's, at draws of SciPy's."""
        x = self.twin.rvs(number, random_state=seed)
        with autocast_float_as("float64"):
            found = pm.logp(self.variable(), x).eval(mode=QUICK)
        return found, np.array([np.squeeze(self.twin.logpdf(row)) for row in x])

    def z(self, draws: np.ndarray) -> np.ndarray:
        return np.concatenate([z_of_draws(draws @ w, law) for w, law in self.parts])


def dirichlet(about: str, a) -> Joint:
    """Each share is a Beta, and so is the sum of any two."""
    a = np.asarray(a, float)
    every = [*np.eye(a.size), *(np.eye(a.size) + np.eye(a.size, k=1))[:-1]]
    words = f"{a[0]:g}, {a.size} times" if np.ptp(a) == 0 else ", ".join(f"{x:g}" for x in a)
    return Joint(
        f"Dirichlet({words})", about, lambda **size: pm.Dirichlet.dist(a, **size),
        stats.dirichlet(a), [(w, stats.beta(a @ w, a.sum() - a @ w)) for w in every],
    )  # fmt: skip


def normal_of_several(about: str, mu, cov) -> Joint:
    """Each component is normal, and so is the sum of any two."""
    mu, cov = np.asarray(mu, float), np.asarray(cov, float)
    every = [*np.eye(mu.size), *(1 - np.eye(mu.size))]
    return Joint(
        f"normal of {mu.size} numbers", about,
        lambda **size: pm.MvNormal.dist(mu, cov=cov, **size),
        stats.multivariate_normal(mu, cov),
        [(w, stats.norm(mu @ w, np.sqrt(w @ cov @ w))) for w in every],
    )  # fmt: skip
