"""Numbers a stranger can look up: tests/published.csv, evaluated in the topic's own namespace."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workflow import topic

ROWS = pd.read_csv(Path(__file__).with_name("published.csv"))


@pytest.mark.parametrize("row", list(ROWS.itertuples()), ids=lambda r: f"{r.topic}: {r.quantity}")
def test_published(row):
    found = topic.load(row.topic)
    data = topic.read(found)
    value = eval(row.quantity, {**vars(found.module), "np": np, "pd": pd, "data": data})
    assert abs(float(value) - row.value) <= row.tolerance, (
        f"{value} is not {row.value}: {row.source}"
    )


def test_every_topic_has_published_numbers():
    assert set(ROWS["topic"]) == set(topic.names())
    assert len(ROWS) >= 30
    assert (ROWS["tolerance"] > 0).all()
    assert ROWS["source"].notna().all()
