"""Restrict a surface to a part of its space, given as text: `alpha=1e-4..1,activation=relu,tanh`."""

import re
from dataclasses import replace

import numpy as np

from grids.errors import BadInput, brief, unknown
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Surface
from grids.tables.numbers import missing, plain


def within(surface: Surface, text: str) -> Surface:
    """The surface over the cells whose values lie in the given ranges or lists.

    Args:
        surface: a grid or a pool.
        text: for each restricted axis, `axis=low..high` (ends included; either may be left out) or `axis=value,value`,
            separated by commas.

    Raises:
        BadInput: an unknown axis, bounds that are not numbers, or no cell left.
    """
    pool = surface.space.is_pool
    chosen = {name: _keep(surface.space.axis(name), part, pool) for name, part in _parts(text, surface.space).items()}
    held = [np.array(chosen.get(axis.name, np.ones(len(axis), bool))) for axis in surface.space.axes]
    if surface.space.is_pool:
        return _pool(surface, held)
    axes = tuple(_narrowed(axis, keep) for axis, keep in zip(surface.space.axes, held, strict=True))
    return surface.rearranged(Space(axes), lambda array: array[np.ix_(*map(np.flatnonzero, held))])


def _parts(text: str, space: Space) -> dict[str, str]:
    """The text for each axis; a comma separates two axes where an axis's name and `=` follow it."""
    names = "|".join(sorted(map(re.escape, space.names), key=len, reverse=True))
    found: dict[str, str] = {}
    for part in re.split(rf",(?=\s*(?:{names})\s*=)|,(?=\s*[A-Za-z_][\w.]*\s*=)", text):
        name, equals, said = (piece.strip() for piece in part.partition("="))
        if not equals or not said:
            raise BadInput(f"--within is written AXIS=LOW..HIGH or AXIS=VALUE,VALUE, not '{brief(part)}'")
        if name not in space.names:
            raise unknown("axis", name, space.names)
        if name in found:
            raise BadInput(f"--within: axis '{name}' is given twice")
        found[name] = said
    return found


def _keep(axis: Axis, said: str, pool: bool) -> np.ndarray:
    """The axis's values that are kept, bool `[len(axis)]`; in a pool, conditional numbers have ranges too."""
    numbers = np.array(axis.values) if not axis.labelled else _conditional(axis) if pool else None
    if axis.labelled and (numbers is None or ".." not in said or said in axis.values):
        return np.logical_or.reduce([_equal(axis, one) for one in _labels(axis, said)])
    low, dots, high = said.partition("..")
    if dots:
        ends = [_number(axis, end, default) for end, default in ((low, -np.inf), (high, np.inf))]
        values = np.asarray(numbers, np.float64)
        # A bound typed in decimals may differ from the grid's value in the last bit.
        slack = 1e-12 * np.abs(values)
        keep = (values >= ends[0] - slack) & (values <= ends[1] + slack)
    else:
        keep = np.logical_or.reduce([_equal(axis, part.strip()) for part in said.split(",")])
    if not keep.any():
        raise BadInput(f"--within: no value of axis '{axis.name}' lies in {brief(said)}")
    return np.asarray(keep)


def _conditional(axis: Axis) -> np.ndarray | None:
    """The labels as numbers where they are, but for the empty one of a conditional hyperparameter, which is NaN."""
    numbers = [plain(str(label)) if label else np.nan for label in axis.values]
    known = [number for number in numbers if number is not None]
    return np.array(known, np.float64) if len(known) == len(numbers) and not np.isnan(known).all() else None


def _labels(axis: Axis, said: str) -> list[str]:
    """The labels in the text, between commas that they may hold themselves: at each place the longest that fits."""
    known = "|".join(sorted((re.escape(str(value)) for value in axis.values if value), key=len, reverse=True))
    return re.findall(rf"(?:^|,)\s*({known}|[^,]*?)\s*(?=,|$)", said)


def _number(axis: Axis, text: str, default: float) -> float:
    number = plain(text.strip()) if text.strip() else default
    if number is None or np.isnan(number):
        raise BadInput(f"--within: '{brief(text)}' is not a number for axis '{axis.name}'")
    return number


def _equal(axis: Axis, text: str) -> np.ndarray:
    if axis.labelled:
        found = np.array([value == text or (not value and missing(text)) for value in axis.values])
        if not found.any() and ".." in text:
            raise BadInput(
                f"--within: axis '{axis.name}' holds labels, which have no bounds: name them, {axis.name}=A,B"
            )
        if not found.any():
            raise BadInput(
                f"--within: {unknown(f'value of axis {axis.name}', text, [axis.text(i) for i in range(len(axis))])}"
            )
        return found
    found = np.isclose(np.array(axis.values), _number(axis, text, np.nan), rtol=1e-12, atol=0.0)
    if not found.any():
        raise BadInput(f"--within: axis '{axis.name}' has no value {brief(text)}; {axis.name}=LOW..HIGH takes a range")
    return found


def _narrowed(axis: Axis, keep: np.ndarray) -> Axis:
    return replace(axis, values=tuple(value for value, held in zip(axis.values, keep, strict=True) if held))


def _pool(surface: Surface, held: list[np.ndarray]) -> Surface:
    assert isinstance(surface.space, Pool)
    members = surface.space.members
    rows = np.all([keep[members[:, place]] for place, keep in enumerate(held)], axis=0)
    if not rows.any():
        raise BadInput("--within leaves no configuration")
    return surface.rearranged(Pool(surface.space.axes, members[rows]), lambda array: array[rows])
