"""Find out by a few steps on artificial gradients how an optimizer class can be run for many cells."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pickle import UnpicklingError

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from grids.errors import BadInput
from grids.plugins import reason
from trainers.classes.arguments import RATE
from trainers.classes.cells import Cells, from_bytes, to_bytes
from trainers.classes.kind import Kind, Plan
from trainers.rules.base import Shapes, sizes_of

STEPS = 12
"""More than the period of anything that most classes do every few steps."""

FEW = 3
SAME = {torch.float64: 1e-9, torch.float32: 1e-4}
"""Relative differences up to this are rounding. float32 is for classes that know nothing else."""

SCALES = (1.0, 10.0, 0.1, 3.0)
"""Factors of the gradients of successive tensors, which reveal a class that treats tensors as wholes."""


ALONE = Plan(flat=False, apart=True)
"""One instance for each cell, over the network's own tensors: the class as its users run it."""


class CannotRun(Exception):
    """The class cannot be run in this way; the message says why."""


def find_plan(kind: Kind, shapes: Shapes) -> Plan:
    """The fastest plan that gives the same parameters as the class run as its users run it.

    Raises:
        BadInput: the class cannot train tensors of these shapes, or cannot be resumed.
    """
    name = kind.arguments.name
    distinct = tuple(dict.fromkeys(tuple(shape) for shape in shapes))
    with torch.random.fork_rng(devices=[]):
        try:
            return _Trial(kind, distinct, torch.float64).plan(f"optimizer '{name}'", shapes)
        except BadInput:
            with contextlib.suppress(BadInput):
                return _Trial(kind, distinct, torch.float32).plan(f"optimizer '{name}'", shapes)
            raise


def try_steps(kind: Kind, shapes: Shapes) -> None:
    """A few steps.

    Raises:
        BadInput: the class cannot make them.
    """
    with torch.random.fork_rng(devices=[]):
        try:
            _Trial(kind, shapes, torch.float64).steps(FEW)
        except BadInput:
            with contextlib.suppress(BadInput):
                _Trial(kind, shapes, torch.float32).steps(FEW)
                return
            raise


