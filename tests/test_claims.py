"""The numbers of the teaching texts: docs/claims.md is current, and verdicts are earned."""

import numpy as np
import pandas as pd
import pytest

from analyses import _claims
from tests import claims as page_of_claims
from workflow import facts

ROWS = facts.rows("distributions")[0]
JUDGED = _claims.judged(ROWS)

RECOMPUTED = [  # elsewhere, by others: the words a claim contains, its value to the printed digits
    ("entropy of (0.98", "0.161441"), ("entropy of (0.6", "1.295462"), ("three equal", "1.584963"),
    ("share of flags", "4.5389"), ("ill, given", "9.0164"), ("distance and delivery", "0.954840"),
    ("traffic and delivery", "0.235440"), ("15 or more", "7.366052e-5"),
    ("more than 15", "2.028245e-5"),
    ("exactly 15", "5.337808e-5"), ("density of r", "0.177843"), ("r below -0.2", "2.3018"),
    ("happy, given a party", "94.1176"), ("sunny, given happy", "0.8"),
    ("likelihood of happy", "0.011936891"), ("most likely weather", "0.001698693"),
    ("given the words money, free", "0.998336"), ("given the words meeting, free", "0.142857"),
    ("given the words meeting, money", "0.222222"), ("too, given money", "0.999299"),
    ("too, given meeting, free", "0.009360"), ("too, given meeting, money", "0.025079"),
    ("of 10,000 flags, fraud", "454"), ("of 10,000 flags, no fraud", "9546"),
]  # fmt: skip
WRONG = [
    "entropy of (0.98",
    "prediction A",
    "prediction B",
    "rainy tomorrow",
    "density of r",
    "r below",
]


def claim(words):
    (row,) = JUDGED[JUDGED["claim"].str.contains(words, regex=False)].itertuples()
    return row


def row(**cells):
    return pd.DataFrame([dict.fromkeys(ROWS, "") | cells])


def test_the_page_is_current():
    assert page_of_claims.PAGE.read_text(encoding="utf-8") == page_of_claims.page(), (
        "python -m tests.claims writes it anew"
    )


def test_two_routes_agree_and_are_two():
    assert (JUDGED["error"] <= _claims.EXACT).all()
    computed = ROWS[ROWS["ours"] != ""]
    assert (computed["again"] != "").all()
    assert (computed["ours"] != computed["again"]).all()


@pytest.mark.parametrize(("words", "value"), RECOMPUTED)
def test_values_that_others_have(words, value):
    assert _claims.verdict(value, claim(words).value) in _claims.RIGHT


def test_which_are_wrong():
    wrong = JUDGED[JUDGED["verdict"] == "wrong"]["claim"]
    assert sorted(claim(w).claim for w in WRONG) == sorted(wrong)
    assert (JUDGED[JUDGED["verdict"] == "wrong"]["reason"] != "").all()


def test_what_a_unit_costs():
    """30.7 % of the KL divergence, for any two distributions."""
    lost = claim("prediction A").value / page_bits([0.7, 0.2, 0.1], [0.65, 0.25, 0.1])
    assert lost == pytest.approx(0.30685, abs=1e-5)
    assert "30.7 %" in claim("prediction A").reason


def page_bits(p, q):
    return sum(a * np.log2(a / b) for a, b in zip(p, q, strict=True))


@pytest.mark.parametrize(
    ("printed", "ours", "sd", "word"),
    [
        ("0.16", 0.161441, np.nan, "right, rounded"),
        ("0.10", 0.161441, np.nan, "wrong"),
        ("1.30", 1.295462, np.nan, "right, rounded"),
        ("1.300", 1.295462, np.nan, "wrong"),
        ("2.5", 2.5, np.nan, "right"),
        ("2.5", 2.5499, np.nan, "right, rounded"),
        ("2.5", 2.5501, np.nan, "wrong"),
        ("4.5e2", 453.9, np.nan, "right, rounded"),
        ("450", 453.9, np.nan, "wrong"),
        ("=1/12", 1 / 12, np.nan, "right"),
        ("=0", 1e-6, np.nan, "wrong"),
        ("0.94", 0.95, 0.006, "a sample's"),
        ("0.94", 0.95, 0.004, "wrong"),
        ("", 1.0, np.nan, "none printed"),
        ("0.2", np.nan, np.nan, "cannot be checked"),
    ],
)
def test_verdicts_are_computed_from_digits(printed, ours, sd, word):
    assert _claims.verdict(printed, ours, sd) == word


def test_a_mistaken_row_does_not_hold():
    fine = row(claim="half", printed="0.5", ours="1 / 2", again="2**-1")
    assert _claims.judged(fine)["error"][0] == 0
    apart = fine.assign(again="2**-2")
    assert _claims.judged(apart)["error"][0] == 1
    unexplained = fine.assign(printed="0.6")
    assert np.isnan(_claims.judged(unexplained)["error"][0])
    explained = unexplained.assign(why="it is {ours:g}, not {printed:g}")
    assert _claims.judged(explained)["reason"][0] == "it is 0.5, not 0.6"
    assert _claims.judged(explained)["error"][0] == 0
    alone = fine.assign(again="")
    assert np.isnan(_claims.judged(alone)["error"][0])
