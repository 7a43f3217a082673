"""docs/speed.md, from the tables that the benchmarks left in docs/verification/.

python -m benchmarks.page
"""

from pathlib import Path

import pandas as pd

from benchmarks.words import INTRODUCTION, REASONS, TABLES

DOCS = Path(__file__).parents[1] / "docs"
OURS = "Known Posteriors"
BEHIND = 0.9  # of another's effective draws a second: where ours has fewer, the page says why
EXACT = {"exact_mean": str, "exact_sd": str}  # shown with all their digits
AIM = 50  # times the loop: fits of ours on fresh data
MOST = 1.25  # times the script: what a report with all its proofs may take
PAGES = ["import", "summarise", "draw", "everything else"]
PROOFS = ["exact answer", "maximum likelihood", "comparing", "calibrating"]


def page(folder: Path = DOCS / "verification") -> str:
    """The page as text; what was not measured is not on it."""
    parts = [
        "# How fast",
        INTRODUCTION,
    ]
    for stem, (title, about, columns) in TABLES.items():
        path = folder / f"{stem}.csv"
        if path.exists():
            found = gradients(same_answer(behind(pd.read_csv(path, dtype=EXACT))))
            parts += [f"## {title}", about, _table(found[list(columns)].rename(columns=columns))]
            if stem == "speed_whole":
                parts += [
                    slow(found),
                    "Where the time goes, seconds of all topics together:",
                    _table(stages(found)),
                ]
            if stem == "speed_refits":
                parts.append(shared(found))
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


def slow(whole: pd.DataFrame) -> str:
    """Which reports take longer than they may beside the script, and what it does not do."""
    said = []
    for _, row in whole[whole["ratio"] > MOST].iterrows():
        own = row.filter(like="ours: ").dropna().sort_values(ascending=False)
        proofs = own[[f"ours: {stage}" for stage in PROOFS if f"ours: {stage}" in own]]
        each = ", ".join(f"{k.removeprefix('ours: ')} {v:.1f} s" for k, v in proofs.items())
        rest = own.get("ours: everything else", 0.0)
        theirs = row.reindex([f"plain: {stage}" for stage in PAGES]).sum()
        each += f"; imports, tables, figures and stories {rest:.1f} s, the script's {theirs:.1f} s"
        said.append(f"`{row['topic']}` {row['state']} {row['ratio']:.2f} ({each})")
    if not said:
        return f"No report takes more than {MOST} times as long as the script."
    return (
        f"More than {MOST} times as long as the script, with the seconds that go into what the "
        f"script does not do: {', '.join(said)}. Besides, a report simulates the prior 4,000 "
        "times, the script 500."
    )


def shared(refits: pd.DataFrame) -> str:
    """How many times the loops ours would be if it had nothing to compile."""
    said = []
    for _, row in refits.iterrows():
        nutpie, own = 60 / row[["nutpie", "pymc"]] / row["sampling"]
        ms = 1e3 * row["sampling"]
        said.append(f"`{row['topic']}` {nutpie:.0f} and {own:.0f} ({ms:.0f} ms a fit)")
    return (
        "A fit of ours is its gradients: nothing is built or compiled anew, and draws stay arrays. "
        f"The aim is {AIM} times the loop. The loop does such gradients, too, so there is an end "
        "to it: with nothing left to compile, ours would be so many times the loops with nutpie "
        f"and with PyMC's own sampler: {', '.join(said)}."
    )


def gradients(found: pd.DataFrame) -> pd.DataFrame:
    """With seconds a fit but for compiling, and microseconds of one core that a gradient takes."""
    if "fits" not in found:
        return found
    sampling = 60 / found["ours"] - found["compiling"] / found["fits"]
    cores = found["environment"].str.extract(r"(\d+) cores", expand=False).astype(int)
    return found.assign(sampling=sampling, micro=1e6 * cores * sampling / found["gradients"])


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
