"""What complete cases get wrong where who stays away hangs on what was seen, by simulation."""

import numpy as np
import pandas as pd
from scipy import special, stats

from models import missing_data as topic

TRUTH, PEOPLE, TABLES = 210.0, 200, 100  # the third mean; rows of a table; simulated tables


def made_up(number=TABLES, seed=1):
    """Complete cases and exact posterior where the third mean is TRUTH: (number, 2, 3).

    Who has a low second number tends to stay away the third time. For each table and way: what the
    mean is off by, its standard error or posterior sd, and whether its 95 % interval holds TRUTH.
    """
    rng, found = np.random.default_rng(seed), []
    settings, middle = (
        {name: np.asarray(value, float)[()] for name, value in topic.PRIOR.items()},
        [250.0, 235.0, TRUTH],
    )
    for _ in range(number):
        x = rng.normal(size=(PEOPLE, 3)) * [45.0, 32.0, 35.0]
        x[:, 1] += 0.7 * x[:, 0]
        x[:, 2] += 0.6 * x[:, 1]
        x[rng.random(PEOPLE) < special.expit(-x[:, 1] / 20), 2] = np.nan
        data = pd.DataFrame(x + middle, columns=topic.COLUMNS)
        came = data["x3"].dropna()
        plain = stats.t(came.size - 1, came.mean(), stats.sem(came))
        law = topic.posterior(data, **settings).mean(2)[0]
        both = ((plain, stats.sem(came)), (law, law.std()))
        found.append([[a.mean() - TRUTH, sd, 0.025 < a.cdf(TRUTH) < 0.975] for a, sd in both])
    return np.array(found)


def harm():
    """Bias of complete cases where who stays away is foretold by what was seen, by simulation."""
    found = made_up()
    (plain, ours), error = found[..., 0].mean(axis=0), found[..., 0].std(axis=0) / np.sqrt(TABLES)
    table = {"mean of the third column": ["complete cases", "posterior mean, all rows"]}
    table["off by, on average"] = [
        f"{m:+.2f} ± {e:.2f}" for m, e in zip((plain, ours), error, strict=True)
    ]
    table["its standard error or sd"] = [f"{x:.2f}" for x in found[..., 1].mean(axis=0)]
    table["95 % intervals that hold the truth"] = [
        f"{int(x)} of {TABLES}" for x in found[..., 2].sum(axis=0)
    ]
    yield pd.DataFrame(table)
    yield (
        f"Simulated, so that the truth is known: {TABLES} tables of {PEOPLE} people, a third mean of {TRUTH:g}, and the lower the second number "
        "the likelier the third is missing. That is missing at random, as the second number is always there. Complete cases are off by "
        f"{abs(plain) / found[:, 0, 1].mean():.1f} of their standard errors in a table, a bias that more rows do not mend; the exact posterior mean (default prior) is off by "
        f"{abs(ours) / error[1]:.1f} simulation errors (±) on average."
    )
