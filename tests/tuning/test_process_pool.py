"""Tasks in processes of their own, one of which is killed."""

import os
import signal

import pytest

from grids.errors import BadInput
from tuning.workers import spread


def killed(task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_killed_worker_is_told_in_a_line() -> None:
    with pytest.raises(BadInput, match=r"^a worker process was killed, as a machine does .* fewer --jobs$"):
        list(spread(killed, range(4), 2))
