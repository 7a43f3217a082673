"""Groups: each as if it were alone, one bound over all, and no group that another can spoil."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.mistakes import edited
from workflow import campaign, fit, group, groups, picture, refit, tally, topic
from workflow.__main__ import main
from workflow.caterpillar import caterpillar
from workflow.refused import Refused
from workflow.topic import HOME

COUNTS = pd.DataFrame(
    {
        "site": ["North"] * 3 + ["South"] * 2 + ["West"] + ["North"],
        "tested": [40, 25, 60, 12, 30, 8, 100],
        "positive": [3, 4, 2, 0, 7, 0, 9],
    }
)


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """What is kept of a campaign goes to a folder of this test."""
    monkeypatch.setattr(campaign, "HOME", tmp_path)
    return tmp_path / "results"


@pytest.fixture
def put(tmp_path):
    def make(frame, name="rows.csv"):
        path = tmp_path / name
        frame.to_csv(path, index=False)
        return path

    return make


def run(name, path, by, *words, processes=1):
    """The exit code of the command, and what it wrote."""
    out = path.parent / f"out{len(list(path.parent.glob('out*')))}"
    given = ["--data", path, "--by", by, "--processes", processes, "--out", out, *words]
    code = main(["groups", name, *map(str, given)])
    table = pd.read_csv(out / "groups.csv", dtype={"group": str}) if out.exists() else None
    return code, table, out


def fitted(name, path, by, fitter=None, **more):
    """The rows of every group, without a campaign, and the fitter that made them."""
    found = topic.load(name)
    split, fitter = groups.split(found, path, by, []), fitter or group.ready(name)
    how = {"columns": [], "notation": split.notation, "settings": found.defaults, "seed": 1} | more
    rows = [
        fitter.row(i, label, split.part(places), **how)
        for i, (label, places) in enumerate(split.places.items())
    ]
    return rows, fitter


def test_every_group_has_the_answers_of_a_single_fit(put):
    """Exact answer and MLE are those of `exact` and `mle` on its rows alone; the draws agree."""
    found = topic.load("beta_binomial")
    code, table, _ = run("beta_binomial", put(COUNTS), "site", "--set", "alpha=2")
    assert code == 0
    assert table["group"].tolist() == ["North", "South", "West"]
    assert table["rows"].tolist() == [4, 2, 1]
    assert (table["verdict"] == "agree").all()
    for line in table.to_dict("records"):
        rows = COUNTS[COUNTS["site"] == line["group"]]
        data = topic.read(found, rows.drop(columns="site"))
        law = found.exact(data, found.defaults | {"alpha": np.float64(2)}).marginals["theta"]
        assert line["exact.mean"] == pytest.approx(law.mean(), rel=1e-12)
        assert line["exact.sd"] == pytest.approx(law.std(), rel=1e-12)
        ends = [line["exact.q5.5"], line["exact.q94.5"]]
        assert ends == pytest.approx(law.ppf([0.055, 0.945]), rel=1e-12)
        share = rows["positive"].sum() / rows["tested"].sum()
        assert line["mle"] == pytest.approx(share, rel=1e-12)
        assert abs(line["draws.mean"] - law.mean()) < 6 * line["draws.mcse_mean"]
    assert (table["ess.lowest"] >= refit.ESS).all()


def regression(rng, label, n, p):
    X = rng.normal(size=(n, p))
    y = 150 + 20 * X.sum(axis=1) + rng.normal(0, 40, n)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(p)])
    return frame.assign(outcome=y.round(3), region=label)


def failures(rng, label, n):
    x = rng.normal(20, 5, n)
    return pd.DataFrame({"x": x, "outcome": rng.random(n) < 1 / (1 + np.exp((x - 20) / 3))}).assign(
        outcome=lambda f: f["outcome"].astype(int), region=label
    )


def walk(rng, label, times):
    return pd.DataFrame({"time": times, "y": 1000 + rng.normal(0, 60, len(times)).cumsum()}).assign(
        region=label
    )


def categories(label, words):
    return pd.DataFrame({"category": list(words), "region": label})


def sequence(label, words):
    return pd.DataFrame({"state": list(words), "region": label})


RNG = np.random.default_rng(8)
SHAPES = {  # topic -> its groups, and how many graphs they make
    "linear_regression": ([regression(RNG, k, n, 2) for k, n in (("a", 12), ("b", 30))], 1),
    "logistic_regression": ([failures(RNG, k, n) for k, n in (("a", 25), ("b", 40))], 1),
    "dirichlet_multinomial": (
        [categories("a", "xxyyzz"), categories("b", "yyxxx"), categories("c", "zyxxz")], 2
    ),
    "markov_chain": ([sequence("a", "xxyxyyyx"), sequence("b", "yxxyxx")], 1),
    "local_level": (
        [walk(RNG, "a", [1, 2, 3, 5, 6]), walk(RNG, "b", [1, 2, 3, 5, 6]),
         walk(RNG, "c", [1, 2, 4, 5, 6])], 2
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_graphs_are_compiled_once_and_no_group_has_numbers_of_another(shape, put):
    """Groups of different lengths share a graph, of other categories or times they do not; in
    each, model and exact answer are one to the last digits, and the draws are its own."""
    frames, graphs = SHAPES[shape]
    found = topic.load(shape)
    rows, fitter = fitted(shape, put(pd.concat(frames)), "region", group.Fitter(found))
    result = tally.tally(rows)
    assert [g["reason"] for g in result.groups] == [""] * len(frames)
    assert result.counts == {"agree": len(frames)}
    assert len(fitter._compiled) == graphs
    for kept, frame in zip(rows, frames, strict=True):
        data = topic.read(found, frame.drop(columns="region").reset_index(drop=True))
        known = found.exact(data, found.defaults)
        for unknown in kept["unknowns"]:
            law, at = known.distributions[unknown["name"]], tuple(unknown["index"])
            assert unknown["exact"]["mean"] == pytest.approx(np.asarray(law.mean())[at], rel=1e-12)
            assert unknown["exact"]["sd"] == pytest.approx(np.asarray(law.std())[at], rel=1e-12)
        (identity,) = (c for c in kept["checks"] if c[0].startswith("identity"))
        assert identity[1] < 1e-11


def test_a_graph_is_that_of_other_rows_and_of_no_other_prior():
    found = topic.load("linear_regression")
    data = topic.read(found)
    here = refit.Graph(found.model(data, found.defaults))
    assert here == refit.Graph(found.model(data.head(50), found.defaults))
    assert here != refit.Graph(found.model(data.head(50), found.defaults | {"tau": 26.0}))
    assert here != refit.Graph(found.model(data.iloc[:, 1:], found.defaults))
    own = topic.load("local_level")  # its density is Python of its own
    data = topic.read(own).head(20)
    here = refit.Graph(own.model(data, own.defaults))
    other = data.assign(y=data["y"] + 1.0)
    assert here == refit.Graph(own.model(other, own.defaults))
    other.iloc[-1, data.columns.get_loc("time")] += 1
    assert here != refit.Graph(own.model(other, own.defaults))


def test_a_group_that_breaks_a_rule_is_named_and_the_others_stand(put, capsys):
    frame = COUNTS.astype(str)
    frame.loc[4, "positive"] = "31"
    frame.loc[5, "tested"] = "many"
    frame.loc[6, "site"] = ""
    code, table, out = run("beta_binomial", put(frame), "site")
    assert code == 2
    assert table["verdict"].tolist() == ["agree", "refused", "refused", "refused"]
    assert table["group"].fillna("").tolist() == ["North", "South", "West", ""]
    reasons = table["reason"].fillna("").tolist()
    assert reasons[1:] == [
        "`positive` must be at most `tested`; line 6 has tested 30, positive 31",
        "`tested` must be a whole number; line 7 has many",
        "`site` must be present in every row; line 8 has nothing",
    ]
    alone, _ = fitted("beta_binomial", put(COUNTS.head(3), "north.csv"), "site")
    assert table.loc[0, "draws.mean"] == alone[0]["unknowns"][0]["draws"]["mean"]
    shown = capsys.readouterr().out
    assert "4 groups: 1 agree, 3 refused" in shown
    assert "(no site): refused: `site` must be present" in shown
    page = (out / "groups.html").read_text()
    assert "line 6 has tested 30, positive 31" in page


def test_a_group_too_small_for_its_model_is_named(put):
    frame = pd.concat([categories("a", "xxyy"), categories("b", "xxx")])
    rows, _ = fitted("dirichlet_multinomial", put(frame), "region")
    assert [bool(r["refused"]) for r in rows] == [False, True]
    assert "`category` must take 2 to" in rows[1]["refused"]


def test_an_error_nobody_foresaw_is_named_too(put):
    broken = edited("beta_binomial", "n, k = data", "1 / (len(data) - 2)\n    n, k = data")
    rows, _ = fitted("beta_binomial", put(COUNTS), "site", group.Fitter(broken))
    assert [r["group"] for r in rows if r["refused"]] == ["South"]
    assert "division by zero" in rows[1]["refused"]


def test_one_process_and_two_write_the_same_table(put, results):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"site": np.repeat([f"s{i}" for i in range(24)], 2), "tested": 50,
         "positive": rng.integers(0, 12, 48)}
    )  # fmt: skip
    path, texts = put(frame), []
    for processes in (1, 2):
        code, _, out = run("beta_binomial", path, "site", "--seed", "5", processes=processes)
        assert code == 0
        texts.append([(out / f"groups.{kind}").read_text() for kind in ("csv", "json", "svg")])
        for kept in results.glob("*/groups.*"):
            kept.unlink()
    assert texts[0] == texts[1]
    assert json.loads(texts[0][1])["groups"] == {"agree": 24}


def test_a_group_draws_alike_whichever_others_there_are_and_under_one_seed(put):
    every, _ = fitted("beta_binomial", put(COUNTS), "site")
    south, _ = fitted("beta_binomial", put(COUNTS[3:5], "south.csv"), "site")
    assert every[1]["unknowns"] == south[0]["unknowns"]
    other, _ = fitted("beta_binomial", put(COUNTS[3:5], "again.csv"), "site", seed=2)
    drawn = [rows[0]["unknowns"][0]["draws"]["mean"] for rows in (south, other)]
    assert drawn[0] != drawn[1]


def test_one_group_is_a_group(put):
    code, table, out = run("beta_binomial", put(COUNTS.assign(site="all")), "site")
    assert code == 0
    assert table["group"].tolist() == ["all"]
    assert (out / "groups.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("stie", "--by stie: no column `stie` (did you mean 'site'?); the file has: site, tested"),
        ("tested", "--by tested: beta_binomial itself needs `tested`"),
        ("nothing", "`nothing` must be present in every row; line 2 has nothing"),
    ],
)
def test_a_column_that_makes_no_groups_is_refused(by, message, put, capsys, results):
    code, table, _ = run("beta_binomial", put(COUNTS.assign(nothing="")), by)
    assert (code, table) == (2, None)
    assert message in capsys.readouterr().err
    assert not results.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "positive=cases"], "no column `cases`"),
        (["--column", "tested=site"], "itself needs `site`"),
        (["--set", "alpha=-1"], "--set alpha=-1: the prior of theta is Beta(alpha, beta)"),
        (["--processes", "0"], "--processes must be at least 1"),
    ],
)
def test_what_is_wrong_with_all_groups_is_said_once_and_at_once(words, message, put, capsys):
    code, table, _ = run("beta_binomial", put(COUNTS), "site", *words)
    assert (code, table) == (2, None)
    said = capsys.readouterr().err
    assert message in said
    assert said.count(message) == 1


def test_where_no_group_has_an_answer_nothing_is_written(put, capsys):
    frame = COUNTS[3:6].assign(positive=[13, 31, 9])
    code, table, _ = run("beta_binomial", put(frame), "site")
    assert (code, table) == (2, None)
    said = capsys.readouterr().err
    assert "no group has an answer" in said
    assert "South: refused: `positive` must be at most `tested`" in said


MISTAKES = {
    "an exact answer of another model": (
        "beta_binomial", "a, b = alpha + k.sum(), ", "a, b = alpha + k.sum() + 0.1, ",
        "model and exact disagree: log joint ",
    ),
    "a derived quantity, which no identity sees": (
        "gamma_precision", "stats.gengamma(a, -2,", "stats.gengamma(a, -1.9,",
        "draws and exact answer are ",
    ),
    "an MLE that is none": (
        "beta_binomial", '["positive"].sum() / tested', '["positive"].add(1).sum() / (tested + 9)',
        "standard errors from where the model's own likelihood is highest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_makes_every_group_disagree(mistake, put):
    name, old, new, words = MISTAKES[mistake]
    rng = np.random.default_rng(4)
    frame = COUNTS
    if name == "gamma_precision":
        frame = pd.DataFrame({"site": ["a"] * 30 + ["b"] * 20, "y": 734.5 + rng.normal(0, 70, 50)})
    right, _ = fitted(name, put(frame), "site")
    assert set(tally.tally(right).counts) == {"agree"}
    wrong, _ = fitted(name, put(frame), "site", group.Fitter(edited(name, old, new)))
    result = tally.tally(wrong)
    assert set(result.counts) == {"disagree"}
    assert all(words in g["reason"] for g in result.groups), result.groups


def test_a_group_that_disagrees_exits_1(put, monkeypatch, capsys):
    wrong = edited("beta_binomial", "a, b = alpha + k.sum(), ", "a, b = alpha + k.sum() + 0.1, ")
    monkeypatch.setattr(groups, "ready", lambda name: group.Fitter(wrong))
    code, table, _ = run("beta_binomial", put(COUNTS), "site")
    assert code == 1
    assert (table["verdict"] == "disagree").all()
    assert "North: disagree: model and exact disagree" in capsys.readouterr().out


def test_the_bound_is_that_of_all_groups_together():
    """A |z| of 5.3 is too much for one group alone, and not among those of ten thousand."""

    def kept(number, z):
        draws = {"draws against exact, largest |z|": [z, 7]}
        return [group.blank(i, str(i), 9) | {"z": draws} for i in range(number)]

    alone, many = tally.tally(kept(1, 5.3)), tally.tally(kept(10_000, 5.3))
    assert alone.bound == pytest.approx(stats.norm.isf(1e-4 / 14))
    assert many.bound == pytest.approx(stats.norm.isf(1e-4 / 140_000))
    assert alone.counts == {"disagree": 1}
    assert many.counts == {"agree": 10_000}
    assert set(tally.tally(kept(10_000, np.inf)).counts) == {"disagree"}
    assert many.comparisons == 70_000


def test_too_few_draws_are_unconverged(put, monkeypatch):
    monkeypatch.setattr(fit, "MOST_DRAWS", 400)
    monkeypatch.setattr(refit, "DRAWS", 100)
    rows, _ = fitted("beta_binomial", put(COUNTS), "site")
    result = tally.tally(rows)
    assert result.counts == {"unconverged": 3}
    assert "the lowest effective sample size is " in result.groups[0]["reason"]
    assert "(at least 4,000)" in result.groups[0]["reason"]


def test_rows_that_cannot_be_enumerated_are_unproved_and_their_draws_checked(put):
    rng = np.random.default_rng(6)
    y = np.where(rng.random(36) < 0.4, rng.normal(54, 6, 36), rng.normal(80, 6, 36)).round(1)
    rows, _ = fitted(
        "gaussian_mixture", put(pd.DataFrame({"y": y, "day": ["a"] * 10 + ["b"] * 26})), "day"
    )
    result = tally.tally(rows)
    assert [g["verdict"] for g in result.groups] == ["agree", "unproved"]
    assert "of 26 rows no more than 10 can be enumerated" in result.groups[1]["reason"]
    (name,) = rows[1]["z"]
    assert name.startswith("Stein")
    assert rows[1]["unknowns"][0]["exact"] is None


def test_what_is_written_is_safe_from_the_names_of_groups(put):
    """No formula in the table, no markup in the page, and every name is in the picture."""
    names = ["=1+1", "<script>alert(1)</script>", "$x$"]
    frame = COUNTS.assign(site=[names[i % 3] for i in range(7)])
    code, table, out = run("beta_binomial", put(frame), "site")
    assert code == 0
    assert table["group"].tolist() == ["'=1+1", *names[1:]]
    page = (out / "groups.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "$x$" in (out / "groups.svg").read_text()


def test_a_picture_of_many_groups_says_what_it_leaves_out():
    known = [{"mean": float(i), "q5.5": i - 1.6, "q94.5": i + 1.6} for i in range(100)]
    lines = [(f"g{i}", {"draws": {}, "mle": None, "exact": k}) for i, k in enumerate(known)]
    with picture.style():
        figure = caterpillar(lines, "theta")
        shown = [t.get_text() for t in figure.axes[0].get_yticklabels()]
        said = [t.get_text() for t in figure.axes[0].texts]
    assert shown == [f"g{i}" for i in (*range(20), *range(80, 100))]
    assert said == ["60 groups between these are not shown"]


def test_make_hands_everything_over(tmp_path):
    """`make groups` on a stranger's file, through make and the shell."""
    renamed = COUNTS.rename(columns={"site": "the site", "tested": "Number tested"})
    renamed.to_csv(tmp_path / "my rows.csv", index=False, sep=";")
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "READY=", "groups", "TOPIC=beta_binomial",
         f"DATA={tmp_path}/my rows.csv", "BY=the site", "FIELDS='tested=Number tested'",
         "READ=delimiter=';'", "SET=alpha=1 beta=1", "SEED=3", "PROCESSES=1",
         f"OUT={tmp_path}/out"],
        cwd=HOME, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "beta_binomial by the site: 3 groups: 3 agree" in done.stdout
    facts = json.loads((tmp_path / "out" / "groups.json").read_text())
    assert facts["settings"] == {"alpha": 1.0, "beta": 1.0}
    assert facts["seed"] == 3
    assert "--by 'the site'" in facts["command"]
    assert "--delimiter ';'" in facts["command"]


