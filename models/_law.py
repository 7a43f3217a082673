"""One law three times: PyMC's, SciPy's, and the formulas for its mean and variance.

A formula is text: what a page shows is what it computes. PyMC is handed 64-bit numbers, since it
would compute in single precision with Python's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.scalar.basic import autocast_float_as
from scipy import integrate, stats

QUICK = "FAST_COMPILE"  # interpreted: what runs once is not worth compiling
TAILS = np.array([0.05, 0.25, 0.50, 0.75, 0.95])


@dataclass(frozen=True, eq=False)
class Law:
    """One law with numbers for its parameters: `pymc(**parameters)` is what SciPy's `twin` is."""

    name: str
    about: str
    parameters: dict
    pymc: Callable
    twin: object
    mean: str
    variance: str

    @property
    def discrete(self) -> bool:
        return isinstance(self.twin.dist, stats.rv_discrete)

    @property
    def label(self) -> str:
        return f"{self.name}({', '.join(f'{v:.4g}' for v in self.parameters.values())})"

    def variable(self, **size):
        kind = np.int64 if self.name == "discrete uniform" else np.float64
        return self.pymc(**{k: kind(v) for k, v in self.parameters.items()}, **size)

    def formula(self, which: str) -> float:
        """The text's formula ("mean" or "variance") with this law's parameters."""
        known = {**self.parameters, "log": np.log, "mean": None}
        if which == "variance":
            known["mean"] = self.formula("mean")
        return float(eval(getattr(self, which), {"__builtins__": {}}, known))

    @cache  # noqa: B019  a dozen laws, kept as long as the process
    def of_pymc(self, what: str, *, double: bool = True) -> Callable:
        """PyMC's own "logp", "logcdf" or "icdf" as a function of an array.

        PyTensor stores constants such as the 2.0 in PyMC's formulas in single precision, unless it
        is told to keep them `double`.
        """
        x = pt.dvector() if what == "icdf" or not self.discrete else pt.lvector()
        with autocast_float_as(*(["float64"] if double else ["float16", "float32", "float64"])):
            graph = getattr(pm, what)(self.variable(), x)
        return pytensor.function([x], graph, mode=QUICK)

    def points(self) -> np.ndarray:
        """Places from tail to tail, and outside the support where there is an outside."""
        low, high = (float(x) for x in self.twin.support())
        if self.discrete:
            return np.arange(low - 1, min(high, self.twin.ppf(1 - 1e-12)) + 2).astype(np.int64)
        inside = self.twin.ppf(
            np.concatenate([[1e-9, 1e-4], np.linspace(0.01, 0.99, 41), [1 - 1e-9]])
        )
        outside = [e + s for e, s in ((low, -0.5), (high, 0.5)) if np.isfinite(e)]
        return np.concatenate([inside, outside])

    def integrals(self) -> tuple[float, float, float]:
        """Mass, mean and variance of PyMC's density, by summing or integrating it."""
        density = self.of_pymc("logp")
        low, high = self.twin.support()
        if self.discrete:
            x = np.arange(low, min(high, self.twin.mean() + 40 * self.twin.std()) + 1)
            p = np.exp(density(x.astype(np.int64)))
            return p.sum(), p @ x, p @ (x - p @ x) ** 2

        def whole(power, centre=0.0):
            def integrand(x):
                flat = np.exp(density(np.ravel(x))).reshape(np.shape(x))
                return flat * (x - centre) ** power

            middle = self.twin.median()  # where a Laplace density has its kink
            halves = ((low, middle), (middle, high))
            return sum(float(integrate.tanhsinh(integrand, *ends).integral) for ends in halves)

        mean = whole(1)
        return whole(0), mean, whole(2, mean)

    def draws(self, number: int, seed: int) -> np.ndarray:
        return pm.draw(self.variable(size=number), mode=QUICK, random_seed=seed)


def plain(formula: str) -> str:
    """A formula as one writes it: alpha / beta² for alpha / beta**2."""
    return formula.replace("**2", "²").replace(" * ", " ")


def z_of_draws(draws: np.ndarray, twin) -> np.ndarray:
    """Mean, variance and tail probabilities of independent draws, in exact standard errors."""
    variance, excess = (float(x) for x in twin.stats("vk"))
    mean = float(twin.mean())
    edges = np.unique(twin.ppf(TAILS))
    below = twin.cdf(edges)
    edges, below = edges[below < 1], below[below < 1]
    found = [
        (draws.mean() - mean) / np.sqrt(variance),
        (np.mean((draws - mean) ** 2) - variance) / (variance * np.sqrt(excess + 2)),
        *(np.mean(draws <= edges[:, None], axis=1) - below) / np.sqrt(below * (1 - below)),
    ]
    return np.sqrt(draws.size) * np.array(found)
