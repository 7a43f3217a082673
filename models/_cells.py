"""The density of the cells of a table that are not empty, as PyMC is to compute it.

`pm.Data` takes no holes, so what is observed is one vector of the cells that are there, column by
column; two arrays say from which row and column each comes. They are put back into their table, and
what stands before a cell in its row is read there: simulated cells hang on simulated ones, not on
those of the file.
"""

import numpy as np
import pymc as pm
import pytensor.tensor as pt


class Cells:
    """Where the cells of rows (n, K) are that are not empty, column by column."""

    def __init__(self, rows):
        self.shape = rows.shape
        self.there = ~np.isnan(rows)
        self.column, self.row = np.nonzero(self.there.T)
        self.values = rows[self.row, self.column]
        later, earlier = np.tril_indices(rows.shape[1], -1)
        self.later, self.earlier = later, earlier  # of each slope

    def log_density(self, x, mu, slope, lam, column):
        """log p(x), each cell about the line of its column in the columns before it.

        x (T,): the T cells that are there; mu (K,), lam (K,): means and precisions of the columns;
        slope (J,), J = K (K - 1) / 2, line by line; column (T,): of each cell.
        """
        table = pt.set_subtensor(pt.zeros(self.shape)[self.row, self.column], x)
        away = pt.switch(self.there, table - mu, 0.0)
        weights = pt.set_subtensor(pt.zeros((mu.shape[0],) * 2)[self.earlier, self.later], slope)
        noise = pm.Normal.dist(np.float64(0), lam ** np.float64(-0.5))
        each = pm.logp(noise, away - pt.dot(away, weights))
        return pt.switch(self.there, each, 0.0).sum()

    def draw(self, mu, slope, lam, column, rng=None, size=None):
        """Whole rows made up column by column, and of them the cells that are there: (T,).

        mu (K,), slope (J,), lam (K,) as in `log_density`.
        """
        away = rng.standard_normal(self.shape) / np.sqrt(lam)
        for j, k, rise in zip(self.earlier, self.later, slope, strict=True):
            away[:, k] += rise * away[:, j]
        return (mu + away)[self.row, self.column]
