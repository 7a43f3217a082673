"""Safe to open: whatever a file holds, a report made from it runs and fetches nothing.

The names, cells, comments, columns and file name of the data here are attacks of every kind we
know. A parser looks at each page in `make test`; in `make verify` a browser opens it, with a trap
for everything an attack would call. The trap is shown to work on a page made unsafe on purpose.
"""

import csv
import dataclasses
import html
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.test_pages import BROWSERS, Addresses
from workflow import page as pages
from workflow import picture, report, summarise, topic

EVIL = "https://evil.example"
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)>',
    "' onmouseover='alert(4)' x='",
    "</title><script>alert(5)</script>",
    "</style><script>alert(6)</script>",
    "</text></svg><script>alert(7)</script>",
    "]]><script>alert(8)</script>",
    "--><script>alert(9)</script>",
    "<iframe src=javascript:alert(10)></iframe>",
    "<a href=javascript:alert(11)>click</a>",
    "[click](javascript:alert(12))",
    "`<script>alert(13)</script>",
    "<details open ontoggle=alert(14)>",
    f"![x]({EVIL}/picture.png)",
    f"[x]({EVIL}/link)",
    f"<{EVIL}/auto>",
    f"<link rel=stylesheet href={EVIL}/style.css>",
    f"<img src={EVIL}/picture.png>",
    f"<style>@import url({EVIL}/import.css)</style>",
    f"<meta http-equiv=refresh content='0;url={EVIL}/refresh'>",
    f"<base href={EVIL}/>",
    "{{ 7 * 7 }}{{ cycler.__init__.__globals__ }}",
    "{% for x in range(9) %}boom{% endfor %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "x;=1+1;y",
    'x","=1+1',
    "$\\frac{1}{0$",
    "\\g<0>\\d\\N{dash}",
    "\u202etxet desrever",
    "zero\u200bwidth\ufeff",
    "\x1b[31mred\x07",
    "long " * 400,
]
FILE = "<img src=x onerror=alert(20)>.csv"
COLUMN = "<script>alert(21)</script>"
COMMENT = f"<script>alert(22)</script> [x](javascript:alert(23)) <img src={EVIL}/c.png>"

TRAP = """<script>
const note = (what) => {
  fired.push(what); document.documentElement.setAttribute("data-fired", JSON.stringify(fired));
};
var fired = [];
for (const name of ["alert", "confirm", "prompt", "print", "open", "fetch"])
  window[name] = (...words) => note(name + " " + words);
addEventListener("DOMContentLoaded", () => {
  const every = [...document.querySelectorAll("*")];
  for (const one of every) {
    for (const kind of ["mouseover", "mouseenter", "focus", "input", "toggle", "animationend"])
      one.dispatchEvent(new Event(kind, {cancelable: true}));
    if (one.matches("a[href^='javascript:']"))
      one.dispatchEvent(new MouseEvent("click", {cancelable: true}));
  }
  document.documentElement.setAttribute("data-tried", every.length);
});
</script>"""


class Browsed:
    """What a browser did with a page: functions called, addresses asked for, elements tried."""

    def __init__(self, text: str, folder: Path):
        browser = next((b for b in BROWSERS if shutil.which(b)), None)
        assert browser, f"needs one of {', '.join(BROWSERS)} on the PATH"
        folder.mkdir()
        # Before the policy, which would stop the trap as it stops an attack.
        (folder / "page.html").write_text(text.replace("<head>", "<head>" + TRAP, 1))
        log = folder / "net.json"
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", f"--log-net-log={log}", f"--user-data-dir={folder / 'profile'}",
             "--virtual-time-budget=5000", "--dump-dom", (folder / "page.html").as_uri()],
            text=True, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        opening = re.search(r"<html[^>]*>", done.stdout)[0]
        tried = re.search(r'data-tried="(\d+)"', opening)
        self.tried = int(tried[1]) if tried else 0
        fired = re.search(r'data-fired="([^"]*)"', opening)
        self.fired = set(json.loads(html.unescape(fired[1]))) if fired else set()
        found = re.findall(r'"url":"((?:https?|wss?)://[^"]+)"', log.read_text(errors="replace"))
        self.asked = {a for a in found if not re.search(r"google|gstatic|chromium", a)}


def without_policy(text: str) -> str:
    found, number = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert number == 1
    return found


def insist_on_no_danger(text: str):
    """What a parser can tell: no script, no handler, no address but those of ours."""
    found = Addresses()
    found.feed(text)
    assert found.scripts == 0
    ours = ("#", "data:image/png;base64,", "../index.html")
    assert [a for a in found.found if not (a or "").startswith(ours)] == []
    assert "boom" not in re.sub(r"boom\{% endfor", "", text)
    assert not set(text) & set("\u202e\u200b\ufeff\x1b\x07")
    assert "default-src 'none'" in text


