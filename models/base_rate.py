"""How much a flag means: prevalence from an imperfect test (fraud, disease, spam).

    prevalence   ~ Beta(prevalence_alpha, prevalence_beta)
    sensitivity  ~ Beta(sensitivity_alpha, sensitivity_beta)    chance that a true case is flagged
    specificity  ~ Beta(specificity_alpha, specificity_beta)    chance that a non-case is not
    flagged_i    ~ Binomial(tested_i, rate of its study)        i = 1..R rows, where the rate is
        population: prevalence sensitivity + (1 - prevalence) (1 - specificity)
        positives:  sensitivity            negatives:  1 - specificity
    ppv = P(case | flagged), npv = P(not a case | not flagged)  by Bayes' theorem

Exact: given how many flagged and unflagged are cases all is conjugate; summed over these counts.
MLE: Rogan and Gladen (1978) where inside [0, 1]; else prevalence 0 or 1, the rest pooled.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
import pytensor.tensor as pt
from scipy.special import betaln, log_expit, logit, xlogy

from models._exact import Exact, NoMaximum
from models._hidden_counts import HiddenCounts, log_choose
from models._reduced import totals

STUDIES = ["population", "positives", "negatives"]
UNKNOWNS = ["prevalence", "sensitivity", "specificity"]


class Data(pa.DataFrameModel):
    """One row a batch of tests; a study may have several rows."""

    study: str = pa.Field(isin=STUDIES, description=f"who was tested: {', '.join(STUDIES)}")
    tested: int = pa.Field(ge=0, coerce=True, description="tests made (count)")
    flagged: int = pa.Field(ge=0, coerce=True, description="tests that raised a flag (count)")

    @pa.dataframe_check(error="`flagged` must be at most `tested`")
    def flagged_within_tested(cls, frame):
        return frame["flagged"] <= frame["tested"]


PRIOR = {
    "prevalence_alpha": 2.0, "prevalence_beta": 50.0,  # rare: 3.8 % on average
    "sensitivity_alpha": 6.0, "sensitivity_beta": 3.0,  # worth nine known cases, six of them found
    "specificity_alpha": 19.0, "specificity_beta": 1.0,  # worth twenty non-cases, one flagged
}  # fmt: skip


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


SHIFT = {  # powers of (prevalence, 1 - prevalence, sensitivity, ...) that make each unknown's odds
    "prevalence": (1, -1, 0, 0, 0, 0), "sensitivity": (0, 0, 1, -1, 0, 0),
    "specificity": (0, 0, 0, 0, 1, -1),
    "ppv": (1, -1, 1, 0, 0, -1), "npv": (-1, 1, 0, -1, 1, 0),
}  # fmt: skip


def exact(data, *, prevalence_alpha, prevalence_beta, sensitivity_alpha, sensitivity_beta,
          specificity_alpha, specificity_beta):  # fmt: skip
    _, n, k = design(data)
    alpha = np.array([prevalence_alpha, sensitivity_alpha, specificity_alpha])
    beta = np.array([prevalence_beta, sensitivity_beta, specificity_beta])
    a = alpha + np.array([0, k[1], n[2] - k[2]])  # the studies of known status are conjugate
    b = beta + np.array([0, n[1] - k[1], k[2]])
    hidden = HiddenCounts(n[0], k[0], a, b)
    ways = log_choose(data["tested"].to_numpy(float), data["flagged"].to_numpy(float)).sum()
    log_evidence = ways - betaln(alpha, beta).sum() + hidden.log_sum
    known = {name: hidden.marginal(shift) for name, shift in SHIFT.items()}

    def log_joint(u):  # log p(data, theta) at log-odds u, as a density of theta
        yes, no = log_expit(u), log_expit(-u)
        share = np.logaddexp(yes[0] + yes[1], no[0] + no[2])
        rest = np.logaddexp(yes[0] + no[1], no[0] + yes[2])
        conjugate = np.sum((a - 1) * yes + (b - 1) * no)
        return ways - betaln(alpha, beta).sum() + conjugate + k[0] * share + (n[0] - k[0]) * rest

    def log_odds(theta):
        return logit(np.array([theta[name] for name in UNKNOWNS], dtype=float))

    centre = log_odds({name: known[name].mean() for name in UNKNOWNS})
    return Exact(
        marginals={name: known[name] for name in UNKNOWNS},
        derived={name: known[name] for name in ("ppv", "npv")},
        log_evidence=float(log_evidence),
        by="algebra: a sum over hidden counts",
        joint=lambda theta: log_joint(log_odds(theta)) - log_evidence,
        second_log_evidence=float(log_joint(centre) - hidden.log_density(centre)),
    )


def mle(data):
    _, n, k = design(data)
    for study, tested in zip(STUDIES, n, strict=True):
        if tested == 0:
            raise NoMaximum(f"no maximum: nobody tested under `{study}`, so many answers fit alike")
    share, sensitivity, false_alarm = k / n
    gain = sensitivity - false_alarm
    if gain == 0 and share == sensitivity:
        raise NoMaximum("no maximum: the test flags cases and others alike; any prevalence fits")
    prevalence = (share - false_alarm) / gain if gain else np.inf
    if 0 <= prevalence <= 1:  # three shares fitted by three unknowns: no other point does better
        best = prevalence, sensitivity, 1 - false_alarm
    else:  # no case, or none but cases: the population then is one more study of known status
        none = 0.0, sensitivity, 1 - (k[0] + k[2]) / (n[0] + n[2])
        all_ = 1.0, (k[0] + k[1]) / (n[0] + n[1]), 1 - false_alarm
        best = max(none, all_, key=lambda point: log_likelihood(point, n, k))
    return dict(zip(UNKNOWNS, map(np.float64, best), strict=True))


def log_likelihood(point, n, k):
    """Up to its constant, from tests n (3,) and flags k (3,) by study."""
    rate = np.array([predictive_values(*point)[0], point[1], 1 - point[2]])
    return np.sum(xlogy(k, rate) + xlogy(n - k, 1 - rate))


def reduced(rows):  # one row a study, the sums; log p(data) grows by what it does in beta_binomial
    return totals(rows, ["tested", "flagged"], by=["study"])


def suggest(data):
    """Flat priors."""
    return dict.fromkeys(PRIOR, 1.0)
