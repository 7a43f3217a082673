"""NumPyro's normal mixture, run by `benchmarks/mixture.py`: a table to stdout."""

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from benchmarks import bare_mixture, peers

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")


def same_family(at, y):
    def log_likelihood(logits, mu, log_sigma, y):
        groups = dist.Normal(mu, jnp.exp(log_sigma))
        return dist.MixtureSameFamily(dist.Categorical(logits=logits), groups).log_prob(y).sum()

    call, y = jax.jit(jax.value_and_grad(log_likelihood, (0, 1, 2))), jnp.asarray(y)

    def ready():
        value, slopes = jax.block_until_ready(call(*at, y))
        return value, *slopes

    return ready


if __name__ == "__main__":
    peers.show(bare_mixture.race({"NumPyro: MixtureSameFamily": same_family}))
