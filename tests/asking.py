"""What tests of rows far away share: files, refusals, and the words of a small file."""

import re

import pytest

from workflow.topic import Refused


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    return path


def refused(call, *words, **how) -> str:
    with pytest.raises(Refused) as problem:
        call(*words, **how)
    return str(problem.value)


def by_line(said: str) -> str:
    """'row 2 has x' as a small file says it: a header stands above."""
    return re.sub(r"\brow (\d+) has", lambda found: f"line {int(found[1]) + 1} has", said)
