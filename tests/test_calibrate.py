"""Calibration: ranks that are right, verdicts that bite, unconverged fits that are counted."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.mistakes import edited
from workflow import calibrate, campaign, fit, picture, report, topic
from workflow.topic import Refused

HOME = topic.HOME


def calibrator(name):
    return calibrate.ready(name)


def ranked(made, number):
    return pd.DataFrame([made.simulation(job) for job in range(number)])


def test_quick_draws_are_the_samplers_own():
    found = topic.load("gaussian_mixture")
    data = topic.read(found)
    compiled = fit.compile_model(found.model(data, found.defaults))
    how = {"draws": 50, "tune": 100, "chains": 2, "target_accept": 0.8, "adaptation": "diag"}
    quick, divergences, gradients = fit.quick(compiled, (3,), ["w", "mu"], **how)
    tree = fit._drawn(compiled, (3,), cores=1, **how)
    warm_up = fit._drawn(compiled, (3,), cores=1, save_warmup=True, **how).warmup_sample_stats
    for name, values in quick.items():
        np.testing.assert_array_equal(values, fit.flat(tree.posterior[name]))
    assert divergences == tree.sample_stats.diverging.sum()
    assert gradients == tree.sample_stats.n_steps.sum() + warm_up.n_steps.sum()


def test_the_metric_is_the_one_that_takes_fewer_gradients():
    """Under a correlated posterior it is the low-rank one; asking again gives the same number."""
    made = calibrator("hidden_markov")
    chosen = made.adaptation
    diag, low_rank, again = (made._cost(how) for how in ("diag", "low_rank", "diag"))
    made.adaptation = chosen
    assert diag == again
    assert low_rank < 0.9 * diag
    assert chosen == "low_rank"


def test_a_simulation_is_drawn_from_prior_and_likelihood():
    """The prior and prior predictive of what is fitted, against the distributions themselves."""
    made = calibrator("beta_binomial")
    found = topic.load("beta_binomial")
    draws = [made._simulate() for _ in range(2_000)]
    theta = np.array([float(t) for t, _ in draws])
    assert stats.kstest(theta, stats.beta(1, 9).cdf).pvalue > 1e-4
    total = np.array([y.sum() for _, y in draws])
    tested = topic.read(found)["tested"].sum()
    expected = stats.betabinom(tested, 1, 9)
    assert abs(total.mean() - expected.mean()) < 5 * expected.std() / np.sqrt(len(total))


def test_a_simulation_depends_on_its_number_alone():
    made = calibrator("beta_binomial")
    first = made.simulation(5)
    made.simulation(6)
    assert made.simulation(5) == first


def test_ranks_count_the_draws_below_the_truth(monkeypatch):
    """Draws handed in that fill 0 to 1 evenly: a truth of 0.25 has a quarter of the 99 below it."""
    made = calibrator("beta_binomial")
    even = np.linspace(0, 1, 602)[1:-1].reshape(2, 300, 1)
    rows = topic.read(topic.load("beta_binomial"))
    monkeypatch.setattr(fit, "quick", lambda *_, **__: ({"theta": even}, 0, 0))
    monkeypatch.setattr(calibrate, "BLOCKS", 1)
    for truth, rank in ((0.0, 0), (0.25, 25), (0.75, 74), (1.0, 99)):
        data = np.zeros(len(rows), int)
        monkeypatch.setattr(made, "_simulate", lambda t=truth, y=data: [np.float64(t), y])
        row = made.simulation(0)
        assert row["theta"] == rank
        # Without positives the likelihood falls with theta: the truth's rank turns round.
        assert row[calibrate.LIKELIHOOD] == 99 - rank


def test_uniform_ranks_pass_and_others_do_not():
    rng = np.random.default_rng(1)

    def table(ranks):
        return pd.DataFrame({"job": range(1_000), "blocks": 1, "trouble": "", "a": ranks})

    uniform = table(rng.integers(0, 100, 1_000))
    shifted = table(np.clip(rng.integers(0, 100, 1_000) + 8, 0, 99))
    narrow = table(np.clip(stats.norm.cdf(1.25 * rng.normal(size=1_000)) * 100, 0, 99).astype(int))
    assert calibrate.verdicts({"t": uniform})["calibrated"].all()
    assert not calibrate.verdicts({"t": shifted})["calibrated"].any()
    assert not calibrate.verdicts({"t": narrow})["calibrated"].any()
    with pytest.raises(Refused, match="at least 100"):
        calibrate.verdicts({"t": uniform.head(99)})


def test_holm_is_holms():
    """Step-down by definition: the k-th smallest of m against level / (m - k + 1), while below."""
    rng = np.random.default_rng(3)
    columns = {f"q{i}": rng.integers(0, 100 - 3 * (i % 4), 400) for i in range(12)}
    table = pd.DataFrame({"job": range(400), "blocks": 1, "trouble": "", **columns})
    found = calibrate.verdicts({"t": table}).sort_values("p")
    rejected = []
    for k, p in enumerate(found["p"]):
        if p >= calibrate.LEVEL / (len(found) - k):
            break
        rejected.append(True)
    assert (~found["calibrated"]).tolist() == rejected + [False] * (len(found) - len(rejected))
    assert 0 < len(rejected) < len(found)


def test_false_alarms_are_as_rare_as_said():
    """Correct ranks of forty quantities: at most about one family in a hundred is refused."""
    rng = np.random.default_rng(4)
    refused = 0
    for _ in range(100):
        ranks = pd.DataFrame(rng.integers(0, 100, (500, 40))).add_prefix("q")
        table = ranks.assign(job=0, blocks=1, trouble="")
        refused += not calibrate.verdicts({"t": table})["calibrated"].all()
    assert refused <= stats.binom(100, calibrate.LEVEL).ppf(0.9999)


@pytest.mark.parametrize(
    ("wrong", "old", "new"),
    [
        ("beta_binomial", 'pm.Binomial("positive", tested, theta,',
         'pm.Potential("twice", pm.logp(pm.Binomial.dist(tested, theta), positive).sum())\n'
         '        pm.Binomial("positive", tested, theta,'),
        ("gamma_precision", 'pm.Normal("y", mu, sigma,',
         'pm.Potential("prior_again", pm.logp(pm.Gamma.dist(20.0, 1e5), lam))\n'
         '        pm.Normal("y", mu, sigma,'),
    ],
    ids=["likelihood counted twice", "a prior that is not drawn from"],
)  # fmt: skip
def test_a_density_that_is_not_the_simulators_is_caught(wrong, old, new):
    found = edited(wrong, old, new)
    made = calibrate.Calibrator(found, topic.read(found), found.defaults)
    assert not calibrate.verdicts({wrong: ranked(made, 200)})["calibrated"].all()


def test_a_tighter_prior_is_used_and_its_reason_said():
    found = topic.load("beta_binomial")
    module = SimpleNamespace(**vars(found.module))
    module.CALIBRATION = ({"beta": 99.0}, "rare things only")
    tight = replace(found, module=module)
    settings, reason = calibrate.settings_of(tight)
    assert settings == {"alpha": 1.0, "beta": 99.0}
    assert reason == "rare things only"
    assert calibrate.about(tight) != calibrate.about(found)


def test_a_prior_without_draws_cannot_be_calibrated():
    found = topic.load("beta_binomial")
    odds = "pm.distributions.transforms.logodds"
    flat = edited(
        "beta_binomial",
        'pm.Beta("theta", alpha, beta)',
        f'pm.Flat("theta", default_transform={odds})',
    )
    with pytest.raises(calibrate.CannotSimulate, match="cannot be simulated"):
        calibrate.Calibrator(flat, topic.read(found), found.defaults)


def planted(name):
    path = HOME / "tests" / "planted" / "models" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"planted_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return topic.Topic(name, module, None)


def test_unconverged_simulations_are_counted_and_kept(monkeypatch):
    """Centred eight schools: some data sets leave divergences, whatever is tried."""
    monkeypatch.setattr(calibrate, "TARGETS", calibrate.TARGETS[:2])
    schools = planted("divergent")
    rows = pd.read_csv(HOME / "tests/planted/data/divergent.csv", comment="#")
    made = calibrate.Calibrator(schools, rows, schools.defaults)
    table = ranked(made, 40)
    stuck = table.loc[table["trouble"] != "", "trouble"]
    assert len(table) == 40
    assert len(stuck) > 0
    assert stuck.str.contains("divergences|ESS|R-hat").all()
    quantities = calibrate.quantities(table)
    assert quantities.notna().all(axis=None)
    assert set(quantities) >= {"mu", "tau", calibrate.LIKELIHOOD}


def test_the_picture_and_its_words_are_in_the_report():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {"job": range(200), "blocks": 1, "trouble": "", "theta": rng.integers(0, 100, 200)}
    )
    verdicts = calibrate.verdicts({"beta_binomial": table})
    good = report.calibration("beta_binomial", table, verdicts)
    assert "✓ Calibrated" in good
    assert "<svg" in good
    assert "200 times" in good
    wrong = table.assign(theta=10, trouble=["3 divergences"] + [""] * 199)
    bad = report.calibration("beta_binomial", wrong, calibrate.verdicts({"beta_binomial": wrong}))
    assert "✗ Not calibrated" in bad
    assert "3 divergences" in bad


def test_the_picture_of_ranks_that_are_all_there_once_is_flat():
    """At every one of the 99 edges: a rank counted at the wrong one would show as a spike."""
    figure = picture.calibration(pd.DataFrame({"q": np.arange(100)}), 100, "q")
    (line,) = (x for x in figure.axes[0].lines if len(x.get_ydata()) == 99)
    np.testing.assert_array_almost_equal(line.get_ydata(), 0, decimal=12)
    plt.close(figure)


@pytest.fixture
def tree(tmp_path):
    """The repository with one topic and without results."""
    for name in ("workflow", "models", "analyses"):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "models").glob("[a-z]*.py"):
        if path.stem != "gamma_precision":
            path.unlink()
    (tmp_path / "data").mkdir()
    shutil.copy(HOME / "data" / "gamma_precision.csv", tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupted_calibration_goes_on(tree, processes):
    """Ctrl-C, to all processes as a terminal sends it; again, and only what is missing is done."""
    command = [sys.executable, "-m", "workflow", "calibrate", "--number", "160"]
    command += ["--processes", str(processes)]
    first = subprocess.Popen(
        command, cwd=tree, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
        # a shell in the background hands down a SIGINT that is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    folder = tree / "results" / "gamma_precision"
    while sum(file.read_text().count("\n") for file in folder.glob("ranks.*")) < 21:
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGINT)
    said = first.communicate(timeout=60)[0]
    assert first.returncode == 130, said
    (ranks,) = folder.glob("ranks.*.jsonl")
    kept = campaign.read(ranks)[1]
    assert 20 <= len(kept) < 160
    done = subprocess.run(command, cwd=tree, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"gamma_precision +calibrated: 160 simulations", done.stdout), done.stdout
    every = campaign.read(ranks)[1]
    pd.testing.assert_frame_equal(
        every[every["job"].isin(kept["job"])].reset_index(drop=True), kept
    )
    made = calibrator("gamma_precision")
    for job in (0, 77, 159):
        assert every.loc[every["job"] == job].iloc[0].to_dict() == made.simulation(job)


def test_too_few_simulations_for_a_verdict_are_refused_before_they_are_made():
    command = [sys.executable, "-m", "workflow", "calibrate", "beta_binomial", "--number", "50"]
    done = subprocess.run(command, cwd=HOME, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "at least 100" in done.stderr


def test_no_two_fits_share_random_numbers():
    """Neighbouring seeds, later blocks, later attempts: every one has draws of its own."""
    made = calibrator("beta_binomial")
    how = {"chains": 2, "tune": 50, "draws": 20, "target_accept": 0.8, "adaptation": "diag"}
    seeds = [(1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0), (2, 0, 1), (0, 1, 0)]
    firsts = [fit.quick(made._compiled, seed, ["theta"], **how)[0]["theta"][0, 0] for seed in seeds]
    assert len({float(x[0]) for x in firsts}) == len(seeds)
