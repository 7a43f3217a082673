"""What do seven measurements of the neutron's lifetime say together, and do they agree?

A weighted mean gets surer with every measurement, agreeing or not. A car's position is the same sum.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from models.normal_normal import exact, mle

QUESTION = "What do all measurements say together, and do they agree?"
MOST = 25  # measurements shown one by one: those of the smallest error


def answer(run) -> str:
    low, middle, high = (near(q, run) for q in run.exact.marginals["mu"].ppf([0.025, 0.5, 0.975]))
    return f"All together put what was measured at {middle} (95 % interval {low} to {high})."


def fused_error(data):
    return np.sum(data["error"] ** -2.0) ** -0.5


def discrepancy(y, run) -> float:
    """Chi-square of the measurements about their weighted mean."""
    data = run.data.assign(value=y)
    return float(np.sum(((y - mle(data)["mu"]) / data["error"].to_numpy()) ** 2))


def near(x, run) -> str:
    """A number to the digits that the posterior's width leaves it."""
    size, last = np.floor(np.log10([abs(x) or 1, run.exact.marginals["mu"].std() / 10])).astype(int)
    return f"{x:,.{-last}f}" if -9 < last <= 0 else f"{x:.{max(size - last + 1, 1)}g}"


def story(run):
    data, m, s = run.data, run.settings["m"], run.settings["s"]
    mu, single, error = run.exact.marginals["mu"], float(run.mle["mu"]), fused_error(run.data)
    yield (
        "A measurement with error e weighs 1 / e², and weights add up. The weighted mean, the "
        f"maximum-likelihood answer (number of measurements: {len(data)}), is {near(single, run)} "
        f"with standard error {error:.4g}. The prior is one more measurement, "
        f"{m:g} with error {s:g}, and has {error**2 / (s**2 + error**2):.2g} of all weight: the "
        f"posterior is normal with mean {near(mu.mean(), run)} and standard deviation {mu.std():.4g}. "
        "The wider the prior, the nearer is this to the classical estimate and confidence interval."
    )
    if len(data) > 1:
        yield "### Each by itself, and all together"
        yield from _sensors(run, single)
        yield "### One after the other, or all at once"
        yield _updating(run)
        yield "### When they disagree"
        yield from _scale(run, single, error)
    if run.shipped:
        yield "### Where is the car?"
        yield from _car()


def _sensors(run, single):
    few = run.data["error"].rank(method="first") <= MOST
    data, names = run.data[few], [str(label)[:24] for label in run.data.index[few]]
    mu, at = run.exact.marginals["mu"], np.arange(len(data))[::-1]
    figure, axis = plt.subplots(figsize=(6.4, 1.1 + 0.26 * len(data)), layout="constrained")
    axis.axvspan(*mu.ppf([0.025, 0.975]), color="exact", alpha=0.35, linewidth=0)
    axis.axvline(single, color="mle", linewidth=1)
    reach = stats.norm.ppf(0.975) * data["error"]
    axis.errorbar(data["value"], at, xerr=reach, fmt="o", color="ink", ecolor="muted", markersize=4)
    axis.margins(y=0.1)
    axis.set(yticks=at, yticklabels=names, ylim=(-0.6, at[0] + 0.6))
    axis.set(xlabel="seconds" if run.shipped else "value")
    caption = "Each measurement with the 95 % interval it would give alone, and in blue the 95 % "
    yield figure, caption + "interval of all together. Line: the weighted mean."
    away, weight = (run.data["value"] - single) / run.data["error"], run.data["error"] ** -2.0
    table = {"measurement": names, "value": [near(v, run) for v in data["value"]]}
    share = (weight / weight.sum())[few].map("{:.1%}".format)
    table |= {"error": data["error"], "share of the weight": share}
    yield pd.DataFrame(table | {"errors from the mean": away[few].map("{:+.2f}".format)})
    yield (
        f"Of the {len(away)} intervals {np.sum(np.abs(away) < stats.norm.ppf(0.975))} hold the "
        f"weighted mean. The smallest error of a single measurement is {run.data['error'].min():.4g}; "
        f"that of all together is {mu.std():.4g}."
    )


