"""Topics that look at every row: a thousand rows are no other program than the few shipped."""

import pytensor
import pytest
from pytensor.compile.mode import Mode, get_mode

from benchmarks.every_row import each, many
from workflow import topic

ROWS = 1_200
INPUTS = 100  # of one operation: numba takes 1,000 at most, and long before that compiles for ever


@pytest.mark.parametrize("of", each())
def test_no_operation_takes_the_rows_one_by_one(of):
    found = topic.load(of)
    model = found.model(many(found, ROWS), found.defaults)
    logp, mode = model.logp(), Mode("py", get_mode("NUMBA").provided_optimizer)
    slopes = pytensor.grad(logp, model.continuous_value_vars)
    function = pytensor.function(model.value_vars, [logp, *slopes], mode=mode)
    assert max(len(node.inputs) for node in function.maker.fgraph.apply_nodes) < INPUTS
