"""Every topic, by listing `models/`: identity, score, limit, draws, and the shape of its files."""

import inspect

import numpy as np

from models._exact import NoMaximum
from workflow import check, fit, topic, unproved


def known(found, rows, settings):
    """The exact answer, or None where the topic says why; tests/test_cases.py has rows with one."""
    exact, why = unproved.asked(found, "exact", rows, settings)
    assert exact is not None or why
    return exact


def highest(found, data, settings):
    """The MLE, or None where the likelihood of these rows has no maximum."""
    try:
        return found.mle(data, settings)
    except NoMaximum:
        return None


def test_a_topic_is_a_model_an_analysis_and_a_csv(name):
    for folder, ending in (("models", "py"), ("analyses", "py"), ("data", "csv")):
        assert (topic.HOME / folder / f"{name}.{ending}").is_file()


def test_files_stay_short(name):
    for folder in ("models", "analyses"):
        lines = (topic.HOME / folder / f"{name}.py").read_text().splitlines()
        assert len(lines) <= 150, (
            f"{folder}/{name}.py has {len(lines)} lines; is there a simpler shape?"
        )


def test_definitions_stand_in_the_same_order_everywhere(each):
    order = ["Data", "tidy", "PRIOR", "KNOWN", "EXACT_ROWS", "WEIGHED", "design", "model", "exact"]
    order += ["mle", "gibbs", "taken", "reduced", "suggest"]
    source = inspect.getsource(each[0].module)
    starts = {n: source.find(f"\n{p}{n}") for n in order for p in ("class ", "def ", "") if
              source.find(f"\n{p}{n}{'(' if p else ' ='}") >= 0}  # fmt: skip
    present = [n for n in order if n in starts]
    assert present == sorted(present, key=starts.get)
    assert {"Data", "PRIOR", "model", "exact", "mle"} <= set(present)


def test_no_default_prior_survives_a_swap(each):
    """A prior that is symmetric in its arguments would hide swapped ones from every test."""
    values = each[0].module.PRIOR.values()
    numbers = [v for v in values if np.ndim(v) == 0]
    assert len(set(numbers)) == len(numbers)
    assert all(len(set(np.ravel(v).tolist())) > 1 or len(np.ravel(v)) == 1 for v in values)


def test_data_say_where_they_come_from(each):
    head = each[0].csv.read_text(encoding="utf-8").split("\n")
    comments = " ".join(line for line in head if line.startswith("#"))
    assert all(word in comments for word in ("Source", "Licence", "Units"))


def test_every_setting_reaches_the_model_and_the_exact_answer(each):
    found, data, settings = each
    rows = found.exact_rows(data, settings)
    for function in (found.module.model, found.module.exact):
        keywords = {p.name for p in inspect.signature(function).parameters.values()
                    if p.kind is p.KEYWORD_ONLY}  # fmt: skip
        assert keywords == set(settings)
    free = {v.name for v in found.model(rows, settings).free_RVs}
    if exact := known(found, rows, settings):
        assert set(exact.marginals) == free


def test_identity(each):
    """Bayes' theorem itself, to nine digits, with the evidence and every marginal's mass."""
    found, data, settings = each
    rows = found.exact_rows(data, settings)
    if exact := known(found, rows, settings):
        checks = check.identity(found.model(rows, settings), exact, seed=1)
        assert all(c.passed for c in checks), [c for c in checks if not c.passed]


def test_identity_holds_for_other_priors_too(each):
    found, data, settings = each
    rows = found.exact_rows(data, settings)
    moved = {k: v * 1.25 if k in found.module.PRIOR else v for k, v in settings.items()}
    if exact := known(found, rows, moved):
        checks = check.identity(found.model(rows, moved), exact, seed=2)
        assert all(c.passed for c in checks), [c for c in checks if not c.passed]


def test_score(each):
    """The MLE is where PyMC's own log likelihood is flat and falls on every side."""
    found, data, settings = each
    if best := highest(found, data, settings):
        maximum = check.score(found.model(data, settings), best)
        assert maximum.check.passed, maximum.check


def test_limit(each):
    """Rows repeated: the exact posterior tends to the MLE with Fisher's standard error."""
    found, data, settings = each
    if hasattr(found.module, "EXACT_ROWS"):  # enumerated: a thousand times the rows is too many
        assert len(found.exact_rows(data, settings)) < len(data)
        return
    best = highest(found, data, settings)
    if known(found, data, settings) is None or best is None:
        return
    maximum = check.score(found.model(data, settings), best)
    if "kinks" in maximum.note:  # at a corner the width falls like 1/m: tests of its own
        assert maximum.standard_errors is None
        return
    checks = check.limit(found, data, settings, best, maximum.standard_errors)
    assert all(c.passed for c in checks), checks


def test_how_many_numbers_a_log_likelihood_holds_is_known_beforehand(each):
    """Not as many as the data: of a law of several numbers at once it is one."""
    model = each[0].model(*each[1:])
    pointwise = model.compile_logp(vars=model.observed_RVs, sum=False, mode="FAST_COMPILE")
    assert fit._terms(model) == sum(np.size(x) for x in pointwise(model.initial_point()))


def test_draws_pass_the_gates(run):
    assert all(g.passed for g in run.gates), [g for g in run.gates if not g.passed]
    assert fit.lowest_ess(run.all_draws.posterior) >= 6_400


def test_draws_match_the_exact_posterior(run):
    assert all(c.passed for c in run.checks), [c for c in run.checks if not c.passed]
    if run.exact is None:
        assert run.unknown
        assert run.verdict == "unproved"
        assert run.gibbs
        assert len(run.calibration) >= unproved.SIMULATIONS
        return
    assert run.verdict == "agree"
    assert set(run.z) == set(run.exact.distributions)


def test_shipped_data_bring_no_warning_about_units(run):
    assert run.warnings == []
