"""A surface as the objective of an Optuna study: the value of a trial is looked up in the table."""

from typing import Any

from grids.errors import BadInput
from grids.surface import Surface

_PARAMETERS = ("value", "index")


class Objective:
    """A function of a trial that suggests a cell and returns the mean over its seeds.

    The value is the surface's (lower is better); a study that maximises gets the values of a maximised metric in their
    own direction. The trial's user attribute `cell` holds the cell's indices.

    Args:
        surface: a grid or a pool. For a pool the trial suggests the index of a configuration.
        by: `value`: each axis is a categorical parameter with the axis's values. `index`: each axis is an integer
            parameter 0 … n−1, whose order samplers can use.

    Raises:
        BadInput: another word than these two; when called, a study that maximises a metric that is minimised, or one
            with several objectives.
    """

    def __init__(self, surface: Surface, by: str = "value") -> None:
        if by not in _PARAMETERS:
            raise BadInput(f"by must be {' or '.join(_PARAMETERS)}, not '{by}'")
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
