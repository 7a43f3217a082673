"""Who was saved from the Titanic, told from class, sex and age, each by itself?"""

import numpy as np
import pandas as pd

from analyses import _mails, _told
from models import naive_bayes as topic
from models._class_beliefs import chances
from models._features import things

QUESTION = "To which class does a thing belong, given its features one by one?"
SHOW = ["theta", "log_odds"]


def answer(run) -> str:
    (case, P), log_odds = _asked(run), run.posterior["log_odds"].values
    best, kind = int(np.argmax(P)), list(_in_words(run, case[0, 1:]).items())[:8]
    drawn = chances(np.concatenate([0 * log_odds[..., :1], log_odds], axis=-1))[..., best]
    low, high = np.quantile(drawn, [0.025, 0.975])
    table, names = _confusion(run), _names(run)
    n, kind = table.sum(), ", ".join(f"{name} {found}" for name, found in kind)
    return (
        f"A thing like row {run.settings['asked']:g} ({kind}) is labelled {names[best]} with probability {P[best]:.3f} (95 % interval {low:.3f} to {high:.3f}, by draws). "
        f"Of all {n:,.0f}, each foretold from the others, {np.trace(table) / n:.1%} are right; always the commonest label would be right for {table.sum(axis=1).max() / n:.1%}."
    )


def discrepancy(y, run) -> float:
    """Within classes: chi-square of every pair of features (counts cut in two), and dispersion of counts."""
    F, seen, total = 1 + len(topic.categories(run.data)), topic.codes(run.data), 0.0
    cut = np.average(seen[:, F:], axis=0, weights=things(run.data))
    for rows in (y[y[:, 0] == c] for c in np.unique(y[:, 0])):
        counted, mean = rows[:, F:], rows[:, F:].mean(axis=0)
        total += np.sum((counted - mean) ** 2 / np.where(mean > 0, mean, 1))
        total += _told.dependence(np.column_stack([rows[:, 1:F], counted > cut]))
    return float(total)


def story(run):
    yield from _features(run)
    yield from (f"### A thing like row {run.settings['asked']:g}, step by step", *_steps(run))
    yield from _alike(run)
    yield from ("### How often it is right", *_right(run))
    yield from ("### A count of zero", *_zero(run))
    if run.shipped:
        yield from ("### Four words in a mail", *_mails.mails())
        yield from ("### A product that underflows", *_mails.underflow())


def _beliefs(run):
    return topic.beliefs(run.data, **run.settings)


def _names(run):
    return [str(x)[:20] for x in run.data["label"].cat.categories]


def _asked(run):
    """Row `asked` as a case, and the chance of each class."""
    case = np.r_[0, topic.features_of(run.data, run.settings["asked"])][None]
    return case, _beliefs(run).foretold(case)[0]


def _in_words(run, features):
    """Levels and counts under the names of the file."""
    names, F = topic.categories(run.data), len(topic.categories(run.data))
    levels = [run.data[name].cat.categories[k] for name, k in zip(names, features, strict=False)]
    return dict(zip([*names, *topic.counts(run.data)], [*levels, *features[F:]], strict=True))


def _features(run):
    after = _beliefs(run)
    laws = zip(topic.categories(run.data), after.shares[1:], strict=True)
    levels = [(n, k, x, law) for n, law in laws for k, x in enumerate(run.data[n].cat.categories)]
    shares = [(f"{name}: {level}", law.marginals(), k) for name, k, level, law in levels]
    means = [(f"{name}, mean", after.rate, g) for g, name in enumerate(topic.counts(run.data))]
    caption = "What each class is like: exact median and 95 % interval of every share and mean. A feature tells classes apart where these lie apart."
    yield _told.apart([part[:24] for part in (shares, means) if part], _names(run)), caption
    if run.shipped:
        of = run.data.pivot_table("count", "label", "sex", "sum", observed=True)
        yield (
            f"Of those who died {of.loc['died', 'male'] / of.loc['died'].sum():.1%} were male. A product's manual takes that number for the chance to survive given male, which "
            f"is {of.loc['survived', 'male'] / of['male'].sum():.1%}. To turn P(feature | label) round is what Bayes' theorem is for."
        )


