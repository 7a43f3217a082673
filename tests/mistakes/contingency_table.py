"""Wrong versions and edge cases of the table of two ways of sorting."""

import numpy as np
import pandas as pd
from scipy import stats

BITS = "_entropy.py"

MISTAKES = {
    "table turned round in the exact answer": (
        "prior.given(seen)\n    table = posterior.a.reshape(counts.shape)",
        "prior.given(counts.T.ravel())\n    table = posterior.a.reshape(counts.shape)",
    ),
    "table turned round in the model": (
        "table = p.reshape(counts.shape)",
        "table = p.reshape(counts.shape[::-1]).T",
    ),
    "prior counted twice": (
        "posterior = prior.given(seen)",
        "posterior = prior.given(seen + prior.a)",
    ),
    "orders forgotten": ("float(orders + prior", "float(prior"),
    "n for n + 1 in the orders": ("gammaln(seen.sum() + 1)", "gammaln(seen.sum())"),
    "rows and columns swapped": (
        '"row_share": Dirichlet(table.sum(axis=1))',
        '"row_share": Dirichlet(table.sum(axis=0))',
    ),
    "shares within a column": (
        '"column_given_row": Dirichlet(table).marginals()',
        '"column_given_row": Dirichlet(table.T).marginals()',
    ),
    "within a column in the model": (
        "given = table / row_share[:, None]",
        "given = table / column_share",
    ),
    "H of the row given the column": ("bits.conditional_of(table)", "bits.conditional_of(table.T)"),
    "H of the cells for H within rows": (
        "bits.conditional_of(table)",
        "bits.entropy_of(posterior.a)",
    ),
    "H in nats": ("-xlogy(table, given).sum() / bits.BIT", "-xlogy(table, given).sum()"),
    "MI in nats": (
        "xlogy(table, given / column_share).sum() / bits.BIT",
        "xlogy(table, given / column_share).sum()",
    ),
    "rows weigh alike": ("-xlogy(table, given).sum()", "-xlogy(given, given).mean(axis=0).sum()"),
    "given both ways": ("given / column_share", "given / row_share[:, None]"),
    "MI of the counts alone": ("bits.mutual_of(table)", "bits.mutual_of(counts + 1e-9)"),
    "prior spread over the cells": (
        'per_category("a", a, counts.size), dims',
        'per_category("a", a, counts.size) / counts.size, dims',
    ),
    "observed twice": (
        'p, observed=count, dims="cell")\n',
        'p, observed=count, dims="cell")\n'
        '        pm.Multinomial("again", count.sum(), p, observed=count, dims="cell")\n',
    ),
    "rows' entropies scatter together": (
        "np.sum(square * variances)",
        "np.sum(square) * variances.mean()",
        BITS,
    ),
    "only rows scatter": ("between + np.sum(square * variances)", "between", BITS),
    "only within rows": (
        "between + np.sum(square * variances)",
        "np.sum(square * variances)",
        BITS,
    ),
    "add-one shares for the MLE": (
        "counts.ravel() / counts.sum()}",
        "(counts.ravel() + 1) / (counts.sum() + counts.size)}",
    ),
    "independence for the MLE": (
        "counts.ravel() / counts.sum()}",
        "np.outer(counts.sum(1), counts.sum(0)).ravel() / counts.sum() ** 2}",
    ),
    "MLE column by column": ("counts.ravel() / counts.sum()}", "counts.T.ravel() / counts.sum()}"),
}


def sorted_into(counts):
    """One row a cell, as few labels as there are."""
    rows, columns = np.indices(np.shape(counts))
    return pd.DataFrame({
        "row": [f"r{i}" for i in rows.ravel()], "column": [f"c{j}" for j in columns.ravel()],
        "count": np.ravel(counts),
    })  # fmt: skip


CASES = {
    "two by two, one thing a row": (
        pd.DataFrame({"row": [*"xxyyxyxyyx"], "column": [*"uvuvvuuvvu"]}),
        {},
        True,
    ),
    "two by three, another prior": (
        sorted_into([[4, 9, 3], [8, 2, 5]]),
        {"a": [0.7, 1.9, 1.1, 0.4, 2.6, 1.3]},
        True,
    ),
    "three by two, one prior for all": (sorted_into([[4, 9], [3, 8], [2, 5]]), {"a": [0.6]}, True),
    "a cell in several rows": (
        pd.concat([sorted_into([[4, 9], [3, 8]]), sorted_into([[1, 2], [3, 4]])]),
        {},
        True,
    ),
    "a cell never mentioned": (sorted_into([[4, 9, 2], [3, 8, 6]]).iloc[1:], {}, "boundary"),
    "an empty row": (sorted_into([[4, 9], [0, 0], [3, 8]]), {}, "boundary"),
    "nothing counted": (sorted_into([[0, 0], [0, 0]]), {"a": [2.0, 3.0, 5.0, 4.0]}, False),
    "many": (sorted_into([[300_000, 500_000], [200_000, 900_000]]), {}, True),
    "prior of zero": (sorted_into([[3, 4], [5, 6]]), {"a": [0.0, 1.0]}, "refused"),
    "prior of another table": (sorted_into([[3, 4], [5, 6]]), {"a": [1.0, 2.0, 3.0]}, "refused"),
}


def log_prior(theta, *, a):
    """The docstring's prior by SciPy: model and exact answer share the function that reads `a`."""
    p = theta["p"]
    here = np.interp(np.arange(p.size), np.arange(len(a)) * (p.size - 1) / max(len(a) - 1, 1), a)
    return stats.dirichlet(here).logpdf(p / p.sum())


EQUIVALENT = {}
