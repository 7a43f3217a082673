"""The peers' hidden Markov likelihoods, run by `benchmarks/hidden_markov.py`: a table to stdout."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pymc as pm
import pymc_extras as pmx
import pytensor
import pytensor.tensor as pt
from jax.scipy.special import logsumexp

from benchmarks import bare, peers

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")


def logarithms(A, B, seen):
    """As NumPyro's examples do: one logsumexp a row."""

    def log_likelihood(log_A, log_B, seen):
        def step(before, symbol):
            return logsumexp(before[:, None] + log_A, axis=0) + log_B[:, symbol], None

        first = log_B[:, seen[0]] - np.log(len(log_A))
        return logsumexp(jax.lax.scan(step, first, seen[1:])[0])

    return _jitted(log_likelihood, A, B, seen)


def scaled(A, B, seen):
    """Probabilities, each row divided by its total."""

    def log_likelihood(log_A, log_B, seen):
        A, B = jnp.exp(log_A), jnp.exp(log_B)

        def step(before, symbol):
            reached = (before @ A) * B[:, symbol]
            return reached / reached.sum(), jnp.log(reached.sum())

        first = B[:, seen[0]] / len(log_A)
        logs = jax.lax.scan(step, first / first.sum(), seen[1:])[1]
        return logs.sum() + jnp.log(first.sum())

    return _jitted(log_likelihood, A, B, seen)


def _jitted(log_likelihood, A, B, seen):
    def of_logits(A, B, seen):
        return log_likelihood(jax.nn.log_softmax(A, 1), jax.nn.log_softmax(B, 1), seen)

    call = jax.jit(jax.value_and_grad(of_logits, (0, 1)))
    seen = jnp.asarray(seen)

    def ready():
        value, slopes = jax.block_until_ready(call(A, B, seen))
        return value, *slopes

    return ready


def marginalised(A, B, seen):
    """pymc-extras sums the path out of the model as it is written."""
    with pm.Model() as model:
        logits = [pm.Flat(name, shape=x.shape) for name, x in (("A", A), ("B", B))]
        move, make = (pt.special.softmax(x, axis=1) for x in logits)
        start = pm.Categorical.dist(p=np.full(len(A), 1 / len(A)))
        z = pmx.DiscreteMarkovChain("z", P=move, init_dist=start, steps=len(seen) - 1)
        pm.Categorical("seen", p=make[z], observed=seen)
    summed = pmx.marginalize(model, ["z"])
    values = [summed.rvs_to_values[summed[name]] for name in ("A", "B")]
    height = summed.logp(jacobian=False, sum=True)
    call = pytensor.function(
        values, [height, *pytensor.grad(height, values)], mode="NUMBA", trust_input=True
    )
    return lambda: call(A, B)


CONTENDERS = {
    "NumPyro: lax.scan over logs": logarithms,
    "JAX: lax.scan, scaled": scaled,
    "pymc-extras: marginalize": marginalised,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    peers.show(bare.race(CONTENDERS))
