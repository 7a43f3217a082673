"""docs/speed.md, from the tables that the benchmarks left in docs/verification/.

python -m benchmarks.page
"""

from pathlib import Path

import pandas as pd

DOCS = Path(__file__).parents[1] / "docs"
KERNEL = {"ns": "ns a row", "bare_ns": "bare loop, ns a row", "ratio": "times the bare loop",
          "behind": "times ours"}  # fmt: skip
OURS = "Known Posteriors"
BEHIND = 0.9  # of another's effective draws a second: where ours has fewer, the page says why
REASONS = {
    "default": "Its trees are shorter at an acceptance of 0.8, it keeps no gradients, and it does "
    "not count effective draws: we do, after every block, and draw on until there are enough, "
    "which these figures include. A fit takes 0.1 to 16 seconds beside 2 to 33 of compiling.",
    "numpyro": "Where a gradient costs less than a microsecond, what a sampler does between two "
    "of them decides; here NumPyro runs chains and tuning as one compiled function, a way its "
    "manual does not show. `numpyro run` is what its manual shows. Where a gradient costs more, "
    "its trees are shorter at an acceptance of 0.8, as the effective draws a gradient say.",
}
INTRODUCTION = (
    "`make bench` runs all of this. A ratio is from one run on one machine, and only ratios mean "
    "anything elsewhere."
)
TABLES = {
    "speed_hidden_markov": (
        "A hidden Markov model: log likelihood and gradient",
        "`python -m benchmarks.hidden_markov`. The bare loop is forward-backward and nothing else, "
        "timed in turns with each contender, in the contender's own environment.",
        {"contender": "who", "states": "states", "rows": "rows", **KERNEL},
    ),
    "speed_mixture": (
        "A normal mixture: log likelihood and gradient",
        "`python -m benchmarks.mixture`. Two components; the bare loop is one pass over the rows "
        "and nothing else.",
        {"contender": "who", "rows": "rows", **KERNEL},
    ),
    "speed_whole": (
        "From a CSV to a report, seconds of a whole process",
        "`python -m benchmarks.whole`. The script samples as many draws of the same model, draws "
        "the same kinds of picture, and verifies nothing.",
        {"topic": "topic", "state": "start", "ours": "ours", "plain": "script", "ratio": "ratio"},
    ),
    "speed_refits": (
        "Fits a minute on fresh data of one shape",
        "`python -m benchmarks.refits`. Compiled once, beside `pm.sample` in a loop, with nutpie "
        "and with PyMC's own sampler.",
        {"topic": "topic", "ours": "ours", "nutpie": "loop, nutpie", "pymc": "loop, PyMC's own",
         "ratio_nutpie": "ours / nutpie", "ratio_pymc": "ours / PyMC's"},
    ),
    "speed_samplers": (
        "Effective draws a second and a gradient",
        "`python -m benchmarks.samplers`. Every topic's model under `workflow.fit.sample`, "
        "beside its textbook form under `pm.sample` as it comes (`default`) and in NumPyro, by "
        "the fastest of its ways to run chains (`numpyro`) and as its manual has it (`numpyro "
        "run`). All log densities are first proved to differ by a constant. Tuning counts, "
        "compiling does not; medians of paired runs. What holds ours back is in the next table: "
        "we ask for an acceptance of 0.95, where the trees of NUTS are longer and divergences "
        "rarer.",
        {"topic": "topic", "contender": "who", "compile": "compiling, s", "ess_second": "a second",
         "ratio_second": "ours / it", "ratio_second_min": "least", "ratio_second_max": "most",
         "ess_gradient": "a gradient", "ratio_gradient": "ours / it, a gradient"},
    ),
    "speed_settings": (
        "Where the samplers' figures come from",
        "`python -m benchmarks.settings`. From `pm.sample`'s settings to ours, one by one; each "
        "line keeps what the lines above it changed, but for the last, which is all of ours with "
        "PyMC's usual acceptance.",
        {"topic": "topic", "step": "step", "ess_second": "a second", "ess_gradient": "a gradient"},
    ),
    "benchmark": (
        "Simulations of a calibration a minute",
        "`python -m benchmarks.calibration`. `make calibrate` beside simuk on the same models.",
        {"topic": "topic", "ours": "ours", "simuk": "simuk", "ratio": "ratio"},
    ),
}  # fmt: skip


def page(folder: Path = DOCS / "verification") -> str:
    """The page as text; what was not measured is not on it."""
    parts = [
        "# How fast",
        INTRODUCTION,
    ]
    for stem, (title, about, columns) in TABLES.items():
        path = folder / f"{stem}.csv"
        if path.exists():
            found = same_answer(behind(pd.read_csv(path)))
            parts += [f"## {title}", about, _table(found[list(columns)].rename(columns=columns))]
            if stem == "speed_whole":
                parts += [
                    "Where the time goes, seconds of all topics together:",
                    _table(stages(found)),
                ]
            if stem == "speed_samplers":
                parts.append(losses(found))
            if "environment" in found:
                parts.append("\n".join(f"- {e}" for e in found["environment"].unique()))
    return "\n\n".join(parts) + "\n"


def behind(found: pd.DataFrame) -> pd.DataFrame:
    """With every ratio to the bare loop in units of ours at the same size, where there are such."""
    if "bare_ns" not in found:
        return found
    size = [name for name in ("states", "rows") if name in found]
    ours = found[found["contender"] == OURS].set_index(size)["ratio"]
    same = ours.reindex(found.set_index(size).index).to_numpy()
    return found.assign(behind=found["ratio"] / same).sort_values(size, kind="stable")


def same_answer(found: pd.DataFrame) -> pd.DataFrame:
    """Without the ratios of samplers whose means are not ours: theirs is another answer."""
    if "z_allowed" not in found:
        return found
    off = found["z"] > found["z_allowed"]
    ratios = found.columns[found.columns.str.startswith("ratio")]
    found.loc[off, ratios] = float("nan")
    found.loc[off, "contender"] += ", means apart"
    return found


def losses(samplers: pd.DataFrame) -> str:
    """Against whom ours is behind by more than a tenth, and what the next table says of it."""
    said = []
    for who, why in REASONS.items():
        lost = samplers[(samplers["contender"] == who) & (samplers["ratio_second"] < BEHIND)]
        each = ", ".join(f"`{row.topic}` {row.ratio_second:.2f}" for row in lost.itertuples())
        if each:
            said.append(
                f"In effective draws a second more than a tenth behind `{who}`: {each}. {why}"
            )
    return "\n\n".join(said)


def stages(whole: pd.DataFrame) -> pd.DataFrame:
    """Seconds of every stage, topics together; the rest of each process among them."""
    each = whole.filter(like=": ").assign(state=whole["state"]).groupby("state").sum().T
    each = each.rename_axis("stage").reset_index()
    return each[["stage", "cold", "warm"]]


def _table(frame: pd.DataFrame) -> str:
    right = [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    lines = [frame.columns, ["--:" if r else "---" for r in right]]
    lines += [[_cell(x) for x in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(x) -> str:
    if isinstance(x, str):
        return x
    if pd.isna(x):
        return ""
    return f"{x:,}" if isinstance(x, int) else f"{x:,.0f}" if x >= 1_000 else f"{x:.3g}"


if __name__ == "__main__":
    (DOCS / "speed.md").write_text(page(), encoding="utf-8")
