"""Into what shards a job is cut: as its folder was begun, else as measured on the GPU at hand, else as counted."""

import math
from dataclasses import replace

from trainers.engine.measure import choose_block
from trainers.sweep import manifest
from trainers.sweep.job import Job
from trainers.sweep.sweep import Sweep


def partition(job: Job, workers: int) -> Sweep:
    """The job's sweep with the partition to use, on a machine with so many workers.

    On a GPU the block that takes the least time for a cell depends on how much of the machine one launch fills, so it
    is tried; but no worker is left without a block. A CPU's is the same everywhere (see `memory`).

    Raises:
        BadInput: the folder's `sweep.json` cannot be read.
    """
    if job.block is not None:
        return job.sweep
    found = manifest.read(job.layout)
    if found is not None and found[0].id == job.sweep.id:
        return found[0]
    if job.device.type != "cuda":
        return job.sweep
    share = math.ceil(job.space.size * job.seeds / workers)
    most = min(share, job.space.size)
    return replace(job.sweep, block=choose_block(job.task, job.data, job.rule, job.device, most).cells)
