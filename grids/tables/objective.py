"""A surface as the objective of an Optuna study: every trial is looked up in the table."""

from typing import Any

from grids.errors import BadInput
from grids.surface import Surface

_WAYS = ("value", "index")


class Objective:
    """Called with a trial, it suggests a cell and returns the mean of its seeds.

    The value is as the surface holds it, lower is better; in a study that maximises, a surface that was maximised
    gives its values in their own sense. Each trial's user attribute `cell` holds the indices.

    Args:
        surface: a grid or a pool. Of a pool the trial chooses one configuration, by its place in the list.
        by: `value`: parameters are the axes' own values, as choices, under their names. `index`: parameters are
            whole numbers 0 … n−1, one for each axis, which have an order that samplers can use.

    Raises:
        BadInput: neither of the two; when called, a study that maximises where lower is better, or has several
            objectives.
    """

    def __init__(self, surface: Surface, by: str = "value") -> None:
        if by not in _WAYS:
            raise BadInput(f"by must be {' or '.join(_WAYS)}, not '{by}'")
        self.surface = surface
        self.by = by
        self._mean = surface.mean

    def __call__(self, trial: Any) -> float:
        cell = self._pool(trial) if self.surface.space.is_pool else self._grid(trial)
        trial.set_user_attr("cell", list(cell))
        value = float(self._mean[cell])
        return value * self._sign(trial)

    def _grid(self, trial: Any) -> tuple[int, ...]:
        axes = self.surface.space.axes
        if self.by == "index":
            return tuple(trial.suggest_int(axis.name, 0, len(axis) - 1) for axis in axes)
        return tuple(
            axis.values.index(
                ""
                if (chosen := trial.suggest_categorical(axis.name, [v if v != "" else None for v in axis.values]))
                is None
                else chosen
            )
            for axis in axes
        )

    def _pool(self, trial: Any) -> tuple[int, ...]:
        cell = (trial.suggest_int("configuration", 0, self.surface.space.size - 1),)
        for name, value in self.surface.space.values(cell).items():
            trial.set_user_attr(name, value if value != "" else None)
        return cell

    def _sign(self, trial: Any) -> float:
        study = getattr(trial, "study", None)
        directions = getattr(study, "directions", None)
        if directions is None:  # a FixedTrial has no study
            return 1.0
        if len(directions) != 1:
            raise BadInput(f"a surface has one value for each cell, and this study {len(directions)} objectives")
        if directions[0].name != "MAXIMIZE":
            return 1.0
        if not self.surface.provenance.maximized:
            raise BadInput(f"this study maximises, and of {self.surface.name} lower values are better")
        return -1.0