def insist_on_no_formula(text: str):
    """No cell begins a formula, whichever separator a spreadsheet takes; numbers stay numbers."""
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            for cell in row:
                first = cell.strip().partition(",")[0]
                if first.startswith(("=", "+", "-", "@")):
                    float(first)  # or it is a formula, and this a ValueError


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A report through the command line, from a file full of attacks."""
    folder = tmp_path_factory.mktemp("attacked")
    rows = [a for a in ATTACKS if a.isprintable() or "\u202e" in a or "\u200b" in a]
    note = "<b onclick=alert(24)>note"
    frame = pd.DataFrame({"who": rows, "n": 40, COLUMN: range(len(rows)), note: rows[::-1]})
    text = f"# {COMMENT}\n# {{{{ 7 * 7 }}}}\n" + frame.to_csv(index=False)
    (folder / FILE).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "workflow", "report", "beta_binomial", "--data", folder / FILE,
         "--column", "tested=n", f"positive={COLUMN}", "--out", folder / "out"],
        cwd=topic.HOME, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def test_a_report_from_a_file_of_attacks_holds_none_of_them_as_markup(attacked):
    text = (attacked / "report.html").read_text(encoding="utf-8")
    insist_on_no_danger(text)
    insist_on_no_formula((attacked / "summary.csv").read_text())
    assert html.escape(ATTACKS[0], quote=False) in text  # it is there, as text
    assert html.escape(FILE, quote=False) in text
    assert html.escape(COLUMN, quote=False) in text
    assert "49" not in re.search(r"\{\{ 7.*", text)[0][:12]
    with xr.open_datatree(attacked / "posterior.nc", engine="h5netcdf") as tree:
        assert tree.attrs["seed"] == 1


def poisoned(run, path):
    """A verified run with attacks wherever the names and cells of a user's file can get to."""
    old, n = run.data, len(run.data)
    labels = [f"{ATTACKS[i % len(ATTACKS)]} {i}" for i in range(n)]
    data = old.set_axis(pd.Index(labels, name=ATTACKS[1]))
    if run.topic.name == "linear_regression":
        names = [c for c in old if c != "outcome"]
        data = data.rename(columns=dict(zip(names, [*ATTACKS[:2], *ATTACKS[24:]], strict=False)))
    if run.topic.name == "hidden_markov":
        symbols = data["symbol"].cat.categories
        data["symbol"] = data["symbol"].cat.rename_categories(ATTACKS[: len(symbols)])
    data[COLUMN] = labels
    data.attrs |= {"comments": [f"# {COMMENT}"]}
    model = run.topic.model(data, run.settings)
    fresh = dataclasses.replace(
        run, data=data, model=model, exact_data=data.head(len(run.exact_data)), path=path,
        columns=[f"ours={COLUMN}"], warnings=[f"the mean of `{ATTACKS[1]}` [x]({EVIL})"],
        draws=relabelled(run.draws, model), all_draws=relabelled(run.all_draws, model),
        exact_draws=relabelled(run.exact_draws, model),
    )  # fmt: skip
    pairs = zip(summarise.records(run), summarise.records(fresh), strict=True)
    renamed = {before["label"]: after["label"] for before, after in pairs}
    table = run.fit["sensitivity"]
    fresh.fit = run.fit | {
        "conflict": [ATTACKS[0], ATTACKS[15]],
        "sensitivity": None if table is None else table.rename(index=renamed),
    }
    return fresh


def relabelled(tree, model):
    def under(dataset):
        own = {d: list(model.coords[d]) for d in dataset.dims if d in model.coords}
        fits = {d: v for d, v in own.items() if len(v) == dataset.sizes[d]}
        return dataset.assign_coords(fits)

    found = {group.path: under(group.to_dataset(inherit=False)) for group in tree.subtree}
    made = xr.DataTree.from_dict(found)
    made.attrs = tree.attrs
    return made


@pytest.fixture
def written(run, tmp_path, monkeypatch):
    """A whole report, but for pictures of which it has dozens alike."""
    monkeypatch.setattr(report, "MOST_PANELS", 2)
    (tmp_path / FILE).write_text(f"# {COMMENT}\n")
    report.write(poisoned(run, tmp_path / FILE), tmp_path / "out")
    return tmp_path / "out"


def test_every_topic_shows_attacks_as_text(written, run):
    text = (written / "report.html").read_text(encoding="utf-8")
    insist_on_no_danger(text)
    table = (written / "summary.csv").read_text(encoding="utf-8")
    insist_on_no_formula(table)
    thumbnail = (written / "thumbnail.svg").read_text(encoding="utf-8")
    assert not re.search(r"<script|onerror=(?!alert\(2\)&gt;)", thumbnail)
    assert html.escape(ATTACKS[0], quote=False) in text
    if run.topic.name == "linear_regression":  # its labels are the user's
        assert "w[=cmd|" in table
        assert "x;'=1+1;y" in table
        found = pd.read_csv(io.StringIO(table))
        numbers = found.filter(like="draws.").to_numpy()
        assert np.issubdtype(numbers.dtype, np.floating)
        assert (found["draws.mean"] < 0).any()  # negative numbers are numbers still


