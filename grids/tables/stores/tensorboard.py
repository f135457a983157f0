"""TensorBoard event files with HParams: `RUN/events.out.tfevents.*`, and those of `add_hparams` in `RUN/STAMP`.

A file is a series of records: length (8 bytes), checksum (4), a protocol buffer `Event`, checksum (4). The numbers of
fields are those of `event.proto`, `summary.proto` and the HParams plugin's `plugin_data.proto`.
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grids import limits
from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.protobuf import double, message, text
from grids.tables.stores.run import Run, frame_of, shorter

_STATES = {1: "finished", 2: "failed", 3: "running"}


def read(folder: Path, meaning: Meaning) -> Frame:
    """The runs below a folder, each with the hyperparameters and scalars in it and in its own folders.

    TensorBoard writes float32: a value is the shortest decimal that rounds to it. A run whose scalars end before the
    longest was stopped, since no state is kept of it.

    Raises:
        BadInput: a file is no event file, or no run has hyperparameters.
    """
    files = sorted(folder.rglob("events.out.tfevents.*"))
    limits.check_table(sum(file.stat().st_size for file in files), 0, f"{len(files):,} event files")
    runs: dict[str, Run] = {}
    for file in files:
        name = file.relative_to(folder).parts[0]
        _add(runs.setdefault(name, Run(name, {})), file)
    if not any(run.parameters for run in runs.values()):
        raise BadInput("its event files hold no hyperparameters: call add_hparams, or write the table as CSV")
    found = [run for run in runs.values() if run.parameters]
    shorter(found)
    return frame_of(found, folder.name)


def _add(run: Run, file: Path) -> None:
    """Add a file's scalars and hyperparameters to a run."""
    try:
        for event in _records(file.read_bytes()):
            about = message(event)
            step = float(about.get(2, [0])[0])
            for summary in about.get(5, ()):
                for value in message(summary).get(1, ()):
                    _add_value(run, message(value), step)
    except (ValueError, TypeError, struct.error) as error:
        raise BadInput(f"{file.name} is no event file that can be read ({error})") from error


def _records(data: bytes) -> Iterator[bytes]:
    """The records of an event file; a last one that was cut short is left out."""
    place = 0
    while place + 12 <= len(data):
        (size,) = struct.unpack_from("<Q", data, place)
        if place + 16 + size > len(data):
            return
        yield data[place + 12 : place + 12 + size]
        place += 16 + size


def _add_value(run: Run, value: dict[int, list[Any]], step: float) -> None:
    tag = text(value.get(1, [b""])[0])
    for metadata in value.get(9, ()):
        for plugin in message(metadata).get(1, ()):
            about = message(plugin)
            if text(about.get(1, [b""])[0]) == "hparams":
                _add_session(run, message(about.get(2, [b""])[0]))
    number = None
    if 2 in value:
        number = _decimal(double(value[2][0]))
    elif 8 in value:
        tensor = message(value[8][0])
        if tensor.get(1) == [1]:  # float32
            packed = (tensor.get(5) or tensor.get(4) or [b""])[0]
            number = _decimal(struct.unpack("<f", packed)[0]) if len(packed) == 4 else None
    if number is not None and not tag.startswith("_hparams_"):
        run.report(tag, step, number)


def _decimal(number: float) -> float:
    """The shortest decimal that rounds to this float32."""
    return float(str(np.float32(number)))


def _add_session(run: Run, session: dict[int, list[Any]]) -> None:
    for start in session.get(3, ()):
        parameters = {}
        for entry in message(start).get(1, ()):
            pair = message(entry)
            held = message(pair.get(2, [b""])[0])
            kinds: tuple[tuple[int, Callable[[Any], Any]], ...] = ((2, double), (3, text), (4, bool))
            values = [read_as(held[number][0]) for number, read_as in kinds if number in held]
            parameters[text(pair.get(1, [b""])[0])] = values[0] if values else None
        run.parameters = parameters
    for end in session.get(4, ()):
        run.state = _STATES.get(message(end).get(1, [0])[0], run.state)
