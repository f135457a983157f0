"""Error surfaces: a value (lower is better) for every cell and seed of a space, with its provenance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from grids.by_name import by_name
from grids.errors import BadInput, brief, unknown
from grids.space import Cell, Space
from grids.target import gap

if TYPE_CHECKING:
    import pandas as pd

SEED_STATISTICS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.mean,
    "median": np.median,
    "best": np.min,
    "worst": np.max,
}
"""How a cell's value is computed from those of its seeds; the default is the mean."""

EPOCHS = ("last", "best")
"""The epoch whose value counts as a run's; the default is the last."""

COLUMNS: dict[str, type] = {
    "seed": int,
    "value": float,
    "diverged": bool,
    "curve": list,
    "filled": bool,
    "train_loss": float,
    "seconds": float,
}
"""A surface's columns besides its axes and what each row has of them; further numeric ones are in `Surface.extra`."""

ARRAYS = tuple(COLUMNS)[1:]
"""Those that `Surface` holds as arrays `[*shape, seeds]`, the curves with their points as a further dimension."""


@dataclass(frozen=True)
class Fidelity:
    """The horizontal axis of learning curves.

    Args:
        name: what is counted, such as "epoch".
        values: its amount at each point of the curves, ascending; the last is the whole training.

    Raises:
        BadInput: values that are not finite or do not ascend.
    """

    name: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not np.isfinite(self.values).all() or (np.diff(self.values) <= 0).any():
            raise BadInput(f"the fidelity '{self.name}' needs finite, ascending values, not {list(self.values)}")

    @classmethod
    def epochs(cls, count: int) -> "Fidelity":
        """The epochs 1 to `count`."""
        return cls("epoch", tuple(float(epoch) for epoch in range(1, count + 1)))


@dataclass(frozen=True)
class Provenance:
    """The origin of a surface: all that is needed to reproduce it."""

    task: str
    optimizer: str
    metric: str = "value"
    unit: str = ""
    bounded: bool = False
    """Whether the metric has a largest value, as an error in % has; every finite value is then kept as it is."""
    failure: float | None = None
    """The value of a diverged run, in `unit`; None where the file does not give it."""
    targets: tuple[float, ...] = ()
    """Default levels of suboptimality for which costs are reported, in `unit`; empty where the file gives none."""
    resolution: float | None = None
    """The difference that one validation example makes to a value, in `unit`; None where unknown."""
    optimizer_label: str = ""
    """The optimizer's name in figures; `optimizer` where empty."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """How all cells were trained: the other hyperparameters, schedule, precision. Also how values are to be read
    (`maximize`, `value_of`), and the sweep that trained them with its timing (`sweep`, `timing`)."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The data set's name, sizes and sha256."""
    software: Mapping[str, str] = field(default_factory=dict)
    device: str = ""
    created: str = ""
    """ISO 8601, UTC."""
    command: str = ""
    filled: Mapping[str, Any] = field(default_factory=dict)
    """How missing values were filled: `cells` and `runs` (how many), `with` (the option given), `value`."""

    @property
    def maximized(self) -> bool:
        """Whether the metric is maximized; the surface then holds negated values."""
        return bool(self.fixed.get("maximize"))

    @property
    def imported(self) -> bool:
        """Whether it came from another program's table, whose names of hyperparameters mean what they mean there."""
        return "rows" in self.data

    @property
    def label(self) -> str:
        """The optimizer's name in figures."""
        return self.optimizer_label or self.optimizer


