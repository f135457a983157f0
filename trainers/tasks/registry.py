"""The tasks that ship with the program: each registers itself where it is defined."""

from collections.abc import Callable

from trainers.task import Task

TASKS: dict[str, Task] = {}
"""Every shipped task by name. Complete once `trainers.tasks` is imported."""


def register(make: Callable[[], Task]) -> Callable[[], Task]:
    """A decorator: the task that the function returns ships with the program.

    Raises:
        ValueError: there is one of that name already.
    """
    task = make()
    if task.name in TASKS:
        raise ValueError(f"two tasks are called '{task.name}'")
    TASKS[task.name] = task
    return make
