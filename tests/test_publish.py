"""docs/verification.md is what its tables say, of the sources as they are, and says it is well."""

import json

import pandas as pd
import pytest
from scipy import stats

from workflow import calibrate, campaign, publish, reliability, topic

AGAIN = "make verify measures it again"


def table(name):
    return pd.read_csv(publish.TABLES / f"{name}.csv", keep_default_na=False)


def test_the_page_is_made_from_its_tables():
    committed = (publish.DOCS / "verification.md").read_text(encoding="utf-8")
    assert committed == publish.page(), "run `python -m workflow publish`"


@pytest.mark.parametrize("file", ["seeds", "calibration", "mistakes", "mutants"])
def test_every_topic_was_measured(file):
    every = map(topic.load, topic.names())
    asked = [t.name for t in every if file != "seeds" or reliability.measurable(t)]
    assert set(table(file)["topic"]) == set(asked), AGAIN


def test_what_was_measured_is_what_is_here():
    record = json.loads(publish.RECORD.read_text(encoding="utf-8"))
    now = {name: campaign.source(topic.load(name)) for name in topic.names()}
    for kind in publish.KINDS:
        asked = {n for n in now if kind != "seeds" or reliability.measurable(topic.load(n))}
        found = {name: record[name][kind]["source"] for name in asked}
        assert found == {name: now[name] for name in asked}, AGAIN


def test_z_behave_over_two_hundred_seeds():
    found = table("seeds")
    assert (found["fits"] >= 200).all()
    assert not found[["alarms", "gates_failed"]].to_numpy().any()
    assert (abs(found["mean"]) < 4 * found["mean_se"]).all()
    assert (abs(found["sd"] - 1) < 4 * found["sd_se"]).all()
    assert (found["largest"] < found["bound"]).all()
    expected = found["z"].sum() * 2 * stats.norm.sf(3)
    assert 0.5 * expected < found["beyond_3"].sum() < 2 * expected


def test_an_eighth_of_an_sd_is_seen():
    """As the README promises; the bound, and so the shift, grows with the number of topics."""
    assert (table("seeds")["shift"] <= 1 / 8).all()


def test_every_topic_is_calibrated():
    found = table("calibration")
    assert (found["simulations"] >= 500).all()
    assert (found["holm"] >= calibrate.LEVEL).all()
    assert (found["unconverged"] <= 0.01 * found["simulations"]).all()


def test_no_mistake_and_no_mutant_goes_uncaught():
    mistakes = table("mistakes")
    caught = mistakes[publish.RUNGS].eq("caught").any(axis=1)
    assert caught.all(), mistakes[~caught]
    assert (mistakes.groupby("topic").size() >= 8).all()
    assert not table("mutants")["survived"].any()
