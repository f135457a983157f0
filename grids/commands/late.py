"""Commands whose modules are imported only when they are called or their help is shown, and options in groups.

A command is a function. A parameter of it whose type is a dataclass stands for as many options as that has fields.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from grids.by_name import by_name


@dataclass(frozen=True)
class Commands:
    """A group of commands.

    Args:
        help: of the group.
        places: by name, the `module:attribute` of a function or of a `typer.Typer`, or another group.
    """

    help: str
    places: "Mapping[str, str | Commands]"


class LateCommands(Mapping[str, Any]):
    """Commands by name, each imported when it is first looked up."""

    def __init__(self, places: "Mapping[str, str | Commands]") -> None:
        self._places = places
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _command(name, self._places[name])
            _show_every_default(self._loaded[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def late_group(places: "Mapping[str, str | Commands]") -> type[TyperGroup]:
    """The class of a command group that holds `LateCommands(places)`."""

    class LateGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = LateCommands(places)  # type: ignore[assignment]

    return LateGroup


def _command(name: str, place: "str | Commands") -> Any:
    if isinstance(place, Commands):
        found: Any = typer.Typer(cls=late_group(place.places), help=place.help, no_args_is_help=True)
        found.callback()(lambda: None)
    else:
        found = by_name(place)
    if isinstance(found, typer.Typer):
        group: Any = typer.main.get_group(found)
        group.name = name
        return group
    single = typer.Typer(add_completion=False)
    single.command(name, cls=LateHelp)(with_options(found))
    return typer.main.get_command(single)


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with each field of its dataclass parameters as a parameter of its own.

    A further parameter of the command's own that is called as a field takes the field's place.
    """
    given = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {name: one.annotation for name, one in given.items() if is_dataclass(one.annotation)}
    if not groups:
        return command
    own = {name: one for name, one in given.items() if name not in groups}
    shown: dict[str, inspect.Parameter] = {}
    for name, parameter in given.items():
        if name in own:
            shown[name] = parameter
            continue
        hints = get_type_hints(groups[name], include_extras=True)
        for field in fields(groups[name]):
            shown.setdefault(field.name, own.get(field.name) or _parameter(field, hints[field.name]))

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        made = {
            name: kind(**{field.name: values[field.name] for field in fields(kind)}) for name, kind in groups.items()
        }
        return command(**made, **{name: values[name] for name in own})

    in_order = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in shown.values()]
    run.__signature__ = inspect.Signature(in_order)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in in_order}
    return run


def _parameter(field: Any, annotation: Any) -> inspect.Parameter:
    default = field.default if field.default is not field.default_factory else inspect.Parameter.empty
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _show_every_default(command: Any) -> None:
    """Make the help of a command and its subcommands show every default: `off` for flags, `none` for None."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.required and parameter.show_default is True:
            if parameter.default is None:
                parameter.show_default = "none"
            elif parameter.default is False and not parameter.secondary_opts:
                parameter.show_default = "off"
    inner = getattr(command, "commands", {})
    for one in {} if isinstance(inner, LateCommands) else inner.values():
        _show_every_default(one)


LISTS = "tuning.help_lists:LISTS"
"""By placeholder, the function that returns its list. Help texts and shown defaults contain the placeholders."""


class LateHelp(TyperCommand):
    """A command that fills in the placeholders of `LISTS` in its options' help when the help is shown."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        for parameter in self.params:
            for part in ("help", "show_default"):
                text = getattr(parameter, part, None)
                if isinstance(text, str):
                    setattr(parameter, part, filled(text))
        super().format_help(ctx, formatter)


def filled(text: str) -> str:
    """`text` with each placeholder of `LISTS` replaced by its list."""
    if "{" in text:
        for placeholder, listed in by_name(LISTS).items():
            if placeholder in text:
                text = text.replace(placeholder, listed())
    return text
