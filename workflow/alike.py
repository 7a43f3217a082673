"""Rows that stand for several: in a topic's model each row's term counts so often.

The topic's `model` stays the textbook's. The terms of the other rows, those that are not here, are
added to it as a potential.
"""

import pymc as pm

from models._alike import ALIKE


def repeated(model, times) -> None:
    """Add to the log density of `model` each observed row's term, `times` (n,) less one times."""
    if not isinstance(model, pm.Model):
        return  # a topic somebody edits may return anything; that is said elsewhere
    with model:
        others = pm.Data(ALIKE, times - 1)  # of other rows other numbers, and the same graph
        for seen in model.observed_RVs:
            terms = pm.logp(seen, model.rvs_to_values[seen], warn_rvs=False)
            if terms.ndim == 0:
                continue  # a term of all rows at once, which the topic has weighed
            pm.Potential(f"{seen.name}: {ALIKE}", (others * terms).sum())


def of(model: pm.Model) -> list:
    """The potentials that `repeated` added; others are the topic's own."""
    return [v for v in model.potentials if v.name.endswith(f": {ALIKE}")]
