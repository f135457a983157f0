"""The content of `tunecost report`, collected from files: surfaces, replay tables, the paths of replays, and claims."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.replays import Group
from analysis.report import costs
from analysis.report import surfaces as surfaces_of
from grids import replay_table, surface_file
from grids.errors import BadInput
from grids.files import file_sha256
from grids.foreign import foreign
from grids.library import LOCAL, find_surface, list_surfaces
from grids.replay_header import ReplayHeader
from grids.sealed import REPLAYS, SealedFile
from grids.surface import Surface
from grids.surface_facts import SurfaceFacts
from grids.target import Count

TASK = "digits-mlp"
"""The task whose shipped surfaces are shown if no input is given and ./surfaces is empty."""
LIVE = ", live"
"""Suffix of the names of searchers in live studies, on a page that also shows replays."""
PlayAgain = Callable[..., Sequence[Any]]
"""Gives the paths of replays of one searcher on one surface, as `tuning.paths.play_again`."""
Table = tuple[Path, pd.DataFrame, ReplayHeader]
"""A replay table: its path, its rows and its header."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A surface on the page, and the SHA-256 digest of its file."""

    surface: Surface
    sha256: str


@dataclass
class Inputs:
    """The inputs of a report.

    Args:
        surfaces: by the name under which the page shows them.
        tables: replay tables.
        absent: by name, why a surface that a table names cannot be shown.
    """

    surfaces: dict[str, Shown] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def place(self, name: str, facts: SurfaceFacts) -> int | None:
        """The index of the surface that a table calls `name`, from 0; None if it is not among the inputs.

        Surfaces are matched by the digest of their file, or by name if the table states no digest.
        """
        for place, (known, shown) in enumerate(self.surfaces.items()):
            if facts.sha256 == shown.sha256 or (not facts.sha256 and known == name):
                return place
        return None


def default_inputs() -> list[str]:
    """The surfaces shown if no input is given: those in `./surfaces`, or if there are none the shipped ones of `TASK`.

    Raises:
        BadInput: there are none of either.
    """
    known = list_surfaces()
    local = [entry.name for entry in known if not entry.shipped]
    found = local or [entry.name for entry in known if entry.name.startswith(f"{TASK}/")]
    if not found:
        raise BadInput(f"no surface is given, none ships, and none is in ./{LOCAL}; `tunecost grid run` makes some")
    return found


def read_inputs(texts: Sequence[str]) -> Inputs:
    """The surfaces and replay tables that `texts` name, in this order, then other surfaces that the tables name.

    Raises:
        BadInput: one given twice, neither a surface nor a replay table, or one that cannot be read.
    """
    found = Inputs()
    for text in texts:
        path = find_surface(text)
        if text in found.surfaces or path in (known[0] for known in found.tables):
            raise BadInput(f"'{text}' is given twice")
        if _is_table(path):
            frame, header = replay_table.read(path)
            found.tables.append((path, _with_cells(path, frame, header), header))
        else:
            found.surfaces[text] = Shown(surface_file.load(path), file_sha256(path))
    for path, frame, header in found.tables:
        facts = header.surfaces
        for name in map(str, frame["surface"].unique()):
            if name not in found.absent and found.place(name, facts.get(name, SurfaceFacts())) is None:
                _look_for(found, path, name, facts.get(name, SurfaceFacts()))
    return found


def _is_table(path: Path) -> bool:
    file = SealedFile(path, bare=True)
    kind = file.header.get("kind")
    return kind == REPLAYS or (not file.header and {"searcher", "trial", "end"} <= set(file.names))


def _with_cells(path: Path, frame: pd.DataFrame, header: ReplayHeader) -> pd.DataFrame:
    """The rows of a table; those of a live table with the columns of its stored cells."""
    if header.live is None:
        return frame
    table = SealedFile(path, bare=True).table
    stored = [name for name in ("cell", "asked") if name in table.column_names and name not in frame]
    return frame.assign(**{name: table.column(name).to_pandas() for name in stored})


def _look_for(inputs: Inputs, table: Path, name: str, facts: SurfaceFacts) -> None:
    """Add the surface that a table calls `name`, or say why it cannot be shown."""
    try:
        path = find_surface(name)
    except BadInput:
        inputs.absent[name] = f"{name}, which {table.name} was made from, is not here, so no path is shown"
        return
    sha256 = file_sha256(path)
    if facts.sha256 and facts.sha256 != sha256:
        inputs.absent[name] = f"{name} has changed since {table.name} was made from it, so no path is shown"
        return
    try:
        inputs.surfaces[name] = Shown(surface_file.load(path), sha256)
    except BadInput as error:
        inputs.absent[name] = f"{error}; so no path is shown"


