"""Pages in a real browser, at the width of a desk and of a phone; and what needs no browser.

The browser is Debian's or anyone's Chromium; `make verify` needs it on the PATH.
"""

import html.parser
import json
import re
import shutil
import subprocess

import pandas as pd
import pytest

from workflow import page as pages
from workflow import picture, report, topic

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PROBE = """<!doctype html><title>probe</title>
<iframe id="page" src="report.html" style="width:{width}px;height:900px;border:0"></iframe>
<pre id="found"></pre>
<script>
addEventListener("load", () => {{
  const inner = document.getElementById("page").contentDocument, view = inner.documentElement;
  const problems = [];
  if (view.scrollWidth > view.clientWidth + 1)
    problems.push("the page is " + view.scrollWidth + " px wide");
  for (const picture of inner.querySelectorAll("svg, img")) {{
    const box = picture.getBoundingClientRect();
    if (box.width < 40 || box.height < 30) problems.push("tiny: " + box.width + " x " + box.height);
    if (box.right > view.clientWidth + 1) problems.push("a picture ends at " + box.right);
    for (const text of picture.querySelectorAll("text")) {{
      const b = text.getBoundingClientRect();
      const out = Math.max(
        box.left - b.left, b.right - box.right, box.top - b.top, b.bottom - box.bottom);
      if (out > 2)
        problems.push("clipped: " + text.textContent + ", " + picture.getAttribute("aria-label"));
    }}
  }}
  document.getElementById("found").textContent =
    JSON.stringify({{pictures: inner.querySelectorAll("svg, img").length, problems}});
}});
</script>"""


class Addresses(html.parser.HTMLParser):
    """Every address a page would fetch or lead to, and every script."""

    def __init__(self):
        super().__init__()
        self.found, self.scripts = [], 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script" or any(k.startswith("on") for k, _ in attrs)
        self.found += [
            v for k, v in attrs if k in ("src", "href", "srcset", "data", "action", "poster")
        ]


def test_a_page_fetches_nothing_and_runs_nothing(run):
    with report.picture.style():
        facts = report.summary(run, found := report.records(run), [])
        small = report.records(run, exact_rows=True) if run.few_rows_exact else []
        page, thumbnail = report._page(run, facts, found, small)
    addresses = Addresses()
    addresses.feed(page)
    outside = [
        a for a in addresses.found if not a.startswith(("#", "data:image/png", "../index.html"))
    ]
    assert outside == []
    assert addresses.scripts == 0
    assert not re.search(r"url\((?!#)|@import", page)
    assert len(page.encode()) < 3_000_000
    assert thumbnail.startswith("<svg")
    assert (
        "nan" not in re.sub(r"<svg.*?</svg>|<pre>.*?</pre>", "", page, flags=re.S).lower().split()
    )


def look(folder, width) -> tuple[dict, list[str], set[str]]:
    """What a browser finds in `folder`/report.html: layout, console messages, addresses."""
    browser = next((b for b in BROWSERS if shutil.which(b)), None)
    assert browser, f"needs one of {', '.join(BROWSERS)} on the PATH"
    (folder / "probe.html").write_text(PROBE.format(width=width))
    log = folder / "net.json"
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--allow-file-access-from-files", "--enable-logging=stderr", f"--log-net-log={log}",
         f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000",
         "--virtual-time-budget=5000", "--dump-dom", (folder / "probe.html").as_uri()],
        text=True, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, flags=re.S)[1])
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    asked = set(re.findall(r'"url":"((?:https?|wss?)://[^"]+)"', log.read_text(errors="replace")))
    return found, console, {a for a in asked if not re.search(r"google|gstatic|chromium", a)}


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_in_a_browser(run, width, tmp_path):
    """No console message, no request but the page itself, nothing clipped or too wide."""
    report.write(run, tmp_path)
    found, console, asked = look(tmp_path, width)
    assert found["problems"] == []
    assert found["pictures"] >= 5
    assert console == []
    assert asked == set()


@pytest.mark.slow
def test_the_browser_sees_what_is_wrong(tmp_path):
    (tmp_path / "report.html").write_text(
        '<div style="width:2000px">wide</div><svg width="100" height="50" viewBox="0 0 100 50">'
        '<text x="80" y="20">clipped</text></svg><img src="http://localhost:9/x.png" width="90" '
        'height="90"><script>console.error("loud")</script>'
    )
    found, console, asked = look(tmp_path, 390)
    assert len(found["problems"]) == 2
    assert any("loud" in line for line in console)
    assert asked == {"http://localhost:9/x.png"}


def test_the_gallery_has_a_row_per_topic_and_says_what_is_missing(tmp_path):
    facts = {"topic": "beta_binomial", "question": "Q <script>?", "answer": "A.",
             "verdict": "agree", "exact_by": "algebra", "exact_rows": 3, "data": {"rows": 3},
             "unknowns": [{"label": "theta"}]}  # fmt: skip
    (tmp_path / "beta_binomial").mkdir()
    (tmp_path / "beta_binomial" / "summary.json").write_text(json.dumps(facts))
    assert [f["topic"] for f in pages.gallery(tmp_path)] == ["beta_binomial"]
    page = (tmp_path / "index.html").read_text()
    assert 'href="beta_binomial/report.html"' in page
    assert "Q &lt;script&gt;?" in page
    assert all(name in page for name in topic.names())


def test_few_fractions_make_a_histogram_and_few_whole_numbers_bars():
    """Seven labels of five digits each would run into one another."""
    data = pd.DataFrame(
        {"error": [2.7, 4.84, 0.76, None], "count": [1.0, 2.0, 1.0, 1.0], "same": [0.1] * 4}
    )
    with picture.style():
        axes = [figure.axes[0] for figure in picture.columns(data, list(data))]
        labels = [[label.get_text() for label in axis.get_xticklabels()] for axis in axes]
    assert labels[1:] == [["1", "2"], ["0.1"]]
    assert "4.84" not in labels[0]
    assert sum(bar.get_height() for bar in axes[0].patches) == 3