@pytest.fixture
def tree(tmp_path):
    """The repository with one topic and without results."""
    for name in ("workflow", "models", "analyses"):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tmp_path / "models").glob("[a-z]*.py"):
        if path.stem != "beta_binomial":
            path.unlink()
    (tmp_path / "data").mkdir()
    shutil.copy(HOME / "data" / "beta_binomial.csv", tmp_path / "data")
    return tmp_path


def many(number) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    tested = rng.integers(20, 90, number)
    positive = rng.binomial(tested, 0.1)
    sites = [f"s{i}" for i in range(number)]
    return pd.DataFrame({"site": sites, "tested": tested, "positive": positive})


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupted_run_goes_on(tree, processes):
    """Ctrl-C, to all processes as a terminal sends it; again, and only what is missing is done."""
    many(50).to_csv(tree / "rows.csv", index=False)
    command = [sys.executable, "-m", "workflow", "groups", "beta_binomial", "--data", "rows.csv"]
    command += ["--by", "site", "--processes", str(processes), "--out", "out"]
    first = subprocess.Popen(
        command, cwd=tree, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    folder = tree / "results" / "beta_binomial"
    while sum(file.read_text().count("\n") for file in folder.glob("groups.*")) < 11:
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGINT)
    said = first.communicate(timeout=60)[0]
    assert first.returncode == 130, said
    assert not (tree / "out").exists()
    (file,) = folder.glob("groups.*.jsonl")
    kept = file.read_text().splitlines()
    assert 11 <= len(kept) < 51
    done = subprocess.run(command, cwd=tree, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"beta_binomial by site: 50 groups: 50 agree", done.stdout), done.stdout
    assert file.read_text().splitlines()[: len(kept)] == kept
    every = campaign.read(file)[1].to_dict("records")
    again, _ = fitted("beta_binomial", tree / "rows.csv", "site")
    assert [every[i] for i in (0, 31, 49)] == [again[i] for i in (0, 31, 49)]


