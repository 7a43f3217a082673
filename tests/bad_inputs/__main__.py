"""python -m tests.bad_inputs: docs/bad_inputs.md, from what really becomes of every input."""

import tempfile
from pathlib import Path

from tests.bad_inputs import PAGE, cases, outcome, page
from workflow import topic

found = {}
for case in cases():
    with tempfile.TemporaryDirectory() as folder:
        found[case] = outcome(case, Path(folder))[1]
PAGE.write_text(page(found), encoding="utf-8")
print(f"wrote {PAGE.relative_to(topic.HOME)}: {len(found)} inputs")
