"""Read and write replay tables, the Parquet files that `tunecost replay` writes and every analysis reads.

A table has one row each time a replay improves on its best value, and one last row (`end` true) where it stopped. These
rows give the exact runtime for any target that is chosen later.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from grids.arrow import array_of, repeated
from grids.errors import BadInput
from grids.foreign import foreign
from grids.library import list_surfaces
from grids.replay_header import ReplayHeader
from grids.sealed import REPLAYS, SealedFile, write_sealed

if TYPE_CHECKING:  # to write a table, pandas is not needed
    import pandas as pd

FORMAT = 1
SCHEMA = pa.schema(
    [
        ("surface", pa.string()),  # the name or path the replay was given
        ("optimizer", pa.string()),
        ("task", pa.string()),
        ("searcher", pa.string()),  # as typed: `gld:radius_max=10`
        ("repeat", pa.int64()),  # from 0
        ("trial", pa.int64()),  # 1-based: evaluations spent so far, repeated cells too
        ("unique", pa.int64()),  # distinct cells among them
        ("best", pa.float64()),  # lowest value so far
        ("suboptimality", pa.float64()),  # best − the surface's lowest
        ("end", pa.bool_()),  # the replay's last row: where it stopped
    ]
)
FURTHER = pa.schema(
    [
        ("spent", pa.float64()),  # charged so far, in the surface's fidelity; null where it has no curves
        ("clock", pa.float64()),  # elapsed so far, where workers were simulated or seconds are known (in these then)
    ]
)
"""Columns that tables of the first version of this program lack."""
LIVE = pa.schema(
    [
        ("cell", pa.int64()),  # the chosen cell's flat number, in C order of the axes in the header's `live`
        ("asked", pa.list_(pa.int32())),  # in a study's end row: the cell of every trial
        ("told", pa.list_(pa.float64())),  # likewise, what each of these trainings came out as
    ]
)
"""Further columns of live tuning, whose studies cannot be repeated from a seed."""
KEYS = ("surface", "optimizer", "task", "searcher")
"""The columns that identify a group of replays."""


def is_replay_table(text: str | Path) -> bool:
    """Whether a file of this name exists whose header says that it is a replay table, be it whole or damaged."""
    path = Path(text)
    try:
        return path.is_file() and SealedFile(path).header.get("kind") == REPLAYS
    except (BadInput, OSError):
        return False


class Part(NamedTuple):
    """Consecutive rows of one group of replays.

    Args:
        names: the values of KEYS.
        columns: the other columns by name, bool, int64 or float64 `[rows]`; of FURTHER those that are known.
    """

    names: tuple[str, str, str, str]
    columns: Mapping[str, np.ndarray]

    @property
    def rows(self) -> int:
        return len(self.columns["repeat"])


def frame_of(parts: Sequence[Part]) -> "pd.DataFrame":
    """The parts joined into one table, in this order."""
    import pandas as pd

    count = [part.rows for part in parts]
    named = {
        name: np.repeat(np.array([part.names[place] for part in parts], object), count)
        for place, name in enumerate(KEYS)
    }
    return pd.DataFrame(named | _joined(parts))


def save_parts(parts: Sequence[Part], path: str | Path, header: Mapping[str, Any]) -> None:
    """Do what `save(frame_of(parts), path, header)` does, without pandas.

    Raises:
        BadInput: the file cannot be written.
    """
    count = [part.rows for part in parts]
    named = {name: repeated([part.names[place] for part in parts], count) for place, name in enumerate(KEYS)}
    table = pa.table(named | {name: array_of(column) for name, column in _joined(parts).items()})
    write_sealed(path, table, {"format": FORMAT, "kind": REPLAYS, **header})


def _joined(parts: Sequence[Part]) -> dict[str, np.ndarray]:
    """The columns of all parts, in the file's order; NaN for parts that lack one."""
    found = {}
    for name in (*SCHEMA.names[len(KEYS) :], *FURTHER.names):
        if any(name in part.columns for part in parts):
            found[name] = np.concatenate(
                [part.columns[name] if name in part.columns else np.full(part.rows, np.nan) for part in parts]
            )
    return found


def save(frame: "pd.DataFrame", path: str | Path, header: Mapping[str, Any]) -> None:
    """Write a replay table; `header` records how it was made (seed, repeats, max_trials, seed_statistic, …).

    Raises:
        BadInput: the file cannot be written.
    """
    schema = pa.schema([*SCHEMA, *(field for field in (*FURTHER, *LIVE) if field.name in frame)])
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False, nthreads=1)
    write_sealed(path, table, {"format": FORMAT, "kind": REPLAYS, **header})


def read(path: str | Path) -> tuple["pd.DataFrame", ReplayHeader]:
    """The rows and the header of a replay table. Raises BadInput as `load`."""
    frame, content = load(path)
    return frame, ReplayHeader.of(content)


def load(path: str | Path) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Read and check a replay table and its header, which is empty for a table of another program.

    A table of the first version of this program gets a column `spent`, one whole training for each trial, where its
    surfaces had curves.

    Raises:
        BadInput: the file cannot be read, is not a replay table, is of a newer format, or was altered.
    """
    if not Path(path).exists() and str(path) in {entry.name for entry in list_surfaces()}:
        raise BadInput(f"{path}: is a surface, not a replay table; `tunecost replay {path}` makes one")
    with foreign(path):
        file = SealedFile(path, bare=True)
        if file.header:
            file.check_format(FORMAT)
        there = [*SCHEMA, *(field for field in (*FURTHER, *LIVE) if field.name in file.names)]
        for field in there:
            if file.names.count(field.name) != 1:
                raise BadInput(f"{path}: not a replay table (no column '{field.name}', or two)")
        columns = {field.name: _column(path, file.table, field) for field in there}
        file.check_seal()
        frame = pa.table(columns).to_pandas(use_threads=False)
        try:
            facts = ReplayHeader.of(file.header).surfaces
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from error
        whole = {name: about.whole for name, about in facts.items() if about.whole is not None}
        if "spent" not in frame and whole:
            frame["spent"] = frame["trial"] * frame["surface"].map(whole).astype(float)
        return frame, file.header


def _column(path: str | Path, table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    column = table.column(field.name)
    try:
        found = column.cast(field.type)
    except pa.ArrowException as error:
        raise BadInput(f"{path}: column '{field.name}' holds {column.type}, not {field.type}") from error
    if found.null_count and field.name in SCHEMA.names:
        row = found.is_null().index(True).as_py() + 1
        raise BadInput(f"{path}: column '{field.name}' is blank in row {row}")
    return found
