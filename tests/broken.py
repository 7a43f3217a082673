"""Samplers with one mistake each, on posteriors that are known: which check notices what.

`python -m tests.broken` runs them all and writes docs/verification/broken.csv.

The sampler is Hamiltonian Monte Carlo in a page of numpy, every chain of every run one row of an
array. What it yields has the shape of `workflow.fit.sample`, so the gates, the z and the Stein
identities that judge a report judge these draws too.

What they cannot see. The bound on |z| is between 5 and 6 Monte Carlo errors, and at the least ESS
that the gates allow, 6,400, an error is 1/80 of a posterior sd: a mean that is off by 0.07 sd is
noticed in half of the runs, one by 0.1 sd in all but two of a hundred. For an sd whose squares mix
as well as that it is 5 % and 7 %. What is smaller shows only in the mean z of many runs, here 20.
And a wrong gradient under a right acceptance step is no mistake at all: the proposal stays
reversible and keeps volume, so accepting by the energy makes it exact; only its speed suffers.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import xarray as xr
from scipy.linalg import block_diag
from scipy.special import expit, log_expit

from models import linear_regression
from models._exact import Exact
from workflow import compare, fit, topic

RUNS = 20
BURN = 50  # the start is near the middle already
PAGE = topic.HOME / "docs" / "verification" / "broken.csv"


@dataclass(frozen=True)
class Target:
    """A topic's posterior in PyMC's unconstrained coordinates u, an array (chains, d)."""

    exact: Exact
    log_density: Callable  # u -> log density but for a constant (chains,), its gradient (chains, d)
    theta: Callable  # u (..., d) -> {unknown's name: its values (..., *shape)}
    centre: np.ndarray  # about the mean of u (d,)
    root: np.ndarray  # root @ root.T is about the covariance of u


def beta_binomial() -> Target:
    """A share theta; u = log(theta / (1 - theta))."""
    found, data, settings = _shipped("beta_binomial")
    exact = found.exact(data, settings)
    a, b = exact.marginals["theta"].args

    def log_density(u):
        value = a * log_expit(u) + b * log_expit(-u)
        return value[:, 0], a - (a + b) * expit(u)

    scale = np.sqrt((a + b) / (a * b))
    return Target(
        Exact(exact.marginals, exact.log_evidence, exact.by),
        log_density,
        lambda u: {"theta": expit(u[..., 0])},
        np.array([np.log(a / b)]),
        np.array([[scale]]),
    )


def gamma_precision() -> Target:
    """A precision lam; u = log(lam)."""
    found, data, settings = _shipped("gamma_precision")
    exact = found.exact(data, settings)
    lam = exact.marginals["lam"]
    a, b = lam.args[0], 1 / lam.kwds["scale"]

    def log_density(u):
        rate = b * np.exp(u)
        return (a * u - rate)[:, 0], a - rate

    def theta(u):
        lam = np.exp(u[..., 0])
        return {"lam": lam, "sigma": lam**-0.5}

    return Target(exact, log_density, theta, np.array([np.log(a / b)]), np.array([[a**-0.5]]))


def regression() -> Target:
    """Intercept b, weights w and the noise sigma; u = (b, w, log sigma)."""
    found, data, s = _shipped("linear_regression")
    exact = found.exact(data, s)
    X, y, _, _ = linear_regression.design(data)
    A = np.column_stack([np.ones(len(X)), X])
    prior = np.r_[s["b_sd"], np.full(X.shape[1], s["tau"])] ** -2.0  # precisions
    start = np.r_[s["b_mean"], np.zeros(X.shape[1])]
    square, cross = A.T @ A, A.T @ y

    def log_density(u):
        weights, log_sigma = u[:, :-1], u[:, -1]
        pull = weights @ square - cross
        rss = y @ y + ((pull - cross) * weights).sum(axis=1)
        away, precision = weights - start, np.exp(-2 * log_sigma)
        widths = 1 / (precision * s["sigma_scale"] ** 2)
        value = -0.5 * (rss * precision + (away**2 @ prior) + widths) - (y.size - 1) * log_sigma
        slope = rss * precision - widths - (y.size - 1)
        return value, np.column_stack([-pull * precision[:, None] - away * prior, slope])

    def theta(u):
        return {"b": u[..., 0], "w": u[..., 1:-1], "sigma": np.exp(u[..., -1])}

    means = {name: law.mean() for name, law in exact.marginals.items()}
    given = np.linalg.inv(square / means["sigma"] ** 2 + np.diag(prior))
    return Target(
        replace(exact, derived={}),
        log_density,
        theta,
        np.r_[means["b"], means["w"], np.log(means["sigma"])],
        np.linalg.cholesky(block_diag(given, 0.5 / y.size)),
    )


def _shipped(name):
    found = topic.load(name)
    return found, topic.read(found), found.defaults


@dataclass(frozen=True)
class Sampler:
    """Hamiltonian Monte Carlo in coordinates where the posterior is nearly standard normal.

    As it stands it is right. Every other field than the first two is for making it wrong.
    """

    step: float = 0.3
    steps: int = 5  # a quarter of a turn, so that draws are nearly independent
    accepts: bool = True  # False: the proposal is always taken
    heat: float = 1.0  # variance of the momenta drawn; the acceptance step believes in 1
    slope: float = 1.0  # the leapfrog's gradient is this many times the true one
    stored: float = 1.0  # the gradient handed to the monitor is this many times the true one
    stuck: int = 0  # so many chains of each run reject everything
    away: float = 0.0  # so many posterior sds from the middle all chains start, and nothing that
    kept: int = 0  # they draw is dropped: so many draws with a step still far too small, then all

    def __call__(self, target: Target, runs: int, seed: int = 1) -> Iterator[xr.DataTree]:
        """`runs` runs of four chains."""
        rng = np.random.default_rng(seed)
        chains, d = runs * fit.CHAINS, target.centre.size
        still = np.arange(chains) % fit.CHAINS < self.stuck
        v = rng.standard_normal((chains, d))
        v[:, 0] = self.away or v[:, 0]
        here = self._at(target, v)
        records = []
        for i in range(fit.BLOCK if self.away else fit.BLOCK + BURN):
            p = np.sqrt(self.heat) * rng.standard_normal((chains, d))
            step = 1e-3 * self.step if i < self.kept else self.step
            v_new, p_new, there = self._leapfrog(target, v, p, here, step)
            before, after = _energy(p, here), _energy(p_new, there)
            taken = (np.log(rng.random(chains)) < before - after) | (not self.accepts)
            taken &= ~still
            v = np.where(taken[:, None], v_new, v)
            here = [np.where(taken.reshape(-1, *[1] * (x.ndim - 1)), x, y)
                    for x, y in zip(there, here, strict=True)]  # fmt: skip
            records.append((v, here[1], np.where(taken, after, before), after - before > 1000))
        return self._trees(target, records[-fit.BLOCK :], runs)

    def _at(self, target, v):
        return target.log_density(target.centre + v @ target.root.T)

    def _leapfrog(self, target, v, p, here, step):
        pull = self.slope * target.root
        p = p + step / 2 * here[1] @ pull
        for i in range(self.steps):
            v = v + step * p
            here = self._at(target, v)
            p = p + (step if i < self.steps - 1 else step / 2) * here[1] @ pull
        return v, p, here

    def _trees(self, target, records, runs):
        v, gradient, energy, diverging = (np.array(r) for r in zip(*records, strict=True))
        u = target.centre + v @ target.root.T
        steps = np.full(energy.shape, self.steps)
        stats = {
            "gradient": self.stored * gradient,
            "unconstrained_draw": u,
            "energy": energy,
            "diverging": diverging,
            "n_steps": steps,
            "maxdepth_reached": steps < 0,
        }
        for run in range(runs):
            of_run = slice(run * fit.CHAINS, (run + 1) * fit.CHAINS)
            groups = {"posterior": target.theta(u[:, of_run]),
                      "sample_stats": {k: x[:, of_run] for k, x in stats.items()}}  # fmt: skip
            yield xr.DataTree.from_dict({k: _dataset(x) for k, x in groups.items()})


def _energy(p, here):
    return (p**2).sum(axis=1) / 2 - here[0]


def _dataset(arrays):
    return xr.Dataset({
        name: (("chain", "draw", *(f"{name}_{i}" for i in range(x.ndim - 2))), x.swapaxes(0, 1))
        for name, x in arrays.items()
    })  # fmt: skip


SAMPLERS = {
    "correct": (Sampler(), "nothing"),
    "no acceptance": (
        Sampler(step=0.9, steps=2, accepts=False),
        "every proposal is taken: the step's error stays in the sd",
    ),
    "warm-up kept, near": (
        Sampler(away=2, kept=260),
        f"260 draws of {fit.BLOCK:,} in each chain are 2 sd away",
    ),
    "warm-up kept, far": (
        Sampler(away=50, kept=10),
        f"10 draws of {fit.BLOCK:,} in each chain are 50 sd away",
    ),
    "stuck chain": (Sampler(stuck=1), "one of four chains rejects everything"),
    "variance 20 % low": (Sampler(heat=0.8), "momenta are drawn with variance 0.8 instead of 1"),
    "variance 4 % low": (Sampler(heat=0.96), "momenta are drawn with variance 0.96 instead of 1"),
    "wrong gradient": (Sampler(slope=0.8), "the leapfrog's gradient is 0.8 times the true one"),
    "wrong gradient, stored": (
        Sampler(slope=0.8, stored=0.8),
        "the same, and the Stein identities are given that gradient",
    ),
}


@dataclass(frozen=True)
class Verdict:
    """What the checks of a report say of one run, and how far it is off in truth."""

    gates: list[str]  # that failed
    z: dict  # unknown -> mean, sd, ... -> z
    stein: float  # the largest |z|
    bound: float
    rhat: float
    ess: float
    shift: float  # of the first unknown's mean, in posterior sds
    stretch: float  # of its sd, as a share of the posterior sd

    @property
    def largest(self) -> float:
        return max(np.abs(z).max() for row in self.z.values() for z in row.values())

    @property
    def noticed_by(self) -> set[str]:
        found = {"gates": bool(self.gates), "z": not self.largest <= self.bound}
        return {k for k, seen in (found | {"Stein": not self.stein <= self.bound}).items() if seen}


def judge(draws: xr.DataTree, exact: Exact) -> Verdict:
    """The checks of `workflow.verify`, on draws from anywhere."""
    gates = {g.name: g for g in compare.gates(draws)}
    z, stein = compare.against_exact(draws, exact), compare.stein(draws)
    total = stein.size + sum(np.ma.count(x) for row in z.values() for x in row.values())
    name, law = next(iter(exact.marginals.items()))
    values = draws.posterior[name].values
    return Verdict(
        gates=[name for name, gate in gates.items() if not gate.passed],
        z=z,
        stein=np.abs(stein).max(),
        bound=compare.bound(total),
        rhat=gates["R-hat, largest"].value,
        ess=gates["bulk or tail ESS, lowest"].value,
        shift=float((values.mean() - law.mean()) / law.std()),
        stretch=float(values.std() / law.std() - 1),
    )


@cache
def runs(sampler: str, target: Callable, number: int) -> list[Verdict]:
    made = target()
    return [judge(draws, made.exact) for draws in SAMPLERS[sampler][0](made, number)]


def in_all_runs(verdicts: list[Verdict]) -> float:
    """Each z averaged over the runs, in its own error 1 / sqrt(runs); the largest of these."""
    each = [np.concatenate([np.ravel(x) for row in v.z.values() for x in row.values()])
            for v in verdicts]  # fmt: skip
    return float(np.abs(np.mean(each, axis=0)).max() * np.sqrt(len(verdicts)))


def row(sampler: str) -> dict:
    """One line of the page: `RUNS` runs on the posterior of beta_binomial."""
    verdicts = runs(sampler, beta_binomial, RUNS)
    always = set.intersection(*(v.noticed_by for v in verdicts))
    caught = [f for f in ("gates", "z", "Stein") if f in always]
    if not caught and in_all_runs(verdicts) > verdicts[0].bound:
        caught = [f"z over {len(verdicts)} runs"]
    closed = [g for g in verdicts[0].gates if all(g in v.gates for v in verdicts)]
    shift, stretch = (np.median([getattr(v, k) for v in verdicts]) for k in ("shift", "stretch"))
    return {
        "sampler": sampler,
        "what_is_wrong": SAMPLERS[sampler][1],
        "size": f"mean {round(shift, 2) + 0:+.2f} sd; sd {round(100 * stretch):+d} %",
        "rhat": f"{max(v.rhat for v in verdicts):.3f}",
        "lowest_ess": f"{min(v.ess for v in verdicts):.0f}",
        "gates": "; ".join(closed) or "pass",
        "largest_z": f"{np.median([v.largest for v in verdicts]):.1f}",
        "bound": f"{verdicts[0].bound:.2f}",
        "caught_by": ", ".join(caught) or "nothing",
    }


def write(path=PAGE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [row(sampler) for sampler in SAMPLERS]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    write()
