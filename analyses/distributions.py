"""Do distributions do what the textbooks say, and are the textbooks' numbers right?

A page of facts without a model. Every law of two teaching texts is taken three ways: PyMC's, SciPy's
and the formulas; sums are followed to the central limit theorem exactly, by convolution; and each
number the texts print stands beside its value.
"""

import matplotlib.pyplot as plt
import numpy as np

from analyses import _averages, _claims, _laws, _several, _shapes, _three_ways

QUESTION = "Do distributions do what the textbooks say, and are the textbooks' numbers right?"


def answer(page) -> str:
    found = _claims.judged(page.data)["verdict"]
    printed = found[~found.isin(_claims.UNPRINTED)]
    return (
        f"All {len(_laws.LAWS) + len(_laws.JOINTS)} of PyMC's laws agree with SciPy and with the formulas. Of "
        f"{len(printed)} numbers printed in teaching texts, {printed.isin(_claims.RIGHT).sum()} are right, "
        f"{(printed == _claims.SAMPLE_OF).sum()} are those of one sample, and "
        f"{(printed == 'wrong').sum()} are wrong."
    )


def table(page):
    yield from _three_ways.densities()
    yield from _three_ways.formulas()
    z = {**dict(_three_ways.draws(page.seed)), "expected stars": [_averages.z_of_stars(page.seed)]}
    bound = page.bound(sum(np.size(x) for x in z.values()))
    for label, found in z.items():
        yield {"group": f"{_three_ways.DRAWS:,} draws: mean, variance and tails, largest |z|", "line": label,
               "error": float(np.max(np.abs(found))), "allowed": bound}  # fmt: skip
    yield from _averages.lines(page.seed)
    for row in _claims.judged(page.data).itertuples():
        yield {"group": "numbers of the texts, ours by two routes", "line": row.claim,
               "printed": _claims.as_printed(row.printed), "ours": row.value, "verdict": row.verdict,
               "error": row.error, "allowed": _claims.EXACT}  # fmt: skip


def picture(page, *, small=False):
    """All laws of one number, exact over drawn; small, a sum of ratings."""
    if not small:
        return _shapes.every_law(
            page.seed
        ), "Blue: the exact law. Orange: 20,000 of PyMC's draws from it."
    figure, axis = plt.subplots(figsize=(3.1, 2.2), layout="constrained")
    _averages.shape(axis, _averages.STARS, 8)
    return figure, "the sum of eight ratings, and the normal density"


def story(page):
    claims = _claims.judged(page.data)
    yield "### What the texts print"
    printed = claims[~claims["verdict"].isin(_claims.UNPRINTED)]
    wrong = printed[~printed["verdict"].isin(_claims.RIGHT)]
    yield (
        "Each number was computed here by two routes and compared with the digits that are printed. These "
        "are wrong, or belong to one sample; all of them are in the last table of this story."
    )
    yield _claims.shown(wrong)
    by_reason = wrong.groupby("reason", sort=False)["claim"].agg("; ".join)
    yield "\n".join(f"- {claim}: {reason}." for reason, claim in by_reason.items())
    yield "### Laws, means and variances"
    yield from _shapes.moments()
    yield "### What is expected"
    yield from _averages.story(page.seed)
    yield "### A Gamma for a mean and a variance"
    yield from _shapes.gamma()
    yield "### Shares that add up to one"
    yield from _several.shares(page.seed)
    yield "### Dependent numbers from independent ones"
    yield from _several.cholesky(page.seed)
    yield "### Learning rates and first weights"
    yield from _shapes.rates(page.seed)
    yield "### Single precision"
    yield from _precision(page)
    yield "### Every number of the texts"
    yield (
        "“Right, rounded” is right to the last printed digit; a number of one sample is within "
        f"{_claims.SAMPLE:g} sd of what samples of that size show. “None printed”: the text asks for the number, "
        "and our notes of it hold no digits."
    )
    yield _claims.shown(claims)


def _precision(page):
    """What PyTensor's short constants cost, from the page's own table."""
    single = page.table[page.table["group"] == _three_ways.SINGLE_GROUP].nlargest(3, "error")
    double = page.table[page.table["group"] == _three_ways.DOUBLE_GROUP]
    yield (
        "PyTensor keeps a constant such as the 2.0 in PyMC's formulas in single precision where that loses "
        "nothing, and then computes its square root in single precision too, which loses half the digits. As "
        "they come, the furthest from SciPy are "
        + "; ".join(f"{r.line} ({r.error:.1e})" for r in single.itertuples())
        + f". With constants kept double all agree to {double['error'].max():.1e}. That is why every setting "
        "of a topic is a 64-bit number here."
    )
