"""What Python and notebooks call: report, fit and check, with rows from a DataFrame or a file.

    from workflow import report
    run = report("beta_binomial", frame, set={"alpha": 2.0}, column={"positive": "cases"})

`data` is a DataFrame, the path of a file, a folder of Parquet or a pattern of many files (whose
rows are added up), or left out for the topic's own rows; `set` gives priors
and known values, `column` says what a column of ours is called in the data. What cannot be used is
`Refused`, in the words of the command line. Nothing is written but into `out`, and
nothing printed. What comes back shows itself in Jupyter.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow.page import insist_writable, shown, template
from workflow.topic import Topic, load, settings

FEW = 12  # rows of the table in a notebook; all are in `.table`


def report(topic: str, data=None, *, set=None, column=None, seed: int = 1, out=None):
    """Verify a topic's posterior given these data; with `out`, leave the report in that folder.

    Returns
    -------
    The run: `verdict` ("agree", "disagree", "unconverged"), `table` (a row an unknown), `posterior`
    (all draws, chain x draw), `draws` (the DataTree of posterior.nc), `exact`, `mle`, `checks`.
    """
    from workflow.report import write
    from workflow.verify import verify

    chosen, rows, how = _input(topic, data, set, column)
    if out is not None:
        insist_writable(Path(out))
    run = verify(chosen, rows, how["settings"], seed=seed, path=how["path"], columns=how["columns"])
    if out is not None:
        write(run, Path(out))
    return run


def check(topic: str, data=None, *, set=None, column=None, seed: int = 1):
    """Verify a topic's posterior given these data; the same as `report` that writes nothing."""
    return report(topic, data, set=set, column=column, seed=seed)


def fit(topic: str, data=None, *, set=None, column=None, seed: int = 1) -> "Draws":
    """Draw from a topic's posterior given these data, compared with nothing exact."""
    from workflow import compare, prior
    from workflow import fit as sampling
    from workflow.locate import engine, rules

    chosen, rows, how = _input(topic, data, set, column)
    with rules(chosen, how["settings"], how["path"] or chosen.csv):
        model = chosen.model(rows, how["settings"])
    prior.insist_on_draws(chosen, rows, model, how["settings"])
    with engine(chosen, "while sampling"):
        draws = sampling.sample(sampling.compile_model(model), seed)
    return Draws(chosen, rows, how["settings"], seed, model, draws, compare.gates(draws))


def _input(topic, data, given, column):
    """The topic, its rows, and with what they are to be fitted; Refused where that cannot be."""
    from pytensor import config

    from workflow import adding
    from workflow.verify import FRAME

    insist_writable(Path(config.base_compiledir))  # what is compiled is kept there

    found = load(topic)
    words = [f"{name}={_as_typed(value)}" for name, value in (given or {}).items()]
    columns = [f"{ours}={theirs}" for ours, theirs in (column or {}).items()]
    frame = isinstance(data, pd.DataFrame)
    path = FRAME if frame else Path(data) if data is not None else None
    how = {"settings": settings(found, words), "columns": columns, "path": path}
    return found, adding.rows(found, data if frame else path, columns), how


def _as_typed(value) -> str:
    """A number or numbers as `--set` takes them, to the last digit."""
    if isinstance(value, str):
        return value
    return ",".join(repr(x.item()) if hasattr(x, "item") else str(x) for x in np.atleast_1d(value))


@dataclass
class Draws:
    """Draws of a posterior and whether they may be trusted; `report` also compares them."""

    topic: Topic
    data: pd.DataFrame
    settings: dict
    seed: int
    model: object  # the pm.Model
    draws: object  # DataTree: posterior and sample_stats
    gates: list

    @property
    def posterior(self):
        """The draws, chain x draw."""
        return self.draws.posterior.to_dataset()

    @property
    def verdict(self) -> str:
        """ "unconverged", or "unchecked" where every gate was passed: nothing was compared."""
        return "unchecked" if all(gate.passed for gate in self.gates) else "unconverged"

    @property
    def table(self) -> pd.DataFrame:
        """ArviZ's summary of the draws, a row an element of every unknown."""
        import arviz

        return arviz.summary(self.draws, ci_kind="eti", ci_prob=0.95, round_to="none")

    def _repr_html_(self) -> str:
        said = "The sampler converged" if self.verdict == "unchecked" else "It did not converge"
        return _html(
            self,
            verdict=f"{said}; the draws were compared with nothing (`check` and `report` do that)",
            checks=[c for c in self.gates if not c.passed],
            table=self.table if self.verdict == "unchecked" else None,
        )


def table(run) -> pd.DataFrame:
    """A run's unknowns as in summary.csv, by label."""
    from workflow import report, summarise

    return report.table(summarise.records(run)).set_index("label")


def page(run) -> str:
    """A run as a notebook shows it: verdict, answer, table and the first picture."""
    from workflow import picture, report, summarise

    few = svg = None
    if run.good:
        found = summarise.records(run)
        columns = {"draws.mean": "draws: mean", "draws.sd": "draws: sd", "mle": "max. likelihood"}
        if run.all_rows_exact:
            columns = {"exact.mean": "exact: mean", "exact.sd": "exact: sd"} | columns
        few = report.table(found).set_index("label").rename(columns=columns)[list(columns.values())]
        with picture.style():
            svg = report._standalone(report._panels(run, found, thumbnail=True)[0])
    return _html(
        run,
        verdict=summarise.verdict(run),
        answer=summarise.sentence(run),
        checks=[c for c in run.checks + run.gates if not c.passed],
        table=few,
        picture=svg,
    )


def _html(result, *, table, picture=None, answer="", **what) -> str:
    from workflow.report import _table

    rows = None if table is None else _table(table.head(FEW).reset_index(names="unknown"))
    if picture and picture.startswith("<svg"):  # as an image it can neither run nor fetch anything
        data = base64.b64encode(picture.encode()).decode()
        picture = f'<img src="data:image/svg+xml;base64,{data}" alt="posterior and draws">'
    left_out = 0 if table is None else max(0, len(table) - FEW)
    warnings = getattr(result, "warnings", [])
    return shown(
        template("run.html.j2").render(
            result=result, answer=answer, rows=rows, picture=picture, warnings=warnings,
            left_out=left_out, **what,
        )
    )  # fmt: skip


def command(run) -> str:
    """The lines of Python that make a run of a DataFrame again."""
    changed = {
        name: np.asarray(value).tolist()
        for name, value in run.settings.items()
        if not np.array_equal(value, run.topic.defaults[name])
    }
    columns = dict(pair.split("=", 1) for pair in run.columns)
    words = [repr(run.topic.name), "frame"]
    words += [f"set={changed}"] if changed else []
    words += [f"column={columns}"] if columns else []
    return f"from workflow import report\nreport({', '.join(words)}, seed={run.seed}, out=...)"
