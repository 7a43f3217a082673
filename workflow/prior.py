"""The prior one has chosen: whether there is such a prior, and how far it moves the answer."""

from contextlib import suppress

import arviz as az
import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pymc.logprob.utils import ParameterValueError
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors

from models._moments import Moments
from workflow import fit
from workflow.check import Check
from workflow.locate import as_set, as_text, given, origin
from workflow.topic import Refused

LARGEST = 1e100  # a setting or draw beyond it has powers beyond double precision
ROUNDING = 1e-5  # of the log joint: settings may cost that much, mistakes more
NOTICEABLE = 0.05  # power-scaling sensitivity, the threshold of Kallioinen et al. (2024)


class Impossible(Exception):
    """No prior has these parameters; the message says why."""


def insist_on_draws(topic, data, model: pm.Model, settings: dict) -> None:
    """Refused where PyMC's own check of a prior's parameters fails, or where it has no draws."""
    for name, value in settings.items():
        if not np.all(np.abs(value) < LARGEST):
            _too_extreme(topic, settings, f"`{name}` must be below {LARGEST:g}")
    drawn = {}
    for variable in model.free_RVs:
        try:
            drawn[variable] = _drawn(variable, drawn)
        except Impossible as why:
            names = _settings_of(topic, data, model, settings, variable)
            changed = given(topic, settings)
            changed = {k: v for k, v in changed.items() if k in names} or changed
            blamed = as_set(changed) if changed else origin(topic, names)
            here = ", ".join(f"{k} = {as_text(settings[k])}" for k in names)
            raise Refused(
                f"{blamed}: the prior of {variable.name} is {_kind(variable)}({', '.join(names)})"
                f"{here and f', here {here}'}, {why}"
            ) from None


def _drawn(variable, above: dict) -> np.ndarray:
    """One draw of a prior, given those above it in a hierarchy; else `Impossible`.

    PyMC's own check of the parameters comes first: NumPy draws from some priors that are none.
    """
    how = {"givens": above, "mode": fit.INTERPRETED["mode"], "on_unused_input": "ignore"}
    somewhere = np.full(tuple(variable.shape.eval()), 0.5).astype(variable.dtype)
    with suppress(NotImplementedError), np.errstate(all="ignore"):  # 1 / beta where beta is 0
        log_density = pm.logp(variable, somewhere, warn_rvs=False)
        try:
            # By PyTensor, as PyMC's own `compile` turns these checks into a density of zero.
            pytensor.function([], log_density, **how)()
        except ParameterValueError as problem:
            needed = str(problem).splitlines()[0].strip()
            raise Impossible(f"which needs {needed}") from None
    try:
        value = pm.draw(variable, random_seed=1, **how)
    except NotImplementedError:
        raise Impossible("which has no draws: nothing could be simulated from it") from None
    except ValueError as problem:
        said = str(problem).splitlines()[0]
        raise Impossible(f"which cannot be drawn from: {said}") from None
    except ArithmeticError:  # NumPy's inverse gamma divides one by a draw
        raise Impossible("too extreme for double precision: a draw is infinite") from None
    lost = np.ravel(value)[~(np.abs(np.ravel(value)) < LARGEST)]
    if lost.size:
        raise Impossible(f"too extreme for double precision: a draw is {lost[0]:g}")
    return value


def _kind(variable) -> str:
    op = variable.owner.op
    return getattr(op, "_print_name", (type(op).__name__,))[0]


def _settings_of(topic, data, model, settings, variable) -> list[str]:
    """The settings that reach a variable's prior: those whose change changes a number in it."""
    before, found = _numbers(model, variable.name), []
    for name, value in settings.items():
        with suppress(ValueError):  # one that cannot be moved alone
            other = topic.model(data, {**settings, name: value * 1.5 + 0.25})
            found += [name] if _numbers(other, variable.name) != before else []
    return found


def _numbers(model, name) -> list[bytes]:
    """Every constant that a variable's parameters are computed from, other unknowns left out."""
    parents = ancestors(model[name].owner.inputs, blockers=model.free_RVs)
    constants = [p.data for p in parents if isinstance(p, Constant)]
    return sorted(c.tobytes() for c in constants if isinstance(c, np.ndarray))


def insist_on_an_answer(topic, settings: dict, exact) -> None:
    """Refused where the exact answer is lost in rounding: no number, or no width."""
    lost = "" if np.isfinite(exact.log_evidence) else f"the log evidence is {exact.log_evidence}"
    for name, law in {} if lost else exact.distributions.items():
        with np.errstate(all="ignore"), suppress(ValueError):
            moments = isinstance(law, Moments)
            width = law.std() if moments else law.ppf(0.75) - law.ppf(0.25)
            if np.all(width > 0) and np.isfinite(width).all():
                continue
        lost = f"the quartiles of {name} cannot be told apart"
        lost = f"the sd of {name} is {np.min(law.std()):g}" if moments else lost
        break
    if lost:
        _too_extreme(topic, settings, lost)


def insist_on_precision(topic, settings: dict, identity: Check) -> None:
    """Refused where settings one has given cost the identity its digits, but not more than that."""
    if given(topic, settings) and not identity.passed and identity.value < ROUNDING:
        lost = f"model and exact answer differ by {identity.value:.2g} of the log joint in rounding"
        _too_extreme(topic, settings, lost)


def _too_extreme(topic, settings, lost):
    changed = given(topic, settings)
    blamed = as_set(changed) if changed else origin(topic, topic.module.PRIOR)
    raise Refused(f"{blamed}: too extreme for double precision: {lost}")


def pull(table) -> str:
    """What the power-scaling table says of the prior, in a sentence; '' where there is none."""
    if table is None:
        return ""
    name, value = table["prior"].idxmax(), float(table["prior"].max())
    size = "noticeable" if value > NOTICEABLE else "hardly noticeable"
    return (
        f"Raised to a power a little off one, the prior moves {name} most, with a sensitivity of "
        f"{value:.3g}; that of the likelihood is {float(table.loc[name, 'likelihood']):.3g} there. "
        f"Above {NOTICEABLE} is noticeable, so the pull of this prior is {size}."
    )


def renamed(draws: xr.DataTree) -> xr.DataTree:
    """Without a dimension called `label`, which is what ArviZ calls one of its own."""
    every = draws.to_dict().items()
    free = {k: d.rename(label="of label") if "label" in d.dims else d for k, d in every}
    return xr.DataTree.from_dict(free)


def sensitivity(draws):
    """ArviZ's power-scaling table, or None where there is none to be had.

    A flat prior raised to any power is itself, and a nearly flat one leaves ArviZ without tails.
    """
    if "log_likelihood" not in draws.children:
        return None
    terms = draws.log_prior.values()
    total = sum(v.sum([d for d in v.dims if d not in ("chain", "draw")]) for v in terms)
    if np.ptp(total.values) < 1e-9:
        return None
    try:
        return az.psense_summary(renamed(draws), round_to=3)
    except ValueError:
        return None
