"""Wrong versions and edge cases of the hidden Markov model."""

import numpy as np
import pandas as pd
from scipy import stats

MISTAKES = {
    "transposed transitions": ("pt.log(A), pt.log(B).T", "pt.log(A.T), pt.log(B).T"),
    "symbols shifted by one": ("pt.log(B).T, symbol)", "pt.log(B).T, (symbol + 1) % B.shape[1])"),
    "first row of A for the start": ("pt.log(start), pt.log(A)", "pt.log(A[0]), pt.log(A)"),
    "states in reverse": ('"symbol", start, A, B, steps', '"symbol", start, A, B[::-1], steps'),
    "observed twice": (
        "    return built\n\n\ndef log_likelihood(symbol, start, A, B, steps):\n    return ",
        "    return built\n\n\ndef log_likelihood(symbol, start, A, B, steps):\n    return 2 * ",
    ),
    "first row forgotten": (
        "pt.log(B).T, symbol)[0]",
        "pt.log(B).T, symbol[1:])[0]",
    ),
    "simulated from the first column on": ("steps), rng), :-1]", "steps), rng), 1:]"),
    "simulated with transposed transitions": ("walk(start, A, len", "walk(start, A.T, len"),
    "start forgotten": ("log_joint = log_first + a", "log_joint = a"),
    "transposed moves": ("a.log_evidence(moves)", "a.log_evidence(moves.swapaxes(1, 2))"),
    "moves transposed in the posterior": ("a.given(moves), b", "a.given(moves.swapaxes(1, 2)), b"),
    "emissions of the other state": ("b.given(seen)\n", "b.given(seen[:, ::-1])\n"),
    "prior counted twice": ("a.given(moves), b.given(seen)", "a.given(moves + a.a), b.given(seen)"),
    "rows of B not added up": ("b.log_evidence(seen).sum(1)", "b.log_evidence(seen)[:, 0]"),
    "prior for the posterior in a marginal": ('"B": B.marginals(weights)', '"B": b.marginals()'),
    "paths weigh alike": (
        "np.exp(log_joint - log_evidence), a.given",
        "np.ones(log_joint.size) / log_joint.size, a.given",
    ),
    "states in reverse in a marginal": (
        '"A": A.marginals(weights)',
        '"A": Dirichlet(A.a[:, ::-1]).marginals(weights)',
    ),
    "a row dropped in the MLE": ("baum_welch(codes, start", "baum_welch(codes[1:], start"),
    "symbols shifted by one in the MLE": (
        "baum_welch(codes, start",
        "baum_welch((codes + 1) % F, start",
    ),
    "state of the other name in the MLE": (
        "return baum_welch(codes, start, np.where(np.eye(K), 0.9, 0.1 / (K - 1)), B)[0]",
        "best = baum_welch(codes, start, np.where(np.eye(K), 0.9, 0.1 / (K - 1)), B)[0]\n"
        '    return best | {"B": best["B"][::-1]}',
    ),
    "transposed transitions in EM": ("((moves, A), ", "((moves.T, A), ", "_forward_backward.py"),
    "whole rows for their chances in EM": (
        "(seen.T, B)",
        "(seen.T.round(), B)",
        "_forward_backward.py",
    ),
}

THREE = {"states": 3, "start": [0.5, 0.2, 0.3], "stay": 3.0, "move": 1.5}


def rolls(*symbols):
    return pd.DataFrame({"symbol": symbols})


SHORT = rolls(1, 2, 2, 1, 2, 1, 1, 2)

LOCAL = True

CASES = {
    "three states": (
        lambda d: d[["symbol"]].iloc[:5],
        THREE | {"emission": np.arange(1.0, 19.0)},
        "boundary",
    ),
    "an uneven start": (lambda d: d[["symbol"]].iloc[:60], {"start": [0.9, 0.1]}, "boundary"),
    "a start that is known": (SHORT, {"start": [0.0, 1.0], "emission": [4, 3, 1, 2.5]}, "boundary"),
    "more symbols in one state": (SHORT, {"emission": [4.0, 3.0, 1.0, 2.5]}, "boundary"),
    "one number a state": (SHORT, {"emission": [4.0, 1.0]}, "boundary"),
    "emissions alike": (SHORT, {"emission": [2.0, 2.0]}, "refused"),
    "emissions of another number": (SHORT, {"emission": [4.0, 3.0, 1.0]}, "refused"),
    "stay of zero": (SHORT, {"stay": 0.0}, "refused"),
    "move of zero": (SHORT, {"move": 0.0}, "refused"),
    "emission of zero": (SHORT, {"emission": [4.0, 0.0]}, "refused"),
    "three states and two chances to start": (SHORT, {"states": 3}, "refused"),
}

EQUIVALENT = {
    "if min(stay, move, emission.min()) <= 0:": {
        "every Dirichlet refuses what is not positive as well": [
            "... <= ... -> ... < ...",
            "min -> max",
            "emission.min() -> emission.max()",
            "0 -> -1",
        ]
    },
    "b = np.broadcast_to(emission.reshape(K, -1), (K, F)).copy()": {
        "NumPy takes any negative length for the one it has to find": ["-1 -> -2"]
    },
    "names = 1 + np.arange(start.size)": {
        "names of the states for a reader, on no number": [
            "1 + np.arange(start.size) -> 1 - np.arange(start.size)",
            "1 + np.arange(start.size) -> 2 + np.arange(start.size)",
            "1 + np.arange(start.size) -> 0 + np.arange(start.size)",
        ]
    },
    "steps = pt.arange(symbol.shape[0])": {
        "a vector has one axis, the first and the last": ["symbol.shape[0] -> symbol.shape[-1]"]
    },
    "return (rng.random((len(steps), 1)) >= edges).sum(axis=1)": {
        "a uniform number equals an edge with probability zero": ["... >= ... -> ... > ..."]
    },
    "weights, A, B = np.exp(log_joint - log_evidence), a.given(moves), b.given(seen)": {
        "`Mixture` divides its weights by their sum": [
            "log_joint - log_evidence -> log_joint + log_evidence"
        ]
    },
    'common = np.argsort(-np.bincount(codes, minlength=F), kind="stable")': {
        "another start of EM, which climbs to a maximum all the same": ["-... -> ..."]
    },
    "B = np.full((K, F), 1 / F)": {
        "another start of EM, which climbs to a maximum all the same": ["1 / F -> 2 / F"]
    },
    "B[1:] = (B[1:] + np.eye(F)[np.resize(common, K - 1)]) / 2": {
        "another start of EM, which climbs to a maximum all the same": [
            "2 -> 3",
            "2 -> 1",
        ]
    },
    "return baum_welch(codes, start, np.where(np.eye(K), 0.9, 0.1 / (K - 1)), B)[0]": {
        "another start of EM, which climbs to a maximum all the same": [
            "0.9 -> 1.9",
            "0.1 / (K - 1) -> 0.1 * (K - 1)",
            "0.1 / (K - 1) -> 1.1 / (K - 1)",
            "0.1 / (K - 1) -> 0.1 / (K + 1)",
            "K - 1 -> K - 0",
        ]
    },
}


def log_prior(theta, *, states, start, stay, move, emission):
    """Rows of A and of B by the docstring, state by state."""
    total = 0.0
    for k, (a, b) in enumerate(zip(theta["A"], theta["B"], strict=True)):
        pseudo = np.where(np.arange(len(a)) == k, stay, move)
        rows = np.reshape(emission, (int(states), -1))
        total += stats.dirichlet(pseudo).logpdf(a)
        total += stats.dirichlet(np.resize(rows[k], b.size)).logpdf(b)
    return total
