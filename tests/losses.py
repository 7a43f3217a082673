"""Every loss a likelihood, every penalty a prior: python -m tests.losses writes docs/losses.md.

The numbers are PyMC's own log densities beside the losses as formulas; every claim that is not a
number on the page names the test that proves it.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pymc as pm

from models._law import QUICK
from workflow import picture
from workflow.report import _standalone as standalone
from workflow.topic import HOME

PAGE = HOME / "docs" / "losses.md"
PICTURE = PAGE.with_suffix(".svg")
BAR = "\\|"  # in a cell
ALLOWED = 1e-12  # of a log likelihood

Y = np.array([2.0, -1.0, 0.5, 4.0, 3.5])  # any rows and any predictions serve
MEAN = np.array([1.2, -0.4, 0.9, 2.5, 3.9])
SD, SCALE = np.float64(1.3), np.float64(0.8)
TRUE = np.array([1, 0, 1, 1, 0, 1, 0, 0])  # survey B's example of binary cross-entropy
CHANCE = np.array([0.9, 0.1, 0.8, 0.7, 0.3, 0.6, 0.2, 0.4])
SHARES = np.array([[0.8, 0.15, 0.05], [0.3, 0.5, 0.2], [0.33, 0.33, 0.34]])  # and of categorical
CLASS = np.array([0, 1, 2])

LOSSES = {  # name -> its formula, n times it plus constants, the noise, minus PyMC's log likelihood
    "squared error (MSE)": (
        "MSE × n / 2 sigma² + n log(2 pi sigma²) / 2",
        lambda: (
            np.mean((Y - MEAN) ** 2) * Y.size / (2 * SD**2)
            + Y.size * np.log(2 * np.pi * SD**2) / 2
        ),
        "Normal",
        lambda: minus_log(pm.Normal.dist(MEAN, SD), Y),
    ),
    "absolute error (MAE)": (
        "MAE × n / scale + n log(2 scale)",
        lambda: np.mean(np.abs(Y - MEAN)) * Y.size / SCALE + Y.size * np.log(2 * SCALE),
        "Laplace",
        lambda: minus_log(pm.Laplace.dist(MEAN, SCALE), Y),
    ),
    "binary cross-entropy (BCE)": (
        "BCE × n",
        lambda: -np.sum(np.where(TRUE == 1, np.log(CHANCE), np.log(1 - CHANCE))),
        "Bernoulli",
        lambda: minus_log(pm.Bernoulli.dist(CHANCE), TRUE),
    ),
    "categorical cross-entropy (CCE)": (
        "CCE × n",
        lambda: -np.sum(np.eye(3)[CLASS] * np.log(SHARES)),
        "categorical",
        lambda: minus_log(pm.Categorical.dist(SHARES), CLASS),
    ),
}  # fmt: skip

CLAIMS = pd.read_csv(Path(__file__).with_suffix(".csv"), keep_default_na=False)
TABLES = {  # of tests/losses.csv -> its title and what stands over its columns
    "noise": ("Loss and noise", ["loss", "noise"]),
    "penalty": ("Penalty and prior", ["least", "most probable under", "with"]),
    "alone": ("Without a penalty, and with counts", ["prior", "loss", "answer"]),
}

HEAD = """# Every loss is a likelihood

Written by `python -m tests.losses`; `make test` computes it again and runs every test it names.

Whoever makes a loss small makes data likely, under the noise whose log density it is but for
sign and constants; and a penalty on the weights is the log density of their prior. So a fit with a
penalty is the most probable point (MAP) of a posterior; what that adds is how sure the point is.

![Four losses, and the noise each of them is](losses.svg)

## The same number twice

A loss is a mean over rows, so n times it is compared. The predictions are fixed here, those of the
cross-entropies are the textbook's. The topics prove it for their own models, at any parameters.

"""


def minus_log(law, y) -> float:
    return -float(pm.logp(law, y).sum().eval(mode=QUICK))


def numbers() -> list[tuple[str, str, float, str, float, float]]:
    """Loss, formula, its value, noise, minus PyMC's log likelihood, relative difference."""
    found = []
    for name, (formula, loss, noise, likelihood) in LOSSES.items():
        ours, theirs = loss(), likelihood()
        found.append((name, formula, ours, noise, theirs, abs(ours - theirs) / abs(theirs)))
    return found


def link(topic: str, test: str) -> str:
    return f"[`{topic}`: {test.removeprefix('test_').replace('_', ' ')}](../tests/test_{topic}.py)"


def _table(head: list[str], rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(c.replace('|', BAR) for c in line)} |\n" for line in lines)


def page() -> str:
    """docs/losses.md"""
    rows = [
        (name, formula, f"{ours:.12g}", noise, f"{theirs:.12g}", "yes" if off <= ALLOWED else "NO")
        for name, formula, ours, noise, theirs, off in numbers()
    ]
    columns = ["loss", "n times it, with constants", "", "noise", "-log likelihood, by PyMC"]
    text = HEAD + _table([*columns, f"to {ALLOWED:g}"], rows)
    for name, (title, columns) in TABLES.items():
        lines = [
            (*row[1 : 1 + len(columns)], link(row.topic, row.test))
            for row in CLAIMS[CLAIMS["table"] == name].itertuples(index=False)
        ]
        text += f"\n## {title}\n\n" + _table([*columns, "proved by"], lines)
    return text


def drawing() -> str:
    """docs/losses.svg: the losses above, the densities of their noise below."""
    error, z = np.linspace(-3, 3, 241), np.linspace(-4, 4, 161)
    curves = [
        ("squared error", error, error**2 / 2, "error"),
        ("absolute error", error, np.abs(error), "error"),
        ("binary cross-entropy", z, np.logaddexp(0, -z), "log odds of what happened"),
        ("categorical cross-entropy", z, np.logaddexp(np.log(2), z) - z, "lead over two others"),
    ]  # fmt: skip
    noise = ["Normal", "Laplace", "Bernoulli", "categorical"]
    with picture.style():
        figure, axes = plt.subplots(2, 4, figsize=(9.6, 4.2), layout="constrained")
        for (name, x, loss, label), law, (top, bottom) in zip(curves, noise, axes.T, strict=True):
            top.plot(x, loss, color="mle")
            top.set(title=name, ylim=(0, 4.6))
            height = np.exp(-loss)
            if law in ("Normal", "Laplace"):
                height /= np.sqrt(2 * np.pi) if law == "Normal" else 2
            bottom.plot(x, height, color="exact")
            bottom.set(title=law, xlabel=label, ylim=(0, 1.1 * height.max()))
        axes[0, 0].set_ylabel("loss of a row")
        axes[1, 0].set_ylabel("likelihood")
        made = standalone(picture.svg(figure, "Four losses, and the noise each of them is"))
    head, rest = made.split(">", 1)  # white, as the reader's page may be dark
    return f'{head}><rect width="100%" height="100%" fill="#ffffff"/>{rest}'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(drawing() + "\n", encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HOME)} and {PICTURE.relative_to(HOME)}")
