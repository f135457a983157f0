"""The tasks by name: those that ship, one file for each domain here, and users' own. Importing this loads no data."""

import importlib
import pkgutil

from grids.errors import unknown
from trainers.task import Task
from trainers.tasks.registry import TASKS, own_task, register

__all__ = ["TASKS", "get_task", "register", "ships"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def ships(text: str) -> bool:
    """Whether the task that `text` names comes with the program."""
    return ":" not in text


def get_task(text: str) -> Task:
    """The task that `text` names: one that ships, or a user's own as `module:name`.

    Raises:
        BadInput: there is none (the nearest name is suggested), or the user's is not usable.
    """
    if not ships(text):
        return own_task(text)
    if text not in TASKS:
        raise unknown("task", text, TASKS)
    return TASKS[text]
