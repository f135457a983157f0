"""Finished shards into the surface file. Whoever finds the last shard done merges; doing it twice changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from grids import surface_file
from grids.surface import Fidelity, Provenance, Surface
from trainers.blocks.block import Record
from trainers.sweep.folder import SweepFolder
from trainers.sweep.kept import Kept
from trainers.sweep.sweep import Sweep


def merge(
    folder: SweepFolder,
    sweep: Sweep,
    seeds: Sequence[int],
    command: str,
    say: Callable[[str], None],
    about: Mapping[str, Any],
    kept: Kept | None = None,
) -> Surface | None:
    """Write the surface where every run is there; None, and nothing written, where one is missing or damaged.

    Runs that are in the kept surface alone go from it into the new one; those of seeds that were not asked for are
    written as shards, so that nothing is lost. But for `seconds`, which is there where every shard measured it, the
    columns hold nothing that depends on when, where or in how many runs the cells were trained: what the shards
    recorded of that is in the header, under `fixed`, `timing`.

    Args:
        command: as typed, for the header.
        say: gets a line where a person should know.
        about: what the header says of metric and optimizer (see `Job.about`).
        kept: the runs that count; all that are in the folder, or in the surface there, unless given.

    Raises:
        BadInput: a shard of another sweep, or the surface cannot be written.
    """
    kept = kept or Kept.of(folder, sweep)
    files = []
    for shard in sweep.shards(seeds):
        file = kept.runs(shard, say)
        if file is None:
            return None
        files.append(file)
    table = pa.concat_tables([file.table for file in files], promote_options="default")
    if "seconds" in table.column_names and table.column("seconds").null_count:
        table = table.drop_columns("seconds")
    surface = surface_file.surface_of(
        table,
        sweep.space,
        provenance(sweep, [file.record for file in files], command, about),
        _fidelity(sweep),
        list(dict.fromkeys(name for file in files for name in file.numbers)),
    )
    kept.spare(seeds)
    surface_file.save(surface, folder.surface)
    tidy(folder, sweep, seeds)
    return surface


def _fidelity(sweep: Sweep) -> Fidelity | None:
    """The fidelity of the curves; None for epochs."""
    found = sweep.identity.get("fidelity")
    return None if found is None else Fidelity(found["name"], tuple(found["values"]))


def provenance(sweep: Sweep, records: Sequence[Record], command: str, about: Mapping[str, Any]) -> Provenance:
    """The surface's header: what was trained, from the identity; where and how fast, from the shards' records."""
    identity = sweep.identity
    seconds = sum(record.seconds for record in records)
    runs = sweep.space.size * len(records) // len(sweep.shards([0]))
    software: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.software.items():
            software.setdefault(name, set()).update(version.split(", "))
    timing = {
        "seconds": round(seconds, 3),
        "runs_per_hour": round(3600 * runs / seconds, 1) if seconds else None,
        "shards": len(records),
        "resumed": sum(record.resumed for record in records),
        "peak_memory_bytes": max(record.memory for record in records),
    }
    return Provenance(
        task=identity["task"],
        optimizer=identity["optimizer"],
        **{name: fact for name, fact in about.items() if name != "fixed"},
        fixed={**identity["fixed"], **about.get("fixed", {}), "sweep": sweep.id, "timing": timing},
        data=identity["data"],
        software={name: ", ".join(sorted(versions)) for name, versions in sorted(software.items())},
        device="; ".join(sorted({record.device for record in records})),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
    )


def is_merged(folder: SweepFolder, sweep: Sweep, seeds: Sequence[int]) -> bool:
    """Whether the surface file is there, whole, and of exactly these seeds of this sweep."""
    return folder.origin() == sweep.id and surface_file.load(folder.surface).seeds == tuple(seeds)


def tidy(folder: SweepFolder, sweep: Sweep, seeds: Sequence[int]) -> None:
    """Remove what is not needed once all shards are there."""
    folder.store(sweep).tidy(shard.name for shard in sweep.shards(seeds))
