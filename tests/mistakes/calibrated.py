"""Which planted mistakes calibration sees: those where simulator and density part ways.

`python -m tests.mistakes calibrated` fills that column of docs/verification/mistakes.csv.
"""

import numpy as np
import pandas as pd
import pymc as pm
from joblib import Parallel, cpu_count, delayed

from tests.mistakes import edited, parts_edited, planted, rungs
from workflow import calibrate, fit, publish, topic

SIMULATIONS = calibrate.LEAST


def cell(name: str, edit: tuple) -> str:
    """ "caught", "blind", or "n/a" where simulator and density are what they were."""
    if "model" not in parts_edited(name, *edit):
        return "n/a"
    found, wrong = topic.load(name), edited(name, *edit)
    data, settings = topic.read(found), calibrate.settings_of(found)[0]
    try:
        if _same(wrong.model(data, settings), found.model(data, settings)):
            return "n/a"
        made = calibrate.Calibrator(wrong, data, settings)
        ranks = pd.DataFrame(made.simulation(job) for job in range(SIMULATIONS))
    except Exception:  # a crash is not silent either
        return "caught"
    return "blind" if calibrate.verdicts({name: ranks})["calibrated"].all() else "caught"


def _same(one, other) -> bool:
    """Whether both models have the same density and simulate the same data."""
    how = {"draws": 5, "random_seed": rungs.SEED, "mode": fit.INTERPRETED["mode"]}
    simulated = [pm.draw(model.observed_RVs[0], **how) for model in (one, other)]
    return np.array_equal(*simulated) and rungs.same_joint(one, other)


def main(names: list[str]) -> int:
    table = pd.read_csv(publish.TABLES / "mistakes.csv", keep_default_na=False)
    for name in names:
        mistakes = planted(name).MISTAKES
        cells = Parallel(n_jobs=cpu_count())(delayed(cell)(name, e) for e in mistakes.values())
        for mistake, found in zip(mistakes, cells, strict=True):
            print(name, mistake, found, sep=" | ", flush=True)
            row = (table["topic"] == name) & (table["mistake"] == mistake)
            table.loc[row, "calibration"] = found
        publish.put(publish.TABLES / "mistakes.csv", table.to_csv(index=False))
    return 0
