"""Every number of the teaching texts, judged: python -m tests.claims writes docs/claims.md.

The rows are those of data/distributions.csv; how they are judged is in analyses/_claims.py.
"""

import pandas as pd

from analyses import _claims
from workflow import facts
from workflow.topic import HOME

PAGE = HOME / "docs" / "claims.md"
HEAD = """# The numbers of the teaching texts

Written by `python -m tests.claims` from [data/distributions.csv](../data/distributions.csv);
`make test` computes them again. A is a course module, “Probability Distributions and Bayes
Theorem”; B a survey, “Machine Learning Summary (Fundamental)”; the note a page on hidden Markov
models.

Every number of ours is computed by two routes that have to agree to {exact:g} (relative). The
verdict is computed from it and the printed digits: *right* is equal, *right, rounded* is right to
the last printed digit, *a sample's* is within {sample:g} sd of what samples of that size show, and
all else is *wrong*.

{counts}
"""
ASKED = "The texts ask for these numbers; our notes of them hold no printed digits."


def page() -> str:
    """docs/claims.md"""
    claims = _claims.judged(facts.rows("distributions")[0])
    printed = ~claims["verdict"].isin(_claims.UNPRINTED)
    counts = claims.loc[printed, "verdict"].value_counts()
    said = "; ".join(f"{n} {word}" for word, n in counts.items())
    head = HEAD.format(
        exact=_claims.EXACT,
        sample=_claims.SAMPLE,
        counts=f"{printed.sum()} printed numbers: {said}.",
    )
    right = claims["verdict"].isin(_claims.RIGHT)
    tables = {
        "Wrong, or a sample's": claims[printed & ~right],
        "Right": claims[right],
        f"Asked for\n\n{ASKED}": claims[claims["verdict"] == "none printed"],
        "Cannot be checked": claims[claims["verdict"] == "cannot be checked"],
    }
    return head + "".join(f"\n## {name}\n\n{_table(rows)}" for name, rows in tables.items())


def _table(claims: pd.DataFrame) -> str:
    lines = [
        "| claim | text | topic | printed | ours | verdict | why |",
        "|---|---|---|--:|--:|---|---|",
    ]
    shown = _claims.shown(claims)
    for claim, row in zip(claims.itertuples(), shown.itertuples(), strict=True):
        cells = (
            row.claim,
            claim.text,
            f"`{claim.topic}`",
            row.printed,
            row.ours,
            row.verdict,
            claim.reason,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(HOME)}")
