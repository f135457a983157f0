"""Into what shards a job is cut: as its folder was begun, else as measured on the GPU at hand, else as counted."""

import math
from dataclasses import replace

from trainers.engine.measure import Measured, choose_block
from trainers.procedures import procedure_of
from trainers.sweep import manifest
from trainers.sweep.job import Job
from trainers.sweep.sweep import Sweep


def partition(job: Job, workers: int) -> tuple[Sweep, Measured | None]:
    """The job's sweep with the partition to use, on a machine with so many workers; and what measuring it showed.

    On a GPU the block and the backend that take the least time for a cell depend on how much of the machine one launch
    fills, so they are tried; but no worker is left without a block. A CPU's are the same everywhere (see `memory`).

    Raises:
        BadInput: the folder's `sweep.json` cannot be read.
    """
    if job.block is not None:
        return job.sweep, None
    found = manifest.read(job.layout)
    if found is not None and found[0].id == job.sweep.id:
        return found[0], None
    if job.device.type != "cuda":
        return job.sweep, None
    share = math.ceil(job.space.size * job.seeds / workers)
    most = min(share, job.space.size)
    backends = (job.backend,) if job.backend is not None else procedure_of(job.task).backends_on_gpu(job.task, job.data)
    best = choose_block(job.task, job.data, job.rule, job.device, most, backends)
    return replace(job.sweep, block=best.cells, backend=best.backend), best
