"""Finished shards into the surface file. Whoever finds the last shard done merges; doing it twice changes nothing."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from grids import surface_file
from grids.errors import Damaged
from grids.surface import Fidelity, Provenance, Surface
from trainers.sweep import shards
from trainers.sweep.folder import SweepFolder
from trainers.sweep.locks import is_locked
from trainers.sweep.shards import Record, ShardFile
from trainers.sweep.sweep import Sweep
from trainers.sweep.worker import set_aside


def merge(
    folder: SweepFolder,
    sweep: Sweep,
    seeds: Sequence[int],
    command: str,
    say: Callable[[str], None],
    about: Mapping[str, Any],
) -> Surface | None:
    """Write the surface where every shard is there; None, and nothing written, where one is missing or damaged.

    But for `seconds`, which is there where every shard measured it, the columns hold nothing that depends on when,
    where or in how many runs the cells were trained: what the shards recorded of that is in the header, under `fixed`,
    `timing`.

    Args:
        command: as typed, for the header.
        say: gets a line where a person should know.
        about: what the header says of metric and optimizer (see `Job.about`).

    Raises:
        BadInput: a shard of another sweep, or the surface cannot be written.
    """
    files: list[ShardFile] = []
    for shard in sweep.shards(seeds):
        try:
            file = shards.read(folder.shard(shard.name), sweep, shard)
        except Damaged as damage:
            set_aside(folder, shard, damage, say)
            file = None
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
    surface_file.save(surface, folder.surface)
    tidy(folder, sweep, seeds)
    return surface


def _fidelity(sweep: Sweep) -> Fidelity | None:
    """What the curves are measured against; None for epochs."""
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
    """Remove what is not needed once all shards are there: locks, saved states, and drafts of killed workers.

    Every draft is written under a lock, so one that was there before no lock was held is nobody's. What cannot be
    removed stays, and does no harm: a file that another machine has open, in a folder of NFS.
    """
    drafts = list(folder.path.glob(".writing-*"))
    if not any(map(is_locked, folder.path.glob("*.lock"))):
        for draft in drafts:
            _remove(draft)
    for shard in sweep.shards(seeds):
        lock = folder.lock(shard.name)
        if not is_locked(lock):
            _remove(lock)
        _remove(folder.state(shard.name))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
