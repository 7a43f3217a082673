"""Shares of categories from counts (Dirichlet-multinomial; BDA3 section 3.4, PML1 section 4.6).

    theta       ~ Dirichlet(a)              a_k pseudo-counts of category k = 1..K, sorted
    count       ~ Multinomial(N, theta)     count_k: how often k came up in N trials
    expected    = sum_k x_k theta_k         where every category is a number x_k

Exact: conjugate, a_k grows by count_k; each theta_k is a Beta, `expected` a contour integral.
MLE: the shares seen; a category that never came up puts it on the boundary.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from scipy.special import gammaln

from models._conjugate import Dirichlet
from models._dirichlet_mean import DirichletMean, numbers
from models._exact import Exact, NoMaximum
from models._reduced import totals

MOST = 1_000  # categories; more are measurements rather than labels


class Data(pa.DataFrameModel):
    """One row a category and how often it came up, or one row a trial."""

    category: pa.Category = pa.Field(coerce=True, description="what came up (any label or number)")
    count: int = pa.Field(ge=0, coerce=True, description="how often; absent: once a row")

    @pa.dataframe_check(error=f"`category` must take 2 to {MOST:,} different values")
    def some_categories(cls, frame):
        return 2 <= frame["category"].nunique() <= MOST


def tidy(frame):
    """Rows of one trial each carry no `count` column: every row then counts once."""
    return frame if "count" in frame else frame.assign(count=1)


# One number serves every category, K numbers set each; two are the first category's and the last
# one's, and those between go up or down evenly. The higher faces of a die have more holes for pips:
# they are lighter, and should come up more often. The prior is worth 24 throws.
PRIOR = {"a": [3.0, 5.0]}


def design(data):
    """How often each category came up (K,), and their labels, sorted."""
    category = data["category"].cat
    counts = np.bincount(category.codes, data["count"], minlength=len(category.categories))
    return counts.astype("int64"), category.categories


def pseudo_counts(labels, a):
    """The prior, one pseudo-count a category."""
    a, K = np.atleast_1d(a), len(labels)
    if a.size not in (1, 2, K):
        raise ValueError(f"`a` has {a.size} numbers; 1, 2 or {K} are needed for {K} categories")
    return Dirichlet(a if a.size == K else np.linspace(a[0], a[-1], K))


def model(data, *, a):
    counts, labels = design(data)
    with pm.Model(coords={"category": labels}) as built:
        count = pm.Data("count_data", counts, dims="category")
        theta = pm.Dirichlet("theta", pseudo_counts(labels, a).a, dims="category")
        if numbers(labels):
            pm.Deterministic("expected", pm.math.dot(theta, labels.to_numpy(float)))
        pm.Multinomial("count", count.sum(), theta, observed=count, dims="category")
    return built


def exact(data, *, a):
    counts, labels = design(data)
    prior = pseudo_counts(labels, a)
    theta = prior.given(counts)
    orders = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()  # log of their number
    mean = {"expected": DirichletMean(theta.a, labels)} if numbers(labels) else {}
    return Exact(
        marginals={"theta": theta.marginals()},
        derived=mean,
        log_evidence=float(orders + prior.log_evidence(counts)),
        by="algebra",
        joint=lambda point: theta.logpdf(point["theta"]),
    )


def mle(data):
    counts, _ = design(data)
    if counts.sum() == 0:
        raise NoMaximum("no maximum: nothing was counted")
    return {"theta": counts / counts.sum()}


def log_bayes_factor(data, *, a):
    """ln of how much likelier the counts are under this prior than if all shares were equal."""
    counts, labels = design(data)
    return float(pseudo_counts(labels, a).log_evidence(counts) + counts.sum() * np.log(counts.size))


def reduced(rows):
    """One row a category: the sums, of which the model and log p(data) are those of the rows."""
    return totals(rows, ["count"], by=["category"])


def suggest(data):
    """A flat prior."""
    return {"a": 1.0}
