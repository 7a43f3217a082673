"""What the fits of all groups come to: verdicts under one bound, a table, a page."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from workflow import compare, summarise
from workflow.check import IDENTITY, Check
from workflow.page import short
from workflow.refused import short as brief

VERDICTS = ("agree", "unproved", "disagree", "unconverged", "refused")
GOOD = ("agree", "unproved")
SHOWN = 20  # groups without an answer that are named in a terminal
MEANING = {
    "agree": "the draws match the exact posterior, which belongs to the model",
    "unproved": "no exact answer is known; the draws passed the gates and Stein's identities",
    "disagree": "exact answer, model, draws or MLE contradict each other",
    "unconverged": "the sampler did not do its work, so nothing was compared",
    "refused": "the rows break a rule, or the fit came to no end",
}
GATES = {  # as columns
    "R-hat, largest": "r_hat.largest",
    "bulk or tail ESS, lowest": "ess.lowest",
    "divergences": "divergences",
    "E-BFMI, lowest": "e_bfmi.lowest",
    "draws that hit the largest tree": "largest_trees",
}
SIDES = ("mean", "sd", "q5.5", "q94.5")


@dataclass
class Tally:
    """The groups in their order, each with `verdict` and `reason`, and the bound they are under."""

    groups: list[dict]
    comparisons: int
    bound: float  # on |z|, that so many correct comparisons exceed once in 10,000 runs
    largest: float

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(group["verdict"] for group in self.groups)
        return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}

    @property
    def without(self) -> list[dict]:
        """The groups that have no answer to rely on."""
        return [group for group in self.groups if group["verdict"] not in GOOD]

    @property
    def reasons(self) -> dict[str, int]:
        """Why groups are unproved, and how many."""
        said = (g["reason"] for g in self.groups if g["verdict"] == "unproved")
        return dict(Counter(said))


def tally(rows: list[dict]) -> Tally:
    """Every row of `group.Fitter` with its verdict: the bound is that of the z of all groups."""
    found = [z for row in rows for z in row["z"].values()]
    comparisons = sum(number for _, number in found)
    bound = compare.largest(max(comparisons, 1))
    groups = [row | dict(zip(("verdict", "reason"), _verdict(row, bound), strict=True))
              for row in rows]  # fmt: skip
    return Tally(groups, comparisons, bound, max((z for z, _ in found), default=0.0))


def _verdict(row: dict, bound: float) -> tuple[str, str]:
    """As `verify.Run` has it: what is wrong with model and exact answer is said before all else."""
    if row["refused"]:
        return "refused", row["refused"]
    gates, checks = ([Check(*c) for c in row[kind]] for kind in ("gates", "checks"))
    for c in checks:
        if c.name == IDENTITY and not c.passed:
            return "disagree", f"model and exact disagree: {c.note}"
    if not all(c.passed for c in gates):
        return "unconverged", summarise.failures(gates)
    for name, (worst, number) in row["z"].items():
        checks.append(Check(name, worst, bound, f"{number} comparisons"))
    if not all(c.passed for c in checks):
        return "disagree", summarise.failures(checks)
    if "draws against exact, largest |z|" in row["z"]:
        return "agree", ""
    return "unproved", row["unproved"] or "no exact answer is known"


def table(found: Tally) -> pd.DataFrame:
    """groups.csv: a line an unknown of a group, or the one line of a group that was refused."""
    lines = []
    for group in found.groups:
        head = {k: group[k] for k in ("group", "rows", "verdict", "reason")}
        gates = {GATES[c[0]]: c[1] for c in group["gates"]} | {"draws": group["draws"]}
        for unknown in group["unknowns"] or [{}]:
            lines.append(head | _line(unknown) | (gates if unknown else {}))
    return pd.DataFrame(lines)


def _line(unknown: dict) -> dict:
    exact, drawn = unknown.get("exact") or {}, unknown.get("draws") or {}
    zs = [abs(z) for z in (unknown.get("z") or {}).values() if z is not None]
    return (
        {"unknown": unknown.get("label")}
        | {f"exact.{side}": exact.get(side) for side in SIDES}
        | {f"draws.{side}": drawn.get(side) for side in SIDES}
        | {f"draws.{k}": drawn.get(k) for k in ("mcse_mean", "ess_bulk", "ess_tail", "r_hat")}
        | {"z.largest": max(zs, default=None)}
        | {"mle": unknown.get("mle"), "mle.se": unknown.get("se")}
    )


def sentences(name: str, by: str, found: Tally) -> list[str]:
    """What a terminal is told: how many of each verdict, and every group without an answer."""
    counts = ", ".join(f"{number:,} {verdict}" for verdict, number in found.counts.items())
    said = [f"{name} by {by}: {len(found.groups):,} groups: {counts}"]
    if found.comparisons:
        z = f"largest |z| {short(found.largest)}, bound {short(found.bound)}"
        said.append(f"  {found.comparisons:,} comparisons of draws with what they should be: {z}")
    said += [f"  unproved, {n:,}: {reason}" for reason, n in found.reasons.items()]
    for group in found.without[:SHOWN]:
        named = brief(group["group"], 40) or f"(no {by})"
        said.append(f"  {named}: {group['verdict']}: {brief(group['reason'], 300)}")
    if more := len(found.without) - SHOWN:
        said += [f"  and {more:,} more, in groups.csv"] if more > 0 else []
    return said
