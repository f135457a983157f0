"""`sweep.json`, a shards folder's first file: whose sweep it is, in how big blocks, and for how many seeds."""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grids.atomic import write_whole
from grids.errors import BadInput
from trainers.sweep import exclusive
from trainers.sweep.layout import Layout
from trainers.sweep.sweep import Sweep

FORMAT = 1


def read(layout: Layout) -> tuple[Sweep, int] | None:
    """The folder's sweep and the number of seeds last asked for; None where the folder has no sweep.

    Raises:
        BadInput: the file cannot be read.
    """
    path = layout.manifest
    try:
        text = path.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        content = json.loads(text)
        if content["format"] > FORMAT:
            raise BadInput(f"{path}: is of format {content['format']}, this program reads up to {FORMAT}")
        sweep = Sweep(content["identity"], int(content["block"]), content.get("backend"))
        seeds = int(content["seeds"])
        whole = sweep.id == content["sweep"] and sweep.space.size > 0
    except BadInput:
        raise
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise BadInput(f"{path}: cut short or altered; remove it to have it written anew (finished shards stay)")
    return sweep, seeds


def adopt(layout: Layout, sweep: Sweep, seeds: int, block: int | None, fresh: bool) -> Sweep:
    """Make the folder this sweep's, or join the sweep that is there, with the partition that it began with.

    Args:
        sweep: what is to be trained, with the block to use where the folder is new.
        seeds: how many are asked for; remembered, for `grid status`.
        block: the block that the user insists on, if any.
        fresh: remove what is there first, whosever it is.

    Raises:
        BadInput: the folder holds another sweep, another partition than the one insisted on, or a surface of
            another origin; or it cannot be written.
    """
    if fresh:
        _remove(layout)
    found = read(layout)
    if found is None:
        if not fresh:
            _refuse_other_surface(layout, sweep)
        # Several workers may begin at once: one creates the file, and all read what is there then.
        exclusive.create(layout.manifest, _text(sweep, seeds))
        found = read(layout)
        assert found is not None
    there, recorded = found
    _refuse_other_sweep(layout, sweep, block, there)
    if recorded != seeds:
        write_whole(layout.manifest, _text(there, seeds))
    return there


def check(layout: Layout, sweep: Sweep, block: int | None) -> None:
    """Refuse what `adopt` would refuse, but for a folder that cannot be written, and change nothing.

    Raises:
        BadInput: the folder holds another sweep, another partition than the one insisted on, or a surface of
            another origin.
    """
    found = read(layout)
    if found is None:
        _refuse_other_surface(layout, sweep)
    else:
        _refuse_other_sweep(layout, sweep, block, found[0])


def _refuse_other_sweep(layout: Layout, sweep: Sweep, block: int | None, there: Sweep) -> None:
    if there.id != sweep.id:
        raise BadInput(
            f"{layout.shards}: holds another sweep ({sweep.difference(there.identity)}); "
            f"--out FOLDER keeps both, --fresh starts over"
        )
    if block is not None and block != there.block:
        raise BadInput(
            f"{layout.shards}: was begun with --block {there.block}, not {block}; "
            "leave the option out to go on, or start over with --fresh"
        )


def _text(sweep: Sweep, seeds: int) -> str:
    content: Mapping[str, Any] = {
        "format": FORMAT,
        "sweep": sweep.id,
        "block": sweep.block,
        **({} if sweep.backend is None else {"backend": sweep.backend}),
        "seeds": seeds,
        "identity": sweep.identity,
    }
    return json.dumps(content, indent=1) + "\n"


def _remove(layout: Layout) -> None:
    """Move the folder away in one step, then delete it: no worker finds it half gone."""
    doomed = layout.shards.with_name(f".removing-{uuid.uuid4().hex}")
    try:
        layout.shards.rename(doomed)
        shutil.rmtree(doomed)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise BadInput(f"{layout.shards}: cannot be removed ({error.strerror or error})") from error


def _refuse_other_surface(layout: Layout, sweep: Sweep) -> None:
    """A surface that these shards did not make is not overwritten unasked."""
    if origin(layout.surface) not in (None, sweep.id):
        raise BadInput(
            f"{layout.surface}: a surface that this sweep did not make lies here; "
            "--out FOLDER keeps both, --fresh replaces it"
        )


def origin(surface: Path) -> str | None:
    """The id of the sweep that made a surface file: `unknown` where it names none, None where there is no file."""
    if not surface.exists():
        return None
    from grids import surface_file  # Arrow, which training on a bare machine does without

    try:
        return str(surface_file.load(surface).provenance.fixed.get("sweep", "unknown"))
    except BadInput:
        return "unknown"