@dataclass(frozen=True, eq=False)
class Surface:
    """A value for every cell and seed of a space.

    Args:
        space: the axes; `space.shape` is written `*shape` below.
        seeds: the seeds, in the order of the last dimension.
        value: float64 `[*shape, seeds]`, lower is better; `Provenance.failure` for a diverged run.
        diverged: bool `[*shape, seeds]`.
        provenance: the surface's origin.
        curve: float32 or float64 `[*shape, seeds, points]`, the value after each epoch or other fidelity, where known.
        train_loss: float64 `[*shape, seeds]`, where known.
        seconds: float64 `[*shape, seeds]`, where known.
        extra: further columns by name, float64 `[*shape, seeds]`; replay ignores them.
        fidelity: the horizontal axis of the curves; by default epochs 1, 2, …
        filled: bool `[*shape, seeds]`, true where a missing value was filled in; such runs have not diverged.

    Raises:
        BadInput: a wrong shape, seeds that are not different or not of 64 bits, an axis or further column with the name
            of another column, no finite value at all, or a value that is not finite where `diverged` is false.
    """

    space: Space
    seeds: tuple[int, ...]
    value: np.ndarray
    diverged: np.ndarray
    provenance: Provenance
    curve: np.ndarray | None = None
    train_loss: np.ndarray | None = None
    seconds: np.ndarray | None = None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)
    fidelity: Fidelity | None = None
    filled: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = (*self.space.shape, len(self.seeds))
        if not self.seeds:
            raise BadInput("a surface needs at least one seed")
        if len(set(self.seeds)) < len(self.seeds) or not all(-(2**63) <= seed < 2**63 for seed in self.seeds):
            raise BadInput(f"seeds must be different whole numbers of 64 bits, not {brief(str(list(self.seeds)))}")
        for name in self.space.names:
            if name in COLUMNS:
                raise BadInput(f"an axis cannot be called '{name}': a surface has a column of that name already")
        for name in self.extra:
            if name in COLUMNS or name in self.space.names:
                raise BadInput(
                    f"a further number cannot be called '{name}': a surface has a column of that name already"
                )
        arrays = {name: getattr(self, name) for name in ARRAYS if name != "curve"}
        for name, array in {**arrays, **self.extra}.items():
            if array is not None and array.shape != shape:
                raise BadInput(f"{name} has shape {array.shape}; this space and its seeds need {shape}")
        self._check_curves(shape)
        bad = ~np.isfinite(self.value) & ~self.diverged
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            raise BadInput(
                f"value at {self.describe(where[:-1])}, seed {self.seeds[where[-1]]} "
                f"is {self.value[where]} but the run is not marked as diverged"
            )
        if not np.isfinite(self.value).any():
            raise BadInput("not one of its values is finite")

    def _check_curves(self, shape: tuple[int, ...]) -> None:
        if self.curve is None:
            object.__setattr__(self, "fidelity", None)
            return
        if self.curve.shape[:-1] != shape:
            raise BadInput(f"curve has shape {self.curve.shape}; this space and its seeds need {(*shape, 'points')}")
        points = self.curve.shape[-1]
        if self.fidelity is None:
            object.__setattr__(self, "fidelity", Fidelity.epochs(points))
        elif len(self.fidelity.values) != points:
            name, values = self.fidelity.name, len(self.fidelity.values)
            raise BadInput(f"curves have {points} points, the fidelity '{name}' has {values} values")

    @property
    def name(self) -> str:
        """`TASK/OPTIMIZER`."""
        return f"{self.provenance.task}/{self.provenance.optimizer}"

    def table(self, statistic: str = "mean") -> np.ndarray:
        """The statistic over seeds of each cell, finite: float64 `[*shape]`.

        Raises:
            BadInput: an unknown statistic.
        """
        if statistic not in SEED_STATISTICS:
            raise unknown("seed statistic", statistic, SEED_STATISTICS)
        over_seeds = SEED_STATISTICS[statistic]
        with np.errstate(over="ignore"):
            table = over_seeds(self.finite, axis=-1)
        overflown = ~np.isfinite(table)
        if overflown.any():  # scaled by a power of two, the sum fits and loses no digit
            table[overflown] = over_seeds(self.finite[overflown] * 2.0**-64, axis=-1) * 2.0**64
        return np.asarray(table, dtype=np.float64)

    @cached_property
    def finite(self) -> np.ndarray:
        """`value`, with the surface's worst finite value in place of those that are not finite."""
        known = np.isfinite(self.value)
        return self.value if known.all() else np.where(known, self.value, self.value[known].max())

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """The numeric columns besides the value, by name, where known: float64 `[*shape, seeds]` each."""
        known = {"train_loss": self.train_loss, "seconds": self.seconds, **self.extra}
        return {name: array for name, array in known.items() if array is not None}

    @cached_property
    def mean(self) -> np.ndarray:
        """The mean over seeds, float64 `[*shape]`: the default value of a cell everywhere."""
        return self.table()

    @cached_property
    def best_cell(self) -> Cell:
        """The first cell, in C order, of the lowest mean."""
        return self.space.cell(int(np.argmin(self.mean)))

    def judged_by(self, value_of: str) -> "Surface":
        """This surface with each run's value taken from its `last` epoch (unchanged) or its `best` one.

        The best is the lowest of the curve and the value itself; a diverged run keeps its value.

        Raises:
            BadInput: another word than these two, or `best` of a surface without curves.
        """
        if value_of not in EPOCHS:
            raise unknown("epoch to be judged by", value_of, EPOCHS)
        if value_of == "last":
            return self
        if self.curve is None or self.curve.shape[-1] == 0:
            raise BadInput(f"{self.name} has no curves, so the value after each run's best epoch is not known")
        lowest = np.fmin.reduce(self.curve, axis=-1)
        # Through text, which gives the decimal number that a float32 was rounded from.
        best = np.fmin(lowest.astype(str).astype(np.float64), self.value)
        fixed = {**self.provenance.fixed, "value_of": "best epoch"}
        return replace(
            self, value=np.where(self.diverged, self.value, best), provenance=replace(self.provenance, fixed=fixed)
        )

    def rearranged(self, space: Space, take: Callable[[np.ndarray], np.ndarray]) -> "Surface":
        """This surface over another space, `take` applied to each of its arrays `[*shape, seeds, …]`.

        A run without a finite value keeps the worst of this surface, even where that cell is left out.
        """
        arrays = {name: None if (array := getattr(self, name)) is None else take(array) for name in ARRAYS}
        extra = {name: take(array) for name, array in self.extra.items()}
        return replace(self, space=space, extra=extra, **arrays | {"value": take(self.finite)})  # type: ignore[arg-type]

    def with_values(
        self, value: np.ndarray, diverged: np.ndarray | None = None, seeds: Sequence[int] = (0,)
    ) -> "Surface":
        """This space with other values and nothing else of its rows.

        Args:
            value: float64 `[*shape, seeds]`.
            diverged: bool `[*shape, seeds]`; none did by default.
            seeds: of the values.
        """
        nothing = dict.fromkeys(ARRAYS) | {"value": value, "extra": {}, "fidelity": None, "seeds": tuple(seeds)}
        return replace(self, **nothing | {"diverged": np.zeros(value.shape, bool) if diverged is None else diverged})

    @property
    def suboptimality(self) -> np.ndarray:
        """`mean` less its lowest value, in the surface's unit, float64 `[*shape]`; infinite where it overflows."""
        return gap(self.mean, float(self.mean.min()))

    @property
    def never_trained(self) -> np.ndarray:
        """Cells in which every seed diverged, bool `[*shape]`."""
        return np.asarray(self.diverged.all(axis=-1))

    @property
    def filled_share(self) -> np.ndarray:
        """The share of each cell's seeds whose value was filled in: float64 `[*shape]`."""
        return np.zeros(self.space.shape) if self.filled is None else np.asarray(self.filled.mean(axis=-1))

    @classmethod
    def from_frame(
        cls, frame: "pd.DataFrame", axes: Sequence[str] = (), value: str = "value", **options: Any
    ) -> "Surface":
        """A surface from a DataFrame with one row for each cell (and seed, and epoch).

        >>> import pandas as pd
        >>> table = pd.DataFrame({"lr": [0.1, 0.1, 1, 1], "act": ["relu", "tanh"] * 2, "acc": [90, 91, 80, 70]})
        >>> Surface.from_frame(table, ["lr", "act"], "acc", maximize=True).space.shape
        (2, 2)

        Args:
            frame: the table; its index is ignored.
            axes: the columns that identify a cell.
            value: the column of values.
            options: as `grids.tables.meaning.Meaning`: seed, epoch, maximize, missing, seeds, number_seeds, where,
                keep, labels, seconds, pool, task, optimizer, metric, unit.

        Raises:
            BadInput: as `tunecost grid import` does.
        """
        meaning = by_name("grids.tables.meaning:meaning_of")(axes=axes, value=value, **options)
        table = by_name("grids.tables.frame:Frame").of_pandas(frame, "table")
        surface: Surface = by_name("grids.tables.importing:surface_of")(table, meaning)
        return surface

    def to_frame(self, curves: bool | None = None) -> "pd.DataFrame":
        """A row for each cell and seed, as `tunecost grid export` writes it (see `grids.tables.exporting.frame`)."""
        frame: pd.DataFrame = by_name("grids.tables.exporting:frame")(self, curves)
        return frame

    def objective(self, by: str = "value") -> Callable[[Any], float]:
        """An objective for Optuna that looks up values in this surface (see `grids.tables.objective.Objective`)."""
        objective: Callable[[Any], float] = by_name("grids.tables.objective:Objective")(self, by)
        return objective

    def describe(self, cell: tuple[int, ...]) -> str:
        """A cell as text: `alpha=0.1, epsilon=1e-08`."""
        return self.space.describe(cell)