@pytest.fixture(scope="module")
def scheduler():
    """A real scheduler with two worker processes, spoken to over TCP."""
    why = "dask.distributed is an optional extra: pip install -r requirements-cluster.txt"
    distributed = pytest.importorskip("distributed", reason=why)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
    ) as local:
        yield local.scheduler_address


def test_a_killed_worker_of_a_cluster_changes_nothing(scheduler, put):
    """One of two workers is killed half-way; the rows are those of one process."""
    from distributed import Client

    found = topic.load("beta_binomial")
    split = groups.split(found, put(many(60)), "site", [])
    with Client(scheduler, timeout=10) as client:
        victims = list(client.run(os.getpid).values())
    killed = []

    def tell(done):
        if done >= 20 and not killed:
            os.kill(victims[0], signal.SIGKILL)
            killed.append(done)

    executor = campaign.cluster(scheduler)
    rows = groups.carried_out(found, split, found.defaults, 1, executor, tell)
    assert killed
    assert killed[0] < 60
    alone, _ = fitted("beta_binomial", put(many(60)), "site")
    assert rows == alone
    assert tally.tally(rows).counts == {"agree": 60}


def deadly(name, batch, **how):
    """Kills its worker at the group s3, whenever it comes to it."""
    if any(label == "s3" for _, label, _ in batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return [group.blank(job, label, len(rows.frame)) for job, label, rows in batch]


def test_a_group_that_kills_its_worker_is_named_and_the_others_stand(put, monkeypatch):
    monkeypatch.setattr(groups, "fits", deadly)
    monkeypatch.setattr(groups, "BATCH", 2)
    found = topic.load("beta_binomial")
    split = groups.split(found, put(many(8)), "site", [])
    executor = campaign.processes(2)
    rows = groups.carried_out(found, split, found.defaults, 1, executor, lambda done: None)
    assert [r["group"] for r in rows] == [f"s{i}" for i in range(8)]
    assert {r["group"]: r["refused"] for r in rows if r["refused"]} == {"s3": groups.DEAD}


def test_a_topic_changed_under_way_is_said(put, monkeypatch):
    """A worker outlives the file it has compiled: it does not go on as if nothing were."""
    group.ready("beta_binomial")
    monkeypatch.setattr(campaign, "source", lambda found: "another")
    with pytest.raises(Refused, match="its source has changed"):
        group.ready("beta_binomial")
