"""One-character mistakes planted in the real source: each must be caught without a sampler.

An edit that no longer fits the source fails the test, so the list cannot drift from the code.
"""

import itertools
import sys
import types

import pytest

from workflow import check, topic

MISTAKES = {
    "beta_binomial": {
        "prior off by one": ("alpha + k.sum()", "alpha + k.sum() + 1"),
        "failures for tests": ("beta + (n - k).sum()", "beta + n.sum()"),
        "swapped arguments": ('pm.Beta("theta", alpha, beta)', 'pm.Beta("theta", beta, alpha)'),
        "coefficient dropped": ("log_binomial.sum() + betaln(a, b)", "betaln(a, b)"),
    },
    "gamma_precision": {
        "rate for scale": ("scale=1 / b)", "scale=b)"),
        "n - 1 for n": ("alpha + n / 2", "alpha + (n - 1) / 2"),
        "sd for precision": ("np.float64(-0.5)", "np.float64(0.5)"),
        "half forgotten": ("beta + squares / 2", "beta + squares"),
        "n - 1 in the MLE": (".mean()\n    if mean", ".sum() / (len(data) - 1)\n    if mean"),
    },
    "linear_regression": {
        "tau for the intercept": ("d = np.r_[b_sd, ", "d = np.r_[tau, "),
        "sd of n - 1": ("(x - mean, w_raw)", "(x - mean, w_raw * np.sqrt(1 - 1 / 442))"),
        "prior mean forgotten": (
            "Integrated(X, outcome - b_mean, d",
            "Integrated(X, outcome, d",
        ),
        "scale halved": (
            'pm.HalfNormal("sigma", sigma_scale)',
            'pm.HalfNormal("sigma", sigma_scale / 2)',
        ),
        "divisor n - 1 in the MLE": ("turned.rss / turned.n", "turned.rss / (turned.n - 1)"),
    },
    "gaussian_mixture": {
        "sd for precision": ("tau=group.kappa * lam", "tau=group.kappa / lam"),
        "kappa forgotten": ("tau=group.kappa * lam", "tau=lam"),
        "one assignment short": (
            "z = np.arange(K**y.size)[:, None]",
            "z = np.arange(1, K**y.size)[:, None]",
        ),
        "prior of w twice": (
            "shares, groups = share.given(counts)",
            "shares, groups = share.given(counts + 1)",
        ),
        "labels swapped in the MLE": ("np.argsort(now[1])]", "np.argsort(now[0])] * 1.001"),
    },
    "hidden_markov": {
        "transposed transitions": ("pt.log(A), pt.log(B).T", "pt.log(A.T), pt.log(B).T"),
        "starting state forgotten": ("log_joint = log_first + a", "log_joint = a"),
        "transposed moves": ("a.log_evidence(moves)", "a.log_evidence(moves.swapaxes(1, 2))"),
        "emissions of the other state": ("b.given(seen)\n", "b.given(seen[:, ::-1])\n"),
    },
    "base_rate": {
        "specificity for false alarms": (
            "sensitivity, 1 - specificity])[study]",
            "sensitivity, specificity])[study]",
        ),
        "swapped arguments": (
            'pm.Beta("sensitivity", sensitivity_alpha, sensitivity_beta)',
            'pm.Beta("sensitivity", sensitivity_beta, sensitivity_alpha)',
        ),
        "flags for tests": ("np.array([0, n[1] - k[1], k[2]])", "np.array([0, n[1], k[2]])"),
        "coefficient dropped": ("log_evidence = ways - betaln", "log_evidence = -betaln"),
        "false alarms forgotten in the MLE": ("(share - false_alarm) / gain", "share / gain"),
    },
}

counter = itertools.count()


def edited(name: str, old: str, new: str) -> topic.Topic:
    """The topic with one edit in its model file, as a module of its own."""
    found = topic.load(name)
    source = (topic.HOME / "models" / f"{name}.py").read_text(encoding="utf-8")
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in models/{name}.py"
    module = types.ModuleType(f"models.{name}_mistaken_{next(counter)}")
    sys.modules[module.__name__] = module  # pandera looks its annotations up there
    exec(compile(source.replace(old, new), f"models/{name}.py", "exec"), vars(module))
    return topic.Topic(name, module, found.analysis)


def failures(found: topic.Topic, data, settings) -> list[str]:
    """The names of the sampler-free checks that fail."""
    rows = found.exact_rows(data, settings)
    checks = check.identity(found.model(rows, settings), found.exact(rows, settings), seed=1)
    checks.append(check.score(found.model(data, settings), found.mle(data, settings)).check)
    return [c.name for c in checks if not c.passed]


@pytest.mark.parametrize(("wrong", "mistake"), [(t, m) for t in MISTAKES for m in MISTAKES[t]])
def test_a_planted_mistake_is_caught(wrong, mistake):
    found = edited(wrong, *MISTAKES[wrong][mistake])
    data = topic.read(found)
    caught = failures(found, data, found.defaults)
    assert caught, f"{mistake} in {wrong} went unseen"


def test_every_topic_has_mistakes_and_passes_without_them(name):
    assert len(MISTAKES[name]) >= 4
    found = topic.load(name)
    assert failures(found, topic.read(found), found.defaults) == []
