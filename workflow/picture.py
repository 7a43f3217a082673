"""Pictures: four colours with one meaning each, as SVG that follows the reader's light or dark.

The colours are registered with matplotlib by name ("exact", "draws", "mle", "prior", "ink",
"muted"), so an analysis says `color="exact"`. In the SVG they become CSS variables.
"""

import base64
import html
import io
import re
import warnings
from contextlib import contextmanager
from functools import partial

import arviz as az
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands

from models._moments import Moments
from workflow.page import shown

COLOURS = {  # Okabe and Ito's palette, safe for the colour blind
    "exact": "#0072b2",
    "draws": "#e69f00",
    "mle": "#cc3d8f",
    "prior": "#009e73",
    "ink": "#1c1c1e",
    "muted": "#7d7d82",
}
CHAINS = ["#e69f00", "#b87f00", "#f3c766", "#8a5f00"]  # shades of the draws' colour
HEAVY = 300_000  # bytes of SVG from which a PNG is lighter
mpl.colors.get_named_colors_mapping().update(COLOURS)


@contextmanager
def style():
    """Every picture's look: no frame on top and right, quiet grid, names instead of a cycle."""
    rc = {
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.prop_cycle": mpl.cycler(color=[COLOURS["draws"], COLOURS["muted"], *CHAINS[1:]]),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": COLOURS["muted"],
        "axes.labelcolor": COLOURS["ink"],
        "axes.titlesize": 11,
        "axes.titlecolor": COLOURS["ink"],
        "axes.titleweight": "normal",
        "text.color": COLOURS["ink"],
        "xtick.color": COLOURS["muted"],
        "ytick.color": COLOURS["muted"],
        "xtick.labelcolor": COLOURS["ink"],
        "ytick.labelcolor": COLOURS["ink"],
        "font.size": 10.5,
        "axes.labelsize": 10.5,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "legend.frameon": False,
        "legend.fontsize": 9.5,
        "lines.linewidth": 1.6,
        "svg.fonttype": "none",
        "text.parse_math": False,  # two dollars in somebody's column name are not a formula
        "svg.hashsalt": "known posteriors",
    }
    with mpl.rc_context(rc):
        yield
    plt.close("all")


def svg(figure, alt: str) -> str:
    """The figure as one inline element: SVG with CSS colours, or a PNG where that is lighter."""
    for side in (side for axes in figure.axes for side in (axes.xaxis, axes.yaxis)):
        if isinstance(side.get_major_formatter(), mpl.ticker.LogFormatter):  # makes formulas
            side.set_major_formatter(lambda x, _: f"{x:g}")
        if isinstance(names := side.get_major_formatter(), mpl.ticker.FuncFormatter):
            names.func = partial(_brief_tick, names.func)
    titles = {axes.title for axes in figure.axes}
    for text in figure.findobj(mpl.text.Text):
        text.set_text(_brief(text.get_text(), 40 if text in titles else 100))
    buffer = io.StringIO()
    with warnings.catch_warnings():  # the font that draws the letters is the reader's
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None}
        )
    text = buffer.getvalue()
    if len(text) > HEAVY:
        return _png(figure, alt)
    plt.close(figure)
    text = re.sub(r"^.*?(?=<svg)", "", text, flags=re.S)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    width, height = (float(x) for x in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups())
    opening = (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width * 4 / 3:.0f}" role="img" '
        f'aria-label="{html.escape(alt, quote=True)}" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    text = re.sub(r"<svg.*?>", lambda _: opening, text, count=1, flags=re.S)
    for name, colour in COLOURS.items():
        text = re.sub(re.escape(colour), f"var(--{name})", text, flags=re.I)
    return text.strip()


def _brief(text, most):
    """Names in somebody's file have any length; a picture has not."""
    lines = shown(str(text)).split("\n")
    return "\n".join(s if len(s) <= most else s[: most - 1] + "…" for s in lines)


def _brief_tick(label, x, place):
    return _brief(label(x, place), 40)


