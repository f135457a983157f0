"""The registry of searchers, which help, suggestions, figures, claims, laws and tests read.

A searcher is registered together with everything else that the program needs to know about it. Its exact law is given
as `module:name` and imported on first use.
"""

import importlib
from dataclasses import dataclass
from typing import Any

from tuning.searchers.form import Form


@dataclass(frozen=True)
class Registered:
    """A searcher of this program.

    Args:
        name: what users type.
        form: the searcher.
        label: its name in figures.
        summary: a description of one line for the command line's help.
        place: its rank in lists and figures, ascending.
        law: the exact law of its runtime, `module:class` of a `tuning.exact.law.Law`; None if none is known.
        variants: options, as `radius_max=3,radius_min=0.5`, with which the tests of all searchers run it as well.
        phrase: its name within a sentence.
        paper: whether the AvaGrad paper compares it.
        fidelities: whether it asks for shorter trainings too, so that it needs a surface with curves.
    """

    name: str
    form: Form
    label: str
    summary: str
    place: int
    law: str | None
    variants: tuple[str, ...]
    phrase: str
    paper: bool
    fidelities: bool

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
    form: Form,
    *,
    label: str,
    summary: str,
    place: int,
    law: str | None = None,
    variants: tuple[str, ...] = (),
    phrase: str = "",
    paper: bool = False,
    fidelities: bool = False,
) -> Form:
    """Register a searcher and return it; arguments as of `Registered`, an empty `phrase` becomes `label`.

    Raises:
        ValueError: another searcher has this name.
    """
    if name in _REGISTERED:
        raise ValueError(f"two searchers are called '{name}'")
    properties = (label, summary, place, law, variants, phrase or label, paper, fidelities)
    _REGISTERED[name] = Registered(name, form, *properties)
    return form


def registered() -> dict[str, Registered]:
    """Every searcher by name, in the order of their places."""
    return dict(sorted(_REGISTERED.items(), key=lambda item: (item[1].place, item[0])))


def load(text: str) -> Any:
    """Import and return the object `module:name`."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
