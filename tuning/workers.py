"""Work spread over processes that vanish with their parent, whatever ends it; or shared among threads."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[int, Result]]:
    """`work` on every task, in `jobs` processes; yields (task's number, result) in the order they finish.

    The processes are fresh interpreters (no forked locks, threads or random state). They never see Ctrl-C themselves;
    when the generator is left early, by an interrupt, a failing task or its user, they are ended at once. Should this
    process be killed, they notice and end themselves.

    Args:
        work: a function at a module's top level; it, the tasks and the results travel by pickle.
        tasks: what to work on.
        jobs: how many processes.

    Raises:
        Whatever `work` raises; `concurrent.futures.process.BrokenProcessPool` where a process died.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_watch_parent)
    try:
        with _interrupts_held():
            pending: dict[Future[Result], int] = {pool.submit(work, task): i for i, task in enumerate(tasks)}
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def share(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[int, Result]]:
    """As `spread`, in threads: for compiled work that lets go of Python's lock, and needs no fresh interpreters."""
    pool = ThreadPoolExecutor(jobs)
    try:
        pending = {pool.submit(work, task): i for i, task in enumerate(tasks)}
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back; processes started meanwhile never get it, this one gets it at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
