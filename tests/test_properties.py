"""Properties: of reading, whatever a file holds; of exact answers, whatever rows and settings."""

import contextlib
import csv
import io
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from models._moments import Moments
from workflow import topic

settings.register_profile(
    "same_every_time", derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("same_every_time")

# --- reading ------------------------------------------------------------------------------------

COUNTS = topic.load("beta_binomial")
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]
# No control characters, surrogates or NUL: what remains may stand in a cell, quoted if need be.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=12)
LINES = TEXT | st.sampled_from(["a\nb", "a,b", 'say "yes"', "#5", "=1+1", "<b>", "a;b", "a\r\nb"])
COUNT = st.integers(0, 10**6)


@st.composite
def tables(draw):
    """Rows of beta_binomial with a label that never repeats, and how they are written."""
    labels = draw(st.lists(LINES.map(str.strip).filter(bool), min_size=2, max_size=8, unique=True))
    labels = [f"{i}: {label}".strip() for i, label in enumerate(labels)]
    tested = [draw(COUNT) for _ in labels]
    frame = pd.DataFrame({
        "site": labels, "tested": tested, "positive": [draw(st.integers(0, n)) for n in tested]
    })  # fmt: skip
    return frame, {
        "delimiter": draw(st.sampled_from(",;\t|")),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }


