"""A level that wanders and is read with errors: the local level model (Durbin and Koopman, ch. 2).

    sigma_level  ~ HalfNormal(level_scale)            sd of a move of the level in a unit of time
    sigma_obs    ~ HalfNormal(obs_scale)              sd of the error of a reading
    level_1      ~ Normal(m0, s0)                     m0 and s0 are known, not estimated
    level_t      ~ Normal(level_{t-1}, sigma_level sqrt(time_t - time_{t-1}))     t = 2..n rows
    y_t          ~ Normal(level_t, sigma_obs)
    gain         = 2 / (1 + sqrt(1 + 4 sigma_obs^2 / (h sigma_level^2)))

The gain is the share of a reading's surprise by which the estimate of the level is corrected, once
there were many readings h apart; h is the median time between two readings of a series.

No level is an unknown of the model: all are integrated out, and PyMC sees the joint density of y.
Exact: the Kalman filter gives the likelihood of both sds, which are summed over, in two orders;
given the sds every level is normal, so its law is a mixture.
At most 2,000 readings are taken: the model turns their covariance, a matrix of that number squared.
MLE: Kalman likelihood, maximised; either sd may be 0; none if nothing tells them apart.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm

from models import _kalman as kalman
from models._classifier import insist_on_sds
from models._exact import Exact, NoMaximum
from models._scales import Scales
from models._walk import Walk, unit_gap


class Data(pa.DataFrameModel):
    """One row a reading, the oldest first. Where time goes back, another series begins."""

    time: float = pa.Field(coerce=True, description="when (any unit); absent: one after the other")
    y: float = pa.Field(coerce=True, description="what was read (any unit)")

    @pa.dataframe_check(error="`time` must not be that of the row before: one reading at a time")
    def one_at_a_time(cls, frame):
        return frame["time"].diff() != 0

    @pa.dataframe_check(error="`time` must not be before the first row: the oldest comes first")
    def oldest_first(cls, frame):
        return frame["time"] >= frame["time"].iloc[0]

    @pa.dataframe_check(error="`y` must change in some series: if it never does, both sds are 0")
    def some_change(cls, frame):
        changes = frame["y"].diff()[frame["time"].diff() > 0]
        return len(changes) < 2 or changes.any()


def tidy(frame):
    """Rows that bear no time are a unit of time apart."""
    return frame if "time" in frame else frame.assign(time=np.arange(1.0, len(frame) + 1))


PRIOR = {"level_scale": 60.0, "obs_scale": 150.0}
KNOWN = {"m0": 1000.0, "s0": 400.0}


def design(data):
    """The series, and h, the median time from one reading to the next."""
    time, y = data["time"].to_numpy(float), data["y"].to_numpy(float)
    return kalman.series(time, y), unit_gap(time)


def model(data, *, m0, s0, level_scale, obs_scale):
    insist_on_sds(s0=s0, level_scale=level_scale, obs_scale=obs_scale)
    walk = Walk(data["time"], m0, s0)
    with pm.Model(coords={"row": data.index}) as built:
        y = pm.Data("y_data", data["y"], dims="row")
        sigma_level = pm.HalfNormal("sigma_level", level_scale)
        sigma_obs = pm.HalfNormal("sigma_obs", obs_scale)
        moves = (sigma_level / sigma_obs) ** 2 * walk.h
        pm.Deterministic("gain", 2 / (1 + pm.math.sqrt(1 + 4 / moves)))
        pm.CustomDist(
            "y", sigma_level, sigma_obs, walk.step, signature="(),(),(t)->(t)", dtype="float64",
            logp=walk.log_density, random=walk.draw, observed=y, dims="row",
        )  # fmt: skip
    return built


def posterior(data, *, m0, s0, level_scale, obs_scale):
    """All that is known of both sds."""
    insist_on_sds(s0=s0, level_scale=level_scale, obs_scale=obs_scale)
    every, _ = design(data)

    def log_joint(sigma_level, sigma_obs):
        likelihood = kalman.log_likelihood(every, sigma_level**2, sigma_obs**2, m0, s0**2)
        squares = (sigma_level / level_scale) ** 2 + (sigma_obs / obs_scale) ** 2
        return likelihood - squares / 2 + np.log(2 / np.pi / (level_scale * obs_scale))

    return Scales(log_joint, obs_scale), log_joint


def exact(data, *, m0, s0, level_scale, obs_scale):
    settings = {"m0": m0, "s0": s0, "level_scale": level_scale, "obs_scale": obs_scale}
    (known, log_joint), h = posterior(data, **settings), design(data)[1]
    laws = {"sigma_level": known.law(0), "sigma_obs": known.law(1)}
    gain = known.of_ratio(
        lambda k: np.log(k) - (np.log1p(-k) + np.log(h)) / 2,  # gain^2 / (1 - gain) = ratio^2 h
        lambda k: np.log(1 / k + 1 / (2 * (1 - k))),
        lambda ratio: 2 / (1 + np.sqrt(1 + 4 / (ratio**2 * h))),
        "logit",
    )
    return Exact(
        marginals=laws,
        derived={"gain": gain},
        log_evidence=known.log_evidence,
        by="the Kalman filter, and quadrature over both sds",
        joint=lambda theta: (
            log_joint(theta["sigma_level"], theta["sigma_obs"]) - known.log_evidence
        ),
        masses={name: law.mass for name, law in {**laws, "gain": gain}.items()},
        second_log_evidence=known.log_evidence + np.log(gain.mass),
    )


def levels(data, **settings):
    """The levels of the last series, both sds summed over as all readings tell them."""
    known, start = posterior(data, **settings)[0], (settings["m0"], settings["s0"])
    return kalman.Levels(design(data)[0][-1], *known.parts, *start)


def mle(data, *, m0, s0):
    insist_on_sds(s0=s0)
    every, _ = design(data)
    if not any(one.gap.any() for one in every):
        raise NoMaximum("no maximum: no series has two readings, so nothing tells the sds apart")
    if not any(np.ptp(one.y) for one in every):
        raise NoMaximum("no maximum: no series ever changes, so both sds shrink to 0")
    moves, noise = kalman.highest(every, m0, s0**2)
    return {"sigma_level": np.sqrt(moves), "sigma_obs": np.sqrt(noise)}


def suggest(data):
    """Settings for other units: start about the first reading, scales from the changes."""
    every, h = design(data)
    changes = np.concatenate([np.diff(one.y) for one in every])
    size = float(np.sqrt(np.mean(changes**2))) if changes.any() else 1.0
    found = {"m0": data["y"].iloc[0], "s0": 3 * size, "level_scale": size / 2 / np.sqrt(h)}
    return {name: float(f"{value:.2g}") for name, value in (found | {"obs_scale": size}).items()}
