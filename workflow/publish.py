"""docs/verification.md: what was measured of the checks themselves, as a page.

The measurements are condensed into docs/verification/*.csv, committed; the page is those tables
with words around them, so a test can hold the page, the tables and the sources to each other.
"""

import json
from itertools import chain
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from workflow import calibrate, campaign, compare, picture, reliability
from workflow.page import put_files, template
from workflow.topic import HOME, Refused, load, names

DOCS = HOME / "docs"
TABLES = DOCS / "verification"
RECORD = TABLES / "record.json"
SEEDS, SIMULATIONS = 200, 500  # of a topic at least, to be published
RUNGS = ["identity", "score", "limit", "draws", "calibration"]


def write() -> Path:
    """Condense what `make seeds` and `make calibrate` left in results/, then write the page.

    Of a topic with too little in results/ the committed rows stay, if they are of its present
    source. Nothing is written unless every topic is there.
    """
    seeds = campaign.measured(reliability, "seeds", SEEDS)
    ranks = campaign.measured(calibrate, "ranks", SIMULATIONS)
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record = {name: record[name] for name in names() if name in record}
    record |= {name: _record(name, seeds[name][0], ranks[name][0]) for name in {*seeds} & {*ranks}}
    for name in names():
        if record.get(name, {}).get("source") != campaign.source(load(name)):
            raise Refused(
                f"{name}, as it is now, was not measured with {SEEDS} seeds and {SIMULATIONS} "
                "simulations: run `make seeds calibrate`"
            )
    z = {name: table for name, (_, table) in seeds.items() if name in ranks}
    tables = {name: table for name, (_, table) in ranks.items() if name in seeds}
    TABLES.mkdir(parents=True, exist_ok=True)
    _renew("seeds", reliability.summary(z))
    _renew("families", reliability.by_family(z))
    _renew("calibration", calibrate.uniformity(tables), calibrate.holm)
    put(RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
    with picture.style():
        for name in z:
            _save(_pictures(name, z[name], tables[name]), TABLES / f"{name}.svg")
    path = DOCS / "verification.md"
    put(path, page())
    return path


def page() -> str:
    """The page as text, from the committed tables alone."""
    tables = {p.stem: pd.read_csv(p, keep_default_na=False) for p in sorted(TABLES.glob("*.csv"))}
    calibration = tables.pop("calibration")
    worst = calibration.loc[calibration.groupby("topic")["p"].idxmin()]
    counted = worst.assign(quantities=calibration.groupby("topic").size().to_numpy())
    tables["families"] = reliability.pooled(tables["families"])
    seeds = tables["seeds"]
    fits, alarms = int(seeds["fits"].sum()), int(seeds["alarms"].sum())
    return template("verification.md.j2").render(
        **{name: list(table.itertuples(index=False)) for name, table in tables.items()},
        calibration=list(counted.itertuples(index=False)),
        quantities=len(calibration),
        record=json.loads(RECORD.read_text(encoding="utf-8")),
        rungs=RUNGS,
        caught=reliability.CAUGHT,
        fits=fits,
        alarms=alarms,
        at_most=stats.beta(alarms + 1, fits - alarms).ppf(0.95),  # Clopper and Pearson
        worst=seeds.loc[seeds["change"].idxmax()],
        least=seeds["shift_typical"].min(),
        most=seeds["shift"].max(),
        draws=calibrate.RANKS - 1,
        bins=calibrate.BINS,
        normal={k: 2 * stats.norm.sf(k) for k in (3, 4, 5)},
        level=calibrate.LEVEL,
        alarm=compare.FALSE_ALARM,
    )


def _renew(stem: str, new: pd.DataFrame, finish=lambda table: table) -> None:
    """docs/verification/<stem>.csv with the rows of some topics replaced."""
    path = TABLES / f"{stem}.csv"
    if path.exists():
        old = pd.read_csv(path)
        gone = set(new["topic"]) if len(new) else set()
        new = pd.concat([old[old["topic"].isin(set(names()) - gone)], new])
    new = finish(new.sort_values("topic", kind="stable").reset_index(drop=True))
    put(path, new.to_csv(index=False, float_format="%.6g"))


def put(path: Path, text: str) -> None:
    """Text into a file, whole or not at all."""
    put_files(path.parent, {path.name: text})


def _record(name: str, seeds: dict, ranks: dict) -> dict:
    """Of which source, when, and with what the rows of a topic were measured."""
    return {
        "source": ranks["about"]["source"],
        "date": max(seeds["begun"], ranks["begun"]),
        "versions": ranks["about"]["versions"],
        "reason": calibrate.settings_of(load(name))[1],
    }


def _pictures(name, seeds, ranks):
    """Calibration on the left; on the right every z of every seed, on the normal."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.3), layout="constrained")
    found = calibrate.uniformity({name: ranks})
    worst = found.loc[found["p"].idxmin(), "quantity"]
    picture.ecdf_differences(left, calibrate.quantities(ranks), calibrate.RANKS, worst)
    left.set(title=f"{name}: calibration", xlabel="quantile", ylabel="too often below by")
    z = np.concatenate([list(chain(*one.values())) for one in seeds["z"]])
    grid = np.linspace(-5, 5, 201)
    right.hist(z, bins=np.linspace(-5, 5, 61), density=True, color="draws", alpha=0.6)
    right.plot(grid, stats.norm.pdf(grid), color="exact")
    right.set(title=f"{z.size:,} z", xlim=(-5, 5), yscale="log", ylim=(1e-6, 1), xlabel="z")
    right.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    return figure


def _save(figure, path):
    figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})
    plt.close(figure)
