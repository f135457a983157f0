"""Options that several commands share: one name, one wording, whatever the command; choices that are all there are."""

from collections.abc import Iterator
from typing import Any, get_args

import typer

from grids.commands.options import Epoch, Statistic
from grids.surface import EPOCHS, SEED_STATISTICS
from tuning.cli import app


def commands(command: Any, name: str = "tunecost") -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    for word, one in inner.items():
        yield from commands(one, f"{name} {word}")
    if not inner:
        yield name, command


def test_choices_are_those_of_a_surface() -> None:
    assert get_args(Statistic) == tuple(SEED_STATISTICS)
    assert get_args(Epoch) == EPOCHS


def test_options_of_one_name_are_worded_alike() -> None:
    said: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for _, command in commands(typer.main.get_command(app)):
        for option in command.params:
            if option.name in ("quiet", "jobs", "count", "seed_statistic", "value_of"):
                said.setdefault(option.name, set()).add((option.help, tuple(option.opts)))
    assert {name: len(ways) for name, ways in said.items()} == dict.fromkeys(said, 1)
    assert len(said) == 5
