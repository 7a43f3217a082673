"""Derived quantities of which only mean and sd are known, along every path of the workflow."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from models import _entropy as bits
from models._exact import Exact
from models._moments import Moments
from tests.mistakes import edited
from workflow import compare, picture, prior, reliability, report, summarise, topic
from workflow.topic import Refused
from workflow.verify import verify

A = np.array([30.0, 50.0, 20.0])


def tree(draws):
    return xr.DataTree.from_dict({"posterior": xr.Dataset(draws)})


@pytest.fixture(scope="module")
def drawn():
    """Independent shares and their entropy, and what is known of it."""
    p = np.random.default_rng(8).dirichlet(A, (4, 5_000))
    H = xr.DataArray(bits.entropy(p), dims=("chain", "draw"))
    exact = Exact(
        marginals={}, derived={"H": bits.entropy_of(A)}, log_evidence=0.0, by="closed form"
    )
    return tree({"H": H}), exact


def z_of(draws, law):
    exact = Exact(marginals={}, derived={"H": law}, log_evidence=0.0, by="")
    return compare.against_exact(draws, exact)["H"]


def test_only_mean_and_sd_are_compared(drawn):
    draws, exact = drawn
    z = compare.against_exact(draws, exact)["H"]
    assert list(z) == ["mean", "sd"]
    every = np.concatenate([np.ma.compressed(v) for v in z.values()])
    assert every.size == 2
    assert compare.z_check("H", every, 2).passed


@pytest.mark.parametrize("size", [(1.0, 1.1), (1.0, 0.9), (1.002, 1.0), (1.0, np.log(2))])
def test_a_wrong_mean_or_sd_is_seen(drawn, size):
    right = bits.entropy_of(A)
    wrong = Moments(right.mean() * size[0], right.std() * size[1])
    found = np.concatenate([np.ma.compressed(v) for v in z_of(drawn[0], wrong).values()])
    assert not compare.z_check("H", found, 2).passed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" - uu * polygamma(1, total + 2)", ""),
        ("np.sqrt(variance) / BIT", "np.sqrt(variance)"),
        ("digamma(a + 2)", "digamma(a + 1)"),
    ],
)
def test_a_wrong_formula_is_seen_by_the_draws(drawn, old, new):
    wrong = edited("entropy", old, new, "_entropy.py").module.bits.entropy_of(A)
    found = np.concatenate([np.ma.compressed(v) for v in z_of(drawn[0], wrong).values()])
    assert not compare.z_check("H", found, 2).passed


def test_every_element_of_a_vector_has_its_two_numbers():
    x = np.random.default_rng(1).normal([1.0, 5.0], [2.0, 0.1], (4, 2_000, 2))
    draws = tree({"H": xr.DataArray(x, dims=("chain", "draw", "k"))})
    z = z_of(draws, Moments([1.0, 5.0], [2.0, 0.1]))
    assert {k: v.shape for k, v in z.items()} == {"mean": (2,), "sd": (2,)}
    assert not compare.z_check("", z_of(draws, Moments([1.0, 5.0], [2.0, 0.2]))["sd"], 2).passed


def test_mean_and_sd_are_of_one_shape():
    with pytest.raises(ValueError, match="same shape"):
        Moments(np.zeros(2), 1.0)


def test_power_is_measured_as_of_any_other(drawn):
    draws, exact = drawn
    found = np.array(reliability._precision(draws, "H", exact.derived["H"]))
    assert found.shape == (1, 4)
    assert np.isfinite(found).all()


def test_a_spread_lost_in_rounding_is_refused():
    found = topic.load("entropy")
    settings = found.defaults
    for spread in (0.0, np.nan):
        exact = Exact(
            marginals={}, derived={"H": Moments(1.0, spread)}, log_evidence=0.0, by="closed form"
        )
        with pytest.raises(Refused, match=r"the sd of H is (0|nan)"):
            prior.insist_on_an_answer(found, settings, exact)


def test_an_unknown_itself_needs_its_whole_law(monkeypatch):
    found = topic.load("entropy")
    law = Moments(np.full(6, 1 / 6), np.full(6, 0.1))
    short = Exact(marginals={"p": law}, log_evidence=0.0, by="nothing")
    monkeypatch.setattr(found.module, "exact", lambda *_, **__: short)
    with pytest.raises(Refused, match=r"gives `p` as Moments, which are for `derived` alone"):
        verify(found, topic.read(found), found.defaults)


# --- what a reader sees: of every topic that has such quantities --------------------------------


def moments(run):
    """Names of what is known by mean and sd only; none where nothing is known."""
    every = run.exact.distributions if run.exact else {}
    return [name for name, law in every.items() if isinstance(law, Moments)]


def test_the_topics_that_the_tests_below_speak_of_have_such_quantities():
    found = topic.load("entropy")
    derived = found.exact(topic.read(found), found.defaults).derived
    assert all(isinstance(law, Moments) for law in derived.values())


def test_quantiles_are_null_and_the_quantity_is_named(run):
    if not moments(run):
        return
    found = summarise.records(run)
    facts = json.loads(json.dumps(summarise.summary(run, found, []), default=str))
    assert facts["only_moments"] == moments(run)
    for unknown in facts["unknowns"]:
        few = unknown["name"] in moments(run)
        assert all((unknown["exact"][q] is None) == few for q in summarise.QUANTILES)
        assert len(unknown["z"]) == (2 if few else 7)
        assert unknown["draws"]["q2.5"] < unknown["exact"]["mean"] < unknown["draws"]["q97.5"]


def test_the_page_marks_mean_and_sd_and_says_whose_the_interval_is(run):
    if not moments(run):
        return
    found = summarise.records(run)
    with picture.style():
        page, _ = report._page(run, summarise.summary(run, found, []), found, [])
    told = {r["label"] for r in found if r["name"] in moments(run)}
    assert page.count("by draws only") == len(told)
    assert "exact mean ± sd where no density is known" in page
    for record in found:
        if record["label"] not in told:
            continue
        law = run.exact.derived[record["name"]]
        with picture.style():
            panel = {**record, "distribution": law}
            (axis,) = picture.exact_over_draws(run.posterior, panel).axes
        (segment,) = axis.containers[-1].lines[2][0].get_segments()
        mean, sd = (np.asarray(x)[tuple(record["index"])] for x in (law.mean(), law.std()))
        assert segment[:, 0] == pytest.approx([mean - sd, mean + sd])
        blue = [line for line in axis.lines if line.get_color() == picture.COLOURS["exact"]]
        assert all(line.get_xdata().size < 3 for line in blue)  # no density is drawn


def test_the_default_prior_stands_beside_ones_own(run):
    if not moments(run):
        return
    prior_given = {k: np.asarray(v) * 1.5 for k, v in run.topic.module.PRIOR.items()}
    own = replace(run, settings={k: prior_given.get(k, v) for k, v in run.settings.items()})
    own.exact = own.topic.exact(own.data, own.settings)
    rows, sentence = summarise.default_prior(own)
    labels = [r["label"] for r in summarise.records(run) if r["name"] in moments(run)]
    few = [row for row in rows if row["label"] in labels]
    assert [row["label"] for row in few] == labels
    for row in few:
        assert row["yours"]["q50"] is None is row["default"]["q50"]
        assert np.isfinite(row["moved"])
    assert sentence.startswith("Under the default prior (")


def test_an_mle_that_sends_a_divergence_to_infinity_is_null():
    assert summarise._finite(np.array([1.0, np.inf]), 0) == 1.0
    assert summarise._finite(np.array([1.0, np.inf]), 1) is None