def _updating(run):
    parts, known = np.array_split(np.arange(len(run.data)), min(len(run.data), 100)), run.settings
    for rows in parts:  # what is known by now is the prior of what comes next
        law = exact(run.data.iloc[rows], **known).marginals["mu"]
        known = {"m": law.mean(), "s": law.std()}
    mu = run.exact.marginals["mu"]
    return (
        f"Fused in {len(parts)} steps, each with the posterior before it for a prior, the rows end at "
        f"{known['m']:.12g} with standard deviation {known['s']:.10g}; fused at once, at "
        f"{mu.mean():.12g} with {mu.std():.10g}. A sensor can be heard when it speaks and then be "
        "forgotten: mean and standard deviation hold all it said."
    )


def _scale(run, single, error):
    found, freedom = discrepancy(run.data["value"].to_numpy(), run), len(run.data) - 1
    scale, p = np.sqrt(found / freedom), stats.chi2.sf(found, freedom)
    yield (
        f"The standard error {error:.4g} follows from the errors alone, so it cannot tell whether the "
        f"values agree. Chi-square can: {found:.4f} on {freedom} degrees of freedom, p = {p:.3g}. The "
        f"scale factor, sqrt(chi-square / {freedom}), is {scale:.4f}; right errors make it about 1."
    )
    if scale > 1:
        wide = exact(run.data.assign(error=scale * run.data["error"]), **run.settings)
        low, high = (near(q, run) for q in wide.marginals["mu"].ppf([0.025, 0.975]))
        yield (
            "Blaming every error alike, one multiplies each by that factor. The weighted mean stays, "
            f"its standard error is {scale * error:.4g}, and the interval becomes {low} to {high}."
        )
    if run.shipped:
        groups = {k: (mle(d)["mu"], fused_error(d)) for k, d in run.data.groupby("method")}
        (beam, wide), (bottle, narrow) = groups["beam"], groups["bottle"]
        yield (
            f"Or the method matters: neutrons that decay in a beam give {beam:.2f} ± {wide:.2f} s, those "
            f"left over in a bottle {bottle:.2f} ± {narrow:.2f} s, which is {beam - bottle:.1f} s or "
            f"{(beam - bottle) / np.hypot(wide, narrow):.1f} standard errors less."
        )


def _car(drift=2.0, gps=6.0, read=12.0, start=3.0, strong=2.0, weak=10.0):
    x, t, known = np.linspace(-20, 30, 300), np.arange(31), [start]
    reading = pd.DataFrame({"value": [read], "error": [gps]})
    fused = [exact(reading, m=0.0, s=s).marginals["mu"] for s in (strong, weak)]
    for _ in t[1:]:  # a second's drive, then a reading
        known.append(exact(reading, m=0.0, s=np.hypot(known[-1], drift)).marginals["mu"].std())
    figure, (*left, right) = plt.subplots(1, 3, figsize=(6.4, 2.9), layout="constrained")
    for axis, name, s, law in zip(left, ("strong", "weak"), (strong, weak), fused, strict=True):
        for each, color in ((stats.norm(0, s), "prior"), (stats.norm(read, gps), "muted")):
            axis.plot(x, each.pdf(x), color=color)
        axis.plot(x, law.pdf(x), color="exact")
        axis.set(title=f"{name} prior", xlabel="position (m)", yticks=[])
    alone = np.hypot(start, drift * np.sqrt(t))
    for line, color in ((alone, "prior"), (known, "exact"), (0 * t + gps, "muted")):
        right.plot(t, line, color=color)
    right.set(title="uncertainty (m)", xlabel="seconds", ylim=(0, None))
    caption = f"A prediction (green), GPS reading {read:g} m ± {gps:g} m (grey), both fused (blue)."
    yield figure, caption + " Right: their standard deviations on the way."
    yield (
        "The same sum places a car: what its speed predicts is one sensor, GPS another. A prediction "
        f"known to {strong:g} m follows the reading to {fused[0].mean():.2f} m, one known to {weak:g} m "
        f"to {fused[1].mean():.2f} m. Each second of driving adds {drift:g}² m² of variance: by "
        f"prediction alone the standard deviation grows from {start:g} m to {alone[-1]:.1f} m in "
        f"{t[-1]} seconds, without end; with a reading each second it settles at {known[-1]:.3f} m."
    )
