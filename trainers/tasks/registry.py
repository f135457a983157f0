"""Register the tasks that ship with the program where they are defined, and find a user's own, `module:name`."""

import sys

from grids.errors import BadInput
from grids.plugins import load_object, place_of
from trainers.task import Task

TASKS: dict[str, Task] = {}
"""Every shipped task by name. Complete once `trainers.tasks` is imported."""


def register(task: Task) -> None:
    """Let a task ship with the program.

    Raises:
        ValueError: there is one of that name already.
    """
    if task.name in TASKS:
        raise ValueError(f"two tasks are called '{task.name}'")
    TASKS[task.name] = task


def own_task(text: str) -> Task:
    """The task that a user's module holds under that name.

    Raises:
        BadInput: no such module or name, something else than a task, or a task with the name of a shipped one.
    """
    found = load_object(text, "task", (Task,))
    if not isinstance(found, Task):
        raise BadInput(f"{described(text)}: is not a trainers.task.Task but {type(found).__name__}")
    if found.name in TASKS:
        raise BadInput(f"{described(text)}: is called '{found.name}' as a task that ships; give it a name of its own")
    return found


def described(text: str) -> str:
    """A user's own task and its file, as messages name it; its module is loaded."""
    return f"task '{text}' ({place_of(sys.modules[text.partition(':')[0]])})"
