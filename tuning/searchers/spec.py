"""Parse searcher texts as users type them, `gld:radius_max=10,radius_min=1`, into factories with options."""

import contextlib
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from grids.errors import BadInput, unknown
from grids.options_text import options_of, plain_value
from grids.plugins import load_module
from grids.space import Space
from tuning.searchers.base import Searcher
from tuning.searchers.fidelities import Fidelities
from tuning.searchers.form import Form, Stepper

FIDELITIES = "fidelities"
"""The constructor argument for the recorded amounts of training; not an option that users can set."""


@dataclass(frozen=True)
class SearcherSpec:
    """A parsed searcher text: the searcher to construct for each replay.

    Args:
        text: as typed; it is the searcher's name in every table and part of the seed of its streams.
        name: the registered name, `optuna:NAME` or `module:Class`, without options.
        factory: a class of searchers, called as `factory(space, rng, **options)`, or a form (`tuning.searchers.form`).
        options: the options in the text, converted to the types that the factory declares.
    """

    text: str
    name: str
    factory: Callable[..., Searcher] | Form
    options: Mapping[str, Any]

    @property
    def form(self) -> Form | None:
        """The searcher in compiled form; None for a class."""
        return self.factory if isinstance(self.factory, Form) else None

    @property
    def third_party(self) -> bool:
        """Whether its code is not part of this program, but Optuna's or the user's own."""
        return ":" in self.name

    @property
    def own(self) -> bool:
        """Whether its class is the user's own."""
        return self.third_party and not self.name.startswith("optuna:")

    @property
    def parallel(self) -> bool:
        """Whether it works with several workers: the class has an attribute `parallel = True`."""
        return bool(getattr(self.factory, "parallel", False))

    @property
    def stops(self) -> bool:
        """Whether it can work without continuing paused trainings: the class has an attribute `stops = True`."""
        return bool(getattr(self.factory, "stops", False))

    @property
    def over_fidelities(self) -> bool:
        """Whether it asks for shorter trainings: its factory has an argument `fidelities`."""
        return _takes_fidelities(constructor_of(self.factory))

    @property
    def from_list(self) -> bool:
        """Whether it works on a pool, a list of cells without neighbours.

        The class has an attribute `from_list`: a bool, or a function of the options that returns one.
        """
        from_list = getattr(self.factory, "from_list", False)
        return bool(from_list(self.options) if callable(from_list) else from_list)

    def build(
        self, space: Space, rng: np.random.Generator, fidelities: Fidelities | None = None, tables: Any = None
    ) -> Searcher:
        """The searcher, ready for its first `ask`.

        Args:
            space: whose cells it proposes.
            rng: all its random numbers come from here.
            fidelities: the recorded amounts of training.
            tables: of a form, where they are not those of its options.

        Raises:
            BadInput: an option is out of range.
        """
        factory = self.on(space)
        if isinstance(factory, Form):
            tables = self.tables(space, fidelities) if tables is None else tables
            source = factory.source(self.of, tables.proposed, space, rng) if factory.source else rng
            with self.naming_errors():
                return Stepper(factory, tables, space, source, () if fidelities is None else fidelities.amounts)
        with self.naming_errors():
            return factory(space, rng, **self.options, **self._known(fidelities))

    def on(self, space: Space) -> Callable[..., Searcher] | Form:
        """The factory on this space: the class that takes a form's place there, if one does."""
        return (self.form and self.form.instead(self.options, space)) or self.factory

    def tables(self, space: Space, fidelities: Fidelities | None = None) -> Any:
        """The tables of a form on a space. Raises BadInput where an option is out of range."""
        assert isinstance(self.factory, Form)
        with self.naming_errors():
            return self.factory.tables(space, **self.options, **self._known(fidelities))

    @property
    def of(self) -> str:
        """The option `of`: the searcher that proposes the cells."""
        return str(self.options.get("of", "random"))

    def _known(self, fidelities: Fidelities | None) -> dict[str, Any]:
        return {FIDELITIES: fidelities} if self.over_fidelities else {}

    @contextlib.contextmanager
    def naming_errors(self) -> Iterator[None]:
        """Add this searcher's text to every `BadInput`; other exceptions of third-party code become `BadInput` too."""
        try:
            yield
        except BadInput as error:
            raise BadInput(f"searcher '{self.text}': {error}") from error
        except (Exception, SystemExit) as error:
            if not self.third_party:
                raise
            first_line = str(error).strip().partition("\n")[0]
            raise BadInput(f"searcher '{self.text}': {type(error).__name__}: {first_line}") from error


