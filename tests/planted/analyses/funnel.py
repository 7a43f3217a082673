"""Planted for the tests."""

from analyses._conclusion import answer as answer
from analyses._conclusion import discrepancy as discrepancy
from analyses._conclusion import story as story

QUESTION = "What is v?"
