"""The draws rung measured: how often it cries wolf on correct draws, how small an error it sees.

Each topic is fitted under many seeds, compiled once; every z of every fit is kept.
"""

import zlib
from itertools import chain

import numpy as np
import pandas as pd

from workflow import compare, fit, unproved
from workflow.campaign import compiled_once, source
from workflow.page import versions
from workflow.topic import WIDTH, Topic, load, read

CAUGHT = 0.99  # of the seeds, for an error to count as seen
FAMILIES = ("mean", "sd", "tails", "Stein")


def measurable(topic: Topic) -> bool:
    """Whether the shipped rows, or the first of them, have an exact answer to hold draws to."""
    rows = topic.exact_rows(read(topic), topic.defaults)
    return unproved.asked(topic, "exact", rows, topic.defaults)[0] is not None


@compiled_once
def ready(name: str):
    """The compiled model of the rows with an exact answer, and that answer."""
    topic = load(name)
    data, settings = read(topic), topic.defaults
    rows = topic.exact_rows(data, settings)
    compiled = fit.compile_model(topic.model(data, settings))
    if len(rows) < len(data):
        compiled = fit.with_data(compiled, topic.model(rows, settings))
    return compiled, topic.exact(rows, settings)


def fits(name: str, seeds: list[int]) -> list[dict]:
    """One dict a seed: the gates that failed, every z by family, and what power follows from.

    "precision" holds, for each element of each unknown, estimate and standard error of its mean
    (0 if exact) and of its variance (1 if exact), in exact posterior sds.
    """
    compiled, exact = ready(name)
    return [_fit(name, compiled, exact, seed) for seed in seeds]


def _fit(name, compiled, exact, job):
    # A seed of its own for every topic: models of one shape would draw alike under the same.
    seed = np.random.SeedSequence((zlib.crc32(name.encode()), job)).generate_state(1)[0]
    draws = fit.sample(compiled, int(seed))
    z = {family: [] for family in FAMILIES}
    for row in compare.against_exact(draws, exact).values():
        for statistic, values in row.items():
            family = statistic if statistic in z else "tails"
            z[family] += np.ma.compressed(values).tolist()
    z["Stein"] = compare.stein(draws).tolist()
    return {
        "job": job,
        "failed": [g.name for g in compare.gates(draws) if not g.passed],
        "ess": round(fit.lowest_ess(draws.posterior)),
        "z": {family: [round(v, 4) for v in values] for family, values in z.items()},
        "precision": {n: _precision(draws, n, d) for n, d in exact.distributions.items()},
    }


def _precision(draws, name, distribution):
    values = fit.flat(draws.posterior[name])
    standard = (values - np.ravel(distribution.mean())) / np.ravel(distribution.std())
    square = standard**2
    error = square.std(axis=(0, 1), ddof=1) / np.sqrt(fit.ess(square))
    found = [standard.mean(axis=(0, 1)), fit.ess(standard) ** -0.5, square.mean(axis=(0, 1)), error]
    tail = compare.tail_index(distribution).ravel()  # moments that do not exist have no error
    found = np.where([tail > 2, tail > 2, tail > 4, tail > 4], found, np.nan)
    return np.round(np.transpose(found), 6).tolist()


def about(topic: Topic) -> dict:
    """What the z of a topic depend on."""
    settings = {k: np.asarray(v).tolist() for k, v in topic.defaults.items()}
    how = [fit.CHAINS, fit.TUNE, fit.BLOCK, fit.ESS, fit.SLOW, list(fit.TARGET_ACCEPT)]
    return {"source": source(topic), "settings": settings, "draws": how, "versions": versions()}


