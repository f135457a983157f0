"""Join surfaces that hold different seeds of the same cells, or different parts of one grid."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Surface
from grids.surface_file import row_order

_ARRAYS = ("value", "diverged", "filled", "train_loss", "seconds")


def merge(surfaces: Sequence[Surface], names: Sequence[str]) -> Surface:
    """One surface with every run of `surfaces`.

    Labels are in order of appearance; optional arrays are kept where all surfaces have them. The provenance is the
    first surface's, with the names of all.

    Args:
        surfaces: two or more, with the same axes.
        names: one for each, for messages and the provenance.

    Raises:
        BadInput: different axes, metrics, tasks or curves; a run that is given twice, or missing in the result.
    """
    if len(surfaces) < 2:
        raise BadInput("grid merge joins two surfaces or more")
    first = surfaces[0]
    space: Space
    for other, name in zip(surfaces[1:], names[1:], strict=True):
        _check_alike(first, other, names[0], name)
    if first.space.is_pool:
        space, order, seeds = _joined_pool(surfaces)
    else:
        space = Space(tuple(_joined(axes) for axes in zip(*(surface.space.axes for surface in surfaces), strict=True)))
        columns = {name: np.concatenate([_column(s, name) for s in surfaces]) for name in space.names}
        columns["seed"] = np.concatenate([np.tile(np.array(s.seeds, np.int64), s.space.size) for s in surfaces])
        try:
            order, seeds = row_order(space, columns)
        except BadInput as error:
            raise BadInput(f"{', '.join(names)} together: {error}") from error
    shape = (*space.shape, len(seeds))

    def joined(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
        if any(array is None for array in arrays):
            return None
        return np.concatenate([a.ravel() for a in arrays if a is not None])[order].reshape(shape)

    flags = [s.filled if s.filled is not None else np.zeros(s.value.shape, bool) for s in surfaces]
    filled = joined(flags) if any(s.filled is not None for s in surfaces) else None
    parts = {name: joined([getattr(s, name) for s in surfaces]) for name in _ARRAYS if name != "filled"}
    shared = [name for name in first.extra if all(name in s.extra for s in surfaces)]
    curve = None
    if all(surface.curve is not None for surface in surfaces):
        points = [s.curve.reshape(-1, s.curve.shape[-1]) for s in surfaces if s.curve is not None]
        curve = np.concatenate(points)[order].reshape(*shape, -1)
    about = replace(
        first.provenance,
        data={**first.provenance.data, "merged": list(names)},
        filled=_filled(surfaces, filled),
    )
    return Surface(
        space=space,
        seeds=seeds,
        provenance=about,
        curve=curve,
        fidelity=first.fidelity if curve is not None else None,
        extra={name: made for name in shared if (made := joined([s.extra[name] for s in surfaces])) is not None},
        filled=filled,
        **parts,  # type: ignore[arg-type]
    )


def _check_alike(one: Surface, other: Surface, name: str, name_of_other: str) -> None:
    facts = {
        "axes": lambda s: s.space.names,
        "kinds of axes": lambda s: tuple(axis.labelled for axis in s.space.axes),
        "kinds of space": lambda s: "pool" if s.space.is_pool else "grid",
        "metrics": lambda s: s.provenance.metric,
        "units": lambda s: s.provenance.unit,
        "senses": lambda s: "maximised" if s.provenance.maximized else "minimised",
        "tasks": lambda s: s.provenance.task,
        "optimizers": lambda s: s.provenance.optimizer,
    }
    for what, fact in facts.items():
        if fact(one) != fact(other):
            said = [", ".join(map(str, f)) if isinstance(f, tuple) else str(f) for f in (fact(one), fact(other))]
            raise BadInput(f"{name} and {name_of_other} have different {what}: {said[0]}; {said[1]}")
    if one.curve is not None and other.curve is not None and one.fidelity != other.fidelity:
        raise BadInput(f"{name} and {name_of_other} have curves over different epochs")


def _joined(axes: Sequence[Axis]) -> Axis:
    if axes[0].labelled:
        return Axis.labels(axes[0].name, tuple(dict.fromkeys(value for axis in axes for value in axis.values)))
    made = Axis.of(axes[0].name, sorted({value for axis in axes for value in axis.values}))
    same = all(axis.scale == axes[0].scale for axis in axes)
    return (
        Axis(made.name, made.values, axes[0].scale)
        if same and not (axes[0].scale == "log" and made.values[0] <= 0)
        else made
    )


def _column(surface: Surface, name: str) -> np.ndarray:
    return np.repeat(surface.space.columns()[name], len(surface.seeds))


def _joined_pool(surfaces: Sequence[Surface]) -> tuple[Pool, np.ndarray, tuple[int, ...]]:
    """The lists of configurations, one after the other; all surfaces must have the same seeds."""
    axes = tuple(_joined(group) for group in zip(*(surface.space.axes for surface in surfaces), strict=True))
    if len({surface.seeds for surface in surfaces}) > 1:
        raise BadInput("pools of different seeds cannot be joined")
    members = [
        np.stack([axis.indices(surface.space.columns()[axis.name]) for axis in axes], axis=1) for surface in surfaces
    ]
    joined = Pool(axes, np.concatenate(members))
    return joined, np.arange(joined.size * len(surfaces[0].seeds)), surfaces[0].seeds


def _filled(surfaces: Sequence[Surface], filled: np.ndarray | None) -> dict[str, object]:
    if filled is None:
        return {}
    records = [dict(surface.provenance.filled) for surface in surfaces if surface.provenance.filled]
    options = {str(each.get("with")) for each in records}
    values = {record.get("value") for record in records}
    return {
        "cells": int(filled.any(axis=-1).sum()),
        "runs": int(filled.sum()),
        "with": ", ".join(sorted(options)),
        **({"value": values.pop()} if len(values) == 1 and None not in values else {}),
    }
