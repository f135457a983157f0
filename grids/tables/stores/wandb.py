"""W&B 0.31 offline runs: `offline-run-*/run-ID.wandb`, a log of protocol buffers in blocks of 32 KiB.

The log is LevelDB's: a header of 7 bytes, then records of checksum (4 bytes), length (2) and type (1: whole, 2: first
part, 3: middle, 4: last); the end of a block that is shorter than 7 bytes is filled up. The numbers of fields are those
of `wandb_internal.proto`.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grids import limits
from grids.errors import BadInput
from grids.tables.columns import is_number
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.protobuf import double, fields, message, text
from grids.tables.stores.run import Run, frame_of

_BLOCK, _HEADER = 32768, 7
_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18


def read(folder: Path, meaning: Meaning) -> Frame:
    """The runs below a folder; values by `_step` are curves. A run without an exit record was killed.

    Raises:
        BadInput: a file is no log of W&B.
    """
    files = sorted({*folder.glob("*run-*/run-*.wandb"), *folder.glob("wandb/*run-*/run-*.wandb")})
    limits.check_table(sum(file.stat().st_size for file in files), 0, f"{len(files):,} runs")
    runs = [_run(file) for file in files if not file.parent.is_symlink()]
    return frame_of(runs, folder.name, fidelity="_step")


def _run(file: Path) -> Run:
    run = Run(file.stem.removeprefix("run-"), {}, state="killed")
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    try:
        for record in _records(file.read_bytes()):
            for kind, content in fields(record):
                if kind == _HISTORY:
                    _add_history(run, content)
                elif kind == _SUMMARY:
                    summary |= _items(content, 1)
                elif kind == _CONFIG:
                    config |= _items(content, 1)
                elif kind == _RUN:
                    about = message(content)
                    run.more["name"] = text(about.get(8, [b""])[0])
                    for update in about.get(4, ()):
                        config |= _items(update, 1)
                elif kind == _EXIT:
                    run.state = "failed" if message(content).get(1, [0])[-1] else "finished"
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{file.name} is no log of W&B that can be read ({error})") from error
    run.parameters = {key: value for key, value in config.items() if not key.startswith("_")}
    run.metrics = {key: _last(value) for key, value in summary.items() if not key.startswith("_")}
    return run


def _records(data: bytes) -> Iterator[bytes]:
    """The records of the log; a last one that was cut short is left out."""
    if data[:4] != b":W&B":
        raise ValueError("its first bytes are others")
    place, parts = _HEADER, b""
    while place + 7 <= len(data):
        rest = _BLOCK - place % _BLOCK
        if rest < 7:
            place += rest
            continue
        size, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        content = data[place + 7 : place + 7 + size]
        if len(content) < size or kind not in (1, 2, 3, 4):
            return
        parts = content if kind in (1, 2) else parts + content
        if kind in (1, 4):
            yield parts
        place += 7 + size


def _items(data: bytes, number: int) -> dict[str, Any]:
    """The keys and values in a record's items; nested keys are joined by points."""
    found = {}
    for item in message(data).get(number, ()):
        about = message(item)
        names = about.get(2) or about.get(1) or [b""]
        found[".".join(map(text, names))] = _value(about)
    return found


def _value(about: dict[int, list[Any]]) -> Any:
    """The value of an item: typed, or as JSON."""
    if 4 in about or 5 in about:
        return bool(about[4][0]) if 4 in about else (about[5][0] ^ (1 << 63)) - (1 << 63)
    if 6 in about:
        return double(about[6][0])
    if 7 in about:
        return text(about[7][0])
    said = about.get(16) or about.get(8)
    return json.loads(text(said[0])) if said else None


def _last(value: Any) -> Any:
    """A summary's value, which may stand in an object by the kind of summary."""
    value = value.get("last", value) if isinstance(value, dict) else value
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    return words.get(value, value) if isinstance(value, str) else value


def _add_history(run: Run, data: bytes) -> None:
    values = _items(data, 1)
    said = message(data).get(2)
    steps = message(said[0]).get(1, [0]) if said else [values.get("_step", 0)]
    for key, value in values.items():
        number = _last(value)
        if not key.startswith("_") and is_number(number):
            run.report(key, steps[0], number)