def _png(figure, alt):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=144, bbox_inches="tight", facecolor="white")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}">'


def exact_over_draws(posterior, record, *, reference=None, size=(3.1, 2.1)):
    """One unknown: ArviZ's histogram of the draws, the exact density over it, the MLE below.

    `reference` draws the histogram outline of another sampler where no exact density exists.
    """
    figure = _dist(posterior, record, size)
    axis = figure.axes[0]
    values = _element(posterior, record)
    low, high = np.quantile(values, [0.0005, 0.9995])
    margin = 0.06 * (high - low)
    known = record["distribution"]
    if known is not None and not isinstance(known, Moments):
        x = np.linspace(low - margin, high + margin, 240)
        density = _density(record, x)
        axis.plot(x, density, color="exact", linewidth=2)
        top = np.nanmax(density[np.isfinite(density)])
    else:
        drawn = values if reference is None else reference
        counts, edges = np.histogram(np.ravel(drawn), bins=40, density=True)
        if reference is not None:
            axis.stairs(counts, edges, color="ink", linewidth=1.4)
        top = counts.max()
    if isinstance(known, Moments):  # no density is known: mean and sd are marked instead
        mean, sd = (np.asarray(x)[(*record["index"],)] for x in (known.mean(), known.std()))
        axis.errorbar(mean, 0.5 * top, xerr=sd, fmt="o", color="exact", linewidth=2, capsize=5)
    if record["mle"] is not None and low - 3 * margin < record["mle"] < high + 3 * margin:
        axis.plot(
            [record["mle"]], [0], marker="^", color="mle", markersize=8, clip_on=False, zorder=5
        )
    axis.set(xlim=(low - margin, high + margin), ylim=(0, 1.12 * top), yticks=[])
    axis.set_title(record["label"])
    axis.locator_params(axis="x", nbins=4)
    axis.spines["left"].set_visible(False)
    return figure


def _density(record, x):
    """The exact density of one element of an elementwise distribution."""
    shape = np.shape(record["distribution"].mean())
    if shape == ():
        return np.asarray(record["distribution"].pdf(x))
    grid = np.broadcast_to(x.reshape(-1, *(1 for _ in shape)), (x.size, *shape))
    return record["distribution"].pdf(grid)[(slice(None), *record["index"])]


def _element(posterior, record):
    values = posterior[record["name"]].transpose("chain", "draw", ...).values
    return values[(slice(None), slice(None), *record["index"])]


def _dist(posterior, record, size):
    variable = posterior[record["name"]].transpose("chain", "draw", ...)
    dims = variable.dims[2:]
    chosen = variable.isel(dict(zip(dims, record["index"], strict=True)), drop=True)
    chosen = chosen.reset_coords(drop=True).rename(record["name"])
    plot = az.plot_dist(
        chosen.to_dataset(),
        kind="hist",
        backend="matplotlib",
        visuals={
            "dist": {"color": COLOURS["draws"], "alpha": 0.0},
            "face": {"color": COLOURS["draws"], "alpha": 0.5},
            "credible_interval": False,
            "point_estimate": False,
            "point_estimate_text": False,
            "title": False,
        },
        figure_kwargs={"figsize": size},
    )
    return plot.viz["figure"].item()


def prior_against_posterior(draws, record, size=(3.1, 2.1)):
    """Prior and posterior draws of one unknown on one axis, smoothed alike."""
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    spans = []
    for group, colour in (("prior", "prior"), ("posterior", "draws")):
        values = np.ravel(_element(draws[group].to_dataset(), record))
        low, high = np.quantile(values, [0.01, 0.99])
        counts, edges = np.histogram(values, bins=40, range=(low, high), density=True)
        axis.stairs(counts, edges, color=colour, fill=True, alpha=0.5)
        spans.append((low, high))
    axis.set(yticks=[], title=record["label"], xlim=_view(*spans))
    axis.locator_params(axis="x", nbins=4)
    axis.spines["left"].set_visible(False)
    return figure


