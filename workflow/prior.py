"""The prior one has chosen: whether there is such a prior, and how far it moves the answer."""

from contextlib import suppress

import arviz as az
import numpy as np
import pymc as pm
import pytensor
from pymc.logprob.utils import ParameterValueError
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors

from workflow import fit
from workflow.locate import as_set, as_text, given, origin
from workflow.topic import Refused

NOTICEABLE = 0.05  # power-scaling sensitivity, the threshold of Kallioinen et al. (2024)


def insist_on_draws(topic, data, model: pm.Model, settings: dict) -> None:
    """Refused where PyMC's own check of a prior's parameters fails, or where it has no draws."""
    for variable in model.free_RVs:
        why = _impossible(variable)
        if why:
            names = _settings_of(topic, data, model, settings, variable)
            changed = {k: v for k, v in given(topic, settings).items() if k in names}
            blamed = as_set(changed) if changed else origin(topic, names)
            here = ", ".join(f"{k} = {as_text(settings[k])}" for k in names)
            raise Refused(
                f"{blamed}: the prior of {variable.name} is {_kind(variable)}({', '.join(names)})"
                f"{here and f', here {here}'}, {why}"
            )


def _impossible(variable) -> str | None:
    """Why a variable has no prior, or None: a rule of PyMC's, or a draw that is no number."""
    somewhere = np.full(tuple(variable.shape.eval()), 0.5).astype(variable.dtype)
    with suppress(NotImplementedError):  # a density that only PyMC's samplers could do without
        log_density = pm.logp(variable, somewhere, warn_rvs=False)
        try:
            # By PyTensor, as PyMC's own `compile` turns these checks into a density of zero.
            with np.errstate(all="ignore"):  # 1 / beta where beta is 0
                pytensor.function([], log_density, mode=fit.INTERPRETED["mode"])()
        except ParameterValueError as problem:
            return f"which needs {str(problem).splitlines()[0].strip()}"
    try:
        value = np.ravel(pm.draw(variable, random_seed=1, mode=fit.INTERPRETED["mode"]))
    except NotImplementedError:
        return "which has no draws: nothing could be simulated from it"
    except ValueError as problem:
        return f"which cannot be drawn from: {str(problem).splitlines()[0]}"
    if not np.isfinite(value).all():
        return f"too extreme for double precision: a draw is {value[~np.isfinite(value)][0]:g}"
    return None


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
    lost = [] if np.isfinite(exact.log_evidence) else [f"the log evidence is {exact.log_evidence}"]
    for name, law in exact.distributions.items():
        with np.errstate(all="ignore"):
            width = law.ppf(0.75) - law.ppf(0.25)
        if not (np.all(width > 0) and np.isfinite(width).all()):
            lost.append(f"the quartiles of {name} cannot be told apart")
    if lost:
        changed = given(topic, settings)
        blamed = as_set(changed) if changed else origin(topic, topic.module.PRIOR)
        raise Refused(f"{blamed}: too extreme for double precision: {lost[0]}")


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
        return az.psense_summary(draws, round_to=3)
    except ValueError:
        return None
