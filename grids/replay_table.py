"""The replay table's file: what `tunecost replay` writes and every analysis reads.

One row each time a replay improves on its best, and one last row (`end` true) where it stopped. From these rows
the runtime for every target is known exactly, whatever targets are asked for later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from grids.arrow import array_of, repeated
from grids.errors import BadInput
from grids.sealed import REPLAYS, SealedFile, write_sealed
from grids.surface_facts import surface_facts

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
"""What tables of the first round lack."""
LIVE = pa.schema(
    [
        ("cell", pa.int64()),  # the chosen cell's flat number, in C order of the axes in the header's `live`
        ("asked", pa.list_(pa.int32())),  # in a study's end row: the cell of every trial
        ("told", pa.list_(pa.float64())),  # likewise, what each of these trainings came out as
    ]
)
"""What tables of live tuning hold besides: their studies cannot be played again from a seed."""
KEYS = ("surface", "optimizer", "task", "searcher")
"""What tells one group of replays from another."""


@dataclass(frozen=True)
class Judged:
    """How the replays of a table were judged: what a cell of their surface was worth, and what searchers were told.

    Args:
        seed_statistic: of the values of a cell's seeds; `told`: what the searcher was told, in place of a surface.
        value_of: the epoch whose value a run was worth.
        noise: what made the values uncertain that searchers were told: `seed`, or `live` where each was a training of
            its own; none where they were told what counts.
        within: the part of their spaces that searchers saw.
        lowest: what suboptimality is measured from: the surface's own lowest value, or the lowest within that part.
        cost_model: how a continued training was charged (`tuning.ledger`).
        workers: how many were simulated side by side.
        nearest: whether searchers that propose freely were answered with the nearest configuration of a pool.
    """

    seed_statistic: str = "mean"
    value_of: str = "last"
    noise: str = "none"
    within: str = "all"
    lowest: str = "own"
    nearest: str = "no"
    cost_model: str = "resume"
    workers: str = "1"

    def __str__(self) -> str:
        said = f"seed statistic {self.seed_statistic}, value of the {self.value_of} epoch, noise {self.noise}"
        return said + self.further

    def columns(self) -> dict[str, str]:
        """By name, how it was judged, for a row of a table; of space and workers only what there is to say.

        The cost model is said beside the costs.
        """
        said = asdict(self)
        del said["cost_model"]
        usual = asdict(Judged())
        return {name: word for name, word in said.items() if name not in _SPACE or word != usual[name]}

    @property
    def further(self) -> str:
        """What there is to say of the searchers' space, of costs and workers, beginning with a comma."""
        words = [f"within {self.within}"] if self.within != "all" else []
        words += [f"suboptimality from the lowest {self.lowest}"] if self.lowest != "own" else []
        words += ["proposals answered with the nearest configuration"] if self.nearest != "no" else []
        words += [f"cost model {self.cost_model}"] if self.cost_model != "resume" else []
        words += [f"{self.workers} workers"] if self.workers != "1" else []
        return "".join(f", {word}" for word in words)


_SPACE = ("within", "lowest", "nearest", "workers")


def judged_by(header: Mapping[str, Any]) -> Judged:
    """How a table with this header was judged; as usual, where it does not say."""
    return Judged(**{one.name: str(header.get(one.name) or one.default) for one in fields(Judged)})


def is_replay_table(text: str | Path) -> bool:
    """Whether there is a file of this name that calls itself a replay table, whole or not."""
    path = Path(text)
    if not path.is_file():
        return False
    try:
        return SealedFile(path).header.get("kind") == REPLAYS
    except BadInput:
        return False


class Part(NamedTuple):
    """Consecutive rows of a table that share their names.

    Args:
        names: as KEYS.
        columns: the others by name, bool, int64 or float64 `[rows]`; of FURTHER those that are known.
    """

    names: tuple[str, str, str, str]
    columns: Mapping[str, np.ndarray]

    @property
    def rows(self) -> int:
        return len(self.columns["repeat"])


def frame_of(parts: Sequence[Part]) -> "pd.DataFrame":
    """The table of all parts, one after the other."""
    import pandas as pd

    count = [part.rows for part in parts]
    named = {
        name: np.repeat(np.array([part.names[place] for part in parts], object), count)
        for place, name in enumerate(KEYS)
    }
    return pd.DataFrame(named | _joined(parts))


def save_parts(parts: Sequence[Part], path: str | Path, header: Mapping[str, Any]) -> None:
    """As `save(frame_of(parts), path, header)`.

    Raises:
        BadInput: the file cannot be written.
    """
    count = [part.rows for part in parts]
    named = {name: repeated([part.names[place] for part in parts], count) for place, name in enumerate(KEYS)}
    table = pa.table(named | {name: array_of(column) for name, column in _joined(parts).items()})
    write_sealed(path, table, {"format": FORMAT, "kind": REPLAYS, **header})


def _joined(parts: Sequence[Part]) -> dict[str, np.ndarray]:
    """Columns over all parts, in the file's order; NaN where a part does not know one."""
    found = {}
    for name in (*SCHEMA.names[len(KEYS) :], *FURTHER.names):
        if any(name in part.columns for part in parts):
            found[name] = np.concatenate(
                [part.columns[name] if name in part.columns else np.full(part.rows, np.nan) for part in parts]
            )
    return found


def save(frame: "pd.DataFrame", path: str | Path, header: Mapping[str, Any]) -> None:
    """Write a replay table; `header` says how it was made (seed, repeats, max_trials, seed_statistic, …).

    Raises:
        BadInput: the file cannot be written.
    """
    schema = pa.schema([*SCHEMA, *(field for field in (*FURTHER, *LIVE) if field.name in frame)])
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False, nthreads=1)
    write_sealed(path, table, {"format": FORMAT, "kind": REPLAYS, **header})


def load(path: str | Path) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Read a replay table, checked, and its header; a table of another program may come without one.

    A table of the first round gets `spent` where a surface of its had curves: a whole training for each trial.

    Raises:
        BadInput: the file cannot be read, is no replay table, is of a newer format, or was altered.
    """
    file = SealedFile(path, bare=True)
    if file.header:
        file.check_format(FORMAT)
    there = [*SCHEMA, *(field for field in (*FURTHER, *LIVE) if field.name in file.table.column_names)]
    columns = {field.name: _column(path, file.table, field) for field in there}
    file.check_seal()
    frame = pa.table(columns).to_pandas(use_threads=False)
    try:
        facts = surface_facts(file.header)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    whole = {name: about.whole for name, about in facts.items() if about.whole is not None}
    if "spent" not in frame and whole:
        frame["spent"] = frame["trial"] * frame["surface"].map(whole).astype(float)
    return frame, file.header


def _column(path: str | Path, table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if table.column_names.count(field.name) != 1:
        raise BadInput(f"{path}: not a replay table (no column '{field.name}', or two)")
    column = table.column(field.name)
    try:
        found = column.cast(field.type)
    except pa.ArrowException as error:
        raise BadInput(f"{path}: column '{field.name}' holds {column.type}, not {field.type}") from error
    if found.null_count and field.name in SCHEMA.names:
        row = found.is_null().index(True).as_py() + 1
        raise BadInput(f"{path}: column '{field.name}' is blank in row {row}")
    return found
