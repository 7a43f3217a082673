"""docs/verification.md: what was measured of the checks themselves, as a page.

The measurements are condensed into docs/verification/*.csv, committed; the page is those tables
with words around them, so a test can hold the page, the tables and the sources to each other.
"""

import json
from itertools import chain, product
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
KINDS = {"seeds": (reliability, SEEDS), "ranks": (calibrate, SIMULATIONS)}
RUNGS = ["identity", "score", "limit", "draws", "calibration"]


def write() -> Path:
    """Condense what `make seeds` and `make calibrate` left in results/, then write the page.

    Of a topic with too little in results/ the committed rows stay, if they are of its present
    source. Nothing is written unless every topic is there.
    """
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record = {name: record.get(name, {}) for name in names()}
    found = {stem: campaign.measured(verb, stem, least) for stem, (verb, least) in KINDS.items()}
    for stem, measured in found.items():
        for name, (head, _) in measured.items():
            record[name][stem] = _head(name, head)
    for name, stem in product(names(), KINDS):
        if stem == "seeds" and not reliability.measurable(load(name)):
            continue
        if record[name].get(stem, {}).get("source") != campaign.source(load(name)):
            raise Refused(
                f"{name}, as it is now, was not measured with {SEEDS} seeds and {SIMULATIONS} "
                "simulations: run `make seeds calibrate`"
            )
    seeds, ranks = ({name: rows for name, (_, rows) in each.items()} for each in found.values())
    TABLES.mkdir(parents=True, exist_ok=True)
    _renew("seeds", reliability.summary(seeds))
    _renew("families", reliability.by_family(seeds))
    _renew("calibration", calibrate.uniformity(ranks), calibrate.holm)
    put(RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
    with picture.style():
        for name, rows in seeds.items():
            _save(_all_z(name, rows), TABLES / f"{name}-z.svg")
        for name, rows in ranks.items():
            _save(_calibration(name, rows), TABLES / f"{name}-calibration.svg")
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
    seeds, record = tables["seeds"], json.loads(RECORD.read_text(encoding="utf-8"))
    fits, alarms = int(seeds["fits"].sum()), int(seeds["alarms"].sum())
    carried = [(name, kind["carried"]["apart"]) for name, kinds in record.items()
               for kind in kinds.values() if "carried" in kind]  # fmt: skip
    return template("verification.md.j2").render(
        **{name: list(table.itertuples(index=False)) for name, table in tables.items()},
        calibration=list(counted.itertuples(index=False)),
        quantities=len(calibration),
        record=record,
        fitted=set(seeds["topic"]),
        carried=sorted({name for name, _ in carried}),
        apart=max((apart for _, apart in carried), default=0.0),
        measured=[kind for kinds in record.values() for kind in kinds.values()],
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


def _head(name: str, head: dict) -> dict:
    """Of which source, when, and with what the rows of a topic were measured."""
    about = {"source": head["about"]["source"], "versions": head["about"]["versions"]}
    return about | {"date": head["begun"], "reason": calibrate.settings_of(load(name))[1]}


def _calibration(name, ranks):
    figure, axes = plt.subplots(figsize=(3.7, 2.3), layout="constrained")
    found = calibrate.uniformity({name: ranks})
    worst = found.loc[found["p"].idxmin(), "quantity"]
    picture.ecdf_differences(axes, calibrate.quantities(ranks), calibrate.RANKS, worst)
    axes.set(title=f"{name}: calibration", xlabel="quantile", ylabel="too often below by")
    return figure


def _all_z(name, seeds):
    """Every z of every seed, on the normal."""
    figure, axes = plt.subplots(figsize=(3.7, 2.3), layout="constrained")
    z = np.concatenate([list(chain(*one.values())) for one in seeds["z"]])
    grid = np.linspace(-5, 5, 201)
    axes.hist(z, bins=np.linspace(-5, 5, 61), density=True, color="draws", alpha=0.6)
    axes.plot(grid, stats.norm.pdf(grid), color="exact")
    axes.set(title=f"{z.size:,} z", xlim=(-5, 5), yscale="log", ylim=(1e-6, 1), xlabel="z")
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    return figure


def _save(figure, path):
    figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})
    plt.close(figure)
