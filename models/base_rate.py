"""How much a flag means: prevalence from an imperfect test (fraud, disease, spam).

    prevalence   ~ Beta(prevalence_alpha, prevalence_beta)
    sensitivity  ~ Beta(sensitivity_alpha, sensitivity_beta)    chance that a true case is flagged
    specificity  ~ Beta(specificity_alpha, specificity_beta)    chance that a non-case is not
    flagged_i    ~ Binomial(tested_i, rate of its study)        i = 1..R rows, where the rate is
        population: prevalence sensitivity + (1 - prevalence) (1 - specificity)
        positives:  sensitivity            negatives:  1 - specificity
    ppv = P(case | flagged), npv = P(not a case | not flagged)  by Bayes' theorem

Exact: quadrature in log-odds, where (prevalence, sensitivity, specificity) -> (share flagged,
ppv, npv) keeps volume: five marginals and the evidence, in two frames of coordinates.
MLE: Rogan and Gladen (1978) where inside [0, 1]; else prevalence 0 or 1, the rest pooled.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from scipy.special import betaln, expit, gammaln, log_expit, logit, xlogy

from models._cubature import Marginal
from models._exact import Exact

STUDIES = ["population", "positives", "negatives"]
RULES = [(64, 0.15), (96, 0.1), (192, 0.07)]  # ever finer, until all routes agree
UNKNOWNS = ["prevalence", "sensitivity", "specificity"]


class Data(pa.DataFrameModel):
    """One row a batch of tests; a study may have several rows."""

    study: str = pa.Field(
        isin=STUDIES, description="who was tested: population, known positives, known negatives"
    )
    tested: int = pa.Field(ge=0, coerce=True, description="tests made (count)")
    flagged: int = pa.Field(ge=0, coerce=True, description="tests that raised a flag (count)")

    @pa.dataframe_check(error="`flagged` must be at most `tested`")
    def flagged_within_tested(cls, frame):
        return frame["flagged"] <= frame["tested"]


PRIOR = {
    "prevalence_alpha": 2.0,  # rare: mean 3.8 %, 95 % below 9 %
    "prevalence_beta": 50.0,
    "sensitivity_alpha": 6.0,  # a usable test: worth nine known cases, six of them found
    "sensitivity_beta": 3.0,
    "specificity_alpha": 19.0,  # seldom a false alarm: worth twenty non-cases, one flagged
    "specificity_beta": 1.0,
}


def predictive_values(prevalence, sensitivity, specificity):
    """Share flagged, ppv and npv: Bayes' theorem. Numbers, arrays or PyTensor variables."""
    found, missed = prevalence * sensitivity, prevalence * (1 - sensitivity)
    alarm, cleared = (1 - prevalence) * (1 - specificity), (1 - prevalence) * specificity
    return found + alarm, found / (found + alarm), cleared / (cleared + missed)


def design(data):
    """Which study each row belongs to (0, 1, 2), and tests and flags summed by study."""
    code = np.array([STUDIES.index(study) for study in data["study"]], dtype=int)
    sums = [np.bincount(code, data[column], minlength=3) for column in ("tested", "flagged")]
    return code, *sums


def model(data, *, prevalence_alpha, prevalence_beta, sensitivity_alpha, sensitivity_beta,
          specificity_alpha, specificity_beta):  # fmt: skip
    with pm.Model(coords={"row": data.index}) as built:
        study = pm.Data("study_data", design(data)[0], dims="row")
        tested = pm.Data("tested_data", data["tested"], dims="row")
        flagged = pm.Data("flagged_data", data["flagged"], dims="row")
        prevalence = pm.Beta("prevalence", prevalence_alpha, prevalence_beta)
        sensitivity = pm.Beta("sensitivity", sensitivity_alpha, sensitivity_beta)
        specificity = pm.Beta("specificity", specificity_alpha, specificity_beta)
        share, ppv, npv = predictive_values(prevalence, sensitivity, specificity)
        pm.Deterministic("ppv", ppv)
        pm.Deterministic("npv", npv)
        rate = pt.stack([share, sensitivity, 1 - specificity])[study]
        pm.Binomial("flagged", tested, rate, observed=flagged, dims="row")
    return built


def bayes(u):
    """Log-odds of (prevalence, sensitivity, specificity) -> of (share flagged, ppv, npv).

    It is its own inverse, and its Jacobian determinant is one. u has shape (3, ...).
    """
    yes, no = log_expit(u), log_expit(-u)
    flagged = np.logaddexp(yes[0] + yes[1], no[0] + no[2])
    cleared = np.logaddexp(yes[0] + no[1], no[0] + yes[2])
    return np.stack([flagged - cleared, u[0] + yes[1] - no[2], -u[0] + yes[2] - no[1]])