def _view(prior, posterior):
    """All of the posterior, and of the prior as much as leaves the posterior visible."""
    reach = 12 * (posterior[1] - posterior[0])
    return max(prior[0], posterior[0] - reach), min(
        max(prior[1], posterior[1]), posterior[1] + reach
    )


def ranks(draws, records):
    """ArviZ's rank plot: every chain's ranks among all, against uniform ones, with its test."""
    with mpl.rc_context({"axes.prop_cycle": mpl.cycler(color=CHAINS)}):
        names = list(dict.fromkeys(r["name"] for r in records))
        plot = az.plot_rank(
            draws,
            var_names=names,
            envelope_prob=0.999,
            backend="matplotlib",
            figure_kwargs={"figsize": (9, 2.6)},
        )
    return plot.viz["figure"].item()


def predictive(simulated, found, label, size=(6.4, 2.6)):
    """The statistic of replicated data sets, and of the data."""
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    axis.hist(simulated, bins=40, color="draws", alpha=0.6)
    axis.axvline(found, color="ink", linewidth=2)
    axis.annotate("the data", (found, 0.97), xycoords=("data", "axes fraction"), va="top",
                  xytext=(-6 if found > np.median(simulated) else 6, 0), textcoords="offset points",
                  ha="right" if found > np.median(simulated) else "left")  # fmt: skip
    axis.set(xlabel=label, yticks=[])
    axis.spines["left"].set_visible(False)
    return figure


def calibration(ranks, levels, worst, size=(6.4, 2.8)):
    """ECDF of the ranks minus the uniform one; see `ecdf_differences`."""
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    ecdf_differences(axis, ranks, levels, worst)
    axis.set(xlabel="quantile of the draws", ylabel="truth below it too often by")
    return figure


def ecdf_differences(axis, ranks, levels, worst):
    """A line a quantity, `worst` dark, and a band that holds all of any one line at 99 %.

    `ranks` is a table, a column a quantity, of ranks from 0 to levels - 1. The band is simultaneous
    over all points of a line (Säilynoja, Bürkner and Vehtari 2022).
    """
    edges, number = np.arange(1, levels), len(ranks)
    points = edges / levels
    random = np.random.default_rng(number)
    pointwise = simulate_confidence_bands(number, 1, points, 0.99, 1_000, random)
    low, high = get_pointwise_confidence_band(pointwise, number, points)
    axis.fill_between(points, low - points, high - points, color="muted", alpha=0.25, linewidth=0)
    for name in sorted(ranks, key=worst.__eq__):  # the dark one last, on top
        below = np.searchsorted(np.sort(ranks[name]), edges) / number
        dark = {"color": "ink", "linewidth": 1.6} if name == worst else {}
        axis.plot(points, below - points, **{"color": "draws", "linewidth": 0.9, **dark})
    axis.axhline(0, color="muted", linewidth=0.8)
    axis.set(xlim=(0, 1))
    axis.annotate(worst, (0.995, 0.97), xycoords="axes fraction", ha="right", va="top")


def _fractions(numbers) -> bool:
    """Whether some are not whole, and all far enough apart for a histogram."""
    return bool((numbers % 1 != 0).any() and np.ptp(numbers) > 1e-9 * np.abs(numbers).max())


def columns(data, names, size=(3.1, 2.0)):
    """A histogram of every column of numbers; bars where they are few and whole, or symbols."""
    for name in names:
        figure, axis = plt.subplots(figsize=size, layout="constrained")
        column = data[name]
        if column.dtype.kind in "iuf" and (column.nunique() > 12 or _fractions(column.dropna())):
            axis.hist(column.dropna(), bins="auto" if len(column) < 5_000 else 60, color="muted")
        else:
            counts = column.value_counts(sort=False).sort_index()
            labels = [f"{k:g}" if isinstance(k, float) else str(k)[:14] for k in counts.index[:24]]
            axis.bar(labels, counts.values[:24], color="muted")
            axis.set_xticks(range(0, len(labels), 1 + len(labels) // 9))
        axis.set(title=str(name))
        axis.spines["left"].set_visible(False)
        yield figure
