"""Entropy of shares known only through counts (Dirichlet, multinomial; Wolpert and Wolf 1995).

    p         ~ Dirichlet(a)               k = 1..K categories; the prior is worth sum(a) counts
    count     ~ Multinomial(n, p)          how often each category was seen, n times in all
    H         = -sum_k p_k log2 p_k        bits a category holds
    KL_pq     = sum_k p_k log2(p_k / q_k)  bits wasted on each if q, known, is taken for p
    KL_qp     = sum_k q_k log2(q_k / p_k)  bits wasted on each if q is true and p is taken for it

Exact: p stays Dirichlet; of H and both KL, in bits, mean and sd by digamma and trigamma.
MLE: the observed shares; a category never seen puts it on the boundary.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from pytensor.tensor.special import xlogy
from scipy.special import gammaln

from models import _entropy as bits
from models._categories import counted, per_category
from models._conjugate import Dirichlet
from models._exact import Exact, NoMaximum
from models._reduced import totals


class Data(pa.DataFrameModel):
    """One row a category and how often it was seen, or one row a single observation."""

    category: pa.Category = pa.Field(coerce=True, description="what was seen (any label)")
    count: int = pa.Field(ge=0, coerce=True, description="times seen (count); absent: one a row")

    @pa.dataframe_check(error="`category` must take at least two different values")
    def more_than_one_category(cls, frame):
        return frame["category"].cat.categories.size > 1


def tidy(frame):
    """Rows of one observation each carry no `count` column: every row then counts one."""
    return counted(frame, ["category"])


# Each has one number for all categories, two (the first's and the last's, evenly between), or K.
PRIOR = {"a": [2.5, 3.5]}  # worth 18 throws; pips are hollows, so high faces are the lighter ones
KNOWN = {"q": [1.0]}  # proportional to the shares compared with: here all alike


def design(data):
    """How often each category was seen (K,), and the labels (K,)."""
    labels = data["category"].cat
    counts = np.bincount(labels.codes, data["count"], minlength=len(labels.categories))
    return counts, list(labels.categories)


def model(data, *, q, a):
    counts, labels = design(data)
    a, q = per_category("a", a, len(labels)), per_category("q", q, len(labels))
    q = q / q.sum()
    with pm.Model(coords={"category": labels}) as built:
        count = pm.Data("count_data", counts.astype("int64"), dims="category")
        p = pm.Dirichlet("p", a, dims="category")
        pm.Deterministic("H", -xlogy(p, p).sum() / bits.BIT)
        pm.Deterministic("KL_pq", xlogy(p, p / q).sum() / bits.BIT)
        pm.Deterministic("KL_qp", xlogy(q, q / p).sum() / bits.BIT)
        pm.Multinomial("count", count.sum(), p, observed=count, dims="category")
    return built


def exact(data, *, q, a):
    counts, labels = design(data)
    prior, q = Dirichlet(per_category("a", a, len(labels))), per_category("q", q, len(labels))
    posterior = prior.given(counts)
    orders = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()  # log of how many there are
    return Exact(
        marginals={"p": posterior.marginals()},
        derived={
            "H": bits.entropy_of(posterior.a),
            "KL_pq": bits.divergence_of(posterior.a, q / q.sum()),
            "KL_qp": bits.reverse_of(posterior.a, q / q.sum()),
        },
        log_evidence=float(orders + prior.log_evidence(counts)),
        by="algebra",
        joint=lambda theta: posterior.logpdf(theta["p"]),
    )


def mle(data, *, q):
    counts, labels = design(data)
    per_category("q", q, len(labels))  # what is no reference is refused here too
    if counts.sum() == 0:
        raise NoMaximum("no maximum: nothing was counted")
    return {"p": counts / counts.sum()}


def reduced(rows):
    """One row a category: the sums, of which the model and log p(data) are those of the rows."""
    return totals(rows, ["count"], by=["category"])


def suggest(data):
    """Settings for data the default prior does not expect: every composition alike."""
    return {"a": [1.0]}