def constructor_of(factory: Callable[..., Any] | Form) -> Callable[..., Any]:
    """What has the options as its arguments: the class itself, or the function of a form that makes its tables."""
    return factory.tables if isinstance(factory, Form) else factory


@functools.cache
def _takes_fidelities(factory: Callable[..., Any]) -> bool:
    try:
        return FIDELITIES in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False


def read_options(text: str, factory: Callable[..., Any] | Form, owner: str) -> dict[str, Any]:
    """The options `a=1,b=x` of `text`, checked against the arguments of `factory` other than space and generator.

    They are converted to the annotated types. A factory with `**options` accepts any others; their values become
    numbers, booleans or None if they can be read as such.

    Raises:
        BadInput: not of the form name=value, given twice, unknown, or of the wrong type.
    """
    parameters = list(inspect.signature(constructor_of(factory)).parameters.values())
    positional = [p for p in parameters[1 if isinstance(factory, Form) else 2 :] if p.kind is p.POSITIONAL_OR_KEYWORD]
    known = {p.name: p.annotation for p in [*positional, *(p for p in parameters if p.kind is p.KEYWORD_ONLY)]}
    known.pop(FIDELITIES, None)
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    options: dict[str, Any] = {}
    for name, value in options_of(text, owner).items():
        if name in known:
            options[name] = _convert(value, known[name], f"{owner}: option '{name}'")
        elif anything:
            options[name] = plain_value(value)
        elif known:
            raise BadInput(f"{owner}: {unknown('option', name, known)}")
        else:
            raise BadInput(f"{owner}: unknown option '{name}' (it has no options)")
    return options


def _convert(value: str, wanted: Any, where: str) -> Any:
    """`value` converted to the annotated type `wanted`: int, float, bool, str, a Literal, or one of these or None."""
    if isinstance(wanted, types.UnionType) or typing.get_origin(wanted) is typing.Union:
        choices = [choice for choice in typing.get_args(wanted) if choice is not type(None)]
        if len(choices) < len(typing.get_args(wanted)) and value.lower() == "none":
            return None
        wanted = choices[0] if len(choices) == 1 else inspect.Parameter.empty
    if typing.get_origin(wanted) is Literal:
        if value not in typing.get_args(wanted):
            raise BadInput(f"{where} must be one of {', '.join(map(str, typing.get_args(wanted)))}, not '{value}'")
        return value
    if wanted is bool:
        if value.lower() not in ("true", "false"):
            raise BadInput(f"{where} must be true or false, not '{value}'")
        return value.lower() == "true"
    if wanted in (int, float):
        try:
            return wanted(value)
        except ValueError:
            kind = "a whole number" if wanted is int else "a number"
            raise BadInput(f"{where} must be {kind}, not '{value}'") from None
    return value if wanted is str else plain_value(value)


def own_searcher(text: str) -> SearcherSpec:
    """The searcher of a user's own file: `my_module:MySearcher`, options after another colon.

    The current folder is searched for the module last, so that no file there hides an installed package.

    Raises:
        BadInput: no such module or class in it, the module cannot be imported, or an option is wrong.
    """
    module_name, class_name, rest = (*text.split(":", 2), "")[:3]
    owner = f"searcher '{text}'"
    module = load_module(module_name, owner)
    factory = getattr(module, class_name, None)
    if not (callable(factory) or isinstance(factory, Form)):
        classes = [name for name, item in vars(module).items() if hasattr(item, "ask") and hasattr(item, "tell")]
        raise BadInput(f"{owner}: in module '{module_name}', {unknown('class', class_name, classes)}")
    try:
        options = read_options(rest, factory, owner)
    except BadInput:
        raise
    except ValueError as error:  # inspect's
        raise BadInput(f"{owner}: cannot read which options '{class_name}' takes: {error}") from error
    return SearcherSpec(text, f"{module_name}:{class_name}", factory, options)
