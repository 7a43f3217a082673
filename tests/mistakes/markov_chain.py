"""Wrong versions and edge cases of the Markov chain."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "transposed transitions": ('"count", departures, A, ', '"count", departures, A.T, '),
    "arrivals for departures": (
        'count.sum(axis=1), dims="state"',
        'count.sum(axis=0), dims="state"',
    ),
    "stay and move swapped": (
        "prior(len(labels), stay, move).a",
        "prior(len(labels), move, stay).a",
    ),
    "counts transposed in the posterior": ("before.given(count)", "before.given(count.T)"),
    "counts twice": ("before.given(count)", "before.given(2 * count)"),
    "prior counted twice": ("before.given(count)", "before.given(count + before.a)"),
    "orders of the steps forgotten": ("orders + before.log_evidence", "before.log_evidence"),
    "orders of the whole for those of each row": (
        "gammaln(count.sum(axis=1) + 1).sum()",
        "gammaln(count.sum() + 1)",
    ),
    "evidence of the first row alone": (
        "before.log_evidence(count).sum()",
        "before.log_evidence(count)[0]",
    ),
    "pi of the transposed matrix": (" - A + ones).T, ones)", " - A.T + ones).T, ones)"),
    "a row of A for pi": ('pm.Deterministic("pi", pi,', 'pm.Deterministic("pi", A[0],'),
    "states exchanged in the law of pi": (
        "LongRun(rows) if",
        "LongRun(Dirichlet(rows.a[::-1, ::-1])) if",
    ),
    "prior for the posterior in the law of pi": ("LongRun(rows)", "LongRun(before)"),
    "prior for the posterior in a marginal": ("rows.marginals()", "before.marginals()"),
    "staying for leaving": (
        "(stay_1, leave_1), (leave_2, stay_2)",
        "(leave_1, stay_1), (stay_2, leave_2)",
        "_long_run.py",
    ),
    "no complement": ("= 1 - values[..., 1]", "= values[..., 1]", "_long_run.py"),
    "columns sum to one in the MLE": ("count / departures[:, None]", "count / departures"),
    "share of all steps in the MLE": ("count / departures[:, None]", "count / departures.sum()"),
    "one step added to each in the MLE": (
        "count / departures[:, None]",
        "(count + 1) / (departures[:, None] + len(labels))",
    ),
}


def steps(*rows):
    """ "ab5": five steps from a to b."""
    rows = [(row[0], row[1], int(row[2:])) for row in rows]
    return pd.DataFrame(rows, columns=["state", "next", "count"])


def walk(states):
    return pd.DataFrame({"state": list(states)})


CASES = {
    "a sequence of three states": (walk("aabbccacbaabccb"), {}, True),
    "another prior": (walk("aabbccacbaabccb"), {"stay": 0.6, "move": 0.35}, True),
    "steps one by one": (
        pd.DataFrame({"state": list("aaabbb"), "next": list("babaab")}),
        {"stay": 2.5, "move": 0.8},
        True,
    ),
    "more arrivals than departures": (steps("aa9", "ab5", "ba1", "bb3"), {}, True),
    "never the same twice": (walk("abacbcab"), {}, "boundary"),
    "a state left once": (walk("abbbab"), {}, "boundary"),
    "two states that never meet": (steps("aa5", "bb3"), {}, "boundary"),
    "a state never left": (walk("abac"), {}, False),
    "nothing counted": (steps("ab0", "ba0"), {}, False),
    "half a million steps": (
        steps("aa111111", "ab99999", "ba22222", "bb333333"),
        {},
        True,
    ),
    "stay of zero": (walk("abba"), {"stay": 0.0}, "refused"),
    "negative move": (walk("abba"), {"move": -2.0}, "refused"),
}

EQUIVALENT = {
    "if min(stay, move) <= 0:": {
        "the Dirichlet refuses what is not positive as well": [
            "min(stay, move) <= 0 -> min(stay, move) < 0",
            "min(stay, move) -> max(stay, move)",
            "min(stay, move) <= 0 -> min(stay, move) <= -1",
        ]
    },
    "pi = LongRun(rows) if len(labels) == 2 else None": {
        "an exact law that is not given is compared with nothing; tests/test_markov_chain.py "
        "asks for it": ["len(labels) == 2 -> len(labels) == 1"]
    },
    'by="algebra, and quadrature for pi" if pi else "algebra",': {
        "words for a reader, on no number": ["pi -> not pi"]
    },
}


def log_prior(theta, *, stay, move):
    """Row by row, by the docstring."""
    rows = enumerate(theta["A"])
    return sum(
        stats.dirichlet(np.where(np.arange(a.size) == k, stay, move)).logpdf(a) for k, a in rows
    )
