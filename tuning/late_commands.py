"""A group of commands whose modules are imported only when a command is called or the group's help is shown."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from tuning.late_help import LateHelp


class LateCommands(Mapping[str, Any]):
    """Commands by name, each imported when it is first looked up.

    Args:
        places: by name, the `module:attribute` of a function, or of a `typer.Typer` that groups several commands.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
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


def late_group(places: Mapping[str, str]) -> type[TyperGroup]:
    """The class of a command group that holds `LateCommands(places)`."""

    class LateGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = LateCommands(places)  # type: ignore[assignment]

    return LateGroup


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group: Any = typer.main.get_group(found)
        group.name = name
        return group
    single = typer.Typer(add_completion=False)
    single.command(name, cls=LateHelp)(found)
    return typer.main.get_command(single)


def _show_every_default(command: Any) -> None:
    """Make the help of a command and its subcommands show every default: `off` for flags, `none` for None."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.required and parameter.show_default is True:
            if parameter.default is None:
                parameter.show_default = "none"
            elif parameter.default is False and not parameter.secondary_opts:
                parameter.show_default = "off"
    for inner in getattr(command, "commands", {}).values():
        _show_every_default(inner)
