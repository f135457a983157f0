"""A job sent to Slurm: one array, one task for each shard that is missing, and no process left behind to watch it.

Each task is a `grid run --shard I/N` on its own. On a time-out or a preemption that is announced by a signal, the task
is put back into the queue; on any other end (a node lost, `scancel`) whoever submits the job again gets tasks for what
is missing then. Either way a task goes on from its shard's last saved state.
"""

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grids.errors import BadInput
from trainers.sweep.job import SweepJob
from trainers.sweep.kept import Kept
from trainers.sweep.merge import merge
from trainers.sweep.run import RunOptions, run
from trainers.sweep.sweep import part

MOST_TASKS = 1000
"""Tasks of one array, beyond which shards are dealt out in groups: Slurm's own default limit is 1001."""

MOST_REQUEUES = 1000
"""After so many time-outs a task gives up: something is wrong with it."""


@dataclass(frozen=True)
class Request:
    """Each task's request to the cluster.

    Args:
        partition: where.
        gpus: for each task; with none, it trains on one core.
        parallelism: tasks that may run at the same time; None for as many as the cluster grants.
        minutes: that a task may run before it is put back into the queue.
        further: more of sbatch's options by name, as `account` or `qos`.
    """

    partition: str
    gpus: int = 1
    parallelism: int | None = None
    minutes: int = 240
    further: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Attempt:
    """One task of the array, as the cluster runs it: submitit calls it, and `checkpoint` before it requeues it."""

    job: SweepJob
    options: RunOptions

    def __call__(self) -> None:
        run(self.job, self.options, lambda line: print(line, flush=True))

    def checkpoint(self) -> Any:
        """The attempt for next time: the same, since finished shards and states are found in the folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def submit(job: SweepJob, request: Request, command: str, say: Callable[[str], None]) -> str | None:
    """Send the missing shards of a job to Slurm; the array's job id, or None where nothing was missing.

    Raises:
        BadInput: no Slurm here, Slurm refuses the request, or whatever `grid run` would refuse.
    """
    job = replace(job, out=job.out.absolute(), data_folder=job.data_folder and job.data_folder.absolute())
    sweep = job.folder.adopt(job.sweep, job.seeds, job.block, fresh=False)
    kept = Kept.of(job.folder, sweep)
    if kept.words(range(job.seeds)):
        say(f"{job.folder.surface}: {kept.words(range(job.seeds))}")
    options = RunOptions(command=command)
    shards = sweep.shards(range(job.seeds))
    count = min(len(shards), MOST_TASKS)
    missing = [index for index in range(count) if not all(map(kept.has, part(shards, index, count)))]
    if not missing and merge(job.folder, sweep, range(job.seeds), command, say, job.about) is not None:
        return None
    return _send(_executor(job, request), [Attempt(job, replace(options, shard=(i, count))) for i in missing])


def logs(job: SweepJob) -> Path:
    """The folder of the tasks' output."""
    return job.folder.path / "slurm"


def _executor(job: SweepJob, request: Request) -> Any:
    import submitit

    parameters: dict[str, Any] = {
        "job_name": f"{job.task.name}-{job.folder.surface.stem}",
        "partition": request.partition,
        "time": request.minutes,
        "cpus_per_task": 1,
        "array_parallelism": request.parallelism or MOST_TASKS,
        "additional_parameters": {"requeue": True, "open_mode": "append", **(request.further or {})},
    }
    if request.gpus:
        parameters["gpus_per_node"] = request.gpus
    try:
        executor = submitit.SlurmExecutor(logs(job), max_num_timeout=MOST_REQUEUES)
    except RuntimeError as error:
        raise BadInput(
            "no Slurm on this machine (srun is not on the path); `grid run --shard I/N` needs none"
        ) from error
    executor.update_parameters(**parameters)
    return executor


def _send(executor: Any, attempts: list[Attempt]) -> str:
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        # What sbatch says is in the error too; here it would only be a second line.
        with contextlib.redirect_stderr(io.StringIO()), executor.batch():
            jobs = [executor.submit(attempt) for attempt in attempts]
    except (FailedJobError, FailedSubmissionError, OSError) as error:
        reason = next((line for line in reversed(str(error).splitlines()) if "error" in line.lower()), str(error))
        raise BadInput(f"Slurm refuses the job: {reason.strip()}") from error
    return str(jobs[0].job_id).partition("_")[0]
