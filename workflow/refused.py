"""What a refusal is made of: one message, and a stranger's names and cells shown safely in it."""

import difflib
import re
import unicodedata

SHOWN_NAMES = 12  # of the columns a file has
MOST_PROBLEMS = 20  # that one message lists
ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


class Refused(Exception):
    """The input cannot be used; the message says the rule, the place and what was found.

    Names and cells of a stranger's file stand in it, so nothing in it can steer a terminal.
    """

    def __init__(self, message: str):
        super().__init__("\n".join(plain(line) for line in message.split("\n")))


def plain(text: str) -> str:
    """With U+FFFD for each terminal escape and for whatever else does not show."""
    text = ESCAPES.sub("\ufffd", str(text))
    if text.isprintable():
        return text
    blank = {c: " " for c in set(text) if unicodedata.category(c) == "Zs"}
    return "".join(c if c.isprintable() else blank.get(c, "\ufffd") for c in text)


def short(text, width: int = 60) -> str:
    """One line of at most `width` characters."""
    text = plain(re.sub(r"[\r\n\t]+", " ", str(text)[: 10 * width]))
    return text if len(text) <= width else text[: width - 1] + "…"


def listed(names) -> str:
    names = [short(n, 40) for n in names]
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def closest(name, candidates, cutoff: float = 0.6) -> str | None:
    """The candidate most like `name`, capitals aside."""
    folded = {str(c).casefold(): c for c in reversed(list(candidates))}
    close = difflib.get_close_matches(str(name).casefold()[:100], folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def nearest(name, candidates) -> str:
    close = closest(name, candidates)
    return "" if close is None else f" (did you mean {short(close)!r}?)"


def insist(source, problems: list[str]) -> None:
    """Every problem in one message, or none."""
    problems = list(dict.fromkeys(problems))
    if len(problems) > MOST_PROBLEMS:
        more = f"and {len(problems) - MOST_PROBLEMS:,} more problems"
        problems = [*problems[:MOST_PROBLEMS], more]
    if problems:
        raise Refused("\n".join(f"{source}: {problem}" for problem in problems))


def cell(value) -> str:
    """A cell as its file shows it: whole numbers without a point, a missing one as `nothing`."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if str(value) in ("", "None", "<NA>", "NaT") or (isinstance(value, float) and value != value):
        return "nothing"
    return short(value)
