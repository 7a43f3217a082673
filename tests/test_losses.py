"""The page of losses: current, every number right, and every test it names is there."""

import ast
from pathlib import Path

import numpy as np
import pytest

from tests import losses

NAMED = sorted(set(losses.CLAIMS[["topic", "test"]].itertuples(index=False, name=None)))


def test_the_page_and_its_picture_are_current():
    again = "python -m tests.losses writes it anew"
    assert losses.PAGE.read_text(encoding="utf-8") == losses.page(), again
    assert losses.PICTURE.read_text(encoding="utf-8") == losses.drawing() + "\n", again


@pytest.mark.parametrize("row", losses.numbers(), ids=lambda r: r[0])
def test_a_loss_is_minus_the_log_likelihood(row):
    assert row[-1] <= losses.ALLOWED


@pytest.mark.parametrize(("topic", "test"), NAMED, ids=lambda x: x)
def test_the_test_that_proves_a_line_is_there(topic, test):
    path = Path(__file__).with_name(f"test_{topic}.py")
    assert path.is_file()
    found = {n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)}
    assert test in found


def test_a_wrong_loss_does_not_pass(monkeypatch):
    monkeypatch.setattr(losses, "SCALE", np.float64(0.8 * (1 + 1e-9)))
    formula, ours, noise, _ = losses.LOSSES["absolute error (MAE)"]
    right = losses.minus_log(losses.pm.Laplace.dist(losses.MEAN, np.float64(0.8)), losses.Y)
    monkeypatch.setitem(
        losses.LOSSES, "absolute error (MAE)", (formula, ours, noise, lambda: right)
    )
    assert losses.numbers()[1][-1] > losses.ALLOWED
    assert " NO |" in losses.page()
