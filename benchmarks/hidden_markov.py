"""A hidden Markov model's log likelihood and gradient: nanoseconds a row, beside the bare loop.

    python -m benchmarks.hidden_markov [--peers PYTHON]

Every contender gets the same logits and the same sequence and returns the log likelihood and its
gradient with respect to both tables of logits. PYTHON is the interpreter of an environment made
from benchmarks/peers/requirements.txt; there the bare loop is timed again, and a ratio is to the
loop beside it.
Writes docs/verification/speed_hidden_markov.csv.
"""

import numpy as np
import pytensor
import pytensor.tensor as pt

from benchmarks import bare, peers
from models._forward_backward_op import ForwardBackward


def ours(A, B, seen):
    return _compiled(A, B, lambda log_start, log_A, log_B: ForwardBackward()(
        log_start, log_A, log_B.T, pt.constant(seen))[0])  # fmt: skip


def scanned(A, B, seen):
    def step(symbol, before, log_A, log_B):
        return pt.logsumexp(before[:, None] + log_A, axis=0) + log_B[:, symbol]

    def log_likelihood(log_start, log_A, log_B):
        first = log_start + log_B[:, seen[0]]
        forward = pytensor.scan(
            step, sequences=pt.constant(seen[1:]), outputs_info=first,
            non_sequences=[log_A, log_B], return_updates=False,
        )  # fmt: skip
        return pt.logsumexp(forward[-1])

    return _compiled(A, B, log_likelihood)


def _compiled(A, B, log_likelihood):
    logits = pt.dmatrix("A"), pt.dmatrix("B")
    log_start = np.full(len(A), -np.log(len(A)))
    height = log_likelihood(pt.constant(log_start), *(pt.special.log_softmax(x, 1) for x in logits))
    call = pytensor.function(
        [*logits], [height, *pt.grad(height, list(logits))], mode="NUMBA", trust_input=True
    )
    return lambda: call(A, B)


CONTENDERS = {"Known Posteriors": ours, "PyMC: pytensor.scan over logs": scanned}


def main():
    options = peers.options(__doc__)
    peers.finish(bare.race(CONTENDERS), options.peers, "hidden_markov", ["states", "rows"])


if __name__ == "__main__":
    main()
