"""Ctrl-C ends a command at once and quietly, also where compiled code makes an error of it."""

import signal

import pytest

from workflow import one
from workflow.__main__ import main
from workflow.interrupt import interruptible


@pytest.fixture(autouse=True)
def a_terminal():
    """SIGINT as in a terminal: a shell in the background hands down one that is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def struck():
    """As nutpie does: the KeyboardInterrupt becomes the cause, in words, of another error."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise RuntimeError("Coordinate value has unsupported type") from None


def test_an_error_made_of_ctrl_c_is_ctrl_c():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interruptible():
        struck()
    assert signal.getsignal(signal.SIGINT) is before


def test_any_other_error_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), interruptible():
        _ = 1 / 0
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)


def test_where_ctrl_c_is_ignored_it_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_command_line_ends_with_130_and_tries_no_other_topic(monkeypatch, capsys):
    tried = []

    def struck_one(name, options, **how):
        tried.append(name)
        struck()

    monkeypatch.setattr(one, "_one", struck_one)
    assert main(["check", "beta_binomial", "gamma_precision", "--processes", "1"]) == 130
    assert tried == ["beta_binomial"]
    assert capsys.readouterr() == ("", "")
