"""Worker processes next to the main one, and signals: however a run ends, its processes end with it.

The workers need no supervision: what one leaves undone, killed or failed, the main process finds and does itself.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

from grids.errors import BadInput
from grids.machine import interrupts_held

PATIENCE = 20.0
"""Seconds that a worker gets to save its state before it is killed."""


@contextlib.contextmanager
def helping(work: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
    """While the body runs, `work(*arguments, say)` runs in a process of its own for each of the arguments.

    At the body's end the processes are waited for; where it fails or is interrupted, they are interrupted too.
    """
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_worker, args=(work, one), daemon=True) for one in arguments]
    try:
        with interrupts_held():
            for process in processes:
                process.start()
        yield
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            if process.pid is not None:
                process.join(PATIENCE)
                process.kill()


def _worker(work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    end_with_parent()
    with contextlib.suppress(KeyboardInterrupt, BadInput), termination_interrupts(once=True):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        work(*arguments, lambda line: print(line, file=sys.stderr, flush=True))


def end_with_parent() -> None:
    """Interrupt this process when its parent is gone, even by a kill."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


@contextlib.contextmanager
def termination_interrupts(once: bool = False) -> Iterator[Callable[[], None]]:
    """Within the body, the first SIGTERM (as schedulers send it) raises KeyboardInterrupt; later ones are ignored.

    Yields a function for the body to call now and then, which raises KeyboardInterrupt if the signal has come: Python
    drops an exception that is raised while an object is being deleted. Does nothing outside the main thread.

    Args:
        once: whether Ctrl-C counts as one of these, so that a process that is told twice (by the terminal and by its
            parent) still saves its state.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    came = False
    numbers = (signal.SIGTERM, signal.SIGINT) if once else (signal.SIGTERM,)

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield check
    finally:
        if not once:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
