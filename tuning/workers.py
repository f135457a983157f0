"""Run a function on many tasks, in processes that end when their parent ends for any reason, or in threads."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from grids.errors import BadInput
from grids.machine import interrupts_held

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[int, Result]]:
    """Run `work` on every task in `jobs` processes; yields (task's number, result) in the order they finish.

    The processes are started as new interpreters, without the parent's locks, threads or random state. They do not
    receive Ctrl-C; when the generator is closed early, by an interrupt, a failing task or its user, they are
    terminated. If this process is killed, they exit.

    Args:
        work: a function at a module's top level; it, the tasks and the results are pickled.
        tasks: the arguments of `work`, one for each call.
        jobs: the number of processes.

    Raises:
        Any exception of `work`; BadInput where a process was killed.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_watch_parent)
    try:
        with interrupts_held():
            pending: dict[Future[Result], int] = {pool.submit(work, task): i for i, task in enumerate(tasks)}
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    except BaseException as error:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise BadInput(
                "a worker process was killed, as a machine does that runs out of memory: run this again with fewer "
                "--jobs"
            ) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def share(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[int, Result]]:
    """As `spread`, in threads: for compiled functions that release the GIL."""
    pool = ThreadPoolExecutor(jobs)
    try:
        pending = {pool.submit(work, task): i for i, task in enumerate(tasks)}
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _watch_parent() -> None:
    """Exit this worker process as soon as its parent process has ended."""
    parent = multiprocessing.parent_process()

    def exit_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=exit_with_parent, daemon=True).start()
