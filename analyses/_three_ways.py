"""What is checked of a law: PyMC, SciPy and the formulas against each other."""

import numpy as np
import pymc as pm

from analyses._laws import JOINTS, LAWS, by_cholesky
from models._law import QUICK, TAILS, plain, z_of_draws

DRAWS = 100_000
DOUBLE = 1e-9  # of (1 + size of a logarithm), as in the identity check of every topic
QUADRATURE = 1e-7  # of a standard deviation: an integral up to where a density is infinite
SINGLE = float(np.finfo(np.float32).eps)
DOUBLE_GROUP = "PyMC against SciPy"
SINGLE_GROUP = "PyMC as it comes, some of its constants in single precision"


def _furthest(found, right) -> float:
    """The largest difference of logarithms; infinities agree where both are the same."""
    with np.errstate(invalid="ignore"):
        return float(
            np.max(np.where(found == right, 0, np.abs(found - right) / (1 + np.abs(right))))
        )


def densities():
    """PyMC against SciPy: log density, log distribution function, quantiles."""
    for law in LAWS:
        x = law.points()
        pairs = {
            "logp": law.twin.logpmf if law.discrete else law.twin.logpdf,
            "logcdf": law.twin.logcdf,
        }
        for what, twin in pairs.items():
            right = twin(x)
            for double, allowed, group in (
                (True, DOUBLE, DOUBLE_GROUP), (False, SINGLE, SINGLE_GROUP)
            ):  # fmt: skip
                error = _furthest(law.of_pymc(what, double=double)(x), right)
                yield {
                    "group": group,
                    "line": f"{law.label}, {what}",
                    "error": error,
                    "allowed": allowed,
                }
        if not law.discrete:
            error = (
                np.max(np.abs(law.of_pymc("icdf")(TAILS) - law.twin.ppf(TAILS))) / law.twin.std()
            )
            yield {"group": DOUBLE_GROUP, "line": f"{law.label}, icdf", "error": error,
                   "allowed": DOUBLE}  # fmt: skip
    for law in JOINTS:
        error = _furthest(*law.densities(100, seed=1))
        yield {"group": DOUBLE_GROUP, "line": f"{law.label}, logp", "error": error,
               "allowed": DOUBLE}  # fmt: skip


def formulas():
    """The text's formulas against the integral of PyMC's density."""
    for law in LAWS:
        sd = law.twin.std() or 1.0
        right = 1.0, law.formula("mean"), law.formula("variance")
        names = "mass", f"mean = {plain(law.mean)}", f"variance = {plain(law.variance)}"
        for name, found, known, size in zip(
            names, law.integrals(), right, (1, sd, sd**2), strict=True
        ):
            yield {"group": "formulas against integrals of PyMC's density",
                   "line": f"{law.label}, {name}", "ours": found, "reference": known,
                   "error": abs(found - known) / size, "allowed": QUADRATURE}  # fmt: skip


def draws(seed: int):
    """|z| of PyMC's draws, and of the multivariate normal's made by hand; all comparisons of each."""
    for law in LAWS:
        values = law.draws(DRAWS, seed)
        if law.twin.std() == 0:
            yield law.label, [0.0 if (values == law.twin.mean()).all() else np.inf]
        else:
            yield law.label, z_of_draws(values, law.twin)
    for law in JOINTS:
        yield (
            law.label,
            law.z(pm.draw(law.variable(size=DRAWS), random_seed=seed, mode=QUICK)),
        )
    yield f"{JOINTS[-1].label}, by Cholesky", JOINTS[-1].z(by_cholesky(DRAWS, seed))
