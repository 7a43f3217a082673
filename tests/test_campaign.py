"""Many jobs: kept as they finish, gone on with later, the same on every executor."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from workflow import calibrate, campaign, topic
from workflow.topic import HOME, Refused

ABOUT = {"what": "squares"}


def squares(folder, jobs):
    """Leaves a file for every job it does, so that a test can count how often it was done."""
    for job in jobs:
        with (Path(folder) / f"done-{job}").open("a") as file:
            file.write("x")
    return [{"job": job, "square": job**2} for job in jobs]


def deadly(folder, jobs):
    """Kills its worker at job 12, the first time it comes to it."""
    marker = Path(folder) / "killed"
    if 12 in jobs and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(folder, jobs)


def always_deadly(folder, jobs):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def scheduler():
    """A real scheduler with two worker processes, spoken to over TCP."""
    why = "dask.distributed is an optional extra: pip install -r requirements-cluster.txt"
    distributed = pytest.importorskip("distributed", reason=why)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
    ) as local:
        yield local.scheduler_address


def carry_out(work, tmp_path, executor, jobs=range(20), **more):
    how = {"batch": 2, **more}
    return campaign.carry_out(
        work, str(tmp_path), list(jobs), tmp_path / "squares.jsonl", ABOUT, executor, **how
    )


def times_done(tmp_path):
    return {int(p.name[5:]): len(p.read_text()) for p in tmp_path.glob("done-*")}


def test_what_is_done_is_not_done_again(tmp_path):
    carry_out(squares, tmp_path, campaign.processes(1), range(7))
    told = []
    table = carry_out(squares, tmp_path, campaign.processes(1), tell=told.append)
    assert table["square"].tolist() == [job**2 for job in range(20)]
    assert set(times_done(tmp_path).values()) == {1}
    assert told[0] == 7
    assert told[-1] == 20


def test_a_line_cut_short_is_done_again(tmp_path):
    carry_out(squares, tmp_path, campaign.processes(1))
    file = tmp_path / "squares.jsonl"
    file.write_text(file.read_text()[:-6])
    table = carry_out(squares, tmp_path, campaign.processes(1))
    assert table["job"].tolist() == list(range(20))
    done = times_done(tmp_path)
    assert done.pop(19) == 2
    assert set(done.values()) == {1}
    assert len(file.read_text().splitlines()) == 21


def test_results_about_something_else_have_a_file_of_their_own():
    found = topic.load("beta_binomial")
    about = calibrate.about(found)
    other = about | {"settings": {"alpha": 2.0, "beta": 9.0}}
    assert campaign.place("a", "ranks", about) != campaign.place("a", "ranks", other)
    assert campaign.place("a", "ranks", about) == campaign.place("a", "ranks", dict(about))


def test_two_runs_at_once_are_refused(tmp_path):
    def work(name, jobs):
        with pytest.raises(Refused, match="another run is at work"):
            carry_out(squares, tmp_path, campaign.processes(1))
        return squares(name, jobs)

    carry_out(work, tmp_path, campaign.processes(1), range(2))


def test_reading_leaves_a_file_that_is_being_written_as_it_is(tmp_path):
    carry_out(squares, tmp_path, campaign.processes(1))
    file = tmp_path / "squares.jsonl"
    file.write_text(text := file.read_text()[:-6])
    head, rows = campaign.read(file)
    assert head["about"] == ABOUT
    assert len(rows) == 19
    assert file.read_text() == text


def test_a_source_is_what_the_statements_say(tmp_path):
    """Comments, docstrings, CALIBRATION and sums do not; a number in what is imported does."""
    for path in (HOME / "models").glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text())
    found = topic.load("hidden_markov")
    copied = tmp_path / "hidden_markov.py"
    here = SimpleNamespace(module=SimpleNamespace(__file__=str(copied)), csv=found.csv)
    assert campaign.source(here) == campaign.source(found)
    copied.write_text(copied.read_text().replace('"""Hidden states', '# said\n"""States'))
    assert campaign.source(here) == campaign.source(found)
    copied.write_text(copied.read_text() + '\nCALIBRATION = {"stay": 50.0}, "a reason"\n')
    assert campaign.source(here) == campaign.source(found)
    sums = "from models._reduced import totals\ndef reduced(rows):\n    return totals(rows, [])\n"
    copied.write_text(copied.read_text() + sums)
    assert campaign.source(here) == campaign.source(found)
    copied.write_text(copied.read_text() + "def taken(others):\n    return {}\n")
    assert campaign.source(here) == campaign.source(found)
    (tmp_path / "_reduced.py").write_text("MORE = 1\n")
    assert campaign.source(here) == campaign.source(found)
    kernel = tmp_path / "_conjugate.py"
    kernel.write_text(kernel.read_text() + "\nMORE = 1\n")
    assert campaign.source(here) != campaign.source(found)


def test_a_killed_process_loses_nothing(tmp_path):
    table = carry_out(deadly, tmp_path, campaign.processes(2))
    assert (tmp_path / "killed").exists()
    assert table["square"].tolist() == [job**2 for job in range(20)]


def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path, scheduler):
    table = carry_out(deadly, tmp_path, campaign.cluster(scheduler))
    assert (tmp_path / "killed").exists()
    assert table["square"].tolist() == [job**2 for job in range(20)]


def test_a_job_that_kills_every_worker_is_given_up(tmp_path):
    with pytest.raises(campaign.WorkerDied):
        carry_out(always_deadly, tmp_path, campaign.processes(2), range(2))


def test_no_scheduler_is_a_refusal():
    command = [sys.executable, "-m", "workflow", "calibrate", "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run(command, cwd=HOME, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:9: no scheduler with workers answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_ranks_do_not_depend_on_the_executor(tmp_path, scheduler):
    """The same seeds, one process, two, or a cluster; in any order and any batches."""
    tables = []
    for i, (executor, batch) in enumerate(
        ((campaign.processes(1), 5), (campaign.processes(2), 3), (campaign.cluster(scheduler), 4))
    ):
        tables.append(
            campaign.carry_out(
                calibrate.simulations,
                "beta_binomial",
                list(range(16)),
                tmp_path / f"{i}.jsonl",
                ABOUT,
                executor,
                batch=batch,
            )
        )
    assert tables[0]["theta"].nunique() > 5
    for other in tables[1:]:
        assert other.equals(tables[0])
