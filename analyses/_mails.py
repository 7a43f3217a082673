"""Four words whose chances are given: is a mail that holds some of them spam?"""

import numpy as np
import pandas as pd

from models._class_beliefs import chances

WORDS = ["money", "free", "winner", "meeting"]
CHANCE = np.array([[0.80, 0.70, 0.75, 0.05], [0.10, 0.15, 0.02, 0.60]])  # in spam; in other mail
SHARE = np.array([0.3, 0.7])
MAILS = ["money free winner", "meeting free", "meeting money"]


def spam(mail: str) -> list[float]:
    """P(spam) by the words present; by those absent too; and by how often each comes, Poisson."""
    x = np.array([mail.split().count(word) for word in WORDS])
    rate = -np.log1p(-CHANCE)  # with which a word is absent as often
    present, absent = (x > 0) * np.log(CHANCE), (x == 0) * np.log1p(-CHANCE)
    counted = x * np.log(rate) - rate  # the factorials are the same for both
    ways = present, present + absent, counted
    return [float(chances(np.log(SHARE) + logs.sum(axis=1))[0]) for logs in ways]


def mails():
    every = [*MAILS, "money " * 3 + "meeting"]
    rows = [[mail, *(f"{P:.6f}" for P in spam(mail))] for mail in every]
    yield pd.DataFrame(rows, columns=["the mail", "words present", "absent ones too", "how often"])
    (_, two, _), (_, free, _) = (spam(mail) for mail in MAILS[:2])
    chance = "; ".join(
        f"{word} {p:g} of spam, {q:g} of other mail" for word, p, q in zip(WORDS, *CHANCE, strict=True)
    )  # fmt: skip
    yield (
        f"A textbook's table, its chances given and nothing to estimate: {SHARE[0]:.0%} of mail is spam, and a word is in so much of either: {chance}. *Words present* "
        f"multiplies the chances of words that are there. The full model of words that are there or not (Bernoulli) also counts what is absent: `{MAILS[0]}` has {two:.6f}, as no "
        f"`meeting` speaks for spam as well, and `{MAILS[1]}` falls to {free:.6f}, as spam would have held `money`. *How often* takes a Poisson number of each word, "
        "with means that make a word absent just as often; a word said three times then speaks three times."
    )


def underflow():
    rows = []
    present = [CHANCE[0, :3].prod(), CHANCE[1, :3].prod()]
    for times in (1, 10, 91, 92, 500, 859, 5_000):
        both = np.array([np.prod(np.full(times, p)) for p in present])
        with np.errstate(invalid="ignore", divide="ignore"):
            plain = (SHARE * both)[0] / (SHARE * both).sum()
        logs = np.log(SHARE) + times * np.log(present)
        P = f"{plain:.9f}" if np.isfinite(plain) else "0 / 0"
        rows.append([f"{times:,}", f"{both[0]:.3g}", f"{both[1]:.3g}", P, f"{logs[0] - logs[1]:,.2f}"])  # fmt: skip
    columns = [
        "times",
        "product, spam",
        "product, other",
        "P(spam) by products",
        "log odds by sums",
    ]
    yield pd.DataFrame(rows, columns=columns)
    yield (
        f"`{MAILS[0]}`, over and over: to a double the product for other mail is soon zero, that for spam later, and what is left then is "
        "0 / 0. Sums of logs lose nothing; the largest is taken off before they become chances again. Long texts are always of this kind."
    )
