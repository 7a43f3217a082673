"""Ctrl-C, whatever it strikes: compiled code makes an error of its own of a KeyboardInterrupt."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def interruptible():
    """What is raised in here after Ctrl-C leaves as the KeyboardInterrupt that it was."""
    before, pressed = signal.getsignal(signal.SIGINT), []

    def note(number, frame):
        pressed.append(number)
        before(number, frame)

    ours = threading.current_thread() is threading.main_thread()  # no other hears of signals
    if not ours or not callable(before):  # ignored, as in a shell's background
        yield
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception as problem:
        if pressed:
            raise KeyboardInterrupt from problem
        raise
    finally:
        signal.signal(signal.SIGINT, before)
