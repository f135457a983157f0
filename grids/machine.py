"""The machine that runs this process: its cores, its interrupts, the versions of its software."""

import contextlib
import os
import signal
from collections.abc import Iterator


def cores(*limits: str) -> int:
    """Cores that this process may use: what the scheduler gave it.

    Args:
        limits: further environment variables that limit it, as `OMP_NUM_THREADS` does trainings.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for variable in ("SLURM_CPUS_PER_TASK", *limits):
        text = os.environ.get(variable, "")
        if text.isdigit() and int(text) > 0:
            usable = min(usable, int(text))
    return usable


def versions(*packages: str) -> dict[str, str]:
    """The versions of those of the packages that are installed, by name."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Within the body, Ctrl-C is delayed; so it is in processes started there, until they unblock it.

    A terminal sends it to all of them, and one that is still importing could only answer with a traceback.
    """
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # which unblocks it where it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
