"""The tasks by name: those that ship, a folder for each subject here, and users' own. Importing this loads no data."""

import importlib

from grids.errors import unknown
from trainers.task import Task
from trainers.tasks.registry import TASKS, own_task, register

__all__ = ["TASKS", "get_task", "register", "ships"]

for _subject in ("images.cifar", "images.diabetes", "images.digits", "images.fashion", "gan.shipped"):
    importlib.import_module(f"{__name__}.{_subject}")
for _subject in ("photographs.shipped", "language.shipped", "images.wide"):
    importlib.import_module(f"{__name__}.{_subject}")


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
