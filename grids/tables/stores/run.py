"""The runs of a store as a frame, and how readers read the small files of a run."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grids import limits
from grids.errors import BadInput, brief
from grids.tables.columns import is_number
from grids.tables.frame import Frame
from grids.tables.records import flat

_MOST_VALUES = 100_000
"""Largest number of values in a YAML file: more is no settings."""

Points = dict[float, Any]
"""A curve: the value after each step; None or NaN where it was not a number."""


@dataclass
class Run:
    """One trial.

    Args:
        name: what the store calls it.
        parameters: its hyperparameters; nested ones are flattened.
        metrics: the last value of each.
        curves: the values of a metric by step.
        state: a word of `grids.tables.rows`.
        more: further facts, by the name of their column.
    """

    name: str
    parameters: Mapping[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Points] = field(default_factory=dict)
    state: str = "finished"
    more: dict[str, Any] = field(default_factory=dict)

    def report(self, metric: str, step: float, value: Any) -> None:
        """Add a point to a metric's curve."""
        self.curves.setdefault(metric, {})[float(step)] = value


def frame_of(runs: Iterable[Run], name: str, notes: Sequence[str] = (), **hints: Any) -> Frame:
    """A frame with a row for each run: its name, `config.` and each hyperparameter, its metrics, curves and state.

    Args:
        runs: the trials.
        name: of the study, which is the surface's task unless the user names another.
        notes: as `Frame`.
        hints: as `Frame`; the metrics that are numbers are the choices of `value`.

    Raises:
        BadInput: there is no run.
    """
    records, numeric = [], set()
    curves: dict[str, str] = {}
    for run in runs:
        metrics = dict(run.metrics)
        for metric, points in run.curves.items():
            if points:
                metrics.setdefault(metric, points[max(points)])
                curves[metric] = f"{metric} by step"
                run.more[curves[metric]] = [[step, _known(points[step])] for step in sorted(points)]
        parameters = {f"config.{key}": value for key, value in flat(run.parameters).items()}
        own = {key: value for key, value in flat(metrics).items() if key not in parameters}
        numeric |= {k for k, v in flat({**dict.fromkeys(run.curves, 0.0), **run.metrics}).items() if is_number(v)}
        records.append({"run": run.name, **parameters, **own, "state": run.state, **run.more})
    if not records:
        raise BadInput("holds no trial: import it when one has finished")
    frame = Frame.of_records(records, name=name)
    known = {metric: column for metric, column in curves.items() if frame.column(column).is_lists}
    hints = {"values": [key for key in frame.header if key in numeric], "pool": None, **hints}
    return replace(frame, notes=tuple(notes), curves=known, hints=hints)


def _known(value: Any) -> float | None:
    return float(value) if is_number(value) and math.isfinite(value) else None


def _text(path: Path) -> str:
    try:
        limits.check_table(0, 12 * path.stat().st_size, path.name)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name} is not UTF-8 text (byte {error.start + 1})") from error


def load_json(path: Path) -> Any:
    """What a JSON file holds. Raises BadInput where it cannot be read, is too large, or is not valid JSON."""
    text = _text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is no JSON ({str(error).partition(':')[0]})") from error


def load_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, without a last line that was cut short. Raises BadInput as `load_json`."""
    lines = [line for line in _text(path).splitlines() if line.strip()]
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise BadInput(f"{path.name}, line {number}: is no JSON") from error
        records.append(objects(record, f"{path.name}, line {number}:"))
    return records


def load_yaml(path: Path) -> Any:
    """What a YAML file holds, plain data alone. Raises BadInput as `load_json`."""
    import yaml

    text = _text(path)
    try:
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput(f"{path.name} is no YAML of plain data ({brief(str(error).splitlines()[0], 80)})") from error
    if _exceeds(loaded, [_MOST_VALUES]):
        raise BadInput(f"{path.name} holds more than {_MOST_VALUES:,} values")
    return loaded


def load_settings(path: Path, empty: bool = False) -> dict[str, Any]:
    """The object in a JSON or YAML file of a run; an empty one of no file, or an empty file, where `empty` allows it.

    Raises:
        BadInput: as `load_json`, or where the file holds something else.
    """
    if empty and not path.is_file():
        return {}
    loaded = load_json(path) if path.suffix == ".json" else load_yaml(path)
    return objects({} if empty and loaded is None else loaded, f"{path.parent.name}/{path.name}")


def _exceeds(item: Any, left: list[int]) -> bool:
    """Whether an item holds more values than are left, where YAML may name one value many times, or within itself."""
    left[0] -= 1
    if left[0] < 0:
        return True
    items = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return any(_exceeds(each, left) for each in items)


def objects(item: Any, what: str) -> dict[str, Any]:
    """`item`, which must be an object of names and values. Raises BadInput where it is not."""
    if not isinstance(item, dict):
        raise BadInput(f"{what} is no object of names and values")
    return item


def in_order(folder: Path, pattern: str) -> list[Path]:
    """The files of the runs below a folder, by the numbers in the names of their folders."""
    return sorted(folder.glob(pattern), key=lambda path: (len(path.parent.name), path.parent.name))


def shorter(runs: Iterable[Run]) -> None:
    """Mark finished runs whose curves end before the longest run's as stopped."""
    ends = [(run, max((max(points) for points in run.curves.values() if points), default=0.0)) for run in runs]
    longest = max((end for _, end in ends), default=0.0)
    for run, end in ends:
        if run.state == "finished" and end < longest:
            run.state = "stopped"
