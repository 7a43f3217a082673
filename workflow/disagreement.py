"""Where `exact` does not belong to `model`: by how much, where, and which unknown it varies with.

The difference d(theta) = log joint of the model - (log density + log evidence of exact) is zero
if they belong together. Where it is a constant, a normalising constant is at fault; else it is
followed along one unknown at a time, the others held at the posterior mean.
"""

import numpy as np

from workflow import check
from workflow.density import joint

SAME = 1e-8  # of the size of the log joint: differences closer than this are one constant


def strangers(model, known: dict, whose: str, derived=()) -> str:
    """What keeps values known by name from being compared with the model's; '' if nothing does.

    `known` is name -> shape, for `exact` of its marginals, for `mle` of its values; `derived` are
    names of Deterministics.
    """
    ours = {v.name: tuple(v.shape.eval()) for v in model.free_RVs}
    said = [f"`{name}` of the model is unknown to {whose}" for name in ours if name not in known]
    said += [
        f"`{name}` of {whose} is no unknown of the model" for name in known if name not in ours
    ]
    said += [
        f"`{name}` has the shape {ours[name]} in the model and {shape} in {whose}"
        for name, shape in known.items()
        if name in ours and ours[name] != shape
    ]
    computed = {v.name for v in model.deterministics}
    said += [
        f"`{name}` of {whose} is no Deterministic of the model"
        for name in derived
        if name not in computed
    ]
    return "; ".join(said)


def in_words(model, exact, seed: int) -> str:
    """'model and exact disagree: the log joint differs by 2.31 at theta = 0.2 and by 0.4 at ...'"""
    ours = joint(model)

    def difference(theta):
        with np.errstate(all="ignore"):
            left, right = ours(theta), float(exact.log_density(theta) + exact.log_evidence)
        return (0.0 if left == right else left - right), abs(left)

    points = list(check.identity_points(model, exact, seed))
    centre, every = points[-1], [difference(theta) for theta in points]
    if _constant(every):
        return (
            f"model and exact disagree: the log joint differs by {abs(every[-1][0]):.4g} wherever "
            "it was compared. The difference is constant, so it is the log evidence or another "
            "normalising constant that is off"
        )
    varying = {}
    for name in centre:
        line = [{**centre, name: theta[name]} for theta in points]
        along = [difference(theta) for theta in line]
        if not _constant(along):
            varying[name] = _two(name, line, along, difference)
    if not varying:
        said = " and ".join(_found(difference, theta) for theta in (points[0], centre))
        return f"model and exact disagree: the log joint differs {said}"
    others = ", the others at their posterior mean" if len(centre) > 1 else ""
    fixed = [name for name in centre if name not in varying]
    also = f" and not with {' or '.join(fixed)}" if fixed else ""
    return (
        f"model and exact disagree: the log joint differs {next(iter(varying.values()))}{others}. "
        f"The difference varies with {' and '.join(varying)}{also}, so it is more than a constant"
    )


def _constant(found) -> bool:
    differences, sizes = np.array(found).T
    return bool(np.isfinite(differences).all() and np.ptp(differences) < SAME * (1 + sizes.max()))


def _two(name, line, along, difference) -> str:
    """The two points of a line, in its half that is nearer to the posterior, that differ most."""
    half = range(len(line) // 4, len(line))
    finite = [i for i in half if np.isfinite(along[i][0])] or half
    chosen = {f(finite, key=lambda i: along[i][0]) for f in (min, max)}
    shown = [_rounded(line[i], name, difference) for i in sorted(chosen)]
    return " and ".join(_found(difference, theta, name) for theta in shown)


def _rounded(theta, name, difference):
    """The same with a number that a person can type, where that is still inside the support."""
    if np.ndim(theta[name]):
        return theta
    short = {**theta, name: np.float64(f"{theta[name]:.3g}")}
    return short if np.isfinite(difference(short)[0]) else theta


def _found(difference, theta, *names) -> str:
    d = difference(theta)[0]
    by = f"by {abs(d):.3g}" if np.isfinite(d) else "without bound"
    where = ", ".join(f"{k} = {_short(theta[k])}" for k in names or theta)
    return f"{by} at {where}"


def _short(value) -> str:
    if np.ndim(value) == 0:
        return f"{value:.3g}"
    return np.array2string(np.asarray(value), precision=3, threshold=6, max_line_width=10_000)
