"""A group of the command line whose commands are imported when they are named, or listed by its help."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from tuning.late_help import LateHelp


class LateCommands(Mapping[str, Any]):
    """Commands by name, each made when it is first asked for.

    Args:
        places: by name, `module:name` of a function, or of a `typer.Typer` of several commands.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _command(name, self._places[name])
            _show_every_default(self._made[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def late_group(places: Mapping[str, str]) -> type[TyperGroup]:
    """The class of a group with these `LateCommands`."""

    class LateGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = LateCommands(places)  # type: ignore[assignment]

    return LateGroup


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
        made.name = name
        return made
    alone = typer.Typer(add_completion=False)
    alone.command(name, cls=LateHelp)(found)
    return typer.main.get_command(alone)


def _show_every_default(command: Any) -> None:
    """Have help say what holds where a switch or an option without a value is not given, at every level."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.required and parameter.show_default is True:
            if parameter.default is None:
                parameter.show_default = "none"
            elif parameter.default is False and not parameter.secondary_opts:
                parameter.show_default = "off"
    for inner in getattr(command, "commands", {}).values():
        _show_every_default(inner)
