"""The runs of a store as a frame, and how readers read the small files of a run."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grids.errors import BadInput, brief
from grids.tables.frame import Frame
from grids.tables.limits import Limit
from grids.tables.records import flat

_MOST_VALUES = 100_000
"""Largest number of values in a YAML file: more is no settings."""

Points = dict[float, float | None]
"""A curve: the value after each step; None or NaN where it was not a number."""


@dataclass
class Run:
    """One trial.

    Args:
        name: what the store calls it.
        parameters: its hyperparameters; nested ones are flattened.
        metrics: the last value of each.
        curves: the values of a metric by step.
        state: a word of `grids.tables.states`.
        more: further facts, by the name of their column.
    """

    name: str
    parameters: Mapping[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Points] = field(default_factory=dict)
    state: str = "finished"
    more: dict[str, Any] = field(default_factory=dict)


def frame_of(runs: Sequence[Run], name: str, notes: Sequence[str] = (), **hints: Any) -> Frame:
    """A frame with a row for each run: its name, `config.` and each hyperparameter, its metrics, curves and state.

    Args:
        runs: the trials.
        name: of the study, which is the surface's task unless the user names another.
        notes: as `Frame`.
        hints: as `Frame`; the metrics that are numbers are the choices of `value`.

    Raises:
        BadInput: there is no run.
    """
    if not runs:
        raise BadInput("holds no trial")
    records = []
    curves: dict[str, str] = {}
    for run in runs:
        metrics = dict(run.metrics)
        for metric, points in run.curves.items():
            if points:
                metrics.setdefault(metric, points[max(points)])
                curves[metric] = f"{metric} by step"
                run.more[curves[metric]] = [[step, _number(points[step])] for step in sorted(points)]
        parameters = {f"config.{key}": value for key, value in flat(run.parameters).items()}
        own = {key: value for key, value in flat(metrics).items() if key not in parameters}
        records.append({"run": run.name, **parameters, **own, "state": run.state, **run.more})
    frame = Frame.of_records(records, name=name)
    numeric = {
        key
        for run in runs
        for key, value in flat({**dict.fromkeys(run.curves, 0.0), **run.metrics}).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    choices = [key for key in frame.header if key in numeric]
    known = {metric: column for metric, column in curves.items() if frame.column(column).is_lists}
    return Frame(
        **{**vars(frame), "notes": tuple(notes), "curves": known, "hints": {"values": choices, "pool": None, **hints}}
    )


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None


def load_json(path: Path, limit: Limit | None = None) -> Any:
    """What a JSON file holds. Raises BadInput where it cannot be read, is too large, or is not valid JSON."""
    return _parsed(_text(path, limit), path.name)


def _text(path: Path, limit: Limit | None) -> str:
    try:
        size = path.stat().st_size
        (limit or Limit()).check(0, 12 * size, path.name)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name} is not UTF-8 text (byte {error.start + 1})") from error


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON ({str(error).partition(':')[0]})") from error


def load_lines(path: Path, limit: Limit | None = None) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, without a last line that was cut short. Raises BadInput as `load_json`."""
    lines = [line for line in _text(path, limit).splitlines() if line.strip()]
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise BadInput(f"{path.name}, line {number}: is no JSON") from error
        if not isinstance(record, dict):
            raise BadInput(f"{path.name}, line {number}: is no object of names and values")
        found.append(record)
    return found


def load_yaml(path: Path, limit: Limit | None = None) -> Any:
    """What a YAML file holds, plain data alone. Raises BadInput as `load_json`."""
    import yaml

    text = _text(path, limit)
    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput(f"{path.name} is no YAML of plain data ({brief(str(error).splitlines()[0], 80)})") from error
    if _exceeds(found, [_MOST_VALUES]):
        raise BadInput(f"{path.name} holds more than {_MOST_VALUES:,} values")
    return found


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


def shorter(runs: Iterable[Run]) -> None:
    """Mark finished runs whose curves end before the longest run's as stopped."""
    listed = list(runs)
    ends = [max((max(points) for points in run.curves.values() if points), default=0.0) for run in listed]
    longest = max(ends, default=0.0)
    for run, end in zip(listed, ends, strict=True):
        if run.state == "finished" and end < longest:
            run.state = "stopped"
