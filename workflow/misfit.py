"""Whether the model suits the data: another matter than whether the computation is right."""

import math

import numpy as np

from models import _alike as alike
from workflow import prior
from workflow.check import Check
from workflow.locate import as_set
from workflow.unproved import known

MISFIT = 0.01  # a predictive p below this and the page says that the data contradict the model
PRIOR_RANGE = 0.999


def prior_range(run):
    """Data in units the prior did not expect are said in the first line, with a way out."""
    edge, before = (1 - PRIOR_RANGE) / 2, len(run.warnings)
    for name, observed, simulated in _measured(run.draws):
        ends = _of_rows_alike if run.weighed else _of_rows
        for what, found, (low, high) in ends(observed, simulated, run.data, edge):
            if not low <= found <= high:
                run.warnings.append(
                    f"the {what} of `{name}`, {found:.4g}, lies outside what the prior "
                    f"expects ({low:.4g} to {high:.4g}, 99.9 % of prior simulations)"
                )
    if len(run.warnings) > before:
        run.warnings[-1] += _way_out(run)


def _of_rows(observed, simulated, data, edge):
    """What is compared, what it is, and where it should lie."""
    ends = [edge, 1 - edge]
    # The mean against single values: a misfit of the mean is not a matter of units.
    yield "mean", observed.mean(), np.quantile(simulated, ends)
    yield "standard deviation", observed.std(), np.quantile(simulated.std(axis=1), ends)


def _of_rows_alike(observed, simulated, data, edge):
    """The same of rows that stand for several, of which no like can be simulated.

    Single values from `low` to `high` cannot have a larger sd than half of what lies between.
    """
    times = alike.times(data)
    if times.size != observed.size:
        return  # the rows of the model are others
    often = simulated[:, times.argmax()]  # the middle, where few rows stand for all
    low, high = np.quantile(often, [edge, 1 - edge])
    mean, spread = alike.mean(observed, times), np.sqrt(alike.variance(observed, times))
    yield "mean", mean, (low, high)
    yield "standard deviation", spread, (0.0, (high - low) / 2)


def _measured(draws):
    """Name, data and simulations (simulation, row) of each measurement: rows may hold several."""
    for name, values in draws.prior_predictive.items():
        seen = draws.observed_data[name]
        columns = {name: {}}
        if seen.ndim == 2 and seen.dims[0] == "row":
            labels = seen[seen.dims[1]].values
            columns = {f"{name}[{label}]": {seen.dims[1]: label} for label in labels}
        for label, where in columns.items():
            observed = seen.sel(where).values.astype(float)
            yield label, observed, values.sel(where).values.reshape(-1, observed.size)


def _way_out(run) -> str:
    if not hasattr(run.topic.module, "suggest"):
        return ""
    way = as_set(run.topic.module.suggest(run.data))
    return f"; is the unit right? Settings that would expect it: {way}"


def fit(run):
    """Whether the model suits the data: a predictive p, and prior against data."""
    table = prior.sensitivity(run.draws)
    free = {v.name for v in run.model.free_RVs}
    flagged = [] if table is None else table.index[table["diagnosis"].str.contains("conflict")]
    conflict = [str(n) for n in flagged if str(n).partition("[")[0] in free]
    run.fit.update(statistic="", value=None, p=None, conflict=conflict, sensitivity=table)
    if not run.weighed:
        _predictive(run)


def _predictive(run):
    """A statistic of the data, and of data replicated from the posterior."""
    statistic = run.topic.analysis.discrepancy
    (name,) = run.draws.posterior_predictive.data_vars
    observed = run.draws.observed_data[name].values
    replicated = run.draws.posterior_predictive[name].values.reshape(-1, *observed.shape)
    asking = known(run)
    found = float(statistic(observed, asking))
    simulated = np.array([float(statistic(y, asking)) for y in replicated])
    # A statistic that replicated data cannot change can tell nothing, whatever the data.
    silent = np.ptp(simulated) <= 1e-9 * (1 + abs(found))
    run.fit.update(
        statistic=(statistic.__doc__ or "Discrepancy").strip().splitlines()[0].rstrip("."),
        value=found,
        simulated=simulated,
        p=None if silent else float((1 + np.sum(simulated >= found)) / (1 + simulated.size)),
    )
    if not math.isfinite(found):
        run.checks.append(Check("the predictive statistic is finite", math.inf, 0))
