"""The rungs that look at draws: gates first, then z in units of Monte Carlo error.

The bound on |z| is computed from the number of comparisons, so that correct draws pass.
"""

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from scipy import stats

from models._moments import Moments
from workflow import fit
from workflow.check import Check
from workflow.topic import names

FALSE_ALARM = 1e-4  # of all topics together, in one run
GIBBS_ESS = 1_000.0
TAILS = np.array([0.05, 0.25, 0.50, 0.75, 0.95])


def bound(comparisons: int) -> float:
    """The |z| that `comparisons` correct comparisons of every topic exceed once in 10,000 runs."""
    return largest(max(comparisons, 1) * len(names()))


def largest(comparisons: int) -> float:
    """The |z| that so many correct comparisons, all together, exceed once in 10,000 times."""
    return float(stats.norm.isf(FALSE_ALARM / (2 * comparisons)))


def gates(draws, least: float = fit.ESS) -> list[Check]:
    """Did the sampler do its work? Nothing below is worth reading when it did not."""
    posterior, stat = draws.posterior, draws.sample_stats
    rhat = highest_rhat(posterior)
    energy = stat["energy"].values
    bfmi = np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1, ddof=1)
    return [
        Check("R-hat, largest", rhat, 1.01),
        Check("bulk or tail ESS, lowest", fit.lowest_ess(posterior), least, at_least=True),
        Check("divergences", float(stat["diverging"].sum()), 0),
        Check("E-BFMI, lowest", float(bfmi.min()), 0.3, at_least=True),
        Check("draws that hit the largest tree", float(stat["maxdepth_reached"].sum()), 0),
    ]


def highest_rhat(posterior) -> float:
    """The highest R-hat over every element of every variable; NaN if any is."""
    each = [array_stats.rhat(fit.flat(v), chain_axis=0, draw_axis=1) for v in posterior.values()]
    return float(np.max(np.concatenate([np.ravel(r) for r in each])))


def gibbs_gates(other: dict) -> list[Check]:
    """The second sampler has to have converged as well, or agreeing with it means nothing."""
    dims = ("chain", "draw")
    posterior = {
        k: xr.DataArray(v, dims=[*dims, *(f"{k}_{i}" for i in range(np.ndim(v) - 2))])
        for k, v in other.items()
    }
    return [
        Check("Gibbs: R-hat, largest", highest_rhat(posterior), 1.01),
        Check("Gibbs: ESS, lowest", fit.lowest_ess(posterior), GIBBS_ESS, at_least=True),
    ]


def z_of_mean(values: np.ndarray, expected, sd=None) -> np.ndarray:
    """(mean - expected) / Monte Carlo error, for each element of (chain, draw, element).

    `sd` is that of a correct draw where it is known: wrong draws cannot widen their own error.
    """
    sd = values.std(axis=(0, 1), ddof=1) if sd is None else sd
    error = sd / np.sqrt(fit.ess(values))
    return (values.mean(axis=(0, 1)) - expected) / error


def against_exact(draws, exact) -> dict[str, dict[str, np.ndarray]]:
    """z of mean, sd and five tail probabilities: {unknown: {"mean": ..., "sd": ..., "5%": ...}}.

    The mean needs a variance and the sd a fourth moment: both are judged by the exact tails, and
    what does not exist is masked. Where only moments are known there are no tails to compare.
    """
    table = {}
    for name, distribution in exact.distributions.items():
        values = fit.flat(draws.posterior[name])
        mean, sd = (np.ravel(x) for x in (distribution.mean(), distribution.std()))
        tail = tail_index(distribution).ravel()
        row = {
            "mean": np.ma.array(z_of_mean(values, mean, sd), mask=tail <= 2),
            "sd": np.ma.array(z_of_mean((values - mean) ** 2, sd**2), mask=tail <= 4),
        }
        for p in () if isinstance(distribution, Moments) else TAILS:
            edge = np.ravel(distribution.ppf(p))
            row[f"{100 * p:g}%"] = z_of_mean((values <= edge) * 1.0, p, np.sqrt(p * (1 - p)))
        table[name] = row
    return table


def tail_index(distribution) -> np.ndarray:
    """How fast the heavier tail falls, as the exponent of a power law; moments below it exist."""
    if isinstance(distribution, Moments):  # whose fourth moment exists, or it would not be one
        return np.full(np.shape(distribution.mean()), np.inf)
    middle = distribution.ppf(0.5)
    indices = []
    for far, near in ((1e-9, 1e-7), (1 - 1e-9, 1 - 1e-7)):
        ratio = np.abs((distribution.ppf(far) - middle) / (distribution.ppf(near) - middle))
        indices.append(np.log(100) / np.log(np.maximum(ratio, 1 + 1e-12)))
    return np.minimum(*indices)


def z_check(name: str, zs: np.ndarray, total: int) -> Check:
    zs = np.asarray(zs, dtype=float).ravel()
    worst = np.abs(zs).max() if np.isfinite(zs).all() else np.inf
    return Check(name, worst, bound(total), f"{zs.size} comparisons")


def stein(draws) -> np.ndarray:
    """z of the Stein identities: E[g_i] = 0 and E[(u_i - c_i) g_j] = -1 if i = j else 0.

    u are the draws on the unconstrained scale and g the gradients the sampler itself used. Any
    density vanishing at infinity obeys them; blind only to regions never visited.
    """
    u, g = (draws.sample_stats[k].values for k in ("unconstrained_draw", "gradient"))
    first = z_of_mean(g, 0.0)
    centred = u - u.mean(axis=(0, 1))
    size = u.shape[-1]
    second = [z_of_mean(centred[..., i, None] * g, -np.eye(size)[i]) for i in range(size)]
    return np.concatenate([first, np.ravel(second)])


def against_gibbs(draws, other: dict) -> np.ndarray:
    """z between two samplers that share no code: means, squares and quartiles of every element."""
    zs = []
    for name, values in other.items():
        a = fit.flat(draws.posterior[name])
        b = np.asarray(values).reshape(*np.shape(values)[:2], -1)
        centre = (a.mean(axis=(0, 1)) + b.mean(axis=(0, 1))) / 2
        for f in (
            lambda x: x,
            lambda x, c=centre: (x - c) ** 2,
            lambda x, c=centre: (x <= c).astype(float),
        ):
            fa, fb = f(a), f(b)
            error = np.hypot(*(x.std(axis=(0, 1), ddof=1) / np.sqrt(fit.ess(x)) for x in (fa, fb)))
            zs.append((fa.mean(axis=(0, 1)) - fb.mean(axis=(0, 1))) / error)
    return np.concatenate(zs)
