"""The registry of searchers: help, suggestions, figures, claims, kernels, laws and tests read what they need here.

All that the program knows of a searcher is said where its class is registered. Its compiled form and its exact law are
named as `module:name` and imported when first needed, since they need numba.
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
        summary: one line for those who must choose.
        place: where it stands in lists and figures, ascending.
        kernel: its compiled form, `module:function`, called as `tuning.kernels` says; None where it has none.
        law: the exact law of its runtime, `module:class` of `tuning.exact.law.Law`; None where none is known.
        variants: options with which every test of searchers runs it too, as `radius_max=3,radius_min=0.5`.
        phrase: its name within a sentence.
        paper: whether it is one of those that the AvaGrad paper compares.
        fidelities: whether it asks for shorter trainings too, so that it needs a surface with curves.
        plain_kernel: whether Python, too, runs its kernel, for a few replays: where its class needs a library that
            takes long to import.
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
        """What users type for it, without options and with those of each variant."""
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
    """Register the class below under `name`; the arguments are those of `Registered`, `phrase` being `label` if empty.

    Raises:
        ValueError: the name is taken.
    """

    def register(factory: Factory) -> Factory:
        if name in _REGISTERED:
            raise ValueError(f"two searchers are called '{name}'")
        said = (label, summary, place, kernel, law, variants, phrase or label, paper, fidelities, plain_kernel)
        _REGISTERED[name] = Registered(name, factory, *said)
        return factory

    return register


def registered() -> dict[str, Registered]:
    """Every searcher by name, in the order of their places."""
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].place, item[0])))


def load(text: str) -> Any:
    """What `module:name` of this program names."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
