"""Further worker processes beside the main one, on the same folder; they end with it, however it ends.

They need no supervision: what a helper leaves undone, killed or failed, the main worker finds and does itself, and
meets the same trouble where it is not the helper's own.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any

from grids.errors import BadInput
from trainers.sweep.signals import termination_interrupts

PATIENCE = 20.0
"""Seconds that a helper gets to put its things in order before it is killed."""


@contextlib.contextmanager
def helping(work: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
    """While the body runs, `work(*arguments, say)` runs in a process of its own for each of the arguments.

    At the body's end the helpers are waited for; where it fails or is interrupted, they are interrupted too.
    """
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_helper, args=(work, one), daemon=True) for one in arguments]
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


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Within the body, Ctrl-C waits; so it does in processes begun there, until they let it through.

    A terminal sends it to all of them, and one that is still importing could only answer with a traceback.
    """
    resource_tracker.ensure_running()  # which lets it through again where it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _helper(work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    end_with_parent()
    with contextlib.suppress(KeyboardInterrupt, BadInput), termination_interrupts(once=True):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        work(*arguments, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def end_with_parent() -> None:
    """Interrupt this process when its parent is gone, even by a kill that left it no time to say so."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
