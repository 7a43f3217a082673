"""The house itself: environments that agree, imports that run one way, a README that is true."""

import ast
import re
import subprocess
import sys
import tomllib

import pandas as pd
import pytest

from workflow import topic

HOME = topic.HOME
FILES = [p for folder in ("models", "analyses", "workflow") for p in (HOME / folder).glob("*.py")]
IMPORT_NAMES = {"jinja2": "jinja2", "markdown_it": "markdown-it-py", "sklearn": "scikit-learn",
                "arviz_stats": "arviz"}  # fmt: skip
NEVER_IMPORTED = {
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "ruff",
    "ipython",
    "h5netcdf",
    "h5py",
}  # for tests; xarray's engine


def imported(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def pins(text: str, equals: str) -> dict[str, str]:
    return dict(re.findall(rf"^(?:  - )?([A-Za-z][\w-]*){equals}(\d[\w.]*)$", text, flags=re.M))


def pinned() -> dict[str, str]:
    """What pip installs for make and make test."""
    files = [HOME / "requirements.txt", HOME / "requirements-cluster.txt"]
    return pins("\n".join(f.read_text() for f in files), "==")


def test_conda_pip_and_imports_name_the_same_packages():
    pip = pinned()
    conda = pins((HOME / "environment.yml").read_text(), "=")
    python = conda.pop("python")
    conda["matplotlib"] = conda.pop("matplotlib-base")  # without the window toolkits
    conda["duckdb"] = conda.pop("python-duckdb")
    assert conda == pip
    assert python == (HOME / ".python-version").read_text().strip()
    roots = {name.partition(".")[0] for p in FILES for name in imported(p)}
    third = roots - set(sys.stdlib_module_names) - {"models", "analyses", "workflow"}
    assert {IMPORT_NAMES.get(n, n) for n in third} == set(pip) - NEVER_IMPORTED


def test_every_dependency_is_justified():
    text = (HOME / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in pinned():
        assert f"**{name}**" in text, name


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_imports_run_one_way(path):
    ours = {n for n in imported(path) if n.partition(".")[0] in ("models", "analyses", "workflow")}
    if path.parent.name == "models":
        assert all(n == "models" or n.startswith("models._") for n in ours), ours
    elif path.parent.name == "analyses":
        assert all(n == "analyses" or n.startswith(("models", "analyses._")) for n in ours), ours


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_verb_stays_under_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_nothing_names_a_registry_or_a_path_of_one_machine():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=HOME, text=True, capture_output=True, check=True
    )
    registry = re.compile("https?://[^ ]*/(simple|packages)/|index[-]url|find[-]links")
    for name in tracked.stdout.split():
        path = HOME / name
        if path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8", errors="replace")  # bad inputs are not UTF-8
            assert str(HOME) + "/" not in text, name
            assert not registry.search(text), name


def test_the_tools_agree_on_the_python():
    tools = tomllib.loads((HOME / "pyproject.toml").read_text())
    assert tools["tool"]["ruff"]["target-version"] == "py312"
    assert sys.version_info >= (3, 12)


def readme_commands() -> list[str]:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def test_readme_names_every_topic_and_links_its_files():
    text = (HOME / "README.md").read_text(encoding="utf-8")
    for name in topic.names():
        assert f"[`{name}`](models/{name}.py)" in text
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (HOME / target).exists(), target


WHOLE_HOUSE = ("make", "make test", "make verify", "git clone")  # these *are* the test run
IN_A_COPY = ("make new TOPIC=mine FROM=beta_binomial",)  # by tests/test_edits.py


@pytest.mark.parametrize(
    "command",
    [
        c
        for c in readme_commands()
        if not c.startswith(("git ", "cd ")) and c not in WHOLE_HOUSE + IN_A_COPY
    ],
)
def test_readme_commands_work(command, tmp_path):
    """As printed, in a shell, but for the Python they run on and the folder they write to."""
    python = f"PYTHON={sys.executable} READY="
    command = re.sub(r"^make ", f"make {python} ", command)
    command = re.sub(r"^python ", f"{sys.executable} ", command)
    own = re.match(r"make .*\b(beta_binomial|linear_regression DATA)", command)
    command += f" OUT={tmp_path}/out" if own else ""
    command = command.replace("mine.csv", f"{tmp_path}/mine.csv").replace("logs/", f"{tmp_path}/")
    (tmp_path / "mine.csv").write_text("site,n,cases\nNorth,40,3\nSouth,25,4\nWest,60,2\n")
    size = pd.Series(range(40), dtype=float)
    rows = pd.DataFrame({"size": size, "users": size % 7, "duration": 100 + 2 * size + size % 3})
    rows.to_parquet(tmp_path / "a.parquet")
    done = subprocess.run(
        command, shell=True, cwd=HOME, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_readme_counts_the_tests():
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q"],
                          cwd=HOME, text=True, capture_output=True, check=True)  # fmt: skip
    found = re.search(r"(\d+)/\d+ tests collected \((\d+) deselected\)", done.stdout)
    text = (HOME / "README.md").read_text(encoding="utf-8")
    said = re.search(r"^(\d+) passed$.*?^Another (\d+) are slow", text, flags=re.M | re.S)
    assert said.groups() == found.groups(), done.stdout.splitlines()[-1]
