"""docs/verification.md: what was measured of the checks themselves, as a page.

The measurements are condensed into docs/verification/*.csv, committed; the page is those tables
with words around them, so a test can hold the page, the tables and the sources to each other.
"""

import json
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from workflow import calibrate, campaign, picture, reliability
from workflow.page import replacing, template, versions
from workflow.topic import HOME, Refused, load, names

DOCS = HOME / "docs"
TABLES = DOCS / "verification"
RUNGS = ["identity", "score", "limit", "draws", "calibration"]


def write() -> Path:
    """Condense what `make calibrate` and `make seeds` left in results/, then write the page."""
    ranks = _collected("ranks.jsonl", calibrate, "calibrate")
    seeds = _collected("seeds.jsonl", reliability, "seeds")
    TABLES.mkdir(parents=True, exist_ok=True)
    reliability.summary(seeds).to_csv(TABLES / "seeds.csv", index=False, float_format="%.6g")
    reliability.by_family(seeds).to_csv(TABLES / "families.csv", index=False, float_format="%.6g")
    found = calibrate.verdicts(ranks)
    stuck = {name: int((table["trouble"] != "").sum()) for name, table in ranks.items()}
    found["unconverged"] = found["topic"].map(stuck)
    found.to_csv(TABLES / "calibration.csv", index=False, float_format="%.6g")
    record = {
        "date": date.today().isoformat(),
        "versions": versions(),
        "sources": {name: campaign.fingerprint(load(name)) for name in names()},
        "reasons": {n: r for n in names() if (r := calibrate.settings_of(load(n))[1])},
    }
    (TABLES / "record.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    with picture.style():
        _save(_z_picture(seeds), TABLES / "z.svg")
        _save(_rank_pictures(ranks, found), TABLES / "calibration.svg")
    path = DOCS / "verification.md"
    with replacing(path) as new:
        new.write_text(page(), encoding="utf-8")
    return path


def page() -> str:
    """The page as text, from the committed tables alone."""
    tables = {p.stem: pd.read_csv(p, keep_default_na=False) for p in sorted(TABLES.glob("*.csv"))}
    record = json.loads((TABLES / "record.json").read_text(encoding="utf-8"))
    calibration = tables["calibration"]
    worst = calibration.loc[calibration.groupby("topic")["p"].idxmin()]
    counted = worst.assign(quantities=calibration.groupby("topic").size().to_numpy())
    return template("verification.md.j2").render(
        **{name: list(table.itertuples(index=False)) for name, table in tables.items()},
        worst=list(counted.itertuples(index=False)),
        record=record,
        rungs=RUNGS,
        normal={k: 2 * stats.norm.sf(k) for k in (3, 4, 5)},
        level=calibrate.LEVEL,
        alarm=reliability.compare.FALSE_ALARM,
    )


def _collected(file, verb, command) -> dict[str, pd.DataFrame]:
    tables = {}
    for name in names():
        rows = campaign.read(HOME / "results" / name / file, verb.about(load(name)))
        if not rows:
            raise Refused(f"nothing measured of {name} as it is now: run `make {command}` first")
        tables[name] = pd.DataFrame(rows[job] for job in sorted(rows))
    return tables


def _z_picture(seeds):
    """Every z of every fit, by kind, against the normal density it should have."""
    figure, axes = plt.subplots(1, 4, figsize=(9.2, 2.4), layout="constrained", sharey=True)
    grid = np.linspace(-5, 5, 201)
    for axis, family in zip(axes, reliability.FAMILIES, strict=True):
        values = np.concatenate([z[family] for t in seeds.values() for z in t["z"]])
        axis.hist(values, bins=np.linspace(-5, 5, 61), density=True, color="draws", alpha=0.6)
        axis.plot(grid, stats.norm.pdf(grid), color="exact")
        axis.set(title=f"{family}: {values.size:,} z", xlim=(-5, 5), yscale="log", ylim=(1e-6, 1))
    return figure


def _rank_pictures(ranks, found):
    across = min(3, len(ranks))
    down = -(-len(ranks) // across)
    figure, axes = plt.subplots(
        down, across, figsize=(3.1 * across, 2.3 * down), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(ranks) :]:
        axis.axis("off")
    for axis, (name, table) in zip(axes.flat, ranks.items(), strict=False):
        rows = found[found["topic"] == name]
        worst = rows.loc[rows["p"].idxmin(), "quantity"]
        picture.ecdf_differences(axis, calibrate.quantities(table), calibrate.RANKS, worst)
        axis.set_title(name)
    return figure


def _save(figure, path):
    figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})
    plt.close(figure)
