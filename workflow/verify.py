"""One topic from data to verdict: every rung in order, and what each of them found."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr

from models._exact import NoMaximum
from workflow import check, compare, fit
from workflow.check import Check, Maximum
from workflow.topic import Refused, Topic

MISFIT = 0.01  # a predictive p below this and the page says that the data contradict the model
PRIOR_RANGE = 0.999
FRAME = Path("a DataFrame")  # where rows come from that were in no file


@dataclass
class Run:
    """Everything one run learnt; analyses read data, settings, exact, mle, posterior, draws."""

    topic: Topic
    data: pd.DataFrame
    path: Path
    settings: dict
    seed: int
    columns: list[str] = field(default_factory=list)  # ours=theirs, as given
    model: pm.Model = None
    exact_data: pd.DataFrame = None
    exact: object = None
    mle: dict | None = None
    maximum: Maximum | None = None
    draws: xr.DataTree = None  # thinned, with the predictive groups: what posterior.nc keeps
    all_draws: xr.DataTree = None
    exact_draws: xr.DataTree = None  # on the exact rows; the same object where those are all rows
    gibbs: dict | None = None
    z: dict = field(default_factory=dict)
    gates: list[Check] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    fit: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict = field(default_factory=dict)

    @property
    def shipped(self) -> bool:
        """Whether these are the repository's own data."""
        return self.path is not FRAME and self.path.resolve() == self.topic.csv.resolve()

    @property
    def table(self) -> pd.DataFrame:
        """One row an element of every unknown: exact answer, draws and MLE, as in summary.csv."""
        from workflow import notebook

        return notebook.table(self)

    def _repr_html_(self) -> str:
        from workflow import notebook

        return notebook.page(self)

    @property
    def posterior(self) -> xr.Dataset:
        """All draws of the full data, chain x draw."""
        return self.all_draws.posterior.to_dataset()

    @property
    def all_rows_exact(self) -> bool:
        return len(self.exact_data) == len(self.data)

    @property
    def verdict(self) -> str:
        if not all(c.passed for c in self.gates):
            return "unconverged"
        if not all(c.passed for c in self.checks):
            return "disagree"
        return "agree"

    @property
    def good(self) -> bool:
        return self.verdict == "agree"

    @property
    def misfit(self) -> bool:
        return self.fit["p"] is not None and self.fit["p"] < MISFIT

    @contextmanager
    def timed(self, stage: str, tell: Callable[[str], None]) -> Iterator[None]:
        tell(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def verify(
    topic: Topic,
    data: pd.DataFrame,
    settings: dict,
    *,
    seed: int = 1,
    path: Path | None = None,
    columns: list[str] = (),
    tell: Callable[[str], None] = lambda stage: None,
) -> Run:
    """Fit one topic and climb every rung. `tell` hears the name of each stage as it begins."""
    run = Run(topic, data, path or topic.csv, settings, seed, list(columns))
    run.exact_data = topic.exact_rows(data, settings)
    with run.timed("exact answer", tell):
        try:
            run.model = topic.model(data, settings)
            fit.insist_on_data(run.model)
            drawable(run.model, settings)
            small = run.model if run.all_rows_exact else topic.model(run.exact_data, settings)
            run.exact = topic.exact(run.exact_data, settings)
        except Refused:
            raise
        except ValueError as problem:
            raise Refused(f"{run.path}: {problem}") from problem
        run.checks += check.identity(small, run.exact, seed)
    with run.timed("maximum likelihood", tell):
        _maximise(run)
    with run.timed("compiling", tell):
        compiled = fit.compile_model(run.model)
    with run.timed("sampling", tell):
        run.all_draws = fit.sample(compiled, seed)
        run.exact_draws = run.all_draws
        if not run.all_rows_exact:
            run.exact_draws = fit.sample(fit.with_data(compiled, small), seed)
    with run.timed("comparing", tell):
        _compare(run)
    with run.timed("predicting", tell):
        run.draws = fit.complete(run.model, run.all_draws, seed)
        _prior_range(run)
        _fit(run)
        few = slice(
            None, None, fit.KEPT // fit.PREDICTED
        )  # of the simulations the file keeps these
        run.draws["prior_predictive"] = run.draws.prior_predictive.isel(draw=few)
    return run


def drawable(model: pm.Model, settings: dict) -> None:
    """A prior nobody can draw from has impossible settings: Beta(-1, 9)."""
    try:
        pm.draw(model.free_RVs, random_seed=1, mode=fit.INTERPRETED["mode"])
    except ValueError as problem:
        shown = ", ".join(f"{k} = {np.asarray(v).tolist()}" for k, v in settings.items())
        reason = str(problem).splitlines()[0]
        raise ValueError(f"no prior has the settings {shown} ({reason})") from problem


def _maximise(run):
    try:
        run.mle = run.topic.mle(run.data, run.settings)
    except NoMaximum as problem:
        run.maximum = Maximum(
            Check("score: there is no MLE", 0.0, 0.0, str(problem)), None, str(problem)
        )
        return
    run.maximum = check.score(run.model, run.mle)
    run.checks.append(run.maximum.check)
    if run.all_rows_exact and run.maximum.standard_errors:
        run.checks += check.limit(
            run.topic, run.data, run.settings, run.mle, run.maximum.standard_errors
        )


def _compare(run):
    """Gates for every set of draws, then all z under one bound."""
    run.gates = compare.gates(run.all_draws)
    if not run.all_rows_exact:
        run.gates += [
            Check(f"{g.name} (exact rows)", g.value, g.limit, g.note, g.at_least)
            for g in compare.gates(run.exact_draws)
        ]
    run.z = compare.against_exact(run.exact_draws, run.exact)
    families = {
        "draws against exact, largest |z|": np.concatenate(
            [np.ma.compressed(z) for row in run.z.values() for z in row.values()]
        ),
        "Stein identities, largest |z|": compare.stein(run.all_draws),
    }
    if hasattr(run.topic.module, "gibbs"):
        rng = np.random.default_rng(run.seed)
        run.gibbs = run.topic.module.gibbs(run.data, rng, fit.BLOCK, fit.CHAINS, **run.settings)
        run.gates += compare.gibbs_gates(run.gibbs)
        families["NUTS against Gibbs, largest |z|"] = compare.against_gibbs(
            run.all_draws, run.gibbs
        )
    total = sum(z.size for z in families.values())
    run.checks += [compare.z_check(name, z, total) for name, z in families.items()]


def _prior_range(run):
    """Data in units the prior did not expect are said in the first line, with a way out."""
    edge = (1 - PRIOR_RANGE) / 2
    for name, values in run.draws.prior_predictive.items():
        observed = run.draws.observed_data[name].values.astype(float)
        simulated = values.values.reshape(-1, observed.size)
        # The mean against single values: a misfit of the mean is not a matter of units.
        for what, found, expected in (
            ("mean", observed.mean(), simulated),
            ("standard deviation", observed.std(), simulated.std(axis=1)),
        ):
            low, high = np.quantile(expected, [edge, 1 - edge])
            if not low <= found <= high:
                run.warnings.append(
                    f"the {what} of `{name}`, {found:.4g}, lies outside what the prior "
                    f"expects ({low:.4g} to {high:.4g}, 99.9 % of prior simulations)"
                )
    if run.warnings:
        run.warnings[-1] += _way_out(run)


def _way_out(run) -> str:
    if not hasattr(run.topic.module, "suggest"):
        return ""
    way = _as_set(run.topic.module.suggest(run.data))
    return f"; is the unit right? Settings that would expect it: {way}"


def _as_set(values: dict) -> str:
    def number(x):
        return ",".join(f"{v:.10g}" for v in np.atleast_1d(x))

    return " ".join(f"--set {k}={number(v)}" for k, v in values.items())


def _fit(run):
    """Whether the model suits the data: a predictive p, and prior against data."""
    statistic = run.topic.analysis.discrepancy
    (name,) = run.draws.posterior_predictive.data_vars
    observed = run.draws.observed_data[name].values
    replicated = run.draws.posterior_predictive[name].values.reshape(-1, *observed.shape)
    found = float(statistic(observed, run))
    simulated = np.array([float(statistic(y, run)) for y in replicated])
    # A statistic that replicated data cannot change can tell nothing, whatever the data.
    silent = np.ptp(simulated) <= 1e-9 * (1 + abs(found))
    p = None if silent else float((1 + np.sum(simulated >= found)) / (1 + simulated.size))
    table = _sensitivity(run.draws)
    free = {v.name for v in run.model.free_RVs}
    flagged = [] if table is None else table.index[table["diagnosis"].str.contains("conflict")]
    run.fit.update(
        statistic=statistic.__doc__.strip().splitlines()[0].rstrip("."),
        value=found,
        simulated=simulated,
        p=p,
        conflict=[str(n) for n in flagged if str(n).partition("[")[0] in free],
        sensitivity=table,
    )
    if not math.isfinite(found):
        run.checks.append(Check("the predictive statistic is finite", math.inf, 0))


def _sensitivity(draws):
    """ArviZ's power-scaling table, or None where there is none to be had.

    A flat prior raised to any power is itself, and a nearly flat one leaves ArviZ without tails.
    """
    if "log_likelihood" not in draws.children:
        return None
    terms = draws.log_prior.values()
    total = sum(v.sum([d for d in v.dims if d not in ("chain", "draw")]) for v in terms)
    if np.ptp(total.values) < 1e-9:
        return None
    try:
        return az.psense_summary(draws, round_to=3)
    except ValueError:
        return None