def exact(data, *, prevalence_alpha, prevalence_beta, sensitivity_alpha, sensitivity_beta,
          specificity_alpha, specificity_beta):  # fmt: skip
    _, tested, flagged = design(data)
    alpha = np.array([prevalence_alpha, sensitivity_alpha, specificity_alpha])
    beta = np.array([prevalence_beta, sensitivity_beta, specificity_beta])
    n, k = data["tested"].to_numpy(float), data["flagged"].to_numpy(float)
    constant = np.sum(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) - betaln(alpha, beta).sum()
    # Known positives and negatives are conjugate; only the population couples the three.
    n, k = tested[0], flagged[0]
    a = alpha + [0, flagged[1], tested[2] - flagged[2]]
    b = beta + [0, tested[1] - flagged[1], flagged[2]]

    def value(u):  # log p(data, theta) as a density of the log-odds
        yes, no = log_expit(u), log_expit(-u)
        share = np.logaddexp(yes[0] + yes[1], no[0] + no[2])
        rest = np.logaddexp(yes[0] + no[1], no[0] + yes[2])
        conjugate = sum(a[j] * yes[j] + b[j] * no[j] for j in range(3))
        return constant + conjugate + k * share + (n - k) * rest

    def local(u):  # its gradient, and the Fisher information plus the priors' curvature
        x = expit(u)
        share, rest, slope = share_slope(u)
        residual, weight = k / share - (n - k) / rest, n / (share * rest)
        curvature = np.eye(3) * ((a + b)[:, None] * x * expit(-u)).T[:, None, :]
        gradient = a[:, None] * expit(-u) - b[:, None] * x + residual * slope
        return gradient.T, curvature + np.einsum("n,in,jn->nij", weight, slope, slope)

    def local_turned(u):  # the same in the frame (share flagged, ppv, npv)
        x, one = expit(u), np.ones(u.shape[1:])
        share, rest, slope = share_slope(u)
        rows = [slope / (share * rest), [one, expit(-u[1]), x[2]], [-one, x[1], expit(-u[2])]]
        jacobian = np.stack([np.stack(row) for row in rows]).transpose(2, 0, 1)
        gradient, information = local(bayes(u))
        turned = jacobian.transpose(0, 2, 1)
        return (turned @ gradient[..., None])[..., 0], turned @ information @ jacobian

    start, turned = np.log(a / b), lambda u: value(bayes(u))
    posed = {  # each unknown summed over the other two, in the frame and order that suit it
        "prevalence": (value, local, start, [0, 1, 2]),
        "sensitivity": (value, local, start, [1, 0, 2]),
        "specificity": (value, local, start, [2, 0, 1]),
        "ppv": (turned, local_turned, bayes(start), [1, 0, 2]),
        "npv": (turned, local_turned, bayes(start), [2, 0, 1]),
    }
    second = Marginal(*posed["ppv"], *RULES[1]).log_integral
    prevalence = posed.pop("prevalence")
    for rule in RULES:
        first = Marginal(*prevalence, *rule)
        log_evidence = first.log_integral
        if abs(second - log_evidence) < 3e-9:
            break

    def marginal(pose):
        for rule in RULES:
            known = Marginal(*pose, *rule, log_evidence)
            if abs(known.mass - 1) < 1e-8:
                break
        return known

    known = {"prevalence": first} | {name: marginal(pose) for name, pose in posed.items()}
    astray = [name for name in known if not abs(known[name].mass - 1) < 1e-7]
    if astray:
        raise ValueError(
            f"the orders of integration disagree about {', '.join(astray)}: data and prior leave"
            " too much open, or contradict each other; try a more informative prior"
        )

    def joint(theta):
        u = logit(np.array([theta[name] for name in UNKNOWNS], dtype=float))
        return value(u) - np.sum(log_expit(u) + log_expit(-u)) - log_evidence

    return Exact(
        marginals={name: known[name] for name in UNKNOWNS},
        derived={name: known[name] for name in ("ppv", "npv")},
        log_evidence=log_evidence,
        by="quadrature in log-odds",
        joint=joint,
        masses={name: marginal.mass for name, marginal in known.items()},
        second_log_evidence=second,
    )


def share_slope(u):
    """Share flagged, share not flagged, and the slope of the first in the three log-odds."""
    yes, no = expit(u), expit(-u)
    slope = np.stack([
        yes[0] * no[0] * (yes[1] - no[2]), yes[0] * yes[1] * no[1], -no[0] * yes[2] * no[2]
    ])  # fmt: skip
    return yes[0] * yes[1] + no[0] * no[2], yes[0] * no[1] + no[0] * yes[2], slope


def mle(data):
    _, n, k = design(data)
    for study, tested in zip(STUDIES, n, strict=True):
        if tested == 0:
            raise ValueError(f"no maximum: nobody tested under `{study}`, so many answers fit alike")
    share, sensitivity, false_alarm = k / n
    gain = sensitivity - false_alarm
    if gain == 0 and share == sensitivity:
        raise ValueError("no maximum: the test flags cases and others alike; any prevalence fits")
    prevalence = (share - false_alarm) / gain if gain else np.inf
    if 0 <= prevalence <= 1:  # three shares fitted by three unknowns: no other point does better
        best = prevalence, sensitivity, 1 - false_alarm
    else:  # no case, or none but cases: the population then is one more study of known status
        none = 0.0, sensitivity, 1 - (k[0] + k[2]) / (n[0] + n[2])
        all_ = 1.0, (k[0] + k[1]) / (n[0] + n[1]), 1 - false_alarm
        best = max(none, all_, key=lambda point: log_likelihood(point, n, k))
    return dict(zip(UNKNOWNS, map(np.float64, best), strict=True))


def log_likelihood(point, n, k):
    """Up to its constant, from tests and flags by study."""
    rate = np.array([predictive_values(*point)[0], point[1], 1 - point[2]])
    return np.sum(xlogy(k, rate) + xlogy(n - k, 1 - rate))


def suggest(data):
    """Settings for data the default prior does not expect: flat priors."""
    return dict.fromkeys(PRIOR, 1.0)