def test_a_notebook_shows_attacks_as_text(run, tmp_path):
    (tmp_path / FILE).write_text("")
    found = Addresses()
    found.feed(poisoned(run, tmp_path / FILE)._repr_html_())
    assert found.scripts == 0
    assert [a for a in found.found if not a.startswith("data:image/svg+xml;base64,")] == []


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", " '=1"),
        ("x\r\n=1", "x =1"),
        ("w[a;=1]", "w[a;'=1]"),
        ('w[a","=1]', 'w[a","' + "'=1]"),
        ("＝1", "'＝1"),
        ("w[bmi]", "w[bmi]"),
        ("a-b", "a-b"),
        ("2020-02-05", "2020-02-05"),
        (-2.5, -2.5),
        (None, None),
    ],
)
def test_no_cell_is_a_formula(cell, safe):
    assert report._no_formula(cell) == safe
    if isinstance(cell, str):
        insist_on_no_formula(report.spreadsheet(pd.DataFrame({"label": [cell], "mean": [-2.5]})))


def test_the_formula_check_can_fail():
    insist_on_no_formula("label,mean\na,-2.5e-05\n")
    for text in ("label,mean\n=1+1,2\n", 'w,"w[a;=1+1;]",2\n', "a,-2+3\n", "a\t@SUM(1)\n"):
        with pytest.raises(ValueError, match="could not convert"):
            insist_on_no_formula(text)


def test_the_parser_sees_an_unsafe_page(attacked):
    text = html.unescape((attacked / "report.html").read_text(encoding="utf-8"))
    found = Addresses()
    found.feed(text)
    assert found.scripts > 5
    assert any(EVIL in (a or "") for a in found.found)


def test_no_answer_or_paragraph_leads_away():
    """Sentences carry names of columns; markdown must not make links or pictures of them."""
    for attack in ATTACKS:
        text = pages.MARKDOWN.render(f"The link is with `{attack}`: {attack}\n\n[r]: {EVIL}")
        assert not re.search(r"<(a|img|script|iframe|svg|link|base|meta)\b", text), text
    assert "<strong>" in pages.MARKDOWN.render("**b** | `c`")
    assert "<table>" in pages.MARKDOWN.render("| a |\n|---|\n| b |")


def test_pictures_take_any_label():
    import matplotlib.pyplot as plt

    with picture.style():
        for attack in ATTACKS:
            figure, axis = plt.subplots()
            axis.set(title=attack, xlabel=attack)
            axis.set_xticks([0], [attack])
            svg = picture.svg(figure, attack)
            report._standalone(svg)
            width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1]) if svg[0] == "<" else 0
            assert width < 1_500, attack[:20]


def insist_nothing_happens(found):
    """Much was tried in this page; nothing ran and nothing was fetched."""
    assert found.tried > 100
    assert found.fired == set()
    assert found.asked == set()


@pytest.mark.slow
def test_a_browser_runs_and_fetches_nothing(attacked, tmp_path):
    """With its policy and without: the escaping holds by itself."""
    text = (attacked / "report.html").read_text(encoding="utf-8")
    for name, shown in {"as it is": text, "without policy": without_policy(text)}.items():
        insist_nothing_happens(Browsed(shown, tmp_path / name))


@pytest.mark.slow
def test_a_browser_runs_nothing_of_any_topic(written, tmp_path):
    text = (written / "report.html").read_text(encoding="utf-8")
    insist_nothing_happens(Browsed(without_policy(text), tmp_path / "browsed"))


@pytest.mark.slow
def test_the_trap_fires_and_the_policy_is_a_wall_of_its_own(attacked, tmp_path):
    """The same report with its escaping taken off: attacks work, unless the policy stops them."""
    text = (attacked / "report.html").read_text(encoding="utf-8")
    unsafe = re.sub("<meta http-equiv=refresh", "", html.unescape(text))
    found = Browsed(without_policy(unsafe), tmp_path / "open")
    assert {f"alert {n}" for n in (1, 2, 3, 11, 20, 21)} <= found.fired
    assert any(EVIL in address for address in found.asked)
    insist_nothing_happens(Browsed(unsafe, tmp_path / "policy"))


@pytest.mark.slow
def test_the_gallery_shows_its_pictures_under_its_policy(attacked, tmp_path):
    place = tmp_path / "results" / "beta_binomial"
    shutil.copytree(attacked, place)
    pages.gallery(tmp_path / "results")
    text = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    look = "<script>addEventListener('load', () => document.documentElement.setAttribute("
    look += "'data-fired', JSON.stringify([...document.images].map(i => i.naturalWidth > 50))))"
    folder = tmp_path / "results" / "browsed"
    found = Browsed(text.replace("<head>", f"<head>{look}</script>").replace(
        'src="beta', 'src="../beta'), folder)  # fmt: skip
    assert found.fired == {True}
