"""docs/verification.md: what was measured of the checks themselves, as a page.

The measurements are condensed into docs/verification/*.csv, committed; the page is those tables
with words around them, so a test can hold the page, the tables and the sources to each other.
"""

import json
from datetime import date
from itertools import chain
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from workflow import calibrate, campaign, compare, picture, reliability
from workflow.page import replacing, template, versions
from workflow.topic import HOME, Refused, load, names

DOCS = HOME / "docs"
TABLES = DOCS / "verification"
RECORD = TABLES / "record.json"
RUNGS = ["identity", "score", "limit", "draws", "calibration"]


def write() -> Path:
    """Condense what `make seeds` and `make calibrate` left in results/, then write the page.

    Of a topic with nothing in results/ the committed rows stay, if they are of its present source.
    """
    TABLES.mkdir(parents=True, exist_ok=True)
    seeds, ranks = _collected("seeds.jsonl", reliability), _collected("ranks.jsonl", calibrate)
    _renew("seeds", reliability.summary(seeds))
    _renew("families", reliability.by_family(seeds))
    _renew("calibration", calibrate.holm(_renew("calibration", calibrate.uniformity(ranks))))
    measured = sorted(set(seeds) & set(ranks))
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record |= {name: _record(name) for name in measured}
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for name in names():
        if record.get(name, {}).get("source") != campaign.fingerprint(load(name)):
            raise Refused(f"{name}, as it is now, was not measured: run `make seeds calibrate`")
    with picture.style():
        for name in measured:
            _save(_pictures(name, seeds[name], ranks[name]), TABLES / f"{name}.svg")
    path = DOCS / "verification.md"
    with replacing(path) as new:
        new.write_text(page(), encoding="utf-8")
    return path


def page() -> str:
    """The page as text, from the committed tables alone."""
    tables = {p.stem: pd.read_csv(p, keep_default_na=False) for p in sorted(TABLES.glob("*.csv"))}
    calibration = tables.pop("calibration")
    worst = calibration.loc[calibration.groupby("topic")["p"].idxmin()]
    counted = worst.assign(quantities=calibration.groupby("topic").size().to_numpy())
    tables["families"] = reliability.pooled(tables["families"])
    return template("verification.md.j2").render(
        **{name: list(table.itertuples(index=False)) for name, table in tables.items()},
        calibration=list(counted.itertuples(index=False)),
        quantities=len(calibration),
        record=json.loads(RECORD.read_text(encoding="utf-8")),
        rungs=RUNGS,
        normal={k: 2 * stats.norm.sf(k) for k in (3, 4, 5)},
        level=calibrate.LEVEL,
        alarm=compare.FALSE_ALARM,
    )


def _collected(file, verb) -> dict[str, pd.DataFrame]:
    """Topic -> its rows, of the topics measured in this folder as they are now."""
    tables = {}
    for name in names():
        rows = campaign.read(HOME / "results" / name / file, verb.about(load(name)))
        if rows:
            tables[name] = pd.DataFrame(rows[job] for job in sorted(rows))
    return tables


def _renew(stem: str, new: pd.DataFrame) -> pd.DataFrame:
    """docs/verification/<stem>.csv with the rows of some topics replaced."""
    path = TABLES / f"{stem}.csv"
    if path.exists():
        old = pd.read_csv(path)
        kept = old[old["topic"].isin(set(names()) - set(new.get("topic", [])))]
        new = pd.concat([kept, new]) if len(new) else kept
    new = new.sort_values("topic", kind="stable").reset_index(drop=True)
    new.to_csv(path, index=False, float_format="%.6g")
    return new


def _record(name: str) -> dict:
    found = load(name)
    return {
        "source": campaign.fingerprint(found),
        "date": date.today().isoformat(),
        "nutpie": versions()["nutpie"],
        "pymc": versions()["pymc"],
        "reason": calibrate.settings_of(found)[1],
    }


def _pictures(name, seeds, ranks):
    """Calibration on the left; on the right every z of every seed, on the normal."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.3), layout="constrained")
    found = calibrate.uniformity({name: ranks})
    worst = found.loc[found["p"].idxmin(), "quantity"]
    picture.ecdf_differences(left, calibrate.quantities(ranks), calibrate.RANKS, worst)
    left.set(title=f"{name}: calibration", xlabel="rank / 100", ylabel="ECDF, too high by")
    z = np.concatenate([list(chain(*one.values())) for one in seeds["z"]])
    grid = np.linspace(-5, 5, 201)
    right.hist(z, bins=np.linspace(-5, 5, 61), density=True, color="draws", alpha=0.6)
    right.plot(grid, stats.norm.pdf(grid), color="exact")
    right.set(title=f"{z.size:,} z", xlim=(-5, 5), yscale="log", ylim=(1e-6, 1), xlabel="z")
    return figure


def _save(figure, path):
    figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})
    plt.close(figure)