def content(
    inputs: Inputs,
    targets: Sequence[float] | None,
    count: Count,
    paths: int,
    claims: Sequence[Mapping[str, Any]],
    *,
    groups_of: Callable[[Sequence[Path]], Sequence[Group]],
    play_again: PlayAgain,
    named: Collection[str] = (),
    seed: int = 0,
    advance: Callable[[int], None] = lambda groups: None,
) -> dict[str, Any]:
    """The content of the page, in the form that `analysis.report.page.page` takes.

    Args:
        inputs: from `read_inputs`.
        targets: suboptimalities, in the surfaces' unit; None: the default targets of each surface.
        count: what costs count.
        paths: the largest number of paths of each searcher on each surface.
        claims: rows of `tunecost claims`.
        groups_of: gives the groups of replay tables.
        play_again: gives the paths of replays, as `tuning.paths.play_again`.
        named: searchers that the user named; of code that does not ship, only theirs is run for paths.
        seed: of the bootstrap.
        advance: called with 1 for each searcher on a surface whose paths are ready.

    Raises:
        BadInput: as `groups_of`, or `count` is not recorded in a table.
    """
    surfaces = {name: shown.surface for name, shown in inputs.surfaces.items()}
    edges = surfaces_of.scales(surfaces)
    packed = [
        surfaces_of.packed(name, shown.surface, edges[name], shown.sha256) for name, shown in inputs.surfaces.items()
    ]
    played = [table for table in inputs.tables if table[2].live is None]
    live = [table for table in inputs.tables if table[2].live is not None]
    kinds = []
    for tables in (played, live):
        if tables:
            kinds.append(costs.packed(groups_of([path for path, _, _ in tables]), targets, count, seed=seed))
            paths_of = _paths_by_group(inputs, tables, partial(play_again, repeats=paths, named=named), advance)
            for group in kinds[-1]["groups"]:
                group |= paths_of[tuple(group[key] for key in replay_table.KEYS)]
    replays = _joined(*kinds) if kinds else None
    tasks = dict.fromkeys(shown.provenance.task for shown in surfaces.values()) or dict.fromkeys(
        group["task"] for group in (replays or {"groups": []})["groups"]
    )
    return {
        "title": f"tunecost: {', '.join(tasks)}",
        "tasks": list(tasks),
        "surfaces": packed,
        "replays": replays,
        "claims": list(claims),
        "tables": [_table_facts(path, header) for path, _, header in inputs.tables],
        "absent": list(inputs.absent.values()),
    }


def _joined(played: dict[str, Any], live: dict[str, Any] | None = None) -> dict[str, Any]:
    """Replays and live studies together; the names of searchers in live studies get the suffix `LIVE`."""
    if live is None:
        return played
    for row in (*live["rows"], *live["groups"]):
        row["searcher"] += LIVE
    return {
        **played,
        "rows": played["rows"] + live["rows"],
        "groups": played["groups"] + live["groups"],
        "searchers": played["searchers"] | {name + LIVE: label + LIVE for name, label in live["searchers"].items()},
        "said": list(dict.fromkeys(played["said"] + live["said"])),
    }


def _paths_by_group(
    inputs: Inputs, tables: Sequence[Table], play_again: PlayAgain, advance: Callable[[int], None]
) -> dict[tuple[str, ...], dict[str, Any]]:
    """By the key of a group: its paths, as the page takes them.

    `place` is the index of its surface; `said` tells why there are no `paths`; `chosen` is true where a path has only
    the cells that a live study had chosen, not all that it trained.
    """
    listed = list(inputs.surfaces.values())
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for path, frame, header in tables:
        chosen = header.live is not None and "asked" not in frame
        for key, rows in frame.groupby(list(replay_table.KEYS), sort=False, observed=True):
            names = tuple(map(str, key))
            advance(1)
            if names in found and found[names]["paths"]:
                continue
            place = inputs.place(names[0], header.surfaces.get(names[0], SurfaceFacts()))
            shown: dict[str, Any] = {"place": place, "paths": [], "said": "", "chosen": chosen}
            if place is None:
                shown["said"] = inputs.absent.get(names[0], f"{names[0]} is not on this page")
            else:
                try:
                    with foreign(path.name):
                        shown["paths"] = _paths(play_again(listed[place].surface, rows, header), rows)
                except BadInput as error:
                    shown["said"] = f"{path.name}: no path of {names[3]}: {error}"
            found[names] = shown
    return found


def _paths(paths: Sequence[Any], rows: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for path in paths:
        of_replay = rows[rows["repeat"] == path.repeat].sort_values(["trial", "end"])
        steps = of_replay[["trial", "best", "suboptimality"]].drop_duplicates()
        found.append(
            {
                "repeat": path.repeat,
                "trials": path.trials.tolist(),
                "cells": path.cells.tolist(),
                "amounts": None if path.amounts is None else path.amounts.tolist(),
                "best": steps.to_numpy().tolist(),
            }
        )
    return found


def _table_facts(path: Path, header: ReplayHeader) -> dict[str, Any]:
    """The facts about a replay table that the page shows."""
    facts = {
        "judged by": str(header.judged),
        "seed": header.seed,
        "replays of each searcher": header.repeats,
        "max_trials": _listed(header.max_trials),
        "max_epochs": header.max_epochs,
        "software": _listed(header.software),
        "live": None if header.live is None else "yes: studies that trained every cell themselves",
        "sha256 of the file": file_sha256(path),
    }
    return {"name": path.name, "facts": [(name, str(said)) for name, said in facts.items() if said is not None]}


def _listed(facts: Mapping[str, Any]) -> str | None:
    return ", ".join(f"{name}={value}" for name, value in facts.items()) or None
