"""Correlation of two measurements made on the same things (bivariate normal; BDA3 3.6, Jeffreys).

    lam_x   ~ Gamma((nu - 1) / 2, rate (nu - 1) s_x^2 / 2)     precision of x
    lam     ~ Gamma(nu / 2, rate (nu - 1) s_y^2 / 2)           precision of y about its line in x
    slope   ~ Normal(0, 1 / (s_x sqrt((nu - 1) lam)))          change of y with x
    mu_x    ~ Normal(m_x, 1 / sqrt(kappa lam_x))
    mu_y    ~ Normal(m_y + slope (mu_x - m_x), 1 / sqrt(kappa lam))
    pair_i  ~ MvNormal((mu_x, mu_y), covariance of x and its line)     i = 1..n rows (x_i, y_i)
    rho     = slope sigma_x / sigma_y;  sigma_x, sigma_y: standard deviations of x and y

Together this is a normal-inverse-Wishart prior: with x and y exchanged it would be the same. The
means count like kappa pairs, the covariance like nu; rho has density (1 - rho^2)^((nu - 3) / 2).
Exact: conjugate; the density of rho (Jeffreys) is an integral over the ratio of the two sds.
MLE: means, sds with divisor n, least squares, so Pearson's r; no maximum if all lie on a line.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from scipy import stats

from models import _alike as alike
from models import _linear as linear
from models._exact import Exact, NoMaximum
from models._pair import Pair
from models._reduced import few


class Data(pa.DataFrameModel):
    """One row a pair: two measurements of one thing, each in its own unit."""

    x: float = pa.Field(coerce=True, description="the first measurement (any unit)")
    y: float = pa.Field(coerce=True, description="the second measurement (any unit)")


PRIOR = {"m_x": 240.0, "m_y": 220.0, "s_x": 45.0, "s_y": 40.0, "kappa": 0.5, "nu": 3.0}
WEIGHED = True  # a column may say how many rows each one stands for


def design(data):
    """The pairs (n, 2)."""
    return data[["x", "y"]].to_numpy(float)


def model(data, *, m_x, m_y, s_x, s_y, kappa, nu):
    pairs = design(data)
    with pm.Model(coords={"row": data.index, "axis": ["x", "y"]}) as built:
        seen = pm.Data("pair_data", pairs, dims=("row", "axis"))
        half, one = np.float64(0.5), np.float64(1)
        lam_x = pm.Gamma("lam_x", (nu - one) * half, (nu - one) * s_x**2 * half)
        lam = pm.Gamma("lam", nu * half, (nu - one) * s_y**2 * half)
        slope = pm.Normal("slope", np.float64(0), ((nu - one) * s_x**2 * lam) ** -half)
        mu_x = pm.Normal("mu_x", m_x, (kappa * lam_x) ** -half)
        mu_y = pm.Normal("mu_y", m_y + slope * (mu_x - m_x), (kappa * lam) ** -half)
        sigma_x = pm.Deterministic("sigma_x", lam_x**-half)
        sigma_y = pm.Deterministic("sigma_y", ((slope * sigma_x) ** 2 + 1 / lam) ** half)
        pm.Deterministic("rho", slope * sigma_x / sigma_y)
        root = pt.stack([sigma_x, 0, slope * sigma_x, lam**-half]).reshape((2, 2))
        pm.MvNormal("pair", pt.stack([mu_x, mu_y]), chol=root, observed=seen, dims=("row", "axis"))
    return built


def prior(*, m_x, m_y, s_x, s_y, kappa, nu):
    if not (min(s_x, s_y, kappa) > 0 and nu > 1):
        raise ValueError("`s_x`, `s_y` and `kappa` must be positive, `nu` above 1")
    return Pair(np.array([m_x, m_y]), kappa, nu, (nu - 1) * np.diag([s_x, s_y]) ** 2)


def exact(data, *, m_x, m_y, s_x, s_y, kappa, nu):
    before = prior(m_x=m_x, m_y=m_y, s_x=s_x, s_y=s_y, kappa=kappa, nu=nu)
    after = before.given(design(data), alike.times(data))
    (mu_x, mu_y), (sigma_x, sigma_y), (lam_x, lam) = after.means(), after.sds(), after.lams()
    slope, rho = after.slope(), after.rho()
    return Exact(
        marginals={"lam_x": lam_x, "lam": lam, "slope": slope, "mu_x": mu_x, "mu_y": mu_y},
        derived={"sigma_x": sigma_x, "sigma_y": sigma_y, "rho": rho},
        log_evidence=before.log_evidence(after),
        by="algebra, and quadrature for rho",
        joint=lambda theta: after.logpdf(**theta),
        masses={"rho": rho.mass},
    )


def mle(data):
    (x, y), times = design(data).T, alike.times(data)
    x_mean, y_mean = alike.mean(x, times), alike.mean(y, times)
    turned = linear.turn((x - x_mean)[:, None], y - y_mean, times)
    if x.min() == x.max() or linear.fits_perfectly(turned):
        raise NoMaximum("no maximum: the pairs lie on a line, so the scatter about it shrinks to 0")
    slope = linear.least_squares(turned)[1]
    return {
        "lam_x": 1 / alike.variance(x, times),
        "lam": turned.n / turned.rss,
        "slope": slope,
        "mu_x": x_mean,
        "mu_y": y_mean,
    }


def pearson(data):
    """Pearson's r, its two-sided p-value, and Fisher's 95 % interval."""
    test = stats.pearsonr(*design(data).T)
    return test.statistic, test.pvalue, test.confidence_interval()


def reduced(rows):
    """Five rows with the number, means, squares and products of all; log p(data) stays."""
    return few(rows, ["x", "y"])


def suggest(data):
    """Settings for other units: the pairs' own means and standard deviations, rounded."""
    pairs, times = design(data), alike.times(data)
    means, sds = alike.mean(pairs, times), np.sqrt(alike.variance(pairs, times))
    values = [float(f"{v:.2g}") for v in (*means, *np.where(sds > 0, sds, 1))]
    return dict(zip(["m_x", "m_y", "s_x", "s_y"], values, strict=True))
