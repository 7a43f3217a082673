"""Wrong versions and edge cases of the correlation."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "x and y exchanged in the model": ("pairs, dims=", "pairs[:, ::-1], dims="),
    "means exchanged": ("pt.stack([mu_x, mu_y])", "pt.stack([mu_y, mu_x])"),
    "covariance for its root": ("chol=root", "cov=root"),
    "slope for the covariance's root": ("slope * sigma_x, lam**-half", "slope, lam**-half"),
    "scatter of y for that about the line": ("lam**-half]).reshape", "sigma_y]).reshape"),
    "prior of y's mean not on the line": ("m_y + slope * (mu_x - m_x)", "m_y"),
    "standard deviation for variance in a rate": ("* s_y**2 * half", "* s_y * half"),
    "a degree of freedom too many": (
        'pm.Gamma("lam_x", (nu - one) * half',
        'pm.Gamma("lam_x", nu * half',
    ),
    "scatter of y about the mean only": (
        "((slope * sigma_x) ** 2 + 1 / lam) ** half",
        "lam**-half",
    ),
    "slope for rho": ('"rho", slope * sigma_x / sigma_y', '"rho", slope'),
    "sds exchanged in rho": ("slope * sigma_x / sigma_y", "slope * sigma_y / sigma_x"),
    "a row dropped": (
        "given(design(data), alike.times(data))",
        "given(design(data)[1:], alike.times(data)[1:])",
    ),
    "sds exchanged in the answer": (
        "(sigma_x, sigma_y), (lam_x, lam)",
        "(sigma_y, sigma_x), (lam_x, lam)",
    ),
    "prior for the posterior in rho": ("after.slope(), after.rho()", "after.slope(), before.rho()"),
    "two pi for pi": ("n * np.log(np.pi)", "n * np.log(2 * np.pi)", "_pair.py"),
    "shift of the means forgotten": (
        " + self.kappa * n / (self.kappa + n) * np.outer(off, off)",
        "",
        "_pair.py",
    ),
    "one degree of freedom off in rho": ("(nu - 3) / 2", "(nu - 2) / 2", "_pair.py"),
    "sign of rho turned": ("less = 1 - np", "less = 1 + np", "_pair.py"),
    "y about its mean for the line": (" - self.S[0, 1] ** 2 / self.S[0, 0]", "", "_pair.py"),
    "divisor n - 1 in the MLE": (
        '"lam_x": 1 / alike.variance(x, times)',
        '"lam_x": 1 / x.var(ddof=1)',
    ),
    "r for the slope in the MLE": (
        '"slope": slope,\n',
        '"slope": np.corrcoef(x, y)[0, 1],\n',
    ),
    "scatter of y for that about the line in the MLE": (
        '"lam": turned.n / turned.rss',
        '"lam": 1 / y.var()',
    ),
    "x on y for y on x in the MLE": ("(x, y), times = design", "(y, x), times = design"),
}


def pairs(n, r, *, seed=1, scale=(1.0, 1.0), middle=(0.0, 0.0)):
    """n made-up pairs that correlate at about r."""
    x, noise = np.random.default_rng(seed).normal(size=(2, n))
    y = r * x + np.sqrt(1 - r**2) * noise
    return pd.DataFrame({"x": middle[0] + scale[0] * x, "y": middle[1] + scale[1] * y})


UNIT = {"m_x": 0.3, "m_y": -0.2, "s_x": 1.3, "s_y": 0.8, "kappa": 0.7, "nu": 4.5}
LINE = pd.DataFrame({"x": [1.0, 2.0, 4.0, 5.0], "y": [3.0, 5.0, 9.0, 11.0]})

CASES = {
    "no correlation, other units": (pairs(12, 0.0), UNIT, True),
    "a strong negative one": (pairs(9, -0.995, seed=2), UNIT, True),
    "units far apart": (
        pairs(15, 0.6, seed=3, scale=(1e-3, 1e4), middle=(0.02, 5e4)),
        {"m_x": 0.01, "m_y": 4e4, "s_x": 2e-3, "s_y": 2e4, "kappa": 2.0, "nu": 6.0},
        True,
    ),
    "three pairs": (pairs(3, 0.3, seed=4), UNIT, True),
    "two pairs": (LINE.head(2), UNIT, False),
    "one pair": (LINE.head(1), UNIT, False),
    "all on a line": (LINE, UNIT, False),
    "x is constant": (LINE.assign(x=2.0), UNIT, False),
    "y is constant": (LINE.assign(y=2.0), UNIT, False),
    "s_x of zero": (LINE, {"s_x": 0.0}, "refused"),
    "s_y below zero": (LINE, {"s_y": -0.5}, "refused"),
    "kappa of zero": (LINE, {"kappa": 0.0}, "refused"),
    "nu of one": (LINE, {"nu": 1.0}, "refused"),
    "nu between one and two": (pairs(8, 0.5, seed=5), UNIT | {"nu": 1.5}, True),
}

EQUIVALENT = {
    "if not (min(s_x, s_y, kappa) > 0 and nu > 1):": {
        "the Wishart's normalising constant refuses the same nu": [
            "nu > 1 -> nu >= 1",
            "nu > 1 -> nu > 0",
        ],
    },
    "turned = linear.turn((x - x_mean)[:, None], y - y_mean, times)": {
        "the line has an intercept of its own; near 0 it only saves digits": [
            "y - y_mean -> y + y_mean",
        ],
    },
}


def log_prior(theta, *, m_x, m_y, s_x, s_y, kappa, nu):
    """By the docstring, line by line."""
    lam_x, lam, slope = theta["lam_x"], theta["lam"], theta["slope"]
    line = m_y + slope * (theta["mu_x"] - m_x)
    return (
        stats.gamma((nu - 1) / 2, scale=2 / ((nu - 1) * s_x**2)).logpdf(lam_x)
        + stats.gamma(nu / 2, scale=2 / ((nu - 1) * s_y**2)).logpdf(lam)
        + stats.norm(0, 1 / (s_x * np.sqrt((nu - 1) * lam))).logpdf(slope)
        + stats.norm(m_x, 1 / np.sqrt(kappa * lam_x)).logpdf(theta["mu_x"])
        + stats.norm(line, 1 / np.sqrt(kappa * lam)).logpdf(theta["mu_y"])
    )
