"""The registry of searchers, which help, suggestions, figures, claims, kernels, laws and tests read.

A searcher's class is registered together with everything else that the program needs to know about it. Its compiled
form and its exact law are given as `module:name` and imported on first use, since compiled forms need numba.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Factory = TypeVar("Factory", bound=Callable[..., Any])


@dataclass(frozen=True)
class Registered:
    """A searcher of this program.

    Args:
        name: what users type.
        factory: called as `factory(space, rng, **options)`.
        label: its name in figures.
        summary: a description of one line for the command line's help.
        place: its rank in lists and figures, ascending.
        kernel: its compiled form, `module:function`, called as described in `tuning.kernels`; None if it has none.
        law: the exact law of its runtime, `module:class` of a `tuning.exact.law.Law`; None if none is known.
        variants: options, as `radius_max=3,radius_min=0.5`, with which the tests of all searchers run it as well.
        phrase: its name within a sentence.
        paper: whether the AvaGrad paper compares it.
        fidelities: whether it asks for shorter trainings too, so that it needs a surface with curves.
        plain_kernel: whether a few replays run the kernel's source in Python instead of the class, because the class
            needs a library that is slow to import.
    """

    name: str
    factory: Callable[..., Any]
    label: str
    summary: str
    place: int
    kernel: str | None
    law: str | None
    variants: tuple[str, ...]
    phrase: str
    paper: bool = False
    fidelities: bool = False
    plain_kernel: bool = False

    @property
    def compiled(self) -> bool:
        """Whether it has a compiled form."""
        return self.kernel is not None

    @property
    def exact(self) -> bool:
        """Whether the law of its runtime is known."""
        return self.law is not None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that select it: without options, and with those of each variant."""
        return (self.name, *(f"{self.name}:{options}" for options in self.variants))


_REGISTERED: dict[str, Registered] = {}


def searcher(
    name: str,
    *,
    label: str,
    summary: str,
    place: int,
    kernel: str | None,
    law: str | None,
    variants: tuple[str, ...],
    phrase: str = "",
    paper: bool = False,
    fidelities: bool = False,
    plain_kernel: bool = False,
) -> Callable[[Factory], Factory]:
    """Class decorator that registers a searcher; arguments as of `Registered`, an empty `phrase` becomes `label`.

    Raises:
        ValueError: another searcher has this name.
    """

    def register(factory: Factory) -> Factory:
        if name in _REGISTERED:
            raise ValueError(f"two searchers are called '{name}'")
        properties = (label, summary, place, kernel, law, variants, phrase or label, paper, fidelities, plain_kernel)
        _REGISTERED[name] = Registered(name, factory, *properties)
        return factory

    return register


def registered() -> dict[str, Registered]:
    """Every searcher by name, in the order of their places."""
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].place, item[0])))


def load(text: str) -> Any:
    """Import and return the object `module:name`."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
