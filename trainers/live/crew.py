"""Processes that train one block after another, one for each device or core, until a study is done."""

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np

from grids.errors import BadInput
from trainers.live.block import Block, train
from trainers.processes import end_with_parent, interrupts_held

Outcome = tuple[int, np.ndarray, np.ndarray]
"""A block's number, its values and whether its cells diverged."""
Work = Callable[[Sequence[Block]], Iterator[Outcome]]
"""Trains blocks; outcomes come in the order in which they are ready."""


@contextlib.contextmanager
def crew(devices: Sequence[str]) -> Iterator[Work]:
    """Yields what trains blocks on `devices`, a worker for each entry; the only one is this process itself.

    The processes stay from one call to the next, so that imports, data and compiled kernels are paid for once. They
    never see Ctrl-C themselves, and end with this process however it ends.
    """
    if len(devices) == 1:
        yield lambda blocks: _alone(blocks, devices[0])
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pools = [ProcessPoolExecutor(1, context, initializer=end_with_parent) for _ in devices]
    try:
        yield lambda blocks: _together(blocks, devices, pools)
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)


def _alone(blocks: Sequence[Block], device: str) -> Iterator[Outcome]:
    for number, block in enumerate(blocks):
        yield number, *train(_on(block, device))


def _together(
    blocks: Sequence[Block], devices: Sequence[str], pools: Sequence[ProcessPoolExecutor]
) -> Iterator[Outcome]:
    pending: dict[Future[tuple[np.ndarray, np.ndarray]], int] = {}
    try:
        with interrupts_held():
            for number, block in enumerate(blocks):
                at = number % len(devices)
                pending[pools[at].submit(train, _on(block, devices[at]))] = number
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), *future.result()
    except BrokenProcessPool as error:
        raise BadInput(
            "a worker process was killed, as a machine does that runs out of memory: run this again to go on, "
            "with fewer --jobs"
        ) from error


def _on(block: Block, device: str) -> Block:
    """The block on a device; its job without what was made ready for another process."""
    return replace(block, job=replace(block.job, device_name=device))
