"""Line searches along one axis after another, as practitioners tune by hand."""

import numpy as np

from grids.errors import BadInput, unknown
from grids.space import Cell, Space
from tuning.searchers.base import pick, take
from tuning.searchers.registry import searcher


@searcher(
    "line",
    label="line search",
    summary="scans one axis after another, through the best cell found so far",
    place=6,
    kernel="tuning.kernels.line:line",
    law="tuning.exact.line:LineLaw",
    variants=("start=middle", "start=middle,rounds=3", "rounds=2"),
)
class Line:
    """Scan the first axis at a fixed place on the others, the second at the best cell found, and so on.

    Section 7 of the AvaGrad paper asks whether α and ε can be tuned separately; this searcher does so. A scan evaluates
    the cells of a line in ascending order, except the current one once its value is known, and moves to the lowest;
    equal values keep the current cell, and among the others the first is taken. A round scans each axis once. After
    `rounds` rounds, or once every axis was scanned around the current cell without finding a lower value, the search
    begins again from a random start.

    A random start takes one `rng.random()`; nothing else is random. With several workers a line's cells are evaluated
    in parallel.

    Args:
        start: the indices on axes that are not scanned yet: `random`, `middle`, or one for each axis, as `0/20`.
        order: the axes by name or number, as `epsilon/alpha`; the space's order where not given.
        rounds: the largest number of scans of each axis from one start.
    """

    parallel = True

    def __init__(
        self, space: Space, rng: np.random.Generator, *, start: str = "random", order: str = "", rounds: int = 1
    ) -> None:
        if rounds < 1:
            raise BadInput(f"rounds must be 1 or more, not {rounds}")
        self.space, self.rng, self.rounds = space, rng, rounds
        self.first = _start(start, space.shape)
        """The first start; None where it is random, as all later starts are."""
        self.axes = _order(order, space)
        self._pending: list[tuple[int, Cell]] = []
        self._begun = False
        self._current: Cell = (0,) * len(space.shape)
        self._value: float | None = None  # of the current cell; not known until the first scan is done
        self._scans, self._still = 0, 0  # scans done, and how many of the latest did not move the current cell
        self._line: list[Cell] = []
        self._asked = 0
        self._results: list[tuple[float, int, Cell]] = []

    def ask(self) -> Cell | None:
        if not self._begun:
            first, self.first = self.first, None
            self.begin(self.space.cell(pick(self.rng, self.space.size)) if first is None else first)
        if self._asked == len(self._line):
            return None
        cell = self._line[self._asked]
        self._pending.append((self._asked, cell))
        self._asked += 1
        return cell

    def tell(self, cell: Cell, value: float) -> None:
        self._results.append((value, take(self._pending, cell), cell))
        if len(self._results) < len(self._line):
            return
        best, _, candidate = min(self._results)
        if self._value is None or best < self._value:
            self._current, self._value, self._still = candidate, best, 1
        else:
            self._still += 1
        self._next_scan()

    @property
    def over(self) -> bool:
        """Whether the search from the latest start is finished."""
        return not self._begun

    def begin(self, start: Cell) -> None:
        """Begin a search at `start`."""
        self._begun = True
        self._current, self._value, self._scans, self._still = start, None, 0, 0
        self._scan()

    def _next_scan(self) -> None:
        """Go to the next scan that has a cell to evaluate, or finish this search."""
        while True:
            self._scans += 1
            if self._scans == self.rounds * len(self.axes) or self._still >= len(self.axes):
                self._begun = False
                return
            self._scan()
            if self._line:
                return
            self._still += 1

    def _scan(self) -> None:
        axis = self.axes[self._scans % len(self.axes)]
        at = self._current
        line = [(*at[:axis], index, *at[axis + 1 :]) for index in range(self.space.shape[axis])]
        self._line = line if self._value is None else [cell for cell in line if cell != at]
        self._asked, self._results = 0, []


def _start(text: str, shape: tuple[int, ...]) -> Cell | None:
    if text == "random":
        return None
    if text == "middle":
        return tuple((length - 1) // 2 for length in shape)
    parts = text.split("/")
    if len(parts) != len(shape) or not all(part.strip().isdecimal() for part in parts):
        wanted = "/".join(str(length - 1) for length in shape)
        raise BadInput(f"start must be random, middle or an index on each axis, at most {wanted}, not '{text}'")
    cell = tuple(int(part) for part in parts)
    for index, length in zip(cell, shape, strict=True):
        if index >= length:
            raise BadInput(f"start {text} lies outside the space: an axis has indices 0 to {length - 1}, not {index}")
    return cell


def _order(text: str, space: Space) -> tuple[int, ...]:
    if not text:
        return tuple(range(len(space.shape)))
    known = {name: axis for axis, name in enumerate(space.names)}
    known |= {str(axis): axis for axis in range(len(space.shape)) if str(axis) not in known}
    names = [name.strip() for name in text.split("/")]
    for name in names:
        if name not in known:
            raise unknown("axis", name, space.names)
    axes = tuple(known[name] for name in names)
    if sorted(axes) != list(range(len(space.shape))):
        raise BadInput(f"order must name each axis once, as {'/'.join(space.names)}, not '{text}'")
    return axes
