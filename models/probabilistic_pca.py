"""Few hidden dimensions behind many columns (probabilistic PCA; Tipping & Bishop 1999, PML1 20.2).

    mu_j     ~ Normal(m, s)                      mean of column j, j = 1..d
    W_jk     ~ Normal(0, tau)                    k = 1..q loadings
    lam      ~ Gamma(alpha, rate beta)           precision of what is left over in each column
    row_i    ~ Normal(mu, signal + sigma^2 I)    i = 1..n;  signal = W W', sigma = 1 / sqrt(lam)

Turned within its columns W says the same, so only `signal` is known, and W itself never compared.
The hidden dimensions are summaries, not causes.

Exact: none is known; a second sampler, with the hidden scores drawn along, stands in.
MLE: from eigenvalues of the covariance (divisor n); none if the rows leave nothing over.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pymc as pm

from models import _components as components
from models._alike import ALIKE, times
from models._exact import NoMaximum
from models._reduced import few


def numbers(frame):
    """Every numeric column; names and kinds ride along."""
    return frame.select_dtypes("number").drop(columns=ALIKE, errors="ignore").astype(float)


class Data(pa.DataFrameModel):
    """One row a thing; every numeric column is one of the d dimensions, all in one unit."""

    @pa.dataframe_check(error="there must be two numeric columns or more")
    def several(cls, frame):
        return numbers(frame).shape[1] > 1

    @pa.dataframe_check(error="every number must be present and finite")
    def all_finite(cls, frame):
        return pd.Series(np.isfinite(numbers(frame)).all(axis=1), index=frame.index)


def tidy(frame):
    """True and false as 1 and 0; a column at fault is refused here, where it can be named."""
    frame = frame.copy()
    for name, column in frame.drop(columns=ALIKE, errors="ignore").items():
        found = pd.to_numeric(column, errors="coerce").astype(float)
        if found.isna().all() and not pd.api.types.is_numeric_dtype(column):
            continue  # text: names or kinds
        bad = ~np.isfinite(found)
        if bad.any():
            where = f"row {np.argmax(bad) + 1} has {column[bad].iloc[0]}"
            raise ValueError(f"`{name}` must be a finite number in every row or in none; {where}")
        frame[name] = found
    return frame


PRIOR = {"m": 3.5, "s": 2.5, "tau": 1.2, "alpha": 2.0, "beta": 0.1}  # cm
KNOWN = {"q": 2}
CALIBRATION = (
    {"beta": 2.0},
    "with little noise W turns slowly, and the short chains of a calibration are not done",
)
TURNED = ["W"]  # known but for a turn: no draw of it is compared with anything
WEIGHED = True  # a column may say how many rows each one stands for


def design(data, q):
    """x (n, d), and q as a whole number."""
    x = numbers(data).to_numpy()
    d = x.shape[1]
    if q != int(q) or not 0 < q < d:
        raise ValueError(f"`q` must be a whole number from 1 to {d - 1}, not {q:g}")
    return x, int(q)


def model(data, *, q, m, s, tau, alpha, beta):
    components.Beliefs(m, s, tau, alpha, beta)  # which refuses what is no prior
    x, q = design(data, q)
    axes = list(numbers(data).columns)
    coords = {"row": data.index, "axis": axes, "other": axes, "hidden": 1 + np.arange(q)}
    with pm.Model(coords=coords) as built:
        rows = pm.Data("x_data", x, dims=("row", "axis"))
        mu = pm.Normal("mu", m, s, dims="axis")
        W = pm.Normal("W", np.float64(0), tau, dims=("axis", "hidden"))
        lam = pm.Gamma("lam", alpha, beta)
        sigma = pm.Deterministic("sigma", lam ** np.float64(-0.5))
        signal = pm.Deterministic("signal", W @ W.T, dims=("axis", "other"))
        C = signal + sigma**2 * np.eye(len(axes))
        pm.MvNormal("x", mu, C, observed=rows, dims=("row", "axis"))
    return built


def exact(data, *, q, m, s, tau, alpha, beta):
    components.Beliefs(m, s, tau, alpha, beta), design(data, q)
    raise NotImplementedError("the loadings enter through a determinant, and nothing is conjugate")


def mle(data, *, q):
    x, q = design(data, q)
    _, mean, S = components.moments(x, times(data))
    W, square = components.closed_form(S, q)
    if not square > 1e-12 * np.trace(S):
        raise NoMaximum(
            f"no maximum: {q} hidden dimensions leave nothing over, so sigma shrinks to 0"
        )
    return {"mu": mean, "W": W, "lam": 1 / square}


def gibbs(data, rng, draws, chains, *, q, m, s, tau, alpha, beta):
    """Draws (chains, draws, ...) of mu, the signal and sigma."""
    prior, (x, q) = components.Beliefs(m, s, tau, alpha, beta), design(data, q)
    found = {"mu": [], "signal": [], "sigma": []}
    for _ in range(chains):
        for mu, W, lam in components.sweeps(x, q, prior, rng, draws, times=times(data)):
            for name, value in zip(found, (mu, W @ W.T, lam**-0.5), strict=True):
                found[name].append(value)
    return {k: np.reshape(v, (chains, draws, *np.shape(v[0]))) for k, v in found.items()}


def taken(others):  # every numeric column is a dimension
    return dict.fromkeys(numbers(others), float)


def reduced(rows):
    """Few rows with the number, means, squares and products of all; log p(data) stays."""
    return few(rows, rows.collect_schema().names())


def suggest(data):
    """Settings for other units: means and spreads of the columns themselves, rounded."""
    _, mean, S = components.moments(numbers(data), times(data))
    spread = np.sqrt(np.trace(S) / len(S)) or 1.0
    m, s, tau, beta = mean.mean(), 2 * (mean.std() + spread), spread, 0.2 * spread**2
    settings = {"m": m, "s": s, "tau": tau, "alpha": 2.0, "beta": beta}
    return {name: float(f"{v:.2g}") for name, v in settings.items()}
