"""Hyperparameters that a surface hands on: its best cell, the next best, one axis searched anew, or the defaults."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from grids.errors import BadInput, unknown
from grids.plugins import not_named
from grids.surface import Surface
from trainers.rules import get_rule, names_code
from trainers.rules.base import Rule


@dataclass(frozen=True)
class Setting:
    """Hyperparameters to train with.

    Args:
        hyper: by name; the others keep the rule's defaults.
        value: what the surface says of them, in its own sense; None where it does not know them.
    """

    hyper: Mapping[str, float]
    value: float | None = None


def rule_of(surface: Surface, named: Collection[str] = ()) -> Rule:
    """The update rule of the surface's optimizer.

    Args:
        surface: the surface.
        named: optimizers that the user named, as texts; of code that does not ship, only theirs is loaded.

    Raises:
        BadInput: there is none of its name, as for most imported tables, or it does not ship and is not named.
    """
    text = surface.provenance.optimizer
    if text not in named and names_code(text):
        raise not_named(surface.name, "optimizer", text, "-o")
    try:
        return get_rule(text)
    except BadInput as error:
        raise BadInput(f"{surface.name}: {error}; `grid import --optimizer` names a table's optimizer") from error


def best_cells(surface: Surface, statistic: str, count: int, rule: Rule) -> list[Setting]:
    """The surface's `count` best cells, best first; of equal ones the first in its order.

    Raises:
        BadInput: an axis that the rule lacks or that is not a number, a surface with fewer cells, or a best cell that
            diverged in all of its seeds.
    """
    for axis in surface.space.axes:
        if axis.labelled:
            raise BadInput(f"{surface.name}: its axis '{axis.name}' is one of labels, which no optimizer takes")
        if axis.name not in rule.hyperparameters:
            has = ", ".join(rule.hyperparameters)
            raise BadInput(f"{surface.name}: its axis '{axis.name}' is none of {rule.name}'s hyperparameters ({has})")
    if count > surface.space.size:
        raise BadInput(f"{surface.name}: --cells {count}, where it has {surface.space.size}")
    table = surface.table(statistic).reshape(-1)
    lost = np.all(surface.diverged.reshape(surface.space.size, -1), axis=1)
    order = np.argsort(table, kind="stable")[:count]
    if bool(np.asarray(lost)[order[0]]):
        raise BadInput(f"{surface.name}: its best cell diverged in all {len(surface.seeds)} seeds: nothing to transfer")
    columns = surface.space.columns()
    sign = -1.0 if surface.provenance.maximized else 1.0
    return [
        Setting({name: float(column[cell]) for name, column in columns.items()}, sign * float(table[cell]))
        for cell in order
    ]


def along(surface: Surface, setting: Setting, axis: str) -> list[Setting]:
    """The setting with each of the surface's values on one axis, as the paper tunes SGD's α again on the wide network.

    Raises:
        BadInput: no such axis.
    """
    if axis not in surface.space.names:
        raise unknown(f"axis of {surface.name}", axis, surface.space.names)
    return [Setting({**setting.hyper, axis: float(value)}) for value in surface.space.axis(axis).values]
