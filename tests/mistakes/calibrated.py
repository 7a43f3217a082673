"""Which planted mistakes calibration sees: those where simulator and density part ways."""

import pandas as pd
from joblib import Parallel, delayed

from tests.mistakes import edited, parts_edited, planted
from workflow import calibrate, topic

SIMULATIONS = calibrate.LEAST


def column(name: str, processes: int) -> dict[str, str]:
    """Mistake -> "caught", "blind", or "n/a" where the model is not what was edited."""
    cells = Parallel(n_jobs=processes)(
        delayed(_cell)(name, edit) for edit in planted(name).MISTAKES.values()
    )
    return dict(zip(planted(name).MISTAKES, cells, strict=True))


def _cell(name, edit) -> str:
    if "model" not in parts_edited(name, *edit):
        return "n/a"
    wrong = edited(name, *edit)
    try:
        made = calibrate.Calibrator(wrong, topic.read(wrong), calibrate.settings_of(wrong)[0])
        ranks = pd.DataFrame(made.simulation(job) for job in range(SIMULATIONS))
    except Exception:  # a crash is not silent either
        return "caught"
    return "blind" if calibrate.verdicts({name: ranks})["calibrated"].all() else "caught"
