"""A normal mixture's log likelihood and gradient: nanoseconds a row, beside the bare loop.

    python -m benchmarks.mixture [--peers PYTHON]

Every contender gets the same two components and the same rows and returns the log likelihood and
its gradient with respect to the logits of the shares, the means and the logarithms of the standard
deviations, on as many cores as it takes by itself. PYTHON is the interpreter of an environment made
from benchmarks/peers/requirements.txt; there the bare loop is timed again, and a ratio is to the
loop beside it.
Writes docs/verification/speed_mixture.csv.
"""

import pymc as pm
import pytensor
import pytensor.tensor as pt

from benchmarks import bare_mixture, peers
from models._normal_mixture import NormalMixture


def ours(at, y):
    return _compiled(at, y, NormalMixture)


def pymcs(at, y):
    return _compiled(at, y, pm.NormalMixture)


def _compiled(at, y, mixture):
    """As somebody writes the model, and as a sampler calls it."""
    with pm.Model() as model:
        logits, mu, log_sigma = (pm.Flat(name, shape=2) for name in ("logits", "mu", "log_sigma"))
        w = pt.special.softmax(logits)
        mixture("y", w, mu, pt.exp(log_sigma), observed=pm.Data("y_data", y))
    values, height = model.continuous_value_vars, model.logp(jacobian=False)
    call = pytensor.function(
        values, [height, *pytensor.grad(height, values)], mode="NUMBA", trust_input=True
    )
    return lambda: call(*at)


def main():
    options = peers.options(__doc__)
    table = bare_mixture.race({"Known Posteriors": ours, "PyMC: NormalMixture": pymcs})
    peers.finish(table, options.peers, "mixture", ["rows"])


if __name__ == "__main__":
    main()
