"""Any sampler of Optuna as a searcher: `optuna:NAME`, its options after another colon or a comma."""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from grids.errors import BadInput, unknown
from grids.space import Cell, Space
from tuning.kernels.compiling import plain
from tuning.kernels.draws import pick
from tuning.searchers.base import take
from tuning.searchers.spec import SearcherSpec, read_options

OPTUNA = "optuna"
"""The prefix of a sampler's name."""

_FROM_LIST = ("RandomSampler", "GridSampler", "BruteForceSampler")
"""Samplers that do not use the order of an axis's values."""


class OptunaSearcher:
    """An Optuna study on integer parameters 0 … n−1, one for each axis, asked and told one trial at a time.

    The sampler is seeded from `rng`, the study is kept in memory. When a sampler ends its study (`GridSampler` and
    `BruteForceSampler`, once they have proposed every cell), a new study with a new seed is begun.

    Args:
        make_sampler: called as `make_sampler(seed)` for each study.
    """

    def __init__(self, space: Space, rng: np.random.Generator, make_sampler: Callable[[int], Any]) -> None:
        from optuna.distributions import IntDistribution

        self.space = space
        self.rng = rng
        self.make_sampler = make_sampler
        self._distributions = {axis.name: IntDistribution(0, len(axis) - 1) for axis in space.axes}
        self._over = False
        self._pending: list[
            tuple[Any, Cell]
        ] = []  # trials with their studies: a study may end before all its trials are told
        self._begin()

    def ask(self) -> Cell:
        if self._over:
            self._begin()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                trial = self._study.ask(self._distributions)
            except ImportError as error:
                raise BadInput(f"this sampler of Optuna needs something not installed: {error}") from error
        cell = tuple(int(trial.params[name]) for name in self.space.names)
        self._pending.append(((self._study, trial), cell))
        return cell

    def tell(self, cell: Cell, value: float) -> None:
        study, trial = take(self._pending, cell)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study.tell(trial, value)

    def _begin(self) -> None:
        import optuna

        from grids.tables.study import quiet_optuna

        self._over = False
        with quiet_optuna():
            sampler = self.make_sampler(plain(pick)(self.rng, 2**32))
            study: Any = optuna.create_study(sampler=sampler, pruner=optuna.pruners.NopPruner())
        # Samplers call `Study.stop` when nothing is left to propose, but outside `optimize` it raises an error.
        setattr(study, "stop", lambda: self._stop(study))  # noqa: B010  (a method of another's class)
        self._study = study

    def _stop(self, study: Any) -> None:
        self._over = self._over or study is self._study


def optuna_searcher(text: str) -> SearcherSpec:
    """The searcher that `optuna:NAME`, `optuna:NAME:opt=val,…` or `optuna:NAME,opt=val,…` names.

    NAME is a class of `optuna.samplers`; its options are the arguments of its constructor whose values are numbers,
    words, `true`, `false` or `none`. The seed is the replay's.

    Raises:
        BadInput: no such sampler, a sampler that needs another one, or an option it does not take.
    """
    import optuna

    body = text.partition(":")[2].replace(":", ",", 1)
    class_name, _, rest = body.partition(",")
    base = optuna.samplers.BaseSampler
    known = {
        name: item
        for name in optuna.samplers.__all__
        if inspect.isclass(item := getattr(optuna.samplers, name)) and not inspect.isabstract(item)
        if issubclass(item, base) and "base_sampler" not in inspect.signature(item).parameters
    }
    if class_name not in known:
        raise unknown("Optuna sampler", class_name, known)
    sampler_class = known[class_name]
    parameters = inspect.signature(sampler_class).parameters
    owner = f"searcher '{text}'"
    options = read_options(rest, _any_options, owner)
    settable = [name for name in parameters if name not in ("seed", "search_space")]
    for name in options:
        if name not in settable:
            raise BadInput(f"{owner}: {unknown('option', name, settable)}")

    def build(space: Space, rng: np.random.Generator, **options: Any) -> OptunaSearcher:
        fixed = dict(options)
        if "search_space" in parameters:
            fixed["search_space"] = {axis.name: list(range(len(axis))) for axis in space.axes}

        def make_sampler(seed: int) -> Any:
            seeded = {**fixed, "seed": seed} if "seed" in parameters else fixed
            try:
                return sampler_class(**seeded)
            except (TypeError, ValueError, AssertionError, ImportError) as error:
                raise BadInput(
                    f"Optuna's {class_name}: {str(error).splitlines()[0] or type(error).__name__}"
                ) from error

        return OptunaSearcher(space, rng, make_sampler)

    build.parallel = True  # type: ignore[attr-defined]
    build.from_list = class_name in _FROM_LIST  # type: ignore[attr-defined]
    return SearcherSpec(text, f"{OPTUNA}:{class_name}", build, options)


def _any_options(**options: Any) -> None:
    """Accepts any option; the options are checked against the sampler's constructor."""
