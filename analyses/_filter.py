"""Pictures of a Kalman filter: what a reading is worth, conventions, and a ride in a car."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models import _kalman as kalman
from models import local_level as topic

DRIFT, GPS, STRONG, WEAK = 2.0, 6.0, 3.0, 100.0  # sds in m: of a second, a reading, two starts
LAST, TUNNEL, RIDES = 60, (20, 40), 400  # seconds; after the first up to the second no readings


def gain(run, gap, sds):
    """The gain in the long run, and that of the first readings, were they `gap` apart.

    sds: both variances, m0 and the variance of the first level.
    """
    gaps, (moves, noise, *start) = np.r_[0, np.full(24, gap)], sds
    steps = kalman.steps(kalman.Series(0 * gaps, gaps, 1), moves, noise, *start)
    gains = [variance / noise for *_, variance in steps]  # what is left of it is gain * noise
    law, x = run.exact.derived["gain"], np.linspace(0, 1, 401)[1:-1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.8), layout="constrained")
    drawn = run.posterior["gain"].values.ravel()
    left.hist(drawn, bins=60, range=(0, 1), density=True, color="draws", alpha=0.4)
    left.plot(x, law.pdf(x), color="exact")
    left.set(xlabel="gain in the long run", ylabel="density")
    right.plot(1 + np.arange(25), gains, "o-", color="exact", markersize=3)
    right.set(xlabel="reading", ylabel="gain", ylim=(0, 1))
    yield (
        figure,
        f"Left: the gain in the long run, exact (line) and drawn. Right: the gain of each of the first readings, were readings a median gap of {gap:g} apart, at the posterior means of both sds.",
    )
    low, middle, high = law.ppf([0.025, 0.5, 0.975])
    yield (
        "The Kalman filter moves the level by the gain times the surprise: the reading less what was foretold. The first reading "
        f"has a gain of {gains[0]:.3f}, as s0 says how little was known; with readings a median gap apart it approaches that of the long run, about "
        f"{middle:.2f} (95 % interval {low:.2f} to {high:.2f}). From there on the filter is exponential smoothing; its constant is not "
        "chosen but learnt, and its doubt with it."
    )


def highest(run):
    """The highest likelihood from the prior of the first level, and from none."""
    every, start = topic.design(run.data)[0], (run.settings["m0"], run.settings["s0"])
    wide = 1e5 * sum(float(x) for x in (start[1], *run.mle.values()))
    number = sum(one.count for one in every)  # each series starts anywhere
    free, rows = topic.mle(run.data, m0=start[0], s0=wide), []
    for name, found, s0 in (
        (f"Normal({start[0]:g}, {start[1]:g})", run.mle, start[1]),
        ("diffuse: anywhere", free, wide),
    ):
        moves, noise = (float(found[k]) ** 2 for k in ("sigma_level", "sigma_obs"))
        height = kalman.log_likelihood(every, moves, noise, start[0], s0**2)
        height += np.log(s0) * number * (s0 == wide)  # else it has no limit
        rows.append([name, f"{moves:,.6g}", f"{noise:,.6g}", f"{height:.4f}"])
    yield pd.DataFrame(
        rows,
        columns=["first level", "variance of a move", "variance of an error", "log likelihood"],
    )
    half = np.log(2 * np.pi) / 2
    yield (
        "A level that may start anywhere has no proper prior: one lets s0 grow and leaves log s0 out of the log likelihood. Some "
        f"programs leave out the {half:.4f} = log(2 pi) / 2 of the first reading of a series as well and print {float(rows[1][3]) + half * number:.4f}: a "
        "convention, which moves no estimate."
    )


def ride(rng):
    """Where a car is each second (LAST + 1,), the seconds of its readings (n,) and these (n,)."""
    position = np.cumsum(rng.normal(0, np.r_[STRONG, np.full(LAST, DRIFT)]))
    seen = np.r_[0 : TUNNEL[0] + 1, TUNNEL[1] + 1 : LAST + 1]
    return position, seen, rng.normal(position[seen], GPS)


def track(seen, y, start, at):
    """Mean and sd of the position at times `at` (k,), each given the readings until then: (k,)."""
    one = kalman.Series(y, np.diff(seen, prepend=seen[0]), 1)
    mean, variance = kalman.filtered(one, DRIFT**2, GPS**2, 0.0, start**2)
    last = np.searchsorted(seen, at, side="right") - 1
    return mean[last], np.sqrt(variance[last] + DRIFT**2 * (at - seen[last]))


def settled():
    """The gain in the long run of a reading each second: gain^2 GPS^2 = (1 - gain) DRIFT^2."""
    return 2 / (1 + np.sqrt(1 + 4 * (GPS / DRIFT) ** 2))


def car():
    """A ride, tracked from a strong and from a weak start, and what needs no reading."""
    position, seen, y = ride(np.random.default_rng(1))
    yield _way(position, seen, y)
    mean, sd = track(seen, y, STRONG, every := np.arange(LAST + 1))
    other, wide = track(seen, y, WEAK, every)
    errors = np.array([_errors(*ride(np.random.default_rng(k))) for k in range(1, RIDES + 1)])
    here, all_ = (np.sqrt(np.mean(e**2, axis=(0, 2))) for e in (errors[:1], errors))
    yield (
        "The level may be where a car is, beside where its wheels say. It drifts from there with a standard deviation of "
        f"{DRIFT:g} m in a second, and each second but for a tunnel there is a GPS reading with an error of {GPS:g} m. On this ride the "
        f"{seen.size} readings are off by {here[0]:.2f} m (root mean square) and the filter at the same seconds by {here[1]:.2f} m; over {RIDES} such "
        f"rides it is {all_[0]:.2f} m and {all_[1]:.2f} m, where the filter expects {np.sqrt(np.mean(sd[seen] ** 2)):.2f} m."
    )
    readings = {t: f"{reading:.2f}" for t, reading in zip(seen, y, strict=True)}
    yield pd.DataFrame([
        {
            "second": t,
            "true position": f"{position[t]:.2f}",
            "reading": readings.get(t, "none"),
            "strong start, ± sd": f"{mean[t]:.2f} ± {sd[t]:.2f}",
            "weak start, ± sd": f"{other[t]:.2f} ± {wide[t]:.2f}",
        }
        for t in (0, 1, 2, 5, 10, *TUNNEL, TUNNEL[1] + 1, LAST)
    ])  # fmt: skip
    gain, out = settled(), TUNNEL[1] + 1
    (_, before), (_, after) = (track(seen, y, STRONG, t) for t in (np.nextafter(out, 0), out))
    yield (
        f"The strong start knows the first position to {STRONG:g} m, the weak one to {WEAK:g} m and so believes the first reading; ten seconds "
        f"later they are {abs(mean[10] - other[10]):.3f} m apart. With drift and GPS known the filter needs no data to say how well it "
        f"knows: from either start it settles at {np.sqrt(gain) * GPS:.3f} m, with a gain of {gain:.3f}. In the tunnel the variance grows by "
        f"{DRIFT:g}² m² a second, to a standard deviation of {before:.2f} m when the next reading comes; that one has a gain of "
        f"{(after / GPS) ** 2:.3f} and brings it down to {after:.2f} m at once. A gap in `time` is such a tunnel."
    )


def _way(position, seen, y):
    at = np.linspace(0, LAST, 20 * LAST + 1)
    figure, (way, doubt) = plt.subplots(2, 1, figsize=(6.4, 5), sharex=True, layout="constrained")
    way.plot(position, color="ink", label="true position")
    way.plot(seen, y, "o", color="muted", markersize=3, label="GPS reading")
    for start, style, name in ((STRONG, "-", "strong"), (WEAK, "--", "weak")):
        mean, sd = track(seen, y, start, at)
        way.plot(at, mean, style, color="exact", label=f"filtered, {name} start")
        doubt.plot(at, sd, style, color="exact")
        if start == STRONG:
            way.fill_between(
                at, mean - 2 * sd, mean + 2 * sd, color="exact", alpha=0.2, linewidth=0
            )
    doubt.axhline(GPS, color="muted", linestyle=":")
    way.set(ylabel="position (m)")
    doubt.set(xlabel="seconds", ylabel="sd of the position (m)", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=2)
    return (
        figure,
        "A simulated ride. Above: where the car is beside where its wheels say, the readings, and what the filter makes of them, from a strong start with two standard deviations to either side. Below: the filter's standard deviation, and that of a reading (dotted).",
    )


def _errors(position, seen, y):
    """How far the readings are off, and how far the filter then is: (2, n)."""
    return np.array([y, track(seen, y, STRONG, seen)[0]]) - position[seen]