def written(frame, *, delimiter, quoting, lineterminator) -> str:
    """As Python's own csv writes it. A cell with any delimiter in it is quoted."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=lineterminator)
    writer.writerow(frame.columns)
    writer.writerows(frame.itertuples(index=False))
    return file.getvalue()


@given(tables(), st.sampled_from(ENCODINGS), st.integers(0, 3), st.booleans())
def test_rows_written_in_any_way_read_as_they_were(tmp_path, table, encoding, comments, last):
    frame, how = table
    text = "# a comment, with; signs\t|\n" * comments + written(frame, **how)
    path = tmp_path / "rows.csv"
    path.write_bytes((text if last else text.rstrip("\r\n")).encode(encoding))
    data = topic.read(COUNTS, path)
    assert list(data["tested"]) == list(frame["tested"])
    assert list(data["positive"]) == list(frame["positive"])
    assert list(data.index) == list(frame["site"])
    assert len(data.attrs["comments"]) == comments


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9),
    st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ","), (".", "space"), (",", "'")]),
)
def test_numbers_read_to_the_last_bit_in_any_notation(tmp_path, numbers, notation):
    assume(all(x == 0 or 1e-100 <= abs(x) <= 1e100 for x in numbers))
    decimal, thousands = notation
    sign = {"space": " "}.get(thousands, thousands)

    def spelt(x):
        whole, point, rest = repr(x).partition(".")
        if sign and whole.lstrip("-").isdigit() and "e" not in rest:
            whole = f"{int(whole):,}".replace(",", sign) if int(whole) else whole
        return whole + (decimal if point else "") + rest

    path = tmp_path / "rows.csv"
    path.write_text(written(pd.DataFrame({"y": [spelt(x) for x in numbers]}), delimiter=";",
                            quoting=csv.QUOTE_ALL, lineterminator="\n"))  # fmt: skip
    data = topic.read(topic.load("gamma_precision"), path, decimal=decimal, thousands=thousands)
    assert list(data["y"]) == numbers


@given(tables(), st.data())
def test_the_line_of_a_broken_row_is_the_line_of_the_file(tmp_path, table, data):
    """One row is broken; the line that the message names begins with the label of that row."""
    frame, how = table
    broken = data.draw(st.integers(0, len(frame) - 1))
    frame.loc[broken, "positive"] = frame.loc[broken, "tested"] + 1
    path = tmp_path / "rows.csv"
    text = "# comment\n\n" + written(frame, **how)
    path.write_bytes(text.encode())
    with pytest.raises(topic.Refused) as refused:
        topic.read(COUNTS, path)
    message = str(refused.value)
    line = int(message.partition("; line ")[2].partition(" ")[0])
    assert message.count("line ") == 1
    at_line = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1]
    assert at_line.lstrip('"').startswith(f"{broken}: ")


@given(tables(), st.booleans())
def test_a_frame_reads_as_its_file_does(tmp_path, table, labelled):
    frame, how = table
    path = tmp_path / "rows.csv"
    path.write_bytes(written(frame, **how).encode())
    found = topic.read(COUNTS, frame.set_index("site") if labelled else frame)
    pd.testing.assert_frame_equal(found, topic.read(COUNTS, path), check_names=False)


SCRAPS = st.sampled_from(
    ["tested", "positive", "y", "symbol", "study", "population", "outcome", "x", "1", "2", "-1",
     "0.5", "1e5", "nan", "inf", "NA", "", " ", "#", '"', '""', "'", ",", ",", ";", "\t", "|",
     "\n", "\n", "\r\n", "\r", "\x00", "\x1b[31m", "\ufeff", "é", "\u202e", "=1+1", "<b>",
     "1,5", "True", "\x85", "\u2028", "٣"]
)  # fmt: skip
ANYTHING = st.one_of(
    st.binary(max_size=300),
    st.lists(SCRAPS, max_size=60).map("".join).map(str.encode),
    st.lists(SCRAPS, max_size=60).map("".join).map(lambda text: text.encode("utf-16")),
    st.text(string.printable, max_size=200).map(str.encode),
    st.tuples(st.sampled_from([b"PAR1", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]),
              st.binary(max_size=200)).map(b"".join),
)  # fmt: skip


def read_or_refused(which, source):
    """How many rows were read; 0 if they were refused, in a message fit to be seen."""
    try:
        return len(topic.read(topic.load(which), source))
    except topic.Refused as refused:
        message = str(refused)
    assert 0 < len(message) < 20_000
    assert all(c.isprintable() or c == "\n" for c in message)
    return 0


@settings(max_examples=300)
@given(ANYTHING, st.sampled_from(topic.names()))
def test_whatever_is_in_a_file_is_read_or_refused(tmp_path, content, which):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    assert read_or_refused(which, path) >= 0


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.complex_numbers(),
    st.text(max_size=5), st.binary(max_size=3), st.dates(), st.decimals(), st.fractions(),
    st.lists(st.integers(), max_size=2),
    st.sampled_from([pd.NA, pd.NaT, np.int8(1), "1", "\udc80"]),
)  # fmt: skip
NAMES = st.sampled_from(["tested", "positive", "y", "symbol", "study", "flagged", "outcome", "x",
                         "", " y ", 3, None, ("a", "b"), "\x1b[2J", "\udc80"])  # fmt: skip


@settings(max_examples=300)
@given(st.data(), st.sampled_from(topic.names()))
def test_whatever_is_in_a_frame_is_read_or_refused(data, which):
    names = data.draw(st.lists(NAMES, max_size=4))
    n = data.draw(st.integers(0, 4))
    columns = [pd.Series(data.draw(st.lists(CELLS, min_size=n, max_size=n)), dtype=object)
               for _ in names]  # fmt: skip
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    frame.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    with contextlib.suppress(UnicodeEncodeError):  # which pandas meets before we do
        frame = frame.infer_objects() if data.draw(st.booleans()) else frame
    assert read_or_refused(which, frame) in (0, n)


# --- exact answers ------------------------------------------------------------------------------


def positive(low=0.05, high=200.0):
    return st.floats(low, high)


def value(low, high):
    """A number of at most three decimals: differences are then no rounding errors."""
    return st.integers(int(low * 1000), int(high * 1000)).map(lambda k: k / 1000)


@st.composite
def batches(draw, most, size=6):
    tested = draw(st.lists(st.integers(0, most), min_size=1, max_size=size))
    return tested, [draw(st.integers(0, n)) for n in tested]


@st.composite
def beta_binomial(draw):
    tested, found = draw(batches(10**6))
    frame = pd.DataFrame({"tested": tested, "positive": found})
    return frame, {"alpha": draw(positive()), "beta": draw(positive())}


@st.composite
def gamma_precision(draw):
    rows = draw(st.lists(value(-1e6, 1e6), min_size=1, max_size=8))
    return pd.DataFrame({"y": rows}), {
        "mu": draw(value(-1e4, 1e4)), "alpha": draw(positive(1.5)),
        "beta": draw(positive(1e-3, 1e6)),
    }  # fmt: skip


@st.composite
def normal_normal(draw):
    n = draw(st.integers(1, 8))
    cells = {"value": value(-1e6, 1e6), "error": positive(1e-3, 1e3)}
    rows = {k: draw(st.lists(each, min_size=n, max_size=n)) for k, each in cells.items()}
    return pd.DataFrame(rows), {"m": draw(value(-1e4, 1e4)), "s": draw(positive(1e-2, 1e4))}


@st.composite
def dirichlet_multinomial(draw):
    K = draw(st.integers(2, 6))
    labels = st.sampled_from([st.integers(-9, 9), st.sampled_from("abcdefgh"), value(0, 5)])
    names = draw(st.lists(draw(labels), min_size=K, max_size=K, unique=True))
    counts = draw(st.lists(st.integers(0, 10**6), min_size=K, max_size=K))
    size = draw(st.sampled_from([1, 2, K]))
    a = draw(st.lists(positive(0.3), min_size=size, max_size=size))
    return pd.DataFrame({"category": names, "count": counts}), {"a": np.array(a)}


@st.composite
def linear_regression(draw):
    n, p = draw(st.integers(2, 9)), draw(st.integers(1, 4))
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    frame = pd.DataFrame({name: draw(cells) for name in ["outcome", *"abcd"[:p]]})
    return frame, {
        "tau": draw(positive(0.1)), "b_mean": draw(value(-100, 100)), "b_sd": draw(positive(0.1)),
        "sigma_scale": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def gaussian_mixture(draw):
    K = draw(st.integers(2, 3))
    rows = draw(st.lists(value(0, 150), min_size=1, max_size=6))
    means = draw(st.lists(st.integers(0, 150), min_size=K, max_size=K, unique=True))
    return pd.DataFrame({"y": rows}), {
        "components": K, "m": np.sort(np.array(means, float)), "a": draw(positive()),
        "kappa": draw(positive(0.05, 5)), "shape": draw(positive(1.5, 20)),
        "rate": draw(positive(0.5, 500)),
    }  # fmt: skip


@st.composite
def hidden_markov(draw):
    labels = draw(st.lists(st.sampled_from("abcd"), min_size=2, max_size=8))
    assume(len(set(labels)) > 1)
    K, first = draw(st.integers(2, 3)), draw(st.lists(positive(0.1, 5), min_size=3, max_size=3))
    start = np.array(first[:K]) / np.sum(first[:K])
    emission = draw(st.lists(positive(0.1, 50), min_size=K, max_size=K, unique=True))
    return pd.DataFrame({"symbol": labels}), {
        "states": K, "start": start, "stay": draw(positive(0.1)), "move": draw(positive(0.1)),
        "emission": np.array(emission),
    }  # fmt: skip


@st.composite
def base_rate(draw):
    tested, found = draw(batches(60, size=5))
    studies = st.sampled_from(["population", "positives", "negatives"])
    frame = pd.DataFrame(
        {"study": [draw(studies) for _ in tested], "tested": tested, "flagged": found}
    )
    names = topic.load("base_rate").defaults
    return frame, {name: draw(positive(0.5, 100)) for name in names}


@st.composite
def entropy(draw):
    counts = draw(st.lists(st.integers(0, 10**6), min_size=2, max_size=7))
    rows = pd.DataFrame({"category": list("gfedcba")[: len(counts)], "count": counts})
    each = st.lists(positive(0.3, 50), min_size=len(counts), max_size=len(counts))
    return rows, {"a": np.array(draw(each)), "q": np.array(draw(each))}


@st.composite
def contingency_table(draw):
    R, C = draw(st.integers(2, 4)), draw(st.integers(2, 3))
    counts = draw(st.lists(st.integers(0, 10**5), min_size=R * C, max_size=R * C))
    rows = {"row": [*"dcba"[:R]] * C, "column": [*"zyx"[:C]] * R, "count": counts}
    rows["column"] = sorted(rows["column"])
    each = st.lists(positive(0.3, 50), min_size=R * C, max_size=R * C)
    return pd.DataFrame(rows), {"a": np.array(draw(each))}


@st.composite
def poisson_gamma(draw):
    count = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
    exposure = [draw(value(0.001, 1e4)) + 0.001 for _ in count]
    return pd.DataFrame({"count": count, "exposure": exposure}), {
        "alpha": draw(positive(2.1)), "beta": draw(positive(1e-3, 1e6)),
    }  # fmt: skip


@st.composite
def normal_unknown_variance(draw):
    rows = draw(st.lists(value(-1e4, 1e4), min_size=1, max_size=8))
    return pd.DataFrame({"y": rows}), {
        "null": draw(value(-100, 100)), "m": draw(value(-1e3, 1e3)),
        "kappa": draw(positive(0.01, 10)), "alpha": draw(positive(1.5)),
        "beta": draw(positive(1e-3, 1e6)),
    }  # fmt: skip


@st.composite
def markov_chain(draw):
    K, ends = draw(st.integers(2, 4)), "abcd"
    size = draw(st.integers(1, 6))
    labels = st.lists(st.sampled_from(ends[:K]), min_size=size, max_size=size)
    frame = pd.DataFrame({
        "state": draw(labels), "next": draw(labels),
        "count": draw(st.lists(st.integers(0, 10**4), min_size=size, max_size=size)),
    })  # fmt: skip
    return frame, {"stay": draw(positive(0.3, 50)), "move": draw(positive(0.3, 50))}


@st.composite
def correlation(draw):
    n = draw(st.integers(1, 7))
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame({"x": draw(cells), "y": draw(cells)}), {
        "m_x": draw(value(-100, 100)), "m_y": draw(value(-100, 100)), "s_x": draw(positive(1)),
        "s_y": draw(positive(1)), "kappa": draw(positive(0.05, 5)), "nu": draw(positive(4.5, 20)),
    }  # fmt: skip


@st.composite
def logistic_regression(draw):
    n, p = draw(st.integers(1, 9)), draw(st.integers(0, 2))
    frame = {"outcome": draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))}
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame(frame | {name: draw(cells) for name in "ab"[:p]}), {
        "tau": draw(positive(0.1, 9)), "b_mean": draw(value(-5, 5)), "b_sd": draw(positive(0.1, 9)),
        "ask": draw(value(-200, 200)),
    }  # fmt: skip


@st.composite
def naive_bayes(draw):
    n = draw(st.integers(4, 9))
    columns = {
        "label": st.sampled_from("xyz"), "grade": st.sampled_from("abc"),
        "hits_count": st.integers(0, 10**4), "count": st.integers(0, 5),
    }  # fmt: skip
    rows = {k: draw(st.lists(each, min_size=n, max_size=n)) for k, each in columns.items()}
    return pd.DataFrame(rows), {
        "asked": draw(st.integers(1, n)), "a": np.array([draw(positive(0.3)) for _ in range(2)]),
        "b": np.array([draw(positive(0.3))]), "alpha": draw(positive(0.3)),
        "beta": draw(positive()),
    }  # fmt: skip


@st.composite
def laplace_regression(draw):
    n = draw(st.integers(2, 9))
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame({"x": draw(cells), "y": draw(cells)}), {
        "tau": draw(positive(0.1)), "b_mean": draw(value(-100, 100)),
        "b_reach": draw(positive(0.1)), "alpha": draw(positive(2.5, 20)),
        "beta": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def softmax_regression(draw):
    n, p, K = draw(st.integers(2, 9)), draw(st.integers(0, 2)), draw(st.integers(2, 3))
    frame = {"label": draw(st.lists(st.sampled_from("abc"[:K]), min_size=n, max_size=n))}
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame(frame | {name: draw(cells) for name in ["x", "y"][:p]}), {
        "tau": draw(positive(0.1, 9)), "b_sd": draw(positive(0.1, 9)),
    }  # fmt: skip


@st.composite
def polynomial_regression(draw):
    n = draw(st.integers(2, 9))
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame({"x": draw(cells), "y": draw(cells)}), {
        "degree": draw(st.integers(0, 8)), "level": draw(value(-100, 100)),
        "tau": draw(positive(0.1)), "alpha": draw(positive(2.1, 50)), "beta": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def covariate_shift(draw):
    n = draw(st.integers(2, 8))
    train = {name: draw(st.lists(value(-100, 100), min_size=n, max_size=n)) for name in "xy"}
    target = {"x": draw(st.lists(value(-100, 100), min_size=1, max_size=3))}
    return pd.concat([pd.DataFrame(train), pd.DataFrame(target)], ignore_index=True), {
        "m": draw(value(-100, 100)), "kappa": draw(positive(0.05, 5)),
        "tau": draw(positive(0.05, 5)), "alpha": draw(positive(1.5)),
        "beta": draw(positive(1e-3, 1e6)),
    }  # fmt: skip


@st.composite
def poisson_hidden_markov(draw):
    count = draw(st.lists(st.integers(0, 10**5), min_size=1, max_size=8))
    K, first = draw(st.integers(2, 3)), draw(st.lists(positive(0.1, 5), min_size=3, max_size=3))
    means = np.cumsum(draw(st.lists(positive(0.1, 50), min_size=K, max_size=K)))
    shape = np.array(draw(st.lists(positive(2.1, 90), min_size=K, max_size=K)))
    return pd.DataFrame({"count": count}), {
        "states": K, "start": np.array(first[:K]) / np.sum(first[:K]), "shape": shape,
        "rate": shape / means, "stay": draw(positive(0.1)), "move": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def local_level(draw):
    n = draw(st.integers(1, 7))
    gaps = draw(st.lists(value(0.1, 20), min_size=n, max_size=n))
    y = draw(st.lists(value(-100, 100), min_size=n, max_size=n))
    assume(n < 3 or len(set(y)) > 1)
    return pd.DataFrame({"time": np.cumsum(gaps), "y": y}), {
        "m0": draw(value(-100, 100)), "s0": draw(positive(0.1)),
        "level_scale": draw(positive(0.1)), "obs_scale": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def probabilistic_pca(draw):
    n, d = draw(st.integers(1, 8)), draw(st.integers(2, 4))
    cells = st.lists(value(-100, 100), min_size=n, max_size=n)
    return pd.DataFrame({name: draw(cells) for name in "wxyz"[:d]}), {
        "q": draw(st.integers(1, d - 1)), "m": draw(value(-100, 100)), "s": draw(positive(0.1)),
        "tau": draw(positive(0.1)), "alpha": draw(positive(2.1)), "beta": draw(positive(0.1)),
    }  # fmt: skip


@st.composite
def missing_data(draw):
    n = draw(st.integers(1, 7))
    rows = np.array([draw(st.lists(value(-100, 100), min_size=3, max_size=3)) for _ in range(n)])
    kept = np.array(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)))
    rows[np.arange(3) >= kept[:, None]] = np.nan
    return pd.DataFrame(rows, columns=["x1", "x2", "x3"]), {
        "m": np.array([draw(value(-100, 100)) for _ in range(3)]),
        "s": np.array([draw(positive(1)) for _ in range(3)]), "tau": draw(positive(0.1, 9)),
        "alpha": draw(positive(2.1, 50)),
    }  # fmt: skip


MAKERS = [
    beta_binomial,
    gamma_precision,
    normal_normal,
    dirichlet_multinomial,
    linear_regression,
    gaussian_mixture,
    hidden_markov,
    base_rate,
    entropy,
    contingency_table,
    poisson_gamma,
    normal_unknown_variance,
    markov_chain,
    correlation,
    logistic_regression,
    softmax_regression,
    laplace_regression,
    polynomial_regression,
    naive_bayes,
    covariate_shift,
    poisson_hidden_markov,
    probabilistic_pca,
    local_level,
    missing_data,
]
IN_ORDER = {
    "hidden_markov",
    "poisson_hidden_markov",
    "naive_bayes",
    "local_level",
}  # a sequence; a row is asked about by its number
LINE, ABOVE_0, CHANCE = (-np.inf, np.inf), (1e-30, np.inf), (1e-12, 1 - 1e-12)
SUPPORT = {
    **dict.fromkeys(["p", "row_share", "column_share", "column_given_row", "chance"], CHANCE),
    **dict.fromkeys(["sigma", "sigma_x", "sigma_y", "lam_x", "lam", "scale", "rate"], ABOVE_0),
    **dict.fromkeys(["sigma_level", "sigma_obs"], ABOVE_0),
    "gain": CHANCE,
    "rho": (-1 + 1e-12, 1 - 1e-12),
    **dict.fromkeys(["prevalence", "sensitivity", "specificity", "ppv", "npv", "pi"], CHANCE),
}
STEPS = np.linspace(-6, 6, 25)  # standard deviations from the mean


def test_every_topic_has_random_rows():
    assert {make.__name__ for make in MAKERS} == set(topic.names())


@pytest.mark.parametrize("make", MAKERS, ids=lambda m: m.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_an_exact_answer_is_a_distribution(make, data):
    found = topic.load(make.__name__)
    rows, chosen = data.draw(make())
    chosen = {name: np.asarray(v, float)[()] for name, v in chosen.items()}
    order = data.draw(st.permutations(range(len(rows))))
    try:
        rows = topic.read(found, rows)
    except topic.Refused:  # a constant predictor, say: what is refused has no answer
        assume(False)
    # No answer yet where every outcome is the intercept's prior mean: quadrature starts at log 0.
    assume("sigma_scale" not in chosen or (rows["outcome"] != chosen["b_mean"]).any())
    try:
        exact = found.exact(rows, chosen)
    except (ValueError, NotImplementedError):  # refused, or said to have no exact answer
        return
    assert np.isfinite(exact.log_evidence)
    means = {name: law.mean() for name, law in exact.marginals.items()}
    assert np.isfinite(exact.log_density(means))
    for name, law in exact.distributions.items():
        mean, sd = np.asarray(law.mean()), np.asarray(law.std())
        assert np.isfinite(mean).all(), name
        assert (np.isfinite(sd) & (sd > 0)).all(), name
        if isinstance(law, Moments):
            continue
        below = np.array([law.cdf(np.clip(mean + k * sd, *SUPPORT.get(name, LINE))) for k in STEPS])
        assert np.all(np.diff(below, axis=0) >= -1e-12), name
        assert np.all((below >= -1e-12) & (below <= 1 + 1e-12)), name
        assert np.all(below[-1] - below[0] >= 1 - 1 / 36), name  # Chebyshev's inequality
    if found.name not in IN_ORDER:
        again = found.exact(rows.iloc[list(order)], chosen)
        assert again.log_evidence == pytest.approx(exact.log_evidence, rel=1e-9, abs=1e-9)
        for name, law in again.distributions.items():
            np.testing.assert_allclose(
                law.mean(), exact.distributions[name].mean(), rtol=1e-7, atol=1e-9
            )


@given(tables())
def test_a_file_is_never_changed_by_reading_it(tmp_path, table):
    frame, how = table
    path = Path(tmp_path / "rows.csv")
    path.write_bytes(written(frame, **how).encode())
    before, kept = path.read_bytes(), frame.copy()
    topic.read(COUNTS, path), topic.read(COUNTS, frame)
    assert path.read_bytes() == before
    pd.testing.assert_frame_equal(frame, kept)
