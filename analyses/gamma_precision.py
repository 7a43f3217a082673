"""How widely did Michelson's measurements of 1879 scatter around the speed of light?

The mean is taken as given, so only the precision is unknown and a Gamma prior stays a Gamma.
What makes the example worth telling: his mean was off, and the precision pays for it.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models import gamma_precision

QUESTION = "How widely do the measurements scatter around the true value?"
SHOW = ["sigma", "lam"]  # first on the page


def answer(run) -> str:
    low, middle, high = run.exact.derived["sigma"].ppf([0.025, 0.5, 0.975])
    return (
        f"The standard deviation around {run.settings['mu']:g} is about {middle:.4g} "
        f"(95 % interval {low:.4g} to {high:.4g})."
    )


def discrepancy(y, run) -> float:
    """Distance of the sample mean from mu, in standard errors."""
    away = y - run.settings["mu"]
    size = np.sqrt((away**2).mean() / away.size)
    return float(abs(away.mean()) / size) if size else 0.0


def story(run):
    y, mu = run.data["y"].to_numpy(), run.settings["mu"]
    alpha, beta = run.settings["alpha"], run.settings["beta"]
    lam, sigma = run.exact.marginals["lam"], run.exact.derived["sigma"]
    squares = ((y - mu) ** 2).sum()
    yield (
        f"The {y.size} measurements have squared distances from {mu:g} that add up to {squares:,.6g}. "
        f"That sum and the count are all the posterior needs: a Gamma({alpha:g}, rate {beta:,.6g}) prior "
        f"becomes a Gamma({alpha + y.size / 2:g}, rate {beta + squares / 2:,.8g}), with mean "
        f"{lam.mean():.4g}. Turned into a standard deviation, 1 / sqrt(lam), its mean is "
        f"{sigma.mean():.4g}; the maximum-likelihood value is {np.sqrt(squares / y.size):.4g}."
    )
    if y.size > 1:
        yield "### The price of a mean that is off"
        yield from _bias(run, y, mu)
    yield "### Precision, and standard deviation"
    yield from _two_scales(run)
    yield "### Rate or scale"
    yield (
        f"PyMC's second argument of a Gamma is a rate, SciPy's is a scale, its inverse. Read the wrong "
        f"way round, {beta:,.8g} would be a prior that expects a standard deviation of "
        f"{1 / np.sqrt(alpha * beta):.2g} instead of {np.sqrt(beta / alpha):.3g}. The identity check "
        "above compares PyMC's density with the exact one and fails at once when they are mixed up."
    )


def _bias(run, y, mu):
    figure, axis = plt.subplots(figsize=(6.4, 3.0), layout="constrained")
    axis.hist(y, bins="auto", density=True, color="muted", alpha=0.45)
    wide = 3.2 * run.exact.derived["sigma"].mean()
    x = np.linspace(min(y.min(), mu - wide), max(y.max(), mu + wide), 300)
    spread = run.exact.derived["sigma"].ppf([0.025, 0.5, 0.975])
    low, middle, high = (stats.norm(mu, s).pdf(x) for s in spread)
    axis.fill_between(x, low, high, color="exact", alpha=0.3, linewidth=0)
    axis.plot(x, middle, color="exact")
    axis.axvline(mu, color="ink", linestyle=":")
    axis.annotate(" mu", (mu, 1), xycoords=("data", "axes fraction"), va="top")
    axis.set(xlabel="y (km/s minus 299,000)" if run.shipped else "y", ylabel="density")
    yield (
        figure,
        "The measurements (grey) and the normal distribution the model has to use: its centre is "
        "fixed at mu, so only its width can follow the data.",
    )
    away, own = y.mean() - mu, y.std(ddof=1)
    yield (
        f"The sample mean is {y.mean():.4g}, which is {away:+.4g} from mu, and the measurements scatter "
        f"around *their own* mean with a standard deviation of {own:.4g}. The model cannot move its "
        f"centre, so the squared distance from mu, {(y - mu).var() + away**2:,.5g} on average, "
        f"= {y.var():,.4g} of scatter + {away**2:,.5g} of bias, all counts as spread."
    )
    if run.shipped:
        yield (
            "Here mu is the truth (299,734.5 km/s in air, in today's units) and the bias is Michelson's. "
            "Nothing in the posterior warns of it: the interval is narrow and exact, and answers a "
            "question about scatter around the truth, not about the precision of the instrument."
        )


def _two_scales(run):
    rows = []
    for name, alpha, beta in (
        ("nearly flat", 1e-3, 1e-3),
        ("weak", 1.0, 1.0),
        ("this report's", run.settings["alpha"], run.settings["beta"]),
    ):
        exact = gamma_precision.exact(run.data, mu=run.settings["mu"], alpha=alpha, beta=beta)
        lam, sigma = exact.marginals["lam"], exact.derived["sigma"]
        low, high = sigma.ppf([0.025, 0.975])
        rows.append(
            {
                "prior": f"{name}: Gamma({alpha:g}, {beta:g})",
                "mean of lam": f"{lam.mean():.4e}",
                "mean of sigma": f"{sigma.mean():.5g}",
                "1 / sqrt(mean of lam)": f"{lam.mean() ** -0.5:.5g}",
                "95 % interval of sigma": f"{low:.4g} to {high:.4g}",
            }
        )
    yield pd.DataFrame(rows)
    yield (
        "The mean of sigma is not one over the root of the mean of lam: an average does not pass "
        "through a curve. Quantiles do, so the interval of sigma is the interval of lam turned around. "
        "The last column also shows how little the prior matters with this many rows."
        if len(run.data) >= 30
        else "The mean of sigma is not one over the root of the mean of lam: an average does not pass "
        "through a curve. Quantiles do, so the interval of sigma is the interval of lam turned around."
    )