def _steps(run):
    (case, P), labels, words = _asked(run), _names(run)[:5], _in_words(run, _asked(run)[0][0, 1:])
    factors = _beliefs(run).factors(case)
    lines = [f"P({k} = {v} | label)"[:60] for k, v in words.items()]
    rows = [[line, *(f"{x:.6g}" for x in np.exp(f[0, :5]))] for line, f in zip(["P(label)", *lines], factors, strict=True)]  # fmt: skip
    rows = [*rows[:16], ["sum of all their logs", *(f"{x:.5f}" for x in sum(factors)[0, :5])]]
    last = ["P(label | features)", *(f"{x:.6f}" for x in P[:5])]
    yield pd.DataFrame([*rows, last], columns=["", *labels])
    law, drawn = run.exact.derived["log_odds"], run.posterior["log_odds"].values[..., 0]
    yield (
        "Every factor is foretold with what is unknown integrated out: of a level, counts and pseudo-counts over their total; of a count, a negative binomial. Logs are added, and "
        f"only at the end made chances. The log odds of {_names(run)[1]} against {labels[0]} are themselves unknown: {law.mean()[0]:.4f} ± {law.std()[0]:.4f}; draws "
        f"{drawn.mean():.4f} ± {drawn.std():.4f}."
    )


def _alike(run):
    """Kinds of thing often enough seen, as counted and as naive Bayes has them."""
    labels, c = _names(run), int(np.argmin(topic.tally(run.data).n))
    kinds, n, k = _told.kinds(topic.codes(run.data), things(run.data), c)
    if n.sum() < 20 * len(n):  # hardly two things are alike
        return
    told = _beliefs(run).foretold(np.c_[0 * kinds[:, :1], kinds])[:, c]
    yield "### Against those who are alike in everything"
    caption = "Each dot a kind of thing, its area how many there are. Across: the share as counted, its 95 % interval under a flat prior as a line. Up: what naive Bayes says of one more. Lines that miss the dotted one say that features do not speak apart."
    yield _told.alike(n, k, told, labels[c]), caption
    i = int(np.argmax(np.abs(k / n - told) * np.sqrt(n)))
    yield (
        f"Furthest off for their number: {', '.join(map(str, _in_words(run, kinds[i]).values()))}. Of {n[i]:,.0f} such {k[i]:,.0f} are labelled {labels[c]}, {k[i] / n[i]:.1%}; naive Bayes says "
        f"{told[i]:.1%}. That is the price of few numbers to learn; what they buy is an answer for kinds seen seldom, or never."
    )


def _confusion(run, out=1.0):
    rows, n = topic.codes(run.data)[run.data["count"] > 0], things(run.data)
    told = _beliefs(run).foretold(rows, out=out).argmax(axis=1)
    return _told.confusion(rows[:, 0], told, n[n > 0], len(_names(run)))


def _right(run):
    table, inside, labels = _confusion(run), np.trace(_confusion(run, out=0.0)), _names(run)
    n, right, c = table.sum(), np.trace(table), int(np.argmin(table.sum(axis=1)))
    yield _told.shown(table, labels)
    yield (
        f"Each thing is foretold from all the others: it is taken out of the counts first, exactly, and nothing need be fitted again. {right:,.0f} of {n:,.0f} are right, {right / n:.2%}; looked up "
        f"in counts they are part of, {inside:,.0f} would be. Recall is the share found of those so labelled, precision the share right of those so called."
    )
    yield _told.rarer(table, c, labels[c])


def _zero(run):
    seen, after, labels = topic.tally(run.data), _beliefs(run), _names(run)
    zeros, c = sum(int((x == 0).sum()) for x in [*seen.levels, seen.events]), int(np.argmin(seen.n))
    shares = [((b - n)[c] / b[c].sum()).min() for b, n in zip(after.b, seen.levels, strict=True)]
    kept = f": what none of the {seen.n[c]:,.0f} labelled {labels[c]} shows keeps a share of {min(shares):.2g} or more" if shares else ""  # fmt: skip
    yield f"Of the shares and means {zeros or 'none'} rest on a count of zero. By maximum likelihood a single zero rules its class out, whatever all other features say; a posterior mean is never zero{kept}."
    if run.shipped:
        boys = np.array([[0, 0, 1, 1], [0, 3, 1, 1]])  # of the first class, of the crew
        first, crew = after.foretold(boys)[:, 1]
        saved = run.data.query("`class` == '1st' and sex == 'male' and age == 'child'")
        yield (
            f"Of the {saved['count'].sum()} boys of the first class {saved['count'][saved['label'] == 'survived'].sum()} were saved, so that those alike have a chance of 1. Naive Bayes says {first:.1%}, from all others of that class, sex "
            f"or age. A boy of the crew would be saved with probability {crew:.1%}; there was none, so those alike have no answer."
        )
