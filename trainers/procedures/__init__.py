"""Training and evaluation of a block of cells, one module for each kind of learning; `base` defines the interface."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainers.procedures.base import Procedure
    from trainers.task import Task


def procedure_of(task: "Task") -> "type[Procedure]":
    """The task's procedure: supervised learning where it names none."""
    if task.procedure is not None:
        return task.procedure
    from trainers.procedures.supervised import Supervised  # a task is made of less than what trains it

    return Supervised
