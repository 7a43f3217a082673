"""One topic from data to verdict: every rung in order, and what each of them found."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr

from models import _alike as alike
from models._alike import ALIKE
from models._exact import Exact, NoMaximum
from models._moments import Moments
from workflow import check, compare, disagreement, fit, misfit, prior, unproved
from workflow.alike import of as copies
from workflow.check import Check, Maximum
from workflow.locate import engine, origin, rules
from workflow.topic import Refused, Topic

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
    exact: Exact | None = None  # None: the topic knows no exact answer
    unknown: str = ""  # why not, where it says why
    mle: dict | None = None
    maximum: Maximum | None = None
    draws: xr.DataTree = None  # thinned, with the predictive groups: what posterior.nc keeps
    all_draws: xr.DataTree = None
    exact_draws: xr.DataTree = None  # on the exact rows; the same object where those are all rows
    gibbs: dict | None = None
    z: dict = field(default_factory=dict)
    gates: list[Check] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    disagreement: str = ""  # of model and exact, in words
    calibration: pd.DataFrame | None = None  # a short one, in place of an exact answer
    fit: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict = field(default_factory=dict)

    @property
    def shipped(self) -> bool:
        """Whether these are the repository's own data."""
        return self.path is not FRAME and self.path.resolve() == self.topic.csv.resolve()

    @property
    def added(self) -> dict:
        """Of how many rows these are the sums, and how they were added up; else empty."""
        return self.data.attrs.get("added", {})

    @property
    def weighed(self) -> bool:
        """Whether rows stand for several: then data sets like these cannot be simulated."""
        return ALIKE in self.data

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
        return self.exact is not None and len(self.exact_data) == len(self.data)

    @property
    def few_rows_exact(self) -> bool:
        """Exact on the first rows only, whose draws are then compared by themselves."""
        return self.exact is not None and not self.all_rows_exact

    @property
    def verdict(self) -> str:
        if self.disagreement:  # no draws are needed to see it
            return "disagree"
        if not all(c.passed for c in self.gates):
            return "unconverged"
        if not all(c.passed for c in self.checks):
            return "disagree"
        return "agree" if self.exact is not None else "unproved"

    @property
    def good(self) -> bool:
        """Nothing failed; where no exact answer exists that is less than agreement."""
        return self.verdict in ("agree", "unproved")

    @property
    def misfit(self) -> bool:
        return self.fit["p"] is not None and self.fit["p"] < misfit.MISFIT

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
    with run.timed("exact answer", tell):
        small = answer(run)
    with run.timed("maximum likelihood", tell), rules(topic, settings, run.path):
        _maximise(run)
    with run.timed("compiling", tell), engine(topic, "while compiling the model"):
        compiled = fit.compile_model(run.model)
    with run.timed("sampling", tell), engine(topic, "while sampling"):
        run.all_draws = fit.sample(compiled, seed, topic.turned)
        run.exact_draws = run.all_draws
        if run.few_rows_exact:
            run.exact_draws = fit.sample(fit.with_data(compiled, small), seed, topic.turned)
    with run.timed("comparing", tell):
        _compare(run)
    if run.exact is None and run.good:
        with run.timed("calibrating", tell):
            run.checks.append(unproved.calibration(run, tell))
    with run.timed("predicting", tell):
        with engine(topic, "while predicting"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The effect of Potentials")  # said by `answer`
            times = alike.times(data) if run.weighed else None
            run.draws = fit.complete(run.model, run.all_draws, seed, times)
        misfit.fit(run)
        misfit.prior_range(run)
        if run.weighed:
            run.draws = run.draws.drop_nodes("prior_predictive")  # not data such as all rows are
        else:
            few = slice(None, None, fit.KEPT // fit.PREDICTED)  # the file keeps these simulations
            run.draws["prior_predictive"] = run.draws.prior_predictive.isel(draw=few)
    run.warnings[:0] = data.attrs.get("notes", [])
    return run


def answer(run) -> pm.Model:
    """Model and exact answer, and whether they belong together; the model of the exact rows."""
    topic, settings = run.topic, run.settings
    with rules(topic, settings, run.path):
        run.exact_data = topic.exact_rows(run.data, settings)
        run.model = small = topic.model(run.data, settings)
    _insist(topic, "model", run.model, pm.Model)
    if len(run.model.observed_RVs) > 1:
        names = ", ".join(v.name for v in run.model.observed_RVs)
        raise Refused(f"{origin(topic)}: one variable may be observed, not several ({names})")
    try:
        fit.insist_on_data(run.model)
    except Refused as problem:
        raise Refused(f"{origin(topic)}: {problem}") from None
    if names := ", ".join(v.name for v in run.model.potentials if v not in copies(run.model)):
        run.warnings.append(f"simulated data know nothing of pm.Potential ({names})")
    prior.insist_on_draws(topic, run.data, run.model, settings)
    with rules(topic, settings, run.path):
        exact, run.unknown = unproved.asked(topic, "exact", run.exact_data, settings)
        if len(run.exact_data) < len(run.data):
            small = topic.model(run.exact_data, settings)
    if exact is None:
        note = "there is none: identity, limit and the comparison of draws with it are left out"
        note = f"{run.unknown}: {note}" if run.unknown else note
        run.checks.append(Check("exact answer", 0.0, 0.0, note, applies=False))
        return small
    _insist(topic, "exact", exact, Exact)
    for name, law in exact.marginals.items():
        if isinstance(law, Moments):  # identity, limit and the joint density need the whole law
            raise Refused(
                f"{origin(topic)}: exact() gives `{name}` as Moments, which are for `derived` alone"
            )
    prior.insist_on_an_answer(topic, settings, exact)
    shapes = {name: np.shape(law.mean()) for name, law in exact.marginals.items()}
    if strange := disagreement.strangers(run.model, shapes, "exact", exact.derived):
        run.disagreement = f"model and exact disagree: {strange}"
        run.checks.append(Check(check.IDENTITY, np.inf, 1e-9, strange))
        return small
    run.exact = exact
    run.checks += check.identity(small, exact, run.seed, terms=check.terms(topic, run.exact_data))
    prior.insist_on_precision(topic, settings, run.checks[0])
    if not run.checks[0].passed:
        run.disagreement = disagreement.in_words(small, exact, run.seed)
    return small


def _insist(topic, part, found, kind):
    if not isinstance(found, kind):
        raise Refused(
            f"{origin(topic)}: {part}() must return {kind.__name__}, and returned "
            f"{type(found).__name__}"
        )


def _maximise(run):
    try:
        run.mle, _ = unproved.asked(run.topic, "mle", run.data, run.settings)
    except NoMaximum as problem:
        run.maximum = Maximum(
            Check("score: there is no MLE", 0.0, 0.0, str(problem)), None, str(problem)
        )
        return
    if run.mle is None:
        note = "there is no `mle`: score and limit are left out"
        run.maximum = Maximum(Check("score", 0.0, 0.0, note, applies=False), None, "")
    elif strange := disagreement.strangers(
        run.model, {name: np.shape(value) for name, value in run.mle.items()}, "mle"
    ):
        run.mle = None
        run.maximum = Maximum(
            Check("score: mle and model disagree", np.inf, 0.0, strange), None, ""
        )
    else:
        run.maximum = check.score(run.model, run.mle)
    run.checks.append(run.maximum.check)
    if run.all_rows_exact and run.maximum.standard_errors:
        run.checks += check.limit(
            run.topic, run.data, run.settings, run.mle, run.maximum.standard_errors
        )


def _compare(run):
    """Gates for every set of draws, then all z under one bound."""
    run.gates = compare.gates(run.all_draws)
    if run.few_rows_exact:
        run.gates += [
            Check(f"{g.name} (exact rows)", g.value, g.limit, g.note, g.at_least)
            for g in compare.gates(run.exact_draws)
        ]
    families = {}
    if run.exact is not None:
        run.z = compare.against_exact(run.exact_draws, run.exact)
        families["draws against exact, largest |z|"] = np.concatenate(
            [np.ma.compressed(z) for row in run.z.values() for z in row.values()]
        )
    families["Stein identities, largest |z|"] = compare.stein(run.all_draws)
    if hasattr(run.topic.module, "gibbs"):
        rng = np.random.default_rng(run.seed)
        run.gibbs = run.topic.module.gibbs(run.data, rng, fit.BLOCK, fit.CHAINS, **run.settings)
        run.gates += compare.gibbs_gates(run.gibbs)
        families["NUTS against Gibbs, largest |z|"] = compare.against_gibbs(
            run.all_draws, run.gibbs
        )
    total = sum(z.size for z in families.values())
    run.checks += [compare.z_check(name, z, total) for name, z in families.items()]
