"""A few steps of an optimizer class on made-up gradients, run in one way or another."""

import re
from collections.abc import Callable, Mapping, Sequence
from pickle import UnpicklingError
from typing import TypeVar

import torch
from torch import Tensor

from grids.errors import BadInput
from grids.plugins import reason
from trainers.classes.arguments import RATE
from trainers.classes.kind import Kind, Plan
from trainers.classes.live import Live
from trainers.classes.saved import from_bytes, to_bytes
from trainers.rules.base import Shapes, sizes_of

SAME = {torch.float64: 1e-9, torch.float32: 1e-4}
"""Relative differences up to this are rounding. float32 is for classes that know nothing else."""

SCALES = (1.0, 10.0, 0.1, 3.0)
"""Factors of the gradients of successive tensors, which reveal a class that treats tensors as wholes."""

DRAWN = 8
"""Cells of a trial have different gradients up to this number, beyond it the same again."""


T = TypeVar("T")


class CannotRun(Exception):
    """The class cannot be run in this way; the message says why."""


class Trial:
    """Steps of a class on tensors of some shapes.

    Args:
        kind: the class.
        shapes: of the tensors.
        dtype: of the parameters.
        steps: the most that a run makes.
    """

    def __init__(self, kind: Kind, shapes: Shapes, dtype: torch.dtype, steps: int) -> None:
        self.kind, self.shapes, self.dtype = kind, shapes, dtype
        self.base = dict(kind.arguments.numbers)
        self.made = 0
        generator = torch.Generator().manual_seed(0)
        sizes = sizes_of(shapes)

        def draw() -> Tensor:
            drawn = torch.randn(DRAWN, sum(sizes), generator=generator, dtype=torch.float64)
            pieces = [piece * SCALES[at % len(SCALES)] for at, piece in enumerate(drawn.split(sizes, dim=1))]
            return torch.cat(pieces, dim=1).to(dtype)

        self.start = draw() / 10
        self.grads = [draw() for _ in range(steps)]

    def begin(self, plan: Plan, settings: Sequence[Mapping[str, float]]) -> Live:
        """Cells of these hyperparameters, not yet stepped.

        Raises:
            CannotRun: the class cannot be made.
        """
        return self._guarded(lambda: Live(self.kind, self.shapes, plan, self._start(settings), _fresh(settings)))

    def path(
        self,
        plan: Plan,
        settings: Sequence[Mapping[str, float]] = (),
        steps: int | None = None,
        poison: int | None = None,
    ) -> Tensor:
        """Parameters after each step, `[steps, cells, n]`.

        Args:
            plan: how the class is run.
            settings: hyperparameters of each cell; none for one cell at the defaults.
            steps: how many.
            poison: a cell whose gradients are NaN from the second step on.

        Raises:
            CannotRun: the class fails.
        """
        torch.manual_seed(0)
        settings = settings or [self.base]
        return self.go_on(self.begin(plan, settings), self._start(settings), settings, 0, steps, poison)

    def go_on(
        self,
        live: Live,
        params: Tensor,
        settings: Sequence[Mapping[str, float]],
        first: int,
        last: int | None = None,
        poison: int | None = None,
    ) -> Tensor:
        """Parameters after each of the steps from `first` to before `last`; otherwise as `path`."""
        rate = torch.tensor([[one[RATE]] for one in settings], dtype=torch.float64)
        path = []
        for at, drawn in enumerate(self.grads[first:last], first):
            grads = drawn[[cell % DRAWN for cell in range(len(settings))]].clone()
            if poison is not None and at:
                grads[poison] = float("nan")
            params = self._guarded(lambda p=params, g=grads: live.step(p, g, rate, torch.ones(1, 1)))  # type: ignore[misc]
            self.made += 1
            path.append(params.clone())
        return torch.stack(path)

    def resumed(self, plan: Plan, stop: int) -> Tensor:
        """The path of one cell that is saved and restored before step `stop`, from there on.

        Raises:
            CannotRun: the class fails, or its state cannot be saved and restored.
        """
        torch.manual_seed(0)
        live = self.begin(plan, [self.base])
        params = self.go_on(live, self._start([self.base]), [self.base], 0, stop)[-1]
        try:
            saved = from_bytes(to_bytes(live.save()))
            assert saved is not None
            again = Live(self.kind, self.shapes, plan, params, saved)
        except Exception as error:
            why = reason(error).partition("\n")[0]
            if isinstance(error, UnpicklingError):
                held = re.search(r"GLOBAL ([\w.]+)", str(error))
                what = f" ({held[1]})" if held else ""
                why = f"it holds more than tensors and plain values{what}"
            raise CannotRun(f"its state cannot be saved, so a training could not be resumed ({why})") from error
        return self.go_on(again, params, [self.base], stop)

    def same(self, found: Tensor, expected: Tensor) -> bool:
        """Whether two paths differ by rounding only, NaN and infinity being in the same places."""
        if not torch.equal(found.isfinite(), expected.isfinite()):
            return False
        finite = expected.isfinite()
        apart, size = (torch.where(finite, each, 0.0).abs() for each in (found - expected, expected))
        return bool((apart <= SAME[self.dtype] * size.clamp(min=1e-3)).all())

    def _start(self, settings: Sequence[Mapping[str, float]]) -> Tensor:
        return self.start[[cell % DRAWN for cell in range(len(settings))]].clone()

    def _guarded(self, run: Callable[[], T]) -> T:
        try:
            return run()
        except BadInput as error:
            who = f"optimizer '{self.kind.arguments.name}'"
            raise CannotRun(str(error).removeprefix(who).lstrip(" :")) from error
        except Exception as error:
            raise CannotRun(f"cannot be run ({reason(error)})") from error


def _fresh(settings: Sequence[Mapping[str, float]]) -> list[dict[str, object]]:
    return [{"hyper": dict(one)} for one in settings]