class _Trial:
    """Trial steps of a class on tensors of the given shapes, one of each."""

    def __init__(self, kind: Kind, shapes: Shapes, dtype: torch.dtype) -> None:
        self.kind, self.shapes, self.dtype = kind, shapes, dtype
        self.base = dict(kind.arguments.numbers)
        generator = torch.Generator().manual_seed(0)
        sizes = sizes_of(shapes)

        def draw(count: int) -> Tensor:
            drawn = torch.randn(count, sum(sizes), generator=generator, dtype=torch.float64)
            pieces = [piece * SCALES[at % len(SCALES)] for at, piece in enumerate(drawn.split(sizes, dim=1))]
            return torch.cat(pieces, dim=1).to(dtype)

        self.start = draw(2) / 10
        self.grads = [draw(2) for _ in range(STEPS)]

    def steps(self, count: int) -> tuple[Cells, Tensor]:
        """One cell after so many steps, and its parameters after each, `[steps, 1, n]`; BadInput where it fails."""
        cells = Cells(self.kind, self.shapes, ALONE)
        try:
            return cells, self._path(cells, [self.base], count)
        except CannotRun as error:
            raise BadInput(f"optimizer '{self.kind.arguments.name}': {error}") from error

    def plan(self, who: str, shapes: Shapes) -> Plan:
        """Raises BadInput where there is none."""
        before = torch.manual_seed(0).get_state()
        cells, path = self.steps(STEPS)
        if torch.equal(path[-1], self.start[:1]):
            raise BadInput(f"{who}: {STEPS} steps have not moved any parameter")
        draws = not torch.equal(before, torch.default_generator.get_state())
        numbers = _numbers(cells, shapes, self.shapes)
        self._check_resume(replace(ALONE, draws=draws), who)
        if draws:
            return Plan(flat=False, apart=True, draws=True, numbers=numbers)
        perturbed = list(self._perturbed())
        flat = all(self._is_flat(values, path if values is self.base else None) for values in [self.base, *perturbed])
        together = Plan(flat=flat, apart=False)
        if not (self._are_apart(together, self.base, STEPS) and self._stay_clean(together)):
            return Plan(flat=flat, apart=True, numbers=numbers)
        singly = {self._changed(values) for values in perturbed if not self._are_apart(together, values, FEW)}
        if RATE in singly:  # groups of one class that must have one rate share more than that
            return Plan(flat=flat, apart=True, numbers=numbers)
        return Plan(flat, False, frozenset(singly), False, numbers)

    def _changed(self, values: Mapping[str, float]) -> str:
        return next(name for name, value in values.items() if value != self.base[name])

    def _perturbed(self) -> Iterator[dict[str, float]]:
        """The class's defaults with one hyperparameter another, for each that takes another."""
        for name, value in self.base.items():
            whole = name in self.kind.arguments.whole
            for other in (value + 1,) if whole else (value * 0.5, value * 0.9) if value else (0.1,):
                values = {**self.base, name: other}
                try:
                    self._path(Cells(self.kind, self.shapes, ALONE), [values], 1)
                except CannotRun:
                    continue
                yield values
                break

    def _path(
        self,
        cells: Cells,
        settings: list[Mapping[str, float]],
        steps: int,
        poison: int | None = None,
    ) -> Tensor:
        """Parameters after each step, `[steps, cells, n]`; cell k has the k-th setting.

        Args:
            cells: not yet stepped.
            settings: hyperparameters of each cell.
            steps: how many.
            poison: a cell whose gradients are NaN from the second step on.

        Raises:
            CannotRun: the class fails.
        """
        torch.manual_seed(0)
        count = len(settings)
        hyper = {name: torch.tensor([[values[name]] for values in settings], dtype=torch.float64) for name in self.base}
        hyper["schedule"] = torch.ones(count, 1, dtype=torch.float64)
        params, path = self.start[:count].clone(), []
        for at, both in enumerate(self.grads[:steps]):
            grads = both[:count].clone()
            if poison is not None and at:
                grads[poison] = float("nan")
            try:
                params = cells.step(params, grads, hyper)
            except BadInput as error:
                raise CannotRun(
                    str(error).removeprefix(f"optimizer '{self.kind.arguments.name}'").lstrip(" :")
                ) from error
            except Exception as error:
                raise CannotRun(f"cannot be run ({reason(error)})") from error
            path.append(params.clone())
        return torch.stack(path)

    def _is_flat(self, values: Mapping[str, float], path: Tensor | None) -> bool:
        steps = FEW if path is None else STEPS
        try:
            if path is None:
                path = self._path(Cells(self.kind, self.shapes, ALONE), [values], steps)
            found = self._path(Cells(self.kind, self.shapes, replace(ALONE, flat=True)), [values], steps)
        except CannotRun:
            return False
        return self._same(found, path)

    def _are_apart(self, plan: Plan, values: Mapping[str, float], steps: int) -> bool:
        """Whether two groups of one instance, one of these hyperparameters, step as two instances do."""
        settings = [self.base, values]
        try:
            together = self._path(Cells(self.kind, self.shapes, plan), settings, steps)
            alone = self._path(Cells(self.kind, self.shapes, replace(plan, apart=True)), settings, steps)
        except CannotRun:
            return False
        return self._same(together, alone)

    def _stay_clean(self, plan: Plan) -> bool:
        """Whether a group whose gradients are NaN leaves another as it is."""
        try:
            clean = self._path(Cells(self.kind, self.shapes, plan), [self.base], STEPS)
            other = self._path(Cells(self.kind, self.shapes, plan), [self.base, self.base], STEPS, poison=1)
        except CannotRun:
            return False
        return torch.equal(clean[:, 0], other[:, 0])

    def _same(self, found: Tensor, expected: Tensor) -> bool:
        if not torch.equal(found.isfinite(), expected.isfinite()):
            return False
        kept = expected.isfinite()
        apart, size = (torch.where(kept, each, 0.0).abs() for each in (found - expected, expected))
        return bool((apart <= SAME[self.dtype] * size.clamp(min=1e-3)).all())

    def _check_resume(self, plan: Plan, who: str) -> None:
        """Raises BadInput where the saved state does not hold all that a class needs to continue."""

        def run(stop: Callable[[Cells], Cells]) -> Tensor:
            torch.manual_seed(0)
            hyper = {name: torch.tensor([[value]], dtype=torch.float64) for name, value in self.base.items()}
            hyper["schedule"] = torch.ones(1, 1, dtype=torch.float64)
            params, cells = self.start[:1].clone(), Cells(self.kind, self.shapes, plan)
            for at, both in enumerate(self.grads):
                if at == STEPS // 2:
                    cells, params = stop(cells), params.clone()
                params = cells.step(params, both[:1].clone(), hyper)
            return params.clone()

        def reloaded(cells: Cells) -> Cells:
            return Cells(self.kind, self.shapes, plan, from_bytes(to_bytes(cells.save())))

        try:
            same = torch.equal(run(lambda cells: cells), run(reloaded))
        except Exception as error:
            why = "it holds more than tensors and plain values"
            why = why if isinstance(error, UnpicklingError) else reason(error).partition("\n")[0]
            raise BadInput(f"{who}: its state cannot be saved, so a training could not be resumed ({why})") from error
        if not same:
            raise BadInput(f"{who}: keeps numbers outside of its state_dict, so a training could not be resumed")


def _numbers(cells: Cells, shapes: Shapes, distinct: Shapes) -> int:
    """How many numbers a cell's state holds, a tensor of each distinct shape having been stepped."""
    saved = cells.save()
    assert saved is not None
    states = [state for group in saved[0]["state"] for state in group]
    each = [sum(leaf.numel() for leaf in pytree.tree_leaves(state) if isinstance(leaf, Tensor)) for state in states]
    if len(each) != len(distinct):  # a class that cuts tensors in groups of its own: by their share
        return round(sum(each) * sum(sizes_of(shapes)) / max(sum(sizes_of(distinct)), 1))
    known = dict(zip(distinct, each, strict=True))
    return sum(known[tuple(shape)] for shape in shapes)
