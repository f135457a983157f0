"""Select the rows of a table: those the user asks for, without those that are no trials."""

from collections.abc import Sequence

import numpy as np

from grids.errors import BadInput, brief, unknown
from grids.space import value_text
from grids.tables.frame import Frame
from grids.tables.numbers import missing, plain
from grids.tables.states import States, key_of


def selected(table: Frame, where: Sequence[str]) -> tuple[Frame, dict[str, list[str]]]:
    """The rows that `where` keeps, and the values it names for each column."""
    wanted: dict[str, list[str]] = {}
    for each in where:
        name, equals, value = each.partition("=")
        while equals and name.strip() not in table.header and "=" in value:  # the column's name contains =
            more, _, value = value.partition("=")
            name += "=" + more
        if not equals or not name.strip():
            raise BadInput(f"--where is written COLUMN=VALUE, not '{brief(each)}'")
        wanted.setdefault(table.find(name.strip()), []).append(value.strip())
    keep = np.ones(len(table), bool)
    for name, values in wanted.items():
        codes, levels = table.column(name).coded
        held = np.zeros(len(levels), bool)
        for value in values:
            alike = np.array([_alike(text, value) for text in levels])
            if not alike.any():
                raise BadInput(f"--where {name}: {unknown('value', value, map(value_text, levels))}")
            held |= alike
        keep &= held[codes]
    if not keep.any():
        raise BadInput(f"no row has {' and '.join(where)}")
    return table.take(keep), wanted


def _alike(text: str, value: str) -> bool:
    """Whether a field equals a value given as text: the same text, number or boolean, or both missing."""
    if text == value or (missing(text) and missing(value)):
        return True
    one, other = plain(text), plain(value)
    if one is not None and other is not None:
        return one == other
    return text.lower() == value.lower() and value.lower() in ("true", "false")


def without_parents(table: Frame) -> Frame:
    """The table without runs of which others are parts, as MLflow's autologging of a search writes them."""
    tag = next((name for name in table.header if name.endswith("mlflow.parentRunId") and table.has(name)), None)
    if tag is None or not table.has("run_id"):
        return table
    parents = {level for level in table.column(tag).coded[1] if level}
    codes, levels = table.column("run_id").coded
    return table.take(~np.array([level in parents for level in levels], bool)[codes])


def without_blank(table: Frame, names: Sequence[str], value: str) -> Frame:
    """The table without rows that have neither a value nor any of these hyperparameters."""
    if not names:
        return table
    blank = np.ones(len(table), bool)
    for name in [value, *names]:
        if not blank.any():
            return table
        blank &= table.column(name).blank
    return table if blank.all() else table.take(~blank)


def without_second_rows(table: Frame, found: States, value: str, run: Sequence[str]) -> tuple[Frame, States]:
    """The table without rows that have no value where another row of the run and epoch has one."""
    blank = table.column(value).blank
    if not blank.any():
        return table, found
    key = key_of(table, run)
    stay = ~(blank & np.isin(key, key[~blank]))
    return table.take(stay), States(found.failed[stay], found.unfinished[stay])
