"""Finished shards into the surface file. Whoever finds the last shard done merges; doing it twice changes nothing."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from grids.surface import Fidelity, Provenance, Surface
from trainers.sweep import claims, manifest, shard_file
from trainers.sweep.claims import Pace
from trainers.sweep.layout import Layout
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.shard_file import ShardResult
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.worker import set_aside


def merge(
    layout: Layout,
    sweep: Sweep,
    seeds: Sequence[int],
    command: str,
    say: Callable[[str], None],
    pace: Pace,
    about: Mapping[str, Any],
) -> Surface | None:
    """Write the surface where every shard is there; None, and nothing written, where one is missing or damaged.

    But for `seconds`, which is there where every shard measured it, the columns hold nothing that depends on when,
    where or in how many goes the cells were trained: what the shards recorded of that is in the header, under `fixed`,
    `timing`.

    Args:
        layout, sweep, seeds: whose shards.
        command: as typed, for the header.
        say: gets a line where a person should know.
        pace: of the claims that are tidied up.
        about: what the header says of metric and optimizer (see `Job.about`).

    Raises:
        BadInput: a shard of another sweep, or the surface cannot be written.
    """
    results: list[tuple[Shard, ShardResult]] = []
    for shard in sweep.shards(seeds):
        try:
            result = shard_file.load(layout, sweep, shard)
        except Damaged as damage:
            set_aside(layout, shard, damage, say)
            result = None
        if result is None:
            return None
        results.append((shard, result))
    try:
        from grids import surface_file  # Arrow, which training on a bare machine does without
    except ImportError as error:
        say(f"all shards are done, but {error.name} is needed to merge them: run this again where it is installed")
        return None
    surface = assemble(sweep, seeds, results, command, about)
    surface_file.save(surface, layout.surface)
    tidy(layout, sweep, seeds, pace)
    return surface


def assemble(
    sweep: Sweep,
    seeds: Sequence[int],
    results: Sequence[tuple[Shard, ShardResult]],
    command: str,
    about: Mapping[str, Any],
) -> Surface:
    """The surface of all of a sweep's shards."""
    place = {seed: k for k, seed in enumerate(seeds)}
    size, shape = sweep.space.size, (*sweep.space.shape, len(seeds))
    epochs = results[0][1].curve.shape[-1]
    value, loss = np.empty((size, len(seeds))), np.empty((size, len(seeds)))
    diverged = np.empty((size, len(seeds)), bool)
    curve = np.empty((size, len(seeds), epochs), np.float32)
    numbers = {name: np.full((size, len(seeds)), np.nan) for _, result in results for name in result.numbers}
    seconds = np.full((size, len(seeds)), np.nan)
    for shard, result in results:
        where = (slice(shard.start, shard.stop), place[shard.seed])
        value[where], loss[where] = result.value, result.train_loss
        diverged[where], curve[where] = result.diverged, result.curve
        for name, number in result.numbers.items():
            numbers[name][where] = number
        if result.seconds is not None:
            seconds[where] = result.seconds
    return Surface(
        space=sweep.space,
        seeds=tuple(seeds),
        value=value.reshape(shape),
        diverged=diverged.reshape(shape),
        provenance=provenance(sweep, [result.record for _, result in results], command, about),
        curve=curve.reshape(*shape, epochs),
        train_loss=loss.reshape(shape),
        seconds=seconds.reshape(shape) if np.isfinite(seconds).all() else None,
        extra={name: number.reshape(shape) for name, number in numbers.items()},
        fidelity=_fidelity(sweep),
    )


def _fidelity(sweep: Sweep) -> Fidelity | None:
    """What the curves are measured against; None for epochs."""
    found = sweep.identity.get("fidelity")
    return None if found is None else Fidelity(found["name"], tuple(found["values"]))


def provenance(
    sweep: Sweep, records: Sequence[Mapping[str, Any]], command: str, about: Mapping[str, Any]
) -> Provenance:
    """The surface's header: what was trained, from the identity; where and how fast, from the shards' records."""
    identity = sweep.identity
    seconds = sum(float(record["seconds"]) for record in records)
    runs = sweep.space.size * len(records) // len(sweep.shards([0]))
    devices = sorted({str(record["device"]) for record in records})
    software: dict[str, set[str]] = {}
    for record in records:
        for name, version in record["software"].items():
            software.setdefault(name, set()).add(version)
    timing = {
        "seconds": round(seconds, 3),
        "runs_per_hour": round(3600 * runs / seconds, 1) if seconds else None,
        "shards": len(records),
        "resumed": sum(int(record["resumed"]) for record in records),
        "peak_memory_bytes": max(int(record["memory"]) for record in records),
    }
    return Provenance(
        task=identity["task"],
        optimizer=identity["optimizer"],
        **about,
        fixed={**identity["fixed"], "sweep": sweep.id, "timing": timing},
        data=identity["data"],
        software={name: ", ".join(sorted(versions)) for name, versions in sorted(software.items())},
        device="; ".join(devices),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
    )


def is_merged(layout: Layout, sweep: Sweep, seeds: Sequence[int]) -> bool:
    """Whether the surface file is there, whole, and of exactly these seeds of this sweep."""
    if manifest.origin(layout.surface) != sweep.id:
        return False
    from grids import surface_file  # Arrow, which training on a bare machine does without

    return surface_file.load(layout.surface).seeds == tuple(seeds)


def tidy(layout: Layout, sweep: Sweep, seeds: Sequence[int], pace: Pace) -> None:
    """Remove what killed workers left: claims and states of finished shards, and drafts that nobody writes on.

    What cannot be removed stays, and does no harm: a file that another machine has open, in a folder of NFS.
    """
    for shard in sweep.shards(seeds):
        claim = layout.claim(shard.name)
        if not claims.is_live(claim, pace):
            _remove(claim)
        _remove(layout.snapshot(shard.name))
    for draft in layout.shards.glob(".*"):
        if claims.age(draft) >= pace.stale:
            _remove(draft)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
