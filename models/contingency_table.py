"""Two ways of sorting the same things: how far does one tell the other (Gunel and Dickey 1974)?

    p                 ~ Dirichlet(a)          a share for each of R x C cells, row by row
    count             ~ Multinomial(n, p)     n things, each sorted by row and by column
    row_share, column_share                   totals of p along rows and down columns
    column_given_row  = p / row_share         shares of the columns within each row
    H_given           = H(column | row)       bits still open when the row is known
    MI                = I(row; column)        bits the row tells of the column; 0: independent

Exact: p stays Dirichlet, totals and shares within a row are Beta; of H_given and MI mean and sd.
MLE: the observed shares; an empty cell puts it on the boundary.
"""

import numpy as np
import pandera.pandas as pa
import pymc as pm
from pytensor.tensor.special import xlogy
from scipy import stats
from scipy.special import gammaln

from models import _entropy as bits
from models._categories import counted, per_category
from models._conjugate import Dirichlet
from models._exact import Exact, NoMaximum
from models._reduced import totals


class Data(pa.DataFrameModel):
    """One row a cell of the table and its count, or one row a single thing."""

    row: pa.Category = pa.Field(coerce=True, description="how it is sorted one way (any label)")
    column: pa.Category = pa.Field(coerce=True, description="how it is sorted the other way")
    count: int = pa.Field(ge=0, coerce=True, description="things in the cell; absent: one a row")

    @pa.dataframe_check(error="`row` must take at least two different values")
    def more_than_one_row(cls, frame):
        return frame["row"].cat.categories.size > 1

    @pa.dataframe_check(error="`column` must take at least two different values")
    def more_than_one_column(cls, frame):
        return frame["column"].cat.categories.size > 1


def tidy(frame):
    """Rows of one thing each carry no `count` column: every row then counts one."""
    return counted(frame, ["row", "column"])


# One number for all cells, two (the first cell's and the last's, evenly between), or R x C.
PRIOR = {"a": [1.0, 1.5]}


def design(data):
    """How many things each cell holds (R, C), and the labels of rows and of columns."""
    rows, columns = data["row"].cat, data["column"].cat
    counts = np.zeros((rows.categories.size, columns.categories.size))
    np.add.at(counts, (rows.codes, columns.codes), data["count"])
    return counts, list(rows.categories), list(columns.categories)


def model(data, *, a):
    counts, rows, columns = design(data)
    cells = [f"{row}, {column}" for row in rows for column in columns]
    with pm.Model(coords={"row": rows, "column": columns, "cell": cells}) as built:
        count = pm.Data("count_data", counts.ravel().astype("int64"), dims="cell")
        p = pm.Dirichlet("p", per_category("a", a, counts.size), dims="cell")
        table = p.reshape(counts.shape)
        row_share = pm.Deterministic("row_share", table.sum(axis=1), dims="row")
        column_share = pm.Deterministic("column_share", table.sum(axis=0), dims="column")
        given = table / row_share[:, None]
        pm.Deterministic("column_given_row", given, dims=("row", "column"))
        pm.Deterministic("H_given", -xlogy(table, given).sum() / bits.BIT)
        pm.Deterministic("MI", xlogy(table, given / column_share).sum() / bits.BIT)
        pm.Multinomial("count", count.sum(), p, observed=count, dims="cell")
    return built


def exact(data, *, a):
    counts, *_ = design(data)
    prior, seen = Dirichlet(per_category("a", a, counts.size)), counts.ravel()
    posterior = prior.given(seen)
    table = posterior.a.reshape(counts.shape)
    orders = gammaln(seen.sum() + 1) - gammaln(seen + 1).sum()  # log of how many there are
    return Exact(
        marginals={"p": posterior.marginals()},
        derived={
            "row_share": Dirichlet(table.sum(axis=1)).marginals(),
            "column_share": Dirichlet(table.sum(axis=0)).marginals(),
            "column_given_row": Dirichlet(table).marginals(),
            "H_given": bits.conditional_of(table),
            "MI": bits.mutual_of(table),
        },
        log_evidence=float(orders + prior.log_evidence(seen)),
        by="algebra",
        joint=lambda theta: posterior.logpdf(theta["p"]),
    )


def mle(data):
    counts, *_ = design(data)
    if counts.sum() == 0:
        raise NoMaximum("no maximum: nothing was counted")
    return {"p": counts.ravel() / counts.sum()}


def log_bayes_factor(counts, a):
    """ln of how much better the counts (R, C) are foretold by any table than by independence.

    Under independence the totals are unknown, with the prior that Dirichlet(a) becomes on tables
    without association: Dirichlet(sum of a in the row - (C - 1)), and likewise for columns
    (Gunel and Dickey 1974). Where these are not positive there is no such prior: None.
    """
    a = per_category("a", a, counts.size).reshape(counts.shape)
    R, C = counts.shape
    totals = (a.sum(1) - (C - 1), counts.sum(1)), (a.sum(0) - (R - 1), counts.sum(0))
    if min(prior.min() for prior, _ in totals) <= 0:
        return None
    apart = sum(Dirichlet(prior).log_evidence(seen) for prior, seen in totals)
    return float(Dirichlet(a.ravel()).log_evidence(counts.ravel()) - apart)


def classical(counts, *, yates=False):
    """Chi-square with degrees of freedom and p-value, G and Cramér's V; no total may be zero.

    SciPy corrects a 2 x 2 table after Yates unless told not to; here it is told.
    """
    chi2, p, freedom, _ = stats.chi2_contingency(counts, correction=yates)
    G = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")[0]
    V = np.sqrt(chi2 / np.sum(counts) / (min(np.shape(counts)) - 1))
    return {"chi2": chi2, "df": freedom, "p": p, "G": G, "V": V}


def reduced(rows):
    """One row a cell: the sums, of which the model and log p(data) are those of the rows."""
    return totals(rows, ["count"], by=["row", "column"])


def suggest(data):
    """Settings for data the default prior does not expect: every table alike."""
    return {"a": [1.0]}
