"""The paths of replays: which cells each evaluated, trial by trial, found by running replays again.

A replay table holds only improvements. Each replay has its own random streams (`tuning.streams`), so running a few of
them again with the settings in the table's header gives the same trials. Where another version of a library chose
different ones, the rows differ, and the path is refused. A table of live studies stores its cells; none is run again.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.errors import BadInput
from grids.replay_header import Judged, ReplayHeader
from grids.surface import Surface
from grids.within import within as narrowed
from tuning.budget import MOST_CELLS, Budget
from tuning.play import play
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, SearcherSpec, searcher_in_file
from tuning.table import table_rows


@dataclass(frozen=True, eq=False)
class Path:
    """One replay's trials, in the order in which the searcher was told their results.

    Args:
        repeat: the replay's number in the table.
        trials: int64 `[trials]`, ascending from 1: all trials, or for a live table that does not store them, those at
            which the study's chosen cell changed.
        cells: int64 `[trials]`, flat cells of the whole surface.
        amounts: float64 `[trials]`, the fidelity (such as epochs) up to which each was trained; None: all to the end.
    """

    repeat: int
    trials: np.ndarray
    cells: np.ndarray
    amounts: np.ndarray | None = None


def play_again(
    surface: Surface, rows: pd.DataFrame, header: ReplayHeader, repeats: int, named: Collection[str] = ()
) -> list[Path]:
    """The paths of the first replays of one searcher on one surface in a replay table.

    Args:
        surface: the surface that was replayed, as its file stores it.
        rows: all rows of the table for that surface and searcher. A live table needs the column `cell`, the flat cell
            that a study had chosen, or `asked`, in a study's end row the flat cells of all its trials.
        header: of the table.
        repeats: the largest number of paths; with 0, nothing is read of the searcher.
        named: searchers that the user named, as texts; of code that does not ship, only theirs is loaded.

    Raises:
        BadInput: the header lacks settings of the replay, the searcher is unknown, or does not ship and is not named,
            the replay run again differs from the table's rows, or a live table stores no cells or those of another
            space.
    """
    if not repeats:
        return []
    numbers = sorted(rows["repeat"].unique().tolist())[:repeats]
    if header.live is not None:
        axes = header.live.get("axes")
        if axes is not None and axes != surface.space.to_json():
            raise BadInput("the cells of this live table are of another space")
        return [_stored(rows[rows["repeat"] == number], number, surface) for number in numbers]
    name, searcher = (str(rows[column].iloc[0]) for column in ("surface", "searcher"))
    if header.seed is None:
        raise BadInput(f"{name}, {searcher}: the table's header names no seed to play again from")
    judged = header.judged
    spec = searcher_in_file(searcher, named, name)
    whole = surface.judged_by(judged.value_of)
    part = whole if judged.within == "all" else narrowed(whole, judged.within)
    problem = _problem(name, whole, part, spec, judged)
    limits = _budget(header, name, part).limits(spec, problem)
    if limits.max_trials < 1 or limits.max_trials < int(rows["trial"].max()):
        raise BadInput(f"{name}, {searcher}: the table's replays are longer than its header allows")
    found = []
    for number in numbers:
        played = play(problem, spec, header.seed, range(number, number + 1), limits)
        _check(played, problem, rows[rows["repeat"] == number], number)
        found.append(_path(played, problem, number, _flat_in_whole(whole, judged.within)))
    return found


def not_again(searcher: str) -> str:
    """Why replays of a searcher are not played again on other values; empty where they can be.

    A searcher that is not one of ours is not run because a file names it.
    """
    known = SEARCHERS.get(searcher.partition(":")[0])
    if known is None:
        return f"searcher '{searcher}' is not one that ships"
    return f"searcher '{searcher}' compares shorter trainings" if known.fidelities else ""


def _stored(rows: pd.DataFrame, number: int, surface: Surface) -> Path:
    """The cells that one live study trained, by trial, if the table stores them; otherwise those it had chosen."""
    last = rows[rows["end"]]
    asked = last["asked"].iloc[0] if "asked" in rows and len(last) else None
    if asked is not None and len(asked):
        cells = np.asarray(asked)
        trials = np.arange(1, len(cells) + 1)
    elif "cell" in rows:
        rows = rows[~rows["end"]]
        cells, trials = rows["cell"].to_numpy(), rows["trial"].to_numpy(np.int64)
    else:
        raise BadInput("this live table stores no cells")
    valid = np.issubdtype(cells.dtype, np.number) and ((cells >= 0) & (cells < surface.space.size)).all()
    if not valid:
        raise BadInput("this live table has cells that this surface does not have")
    return Path(number, trials, cells.astype(np.int64))


def _problem(name: str, whole: Surface, part: Surface, spec: SearcherSpec, judged: Judged) -> TabularProblem:
    """The table that the replays queried, built as in `tuning.replay.replay`."""
    return TabularProblem.of(
        name,
        part,
        judged.seed_statistic,
        judged.noise != "none",
        lowest=float(whole.table(judged.seed_statistic).min()) if judged.lowest == "own" else None,
        nearest=judged.nearest != "no" and part.space.is_pool and not spec.from_list,
        curves=spec.over_fidelities or spec.own,
    )


def _budget(header: ReplayHeader, name: str, part: Surface) -> Budget:
    trials = header.max_trials.get(name)
    # Where no budget was given, the header holds the number of cells. Searchers that stop trainings early may then
    # start more trials than that, so this number is read as no budget.
    unlimited = trials == part.space.size <= MOST_CELLS
    cost_model = header.judged.cost_model
    return Budget(None if unlimited else trials, header.max_epochs, cost_model, header.workers)


def _check(played: Played, problem: TabularProblem, rows: pd.DataFrame, number: int) -> None:
    """Raises BadInput if the replay run again does not give the rows of the table."""
    found = table_rows(played, problem, number)
    for column in ("trial", "unique", "best", "end"):
        stored = rows[column].to_numpy()
        if len(stored) != len(found[column]) or not np.array_equal(stored, found[column]):
            raise BadInput(
                f"repeat {number} run again gave other trials than the table's, which another version may have made"
            )


def _path(played: Played, problem: TabularProblem, number: int, flat: np.ndarray | None) -> Path:
    cells = played.cells[0]
    length = int((cells >= 0).sum())
    cells = cells[:length].astype(np.int64)
    amounts = None
    if played.points is not None and problem.amounts is not None:
        amounts = np.array(problem.amounts)[played.points[0, :length]]
        amounts = None if (amounts == problem.whole).all() else amounts
    return Path(number, np.arange(1, length + 1), cells if flat is None else flat[cells], amounts)


def _flat_in_whole(surface: Surface, within: str) -> np.ndarray | None:
    """The flat number in the whole surface of each cell of the part `within`: int64 `[cells]`; None for the whole."""
    if within == "all":
        return None
    space = surface.space
    numbers = np.arange(space.size, dtype=float).reshape(*space.shape, 1)
    return narrowed(surface.with_values(numbers), within).value.ravel().astype(np.int64)
