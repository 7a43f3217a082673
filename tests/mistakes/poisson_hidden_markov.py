"""Wrong versions and edge cases of the Poisson hidden Markov model."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "transposed transitions": ("pt.log(A), log_w", "pt.log(A.T), log_w"),
    "first row of A for the start": ("()(pt.log(start)", "()(pt.log(A[0])"),
    "rates in reverse": ('"count", start, A, lam, steps', '"count", start, A, lam[::-1], steps'),
    "counts shifted by one": ("kinds[:, None])", "kinds[:, None] + 1)"),
    "observed twice": ("return ForwardBackward()", "return 2 * ForwardBackward()"),
    "a gap for a rate": ("pm.Poisson.dist(lam)", "pm.Poisson.dist(1 / lam)"),
    "a geometric for a Poisson": ("pm.Poisson.dist(lam)", "pm.NegativeBinomial.dist(lam, 1.0)"),
    "scale for rate": (
        'pm.Gamma("lam", rates.shape, rates.rate,',
        'pm.Gamma("lam", rates.shape, 1 / rates.rate,',
    ),
    "mean and rate for shape and rate": (
        'pm.Gamma("lam", rates.shape, rates.rate,',
        'pm.Gamma("lam", rates.shape / rates.rate, rates.rate,',
    ),
    "long run of the transposed chain": (
        "pt.linalg.solve((np.eye(names.size) - A + 1.0).T",
        "pt.linalg.solve((np.eye(names.size) - A + 1.0)",
    ),
    "simulated with transposed transitions": ("walk(start, A, len", "walk(start, A.T, len"),
    "simulated one state late": (
        "lam[walk(start, A, len(steps), rng)]",
        "np.roll(lam, 1)[walk(start, A, len(steps), rng)]",
    ),
    "start forgotten": ("log_joint = log_first + a", "log_joint = a"),
    "transposed moves": ("a.log_evidence(moves)", "a.log_evidence(moves.swapaxes(1, 2))"),
    "moves transposed in the posterior": ("a.given(moves), rates", "a.given(moves.mT), rates"),
    "events of the other state": ('"tpk,t->pk", z, y)', '"tpk,t->pk", z, y)[:, ::-1]'),
    "first row's events forgotten": ('"tpk,t->pk", z, y)', '"tpk,t->pk", z[1:], y[1:])'),
    "factorials forgotten": ("log_sum - gammaln(y + 1).sum()", "log_sum"),
    "factorials of one less": ("gammaln(y + 1)", "gammaln(y)"),
    "paths weigh alike": (
        "np.exp(log_joint - log_sum), a.given",
        "np.ones(log_joint.size) / log_joint.size, a.given",
    ),
    "events for rows in the posterior of a rate": (
        "Rates(self.shape + events, self.rate + rows)",
        "Rates(self.shape + rows, self.rate + events)",
        "_poisson_chain.py",
    ),
    "scale for rate in a marginal": (
        "stats.gamma, a=self.shape, scale=1 / self.rate)",
        "stats.gamma, a=self.shape, scale=self.rate)",
        "_poisson_chain.py",
    ),
    "a rate's prior forgotten in the evidence": (
        "log_partition - self.log_partition\n\n    @property\n    def log_partition(self):\n"
        "        return gammaln",
        "log_partition\n\n    @property\n    def log_partition(self):\n        return gammaln",
        "_poisson_chain.py",
    ),
    "a row dropped in the MLE": ("climb(y, np", "climb(y[1:], np"),
    "rates in reverse in the MLE": (
        "return highest(data, states, start)[0]",
        'best = highest(data, states, start)[0]\n    return best | {"lam": best["lam"][::-1]}',
    ),
    "even start for the long run": (
        "if start is None else (best, height)",
        "if False else (best, height)",
    ),
    "divisor of all rows in EM": (
        "np.divide(kinds @ seen, rows,",
        "np.divide(kinds @ seen, rows.sum() / 2,",
        "_poisson_chain.py",
    ),
    "transposed moves in EM": (
        "np.divide(moves, left",
        "np.divide(moves.T, left",
        "_poisson_chain.py",
    ),
    "slope of the start forgotten": (
        "moves + A * np.outer(delta, Z @ (smoothed[0] / delta))",
        "moves",
        "_poisson_chain.py",
    ),
    "fundamental matrix transposed": (
        "Z @ (smoothed[0] / delta)",
        "Z.T @ (smoothed[0] / delta)",
        "_poisson_chain.py",
    ),
}


def counts(*values):
    return pd.DataFrame({"count": values})


SHORT = counts(13, 9, 30, 22, 16, 31, 12)
THREE = {"states": 3, "start": [0.5, 0.2, 0.3], "stay": 3.0, "move": 1.5}
RATES = {"shape": [20.0, 31.0, 40.0], "rate": [2.0, 1.7, 1.2]}
RUNNING = {"start": 0.0}

LOCAL = True

CASES = {
    "three states": (lambda d: d[["count"]].iloc[20:28], THREE | RATES, "boundary"),
    "an uneven start": (lambda d: d[["count"]].iloc[:60], {"start": [0.9, 0.1]}, True),
    "a start that is known": (SHORT, {"start": [0.0, 1.0]}, "boundary"),
    "always running": (lambda d: d, RUNNING, True),
    "always running, three states": (lambda d: d, RUNNING | RATES | {"states": 3}, "boundary"),
    "one shape for both": (SHORT, {"shape": 30.0, "rate": [2.5, 1.1]}, True),
    "one rate for both": (SHORT, {"shape": [30.0, 50.0], "rate": 1.7}, True),
    "a state without events": (counts(0, 0, 0, 5, 6, 7, 0, 0, 4), {}, "boundary"),
    "counts larger than there are rows": (counts(200, 260, 250, 190, 255), {}, "boundary"),
    "every count the same": (counts(4, 4, 4, 4), {}, False),
    "no events": (counts(0, 0, 0), {}, False),
    "one row": (counts(17), {}, False),
    "one row, always running": (counts(17), RUNNING, False),
    "always running, a single rate": (counts(9, 10, 11, 10, 9, 10, 11, 10), RUNNING, False),
    "a move seldom expected": (SHORT, {"move": 0.5}, True),
    "rates a third apart": (SHORT, {"shape": 30.0, "rate": [2.0, 1.95]}, True),
    "rates that descend": (SHORT, {"shape": [75.0, 45.0]}, "refused"),
    "rates alike": (SHORT, {"shape": 45.0, "rate": 3.0}, "refused"),
    "three rates, the last lower": (
        SHORT,
        THREE | {"shape": [2, 4, 3], "rate": 1.0},
        "refused",
    ),
    "shapes of another number": (SHORT, {"shape": [45.0, 60.0, 75.0]}, "refused"),
    "rates of another number": (SHORT, {"rate": [3.0, 2.0, 1.0]}, "refused"),
    "stay of zero": (SHORT, {"stay": 0.0}, "refused"),
    "move of zero": (SHORT, {"move": 0.0}, "refused"),
    "shape of zero": (SHORT, {"shape": [0.0, 75.0]}, "refused"),
    "rate below zero": (SHORT, {"shape": [-45.0, 75.0], "rate": [-3.0, 1.0]}, "refused"),
    "one rate below zero": (SHORT, {"rate": [-3.0, 1.0]}, "refused"),
    "one state": (SHORT, {"states": 1}, "refused"),
    "no state, always running": (SHORT, {"states": 0} | RUNNING, "refused"),
    "one state, always running": (SHORT, {"states": 1} | RUNNING, "refused"),
    "two states and a half, always running": (SHORT, {"states": 2.5} | RUNNING, "refused"),
    "three states and two chances to start": (SHORT, {"states": 3}, "refused"),
    "chances that do not add up": (SHORT, {"start": [0.5, 0.6]}, "refused"),
    "a start of one number": (SHORT, {"start": 1.0}, "refused"),
}

VECTOR = "a vector has one axis, the first and the last"
LABELS = "names of the states for a reader, on no number"
OUTSET = "another start of the climb from the long run, whose end BFGS finds all the same"

EQUIVALENT = {
    "running = np.size(start) == 1 and not np.any(start)": {
        "of one number, any is all": ["np.any(start) -> np.all(start)"]
    },
    "K = max(int(states), 1)": {
        "one state is refused, whatever its start": ["max(int(states), 1) -> max(int(states), 2)"]
    },
    "names = 1 + np.arange(rates.shape.size)": {
        LABELS: ["... + ... -> ... - ...", "1 -> 2", "1 -> 0"]
    },
    "start = pt.linalg.solve((np.eye(names.size) - A + 1.0).T, np.ones(names.size))": {
        "half of the likelihood everywhere: no posterior changes, and no evidence is claimed": [
            "np.eye(names.size) - A + 1.0 -> np.eye(names.size) - A + 2.0"
        ]
    },
    "steps = pt.arange(count.shape[0])": {VECTOR: ["count.shape[0] -> count.shape[-1]"]},
    "few = count.max() < count.shape[0]": {VECTOR: ["count.shape[0] -> count.shape[-1]"]},
    "size = pt.minimum(count.max() + 1, count.shape[0])": {
        VECTOR: ["count.shape[0] -> count.shape[-1]"],
        "a table one longer than any count asks for": ["count.max() + 1 -> count.max() + 2"],
    },
    "best, height = climb(y, np.full(K, 1 / K) if start is None else start, *outset(y, K))": {
        OUTSET: [
            "np.full(K, 1 / K) -> np.full(K, 1 * K)",
            "1 / K -> 2 / K",
            "1 / K -> 0 / K",
        ]
    },
}


def in_order(mle):
    """States are named by their rates."""
    return bool((np.diff(mle["lam"]) > 0).all())


def log_prior(theta, *, states, start, stay, move, shape, rate):
    """Rows of A and rates by the docstring, state by state."""
    total, K = 0.0, int(states)
    for k, (a, lam) in enumerate(zip(theta["A"], theta["lam"], strict=True)):
        total += stats.dirichlet(np.where(np.arange(K) == k, stay, move)).logpdf(a)
        total += stats.gamma(np.resize(shape, K)[k], scale=1 / np.resize(rate, K)[k]).logpdf(lam)
    return total
