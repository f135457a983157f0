"""Export replay tables in the format of IOHprofiler, which IOHanalyzer and iohinspector read.

There is one folder for each searcher, with one JSON file for each surface and its runs in a `.dat` file of `evaluations
raw_y`, as the logger of ioh 0.4 writes them. A run is a replay: its improvements, and its end.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.replays import Group
from grids.atomic import whole_folder
from grids.errors import BadInput

TO = "ioh"


def write(groups: Sequence[Group], folder: str | Path, dimensions: dict[str, int] | None = None) -> list[Path]:
    """Write `groups` into a new folder; returns the JSON files. Values are the table's, lower is better.

    Args:
        groups: of one or more replay tables.
        folder: must be new or empty.
        dimensions: the number of axes of each surface; 1 where not given.

    Raises:
        BadInput: the folder is not empty or cannot be written; a replay lacks its first trial, or any fully trained
            cell.
    """
    with whole_folder(folder, "these files are") as temporary:
        written = _write(groups, temporary, dimensions or {})
    return [Path(folder) / path for path in written]


def _write(groups: Sequence[Group], folder: Path, dimensions: dict[str, int]) -> list[Path]:
    surfaces = list(dict.fromkeys(group.surface for group in groups))
    searchers = list(dict.fromkeys(group.searcher for group in groups))
    names = dict(zip(searchers, _safe(searchers), strict=True))
    functions = dict(zip(surfaces, _safe(surfaces), strict=True))
    written = []
    for group in groups:
        number = surfaces.index(group.surface) + 1
        name, dimension = functions[group.surface], dimensions.get(group.surface, 1)
        home = folder / names[group.searcher]
        data = Path(f"data_f{number}_{name}") / f"IOHprofiler_f{number}_DIM{dimension}.dat"
        (home / data).parent.mkdir(parents=True, exist_ok=True)
        text, runs = _runs(group)
        (home / data).write_text(text)
        about = {
            "version": "0.4.2",
            "suite": "tunecost",
            "function_id": number,
            "function_name": group.surface,
            "maximization": False,
            "algorithm": {"name": group.searcher, "info": f"{group.task}, {group.optimizer}; {group.judged}"},
            "attributes": ["evaluations", "raw_y"],
            "scenarios": [{"dimension": dimension, "path": data.as_posix(), "runs": runs}],
        }
        path = home / f"IOHprofiler_f{number}_{name}.json"
        path.write_text(json.dumps(about, indent=1))
        written.append(path.relative_to(folder))
    return written


def _runs(group: Group) -> tuple[str, list[dict[str, Any]]]:
    """The text of a group's `.dat` file, and the runs' entries for its JSON file."""
    lines, runs = [], []
    for first, last in zip(group.start[:-1], group.start[1:], strict=True):
        trial, best = group.trial[first:last], group.best[first:last]
        if trial[0] != 1 and not group.shortened:
            raise BadInput(f"{group.surface}, {group.searcher}: a replay without its first trial")
        if not np.isfinite(best).any():
            raise BadInput(
                f"{group.surface}, {group.searcher}: a replay in which no cell was trained to the end, which this "
                f"format cannot say"
            )
        rows = np.flatnonzero(np.append(np.diff(trial) > 0, True))  # of several rows for one trial, the last
        lines.append("evaluations raw_y")
        lines += [f"{trial[row]} {float(best[row])!r}" for row in rows]
        at = int(np.argmin(best))
        lowest = {"evals": int(trial[at]), "y": float(best[at]), "x": []}
        runs.append({"instance": 1, "evals": int(trial[-1]), "best": lowest})
    return "\n".join(lines) + "\n", runs


def _safe(names: Sequence[str]) -> list[str]:
    """File names for `names`; different names get different files."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9.=-]+", "_", name).strip("._")[:80] or "unnamed"
        number = 1
        while (plain if number == 1 else f"{plain}_{number}") in found:
            number += 1
        found.append(plain if number == 1 else f"{plain}_{number}")
    return found
