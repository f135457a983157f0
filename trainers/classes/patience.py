"""A limit on the time that a class takes before its first real step."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from grids.errors import BadInput

PROCESSOR_SECONDS, SECONDS = 20.0, 45.0
"""Of processor time and of the clock, which alone sees a class that waits."""


class TooSlow(BadInput):
    """A class that has not made its first steps in time."""


class _TooLong(BaseException):
    """Not an `Exception`, which a class may catch."""


@contextlib.contextmanager
def limited(refusal: Callable[[], str]) -> Iterator[None]:
    """Within the body, at most `PROCESSOR_SECONDS` and `SECONDS` pass.

    It holds in a process's main thread only, and takes effect between two operations of Python.

    Raises:
        TooSlow: they passed; `refusal` gives its message.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    timers = ((signal.ITIMER_REAL, signal.SIGALRM, SECONDS), (signal.ITIMER_PROF, signal.SIGPROF, PROCESSOR_SECONDS))
    began = time.monotonic()
    handlers = [signal.signal(number, stop) for _, number, _ in timers]
    before = [signal.setitimer(timer, seconds) for timer, _, seconds in timers]
    try:
        yield
    except _TooLong:
        raise TooSlow(refusal()) from None
    finally:
        for (timer, number, _), handler, (left, interval) in zip(timers, handlers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
            if left:  # another's timer goes on
                signal.setitimer(timer, max(left - (time.monotonic() - began), 1e-3), interval)
