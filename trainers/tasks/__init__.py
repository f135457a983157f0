"""The tasks by name. Importing this loads no data."""

from grids.errors import unknown
from trainers.task import Task
from trainers.tasks.digits import DIGITS_TASKS
from trainers.tasks.images import IMAGE_TASKS

TASKS: dict[str, Task] = {**DIGITS_TASKS, **IMAGE_TASKS}


def get_task(name: str) -> Task:
    """The task of that name.

    Raises:
        BadInput: there is none; the nearest name is suggested.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]
