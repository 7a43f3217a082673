"""The posteriors of one unknown over many groups, side by side, the lowest below."""

import matplotlib.pyplot as plt
import numpy as np

MOST = 40  # groups shown: of more, as many of the lowest as of the highest


def caterpillar(lines: list[tuple[str, dict]], label: str):
    """Posterior mean and 89 % interval of each group, in the order of the means, and the MLE.

    `lines` are (group, record); a record is as `summarise.records` makes it. Where the exact answer
    is known it is that which is shown, else what the draws say, in their colour.
    """
    ranked = sorted(lines, key=lambda line: _known(line[1])["mean"])
    left_out = max(0, len(ranked) - MOST)
    kept = ranked if not left_out else ranked[: MOST // 2] + ranked[-MOST // 2 :]
    place = np.arange(len(kept), dtype=float)
    place[MOST // 2 :] += 2.0 * bool(left_out)  # a gap, where the others would be
    figure, axis = plt.subplots(figsize=(7.2, 1.1 + 0.19 * len(kept)), layout="constrained")
    for y, (_, record) in zip(place, kept, strict=True):
        known, colour = _known(record), "exact" if record["exact"] else "draws"
        if known.get("q5.5") is None:  # where moments alone are known
            known = known | {"q5.5": known["mean"], "q94.5": known["mean"]}
        axis.plot([known["q5.5"], known["q94.5"]], [y, y], color=colour, linewidth=1.8)
        axis.plot(known["mean"], y, "o", color=colour, markersize=4.5)
    best = [(r["mle"], y) for y, (_, r) in zip(place, kept, strict=True) if r["mle"] is not None]
    span = axis.get_xlim()
    if best:
        axis.plot(*np.transpose(best), "^", color="mle", markersize=4, linestyle="none", zorder=5)
    axis.set_xlim(_view(span, [x for x, _ in best]))
    if left_out:
        words = f"{left_out:,} groups between these are not shown"
        axis.annotate(words, (0.5, MOST // 2 + 0.5), xycoords=("axes fraction", "data"),
                      ha="center", va="center", color="muted", fontsize=9)  # fmt: skip
    axis.set_yticks(place, [_brief(name) for name, _ in kept], fontsize=8)
    axis.set(xlabel=label, ylim=(-0.8, place[-1] + 0.8))
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    return figure


def _known(record: dict) -> dict:
    return record["exact"] or record["draws"]


def _view(span, best) -> tuple[float, float]:
    """All intervals, and of the MLEs those that do not leave them too small to be seen."""
    reach = (span[1] - span[0]) / 2
    near = [x for x in best if span[0] - reach < x < span[1] + reach]
    margin = 0.02 * (span[1] - span[0])
    return min([span[0], *(x - margin for x in near)]), max([span[1], *(x + margin for x in near)])


def _brief(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"
