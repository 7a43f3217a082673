"""Nothing lost: kills, two at once, a full disk, a folder that may not be written.

Results are compared with those of an undisturbed run, seconds aside: the numbers of summary.json,
the bytes of summary.csv and of the thumbnail, every value of posterior.nc, the text of the page.
"""

import ctypes
import hashlib
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from workflow import page, topic

FILES = {"report.html", "posterior.nc", "summary.csv", "summary.json", "thumbnail.svg"}
NAME = "beta_binomial"
KILLS = 50


def command(folder, *words):
    return ["make", f"PYTHON={sys.executable}", "READY=", NAME, f"OUT={folder}", *words]


def make(folder, *words, **options):
    return subprocess.run(
        command(folder, *words), cwd=topic.HOME, text=True, capture_output=True, check=False,
        **options,
    )  # fmt: skip


def results(folder: Path) -> dict:
    """All that a report holds, but for how long it took."""
    facts = json.loads((folder / "summary.json").read_text())
    took = facts.pop("seconds")
    text = (folder / "report.html").read_text()
    for stage in took:
        text, found = re.subn(rf"\b{stage} \d+\.\d s", stage, text)
        assert found == (stage != "report"), stage
    with xr.open_datatree(folder / "posterior.nc", engine="h5netcdf") as tree:
        values = {
            f"{group.path}/{name}": hashlib.sha256(np.ascontiguousarray(v.values)).hexdigest()
            if v.dtype != object else list(v.values.ravel())
            for group in tree.subtree for name, v in group.variables.items()
        }  # fmt: skip
    rest = {name: (folder / name).read_bytes() for name in ("summary.csv", "thumbnail.svg")}
    return {"facts": facts, "page": text, "values": values, **rest}


def in_order(folder: Path) -> set[str]:
    """The files of a finished report, or of one that nobody could take for finished."""
    found = set(os.listdir(folder)) if folder.exists() else set()
    return {name for name in found if not name.startswith(page.BESIDE)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """An undisturbed run: its results, its folder, and how long it took."""
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    start = time.monotonic()
    done = make(folder)
    assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - start
    assert set(os.listdir(folder)) == FILES
    return results(folder), folder, seconds


def killed(folder, after: float) -> str:
    """make, killed with all it started after so many seconds; the stage it had reached."""
    started = subprocess.Popen(
        command(folder), cwd=topic.HOME, text=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        _, said = started.communicate(timeout=after)
        return "finished"
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        _, said = started.communicate()
    stages = re.findall(rf"^{NAME}: (.*)$", said, flags=re.M)
    return stages[-1] if stages else "before the first stage"


def test_three_kills_and_the_next_run_is_as_if_nothing_had_been(undisturbed, tmp_path):
    """Early, in the middle and late, all in one folder; the fifty are `make verify`'s."""
    right, _, seconds = undisturbed
    clock = random.Random(4)
    folder, hit = tmp_path / "out", []
    for third in range(3):
        hit.append(killed(folder, seconds * (third + clock.random()) / 3))
        assert in_order(folder) in (set(), FILES), hit
    assert len({*hit} - {"finished"}) >= 2, hit
    done = make(folder)
    assert done.returncode == 0, done.stderr
    assert set(os.listdir(folder)) == FILES
    assert results(folder) == right


@pytest.mark.slow
def test_fifty_kills(undisturbed, tmp_path, capsys):
    """Each at its own moment, half of them over an older report, and each with its next run."""
    right, _, seconds = undisturbed
    clock, stages = random.Random(50), Counter()
    old = tmp_path / "old"
    assert make(old, "SEED=2").returncode == 0
    before = results(old)
    assert before != right
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        if kill % 2:
            shutil.copytree(old, folder)
        stages[killed(folder, clock.uniform(0, seconds))] += 1
        if "summary.json" in in_order(folder):
            assert in_order(folder) == FILES
            assert results(folder) in (before, right)
        assert make(folder).returncode == 0
        assert set(os.listdir(folder)) == FILES
        assert results(folder) == right, stages
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{KILLS} kills, {stages.total() - stages['finished']} before the end:",
              ", ".join(f"{stage} {n}" for stage, n in stages.most_common()))  # fmt: skip
    assert stages.total() - stages["finished"] >= 0.8 * KILLS


STEPS = """
import os, signal, sys
from pathlib import Path
from workflow import page
folder, new = Path(sys.argv[1]), {"a": "new a", "b": b"new b", "summary.json": "new"}
step, pid = 0, 1
while pid:
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        state = {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}
        print(repr((os.WIFSIGNALED(status), state)), flush=True)
        if not os.WIFSIGNALED(status):
            break
        page.put_files(folder, {name: "old " + name for name in new})
        assert {p.name: p.read_text() for p in folder.iterdir()} == {n: "old " + n for n in new}
        step += 1
    else:
        seen = 0
        def count(event, args):
            global seen
            if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "fcntl.flock"):
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1
        sys.addaudithook(count)
        page.put_files(folder, new)
        os._exit(0)
"""


def test_a_kill_at_any_step_of_writing_leaves_old_or_new_or_unfinished(tmp_path):
    """Before every single call to the file system; the writer after it clears away what is left.

    `summary.json` beside files of another run would be half a report.
    """
    names = ("a", "b", "summary.json")
    page.put_files(tmp_path, {name: f"old {name}" for name in names})
    done = subprocess.run([sys.executable, "-c", STEPS, tmp_path], cwd=topic.HOME, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [eval(line) for line in done.stdout.splitlines()]
    old = {name: f"old {name}" for name in names}
    new = {"a": "new a", "b": "new b", "summary.json": "new"}
    seen = Counter()
    for _, state in found[:-1]:
        whole = state in (old, new)
        assert whole or "summary.json" not in state, state
        seen["old" if state == old else "new" if state == new else "unfinished"] += 1
    assert found[-1] == (False, new)
    assert seen["old"] >= 5
    assert seen["unfinished"] >= 3
    assert seen["new"] >= 1, seen


WRITER = """
import sys
from pathlib import Path
from workflow import page
for i in range(150):
    page.put_files(Path(sys.argv[1]), {n: f"{sys.argv[2]} {i}" for n in ("a", "b", "summary.json")})
"""


def test_two_writers_and_a_reader_never_see_half(tmp_path):
    page.put_files(tmp_path, dict.fromkeys(("a", "b", "summary.json"), "start"))
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, name], cwd=topic.HOME)
        for name in ("one", "two")
    ]
    seen = set()
    while any(w.poll() is None for w in writers):
        with page.held(tmp_path, shared=True):
            contents = {(tmp_path / name).read_text() for name in ("a", "b", "summary.json")}
        assert len(contents) == 1
        seen |= contents
    assert [w.returncode for w in writers] == [0, 0]
    assert len(seen) > 10
    assert set(os.listdir(tmp_path)) == {"a", "b", "summary.json"}


