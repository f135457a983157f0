"""The registry of searchers: help, suggestions, figures, claims and tests read their names from here."""

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
        phrase: its name within a sentence.
        paper: whether it is one of those that the AvaGrad paper compares.
        compiled: whether `tuning.kernels` plays it.
        exact: whether `tuning.exact` knows the law of its runtime.
    """

    name: str
    factory: Callable[..., Any]
    label: str
    summary: str
    place: int
    phrase: str
    paper: bool = False
    compiled: bool = False
    exact: bool = False


_REGISTERED: dict[str, Registered] = {}


def searcher(
    name: str,
    *,
    label: str,
    summary: str,
    place: int,
    phrase: str = "",
    paper: bool = False,
    compiled: bool = False,
    exact: bool = False,
) -> Callable[[Factory], Factory]:
    """Register the class below under `name`; the arguments are those of `Registered`, `phrase` being `label` if empty.

    Raises:
        ValueError: the name is taken.
    """

    def register(factory: Factory) -> Factory:
        if name in _REGISTERED:
            raise ValueError(f"two searchers are called '{name}'")
        _REGISTERED[name] = Registered(name, factory, label, summary, place, phrase or label, paper, compiled, exact)
        return factory

    return register


def registered() -> dict[str, Registered]:
    """Every searcher by name, in the order of their places."""
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].place, item[0])))
