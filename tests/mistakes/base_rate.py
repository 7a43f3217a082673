"""Wrong versions and edge cases of the meaning of a flag."""

import pandas as pd

MISTAKES = {
    "specificity for false alarms": (
        "sensitivity, 1 - specificity])[study]",
        "sensitivity, specificity])[study]",
    ),
    "studies in another order": (
        "pt.stack([share, sensitivity, 1 - specificity])",
        "pt.stack([share, 1 - specificity, sensitivity])",
    ),
    "swapped arguments": (
        'pm.Beta("sensitivity", sensitivity_alpha, sensitivity_beta)',
        'pm.Beta("sensitivity", sensitivity_beta, sensitivity_alpha)',
    ),
    "observed twice": (
        'observed=flagged, dims="row")\n',
        'observed=flagged, dims="row")\n'
        '        pm.Binomial("again", tested, rate, observed=flagged, dims="row")\n',
    ),
    "unflagged observed": ('data["flagged"], dims', 'data["tested"] - data["flagged"], dims'),
    "flags for tests": ("np.array([0, n[1] - k[1], k[2]])", "np.array([0, n[1], k[2]])"),
    "cases for others": ("np.array([0, k[1], n[2] - k[2]])", "np.array([0, k[1], k[2]])"),
    "prior off by one": ("np.array([0, k[1], n[2] - k[2]])", "np.array([1, k[1], n[2] - k[2]])"),
    "coefficient dropped": ("log_evidence = ways - betaln", "log_evidence = -betaln"),
    "labels shifted by one": (
        "marginals={name: known[name] for name in UNKNOWNS}",
        "marginals=dict(zip(UNKNOWNS, [known[n] for n in UNKNOWNS[1:] + UNKNOWNS[:1]]))",
    ),
    "population counted twice": (
        "hidden = HiddenCounts(n[0], k[0]",
        "hidden = HiddenCounts(2 * n[0], 2 * k[0]",
    ),
    "chance of a flag given a case for its reverse": (
        "found / (found + alarm)",
        "found / (found + missed)",
    ),
    "alarms for missed cases in npv": (
        "cleared / (cleared + missed)",
        "cleared / (cleared + alarm)",
    ),
    "specificity for its complement in ppv": (
        '"ppv": (1, -1, 1, 0, 0, -1)',
        '"ppv": (1, -1, 1, 0, -1, 0)',
    ),
    "prior odds forgotten in ppv": ('"ppv": (1, -1, 1, 0, 0, -1)', '"ppv": (0, 0, 1, 0, 0, -1)'),
    "sign of a power in npv": ('"npv": (-1, 1, 0, -1, 1, 0)', '"npv": (-1, 1, 0, 1, 1, 0)'),
    "odds of the complement": ('"prevalence": (1, -1', '"prevalence": (-1, 1'),
    "ppv and npv swapped": (
        'derived={name: known[name] for name in ("ppv", "npv")}',
        'derived={"ppv": known["npv"], "npv": known["ppv"]}',
    ),
    "false alarms forgotten in the MLE": ("(share - false_alarm) / gain", "share / gain"),
    "false alarms for specificity in the MLE": (
        "best = prevalence, sensitivity, 1 - false_alarm",
        "best = prevalence, sensitivity, false_alarm",
    ),
    "population not pooled at the boundary": (
        "1 - (k[0] + k[2]) / (n[0] + n[2])",
        "1 - k[2] / n[2]",
    ),
    "prevalence cut off at the boundary": (
        "(share - false_alarm) / gain",
        "np.clip((share - false_alarm) / gain, 0, 1)",
    ),
}


def tests(**studies):
    """study=(tested, flagged) -> rows."""
    rows = [(name, *counts) for name, counts in studies.items()]
    return pd.DataFrame(rows, columns=["study", "tested", "flagged"])


USUAL = {"positives": (30, 24), "negatives": (40, 4)}

CASES = {
    "fewer flags than false alarms": (tests(population=(50, 1), **USUAL), {}, "boundary"),
    "more flags than cases would raise": (tests(population=(20, 19), **USUAL), {}, "boundary"),
    "fewer flags, hardly a better test": (
        tests(population=(35, 3), positives=(17, 16), negatives=(57, 41)),
        {},
        "boundary",
    ),
    "more flags than cases, an upside-down test": (
        tests(population=(37, 8), positives=(37, 24), negatives=(17, 13)),
        {},
        "boundary",
    ),
    "a test that is upside down": (
        tests(population=(60, 20), positives=(30, 6), negatives=(40, 28)),
        {},
        True,
    ),
    "a test that tells nothing": (
        tests(population=(40, 8), positives=(10, 2), negatives=(20, 4)),
        {},
        False,
    ),
    "a test that tells nothing, and other flags": (
        tests(population=(40, 16), positives=(10, 2), negatives=(20, 4)),
        {},
        "boundary",
    ),
    "no case in the population": (
        tests(population=(40, 4), positives=(10, 8), negatives=(20, 2)),
        {},
        "boundary",
    ),
    "no known case": (tests(population=(40, 9), negatives=(20, 2)), {}, False),
    "no known other": (tests(population=(40, 9), positives=(20, 15)), {}, False),
    "nobody in the population": (tests(**USUAL), {}, False),
    "two batches of one study": (
        pd.concat(
            [tests(population=(30, 9), **USUAL), tests(population=(15, 5), negatives=(9, 0))]
        ),
        {},
        True,
    ),
    "another prior": (
        tests(population=(25, 9), **USUAL),
        {
            "prevalence_alpha": 1.5,
            "prevalence_beta": 4.0,
            "sensitivity_alpha": 0.8,
            "sensitivity_beta": 2.5,
            "specificity_alpha": 3.0,
            "specificity_beta": 1.2,
        },
        True,
    ),
}

EQUIVALENT = {
    "for study, tested in zip(STUDIES, n, strict=True):": {
        "both are always of the same length": ["True -> False"]
    },
    "return dict(zip(UNKNOWNS, map(np.float64, best), strict=True))": {
        "both are always of the same length": ["True -> False"]
    },
    "if 0 <= prevalence <= 1:": {
        "at 0 and 1 the pooled shares are the same three numbers": [
            "0 <= prevalence <= 1 -> 0 < prevalence <= 1",
            "0 <= prevalence <= 1 -> 0 <= prevalence < 1",
        ]
    },
}
