"""A polite end (SIGTERM, as schedulers send it) taken as Ctrl-C: claims are released, states kept, exit code 130."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def termination_interrupts(once: bool = False) -> Iterator[None]:
    """Within the body, the first SIGTERM raises KeyboardInterrupt; later ones find a process that is ending already.

    Does nothing outside the main thread.

    Args:
        once: whether Ctrl-C counts as one of these, so that a process that is told twice (by the terminal and by its
            parent) still puts its things in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT) if once else (signal.SIGTERM,)

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        if not once:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