def summary(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a topic: the distribution of its z, its false alarms, the smallest errors it sees."""
    return pd.DataFrame([{"topic": name, **_row(table)} for name, table in tables.items()])


def by_family(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a topic and kind of comparison."""
    return pd.DataFrame(
        {"topic": name, "family": family, **_moments([z[family] for z in table["z"]])}
        for name, table in tables.items()
        for family in FAMILIES
    )


def pooled(families: pd.DataFrame) -> pd.DataFrame:
    """Rows of `by_family` with the topics together: a row a kind of comparison."""
    rows = []
    for family in FAMILIES:
        part = families[families["family"] == family]
        share = part["z"] / part["z"].sum()
        sd = np.sqrt((share * part["sd"] ** 2).sum())
        rows.append(
            {
                "family": family,
                "mean": (share * part["mean"]).sum(),
                "mean_se": np.sqrt((share**2 * part["mean_se"] ** 2).sum()),
                "sd": sd,
                "sd_se": np.sqrt(((share * part["sd"] * part["sd_se"]) ** 2).sum()) / sd,
                **part[["z", "beyond_3", "beyond_4", "beyond_5"]].sum(),
            }
        )
    return pd.DataFrame(rows)


def sentences(found: pd.DataFrame) -> list[str]:
    """One line a topic."""
    return [
        f"{row.topic:<{WIDTH}} {row.fits} fits, {row.z:,} z: mean {row.mean:.3f}, sd {row.sd:.3f}, "
        f"largest {row.largest:.2f} (bound {row.bound:.2f}); gates failed in {row.gates_failed}"
        for row in found.itertuples()
    ]


def _row(table):
    runs = [list(chain(*z.values())) for z in table["z"]]
    bound = compare.bound(len(runs[0]))
    largest = [np.abs(run).max() for run in runs]
    return {
        "fits": len(runs),
        "gates_failed": int(table["failed"].map(bool).sum()),
        **_moments(runs),
        "largest": max(largest),
        "bound": bound,
        "alarms": int(np.sum(~(np.array(largest) <= bound))),  # NaN is an alarm
        **_smallest(table["precision"], bound),
    }


def _moments(runs: list[list[float]]) -> dict:
    """Mean and sd of all z with standard errors by seeds, as the z of one fit hang together."""
    means = np.array([np.mean(run) for run in runs])
    squares = np.array([np.mean(np.square(run)) for run in runs])
    sd = np.sqrt(squares.mean())
    every = np.abs(np.concatenate(runs))
    return {
        "z": every.size,
        "mean": means.mean(),
        "mean_se": means.std(ddof=1) / np.sqrt(len(runs)),
        "sd": sd,
        "sd_se": squares.std(ddof=1) / np.sqrt(len(runs)) / (2 * sd),
        **{f"beyond_{k}": int((every > k).sum()) for k in (3, 4, 5)},
    }


def _smallest(precision, bound) -> dict:
    """The shift of a mean, and the relative change of an sd, that 99 % of the fits would catch.

    In posterior sds, whichever its direction: for the unknown where it is hardest, and which that
    is, and for the middle one of all unknowns. A shift adds to z; draws spread by 1 + d have
    (1 + d)^2 times the variance, and times its error.
    """
    labels = [
        f"{name}[{i + 1}]" if len(each) > 1 else name
        for name, each in precision.iloc[0].items()
        for i in range(len(each))
    ]
    whole = np.array([list(chain(*unknowns.values())) for unknowns in precision])
    mean, mean_error, variance, variance_error = np.moveaxis(whole, -1, 0)  # (seed, element)
    low, high = variance - bound * variance_error, variance + bound * variance_error
    errors = {
        "shift": np.abs(mean) + bound * mean_error,
        "change": np.maximum(low**-0.5 - 1, 1 - high**-0.5),
    }
    found = {}
    for name, each in errors.items():
        caught = np.quantile(each, CAUGHT, axis=0, method="higher")
        found[name] = float(np.nanmax(caught))
        found[f"{name}_of"] = labels[int(np.nanargmax(caught))]
        found[f"{name}_typical"] = float(np.nanmedian(caught))
    return found