@pytest.mark.slow
def test_two_at_once_on_one_folder(undisturbed, tmp_path):
    folder = tmp_path / "out"
    both = [
        subprocess.Popen(command(folder), cwd=topic.HOME, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    said = [one.communicate()[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert set(os.listdir(folder)) == FILES
    assert results(folder) == undisturbed[0]


def tree(folder, names):
    """The repository with few of its topics."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(topic.HOME / "workflow", folder / "workflow", ignore=ignored)
    for kind in ("models", "analyses", "data"):
        (folder / kind).mkdir()
        for path in (topic.HOME / kind).glob("*.*"):
            if path.name.startswith("_") or path.stem in names:
                shutil.copy(path, folder / kind)
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(topic.HOME / name, folder)
    return folder


def test_make_runs_stale_topics_in_one_process_and_notes_them_nowhere(tmp_path):
    folder = tree(tmp_path / "tree", {"beta_binomial", "gamma_precision"})
    environment = os.environ | {"STALE": "of somebody else"}
    for words in ([], ["-j4"]):
        done = subprocess.run(["make", "PYTHON=echo", "READY=", *words], cwd=folder, text=True,
                              capture_output=True, check=True, env=environment)  # fmt: skip
        assert done.stdout.splitlines() == ["-m workflow report beta_binomial gamma_precision",
                                            "-m workflow gallery"]  # fmt: skip
        assert not (folder / "results").exists()
    (folder / "results" / "beta_binomial").mkdir(parents=True)
    (folder / "results" / "beta_binomial" / "summary.json").touch()
    done = subprocess.run(["make", "PYTHON=echo", "READY="], cwd=folder, text=True,
                          capture_output=True, check=True)  # fmt: skip
    assert done.stdout.splitlines()[0] == "-m workflow report gamma_precision"
    failing = subprocess.run(["make", "PYTHON=false", "READY="], cwd=folder, check=False,
                             capture_output=True)  # fmt: skip
    assert failing.returncode != 0


@pytest.mark.slow
def test_two_make_at_once_with_all_stale(undisturbed, tmp_path):
    folder = tree(tmp_path / "tree", {"beta_binomial", "gamma_precision"})
    both = [
        subprocess.Popen(["make", f"PYTHON={sys.executable}", "READY="], cwd=folder, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]  # fmt: skip
    said = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert all("gamma_precision        agree" in out for out, _ in said)
    found = results(folder / "results" / NAME)
    assert found["values"] == undisturbed[0]["values"]
    assert found["summary.csv"] == undisturbed[0]["summary.csv"]
    assert set(os.listdir(folder / "results")) == {"index.html", NAME, "gamma_precision"}
    assert set(os.listdir(folder / "results" / NAME)) == FILES
    again = subprocess.run(["make", f"PYTHON={sys.executable}", "READY="], cwd=folder, text=True,
                           capture_output=True, check=True)  # fmt: skip
    assert "starting PyMC" not in again.stderr


# What the machine will not let us do


def powerless():
    """Root may write anywhere by a capability; without it root obeys permissions as others do."""
    for capability in range(64):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def tiny_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def left_alone(folder) -> dict:
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


@pytest.fixture
def read_only(tmp_path):
    folder = tmp_path / "mine"
    page.put_files(folder, {"report.html": "old"})
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("below", ["", "new/beta_binomial"])
def test_a_read_only_folder_is_named_before_any_work_is_done(read_only, below):
    start = time.monotonic()
    done = make(read_only / below, preexec_fn=powerless)
    assert "Error 3" in done.stderr
    assert f"{read_only / below}: cannot be written (Permission denied)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "starting PyMC" not in done.stderr
    assert time.monotonic() - start < 10
    assert left_alone(read_only) == {"report.html": b"old"}


PUT = """
import sys
from pathlib import Path
from workflow import page
try:
    page.put_files(Path(sys.argv[1]), {"report.html": "new" * 200_000, "summary.json": "new"})
except OSError as problem:
    print(f"{problem.filename}: {problem.strerror}")
"""


def test_a_folder_closed_meanwhile_keeps_what_it_had(read_only):
    """After the work is done, as `put_files` meets it."""
    done = subprocess.run([sys.executable, "-c", PUT, read_only], cwd=topic.HOME, text=True,
                          capture_output=True, check=True, preexec_fn=powerless)  # fmt: skip
    assert done.stdout == f"{read_only}: cannot be written (Permission denied)\n"
    assert left_alone(read_only) == {"report.html": b"old"}


@pytest.mark.parametrize("old", [{}, {"report.html": "old", "summary.json": "old"}])
def test_a_file_that_cannot_be_written_to_its_end_leaves_nothing(tmp_path, old):
    folder = tmp_path / "a" / "b"
    if old:
        page.put_files(folder, old)
    done = subprocess.run([sys.executable, "-c", PUT, folder], cwd=topic.HOME, text=True,
                          capture_output=True, check=True, preexec_fn=tiny_files)  # fmt: skip
    assert done.stdout == f"{folder}: cannot be written (File too large)\n"
    assert left_alone(folder) == {name: text.encode() for name, text in old.items()}
    assert old or os.listdir(tmp_path) == []


def on_a_full_disk(folder, words: list) -> subprocess.CompletedProcess:
    """A command with `folder` on a real disk of 300 kB, mounted in a namespace of its own."""
    folder.mkdir()
    shown = shlex.quote(str(folder))
    script = (
        f"mount -t tmpfs -o size=300k none {shown} || exit 77; {shlex.join(map(str, words))}; "
        f"echo code $?; find {shown} | wc -l"
    )
    namespace = ["unshare", "--mount"] + ["--map-root-user", "--user"] * (os.getuid() != 0)
    done = subprocess.run([*namespace, "sh", "-c", script], cwd=topic.HOME, text=True,
                          capture_output=True, check=False)  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(
            "a disk of its own needs root or user namespaces, and here are neither (that a write "
            "cut off half-way leaves nothing is also tested by a limit on the size of files): "
            + done.stderr.strip()
        )
    return done


def test_a_full_disk(tmp_path):
    folder = tmp_path / "small"
    done = on_a_full_disk(folder, [sys.executable, "-c", PUT, folder / "out"])
    expected = f"{folder / 'out'}: cannot be written (No space left on device)"
    assert done.stdout.splitlines() == [expected, "code 0", "1"]  # and nothing left on the disk


@pytest.mark.slow
def test_make_on_a_full_disk(tmp_path):
    folder = tmp_path / "small"
    done = on_a_full_disk(folder, command(folder / "out"))
    assert f"{folder / 'out'}: cannot be written (No space left on device)" in done.stderr
    assert "Error 3" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.split()[-3:] == ["code", "2", "1"]  # of make; and nothing on the disk


def test_what_is_compiled_needs_a_place_too(tmp_path):
    """A cache that may not be written is the machine's fault, not that of the user's settings."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    done = make(
        tmp_path / "out", preexec_fn=powerless,
        env=os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={closed / 'cache'}"},
    )  # fmt: skip
    assert "Error 3" in done.stderr
    assert str(closed) in done.stderr
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
