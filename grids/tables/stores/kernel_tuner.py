"""Kernel Tuner 1.5: a cache, whose last bracket an open file lacks, and results in the T4 format."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grids import limits
from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_json, objects


def read_cache(path: Path, meaning: Meaning) -> Frame:
    """The configurations of a cache; a word in place of a number is a failed one.

    Raises:
        BadInput: it is no JSON, also when it is closed.
    """
    content = path.read_bytes()
    limits.check_table(len(content), 12 * len(content), "its objects")
    cache = objects(_closed(content.decode("utf-8", "replace").strip()), "the cache")
    keys = [str(key) for key in cache.get("tune_params_keys") or ()]
    objective = cache.get("objective") or []
    objective = objective if isinstance(objective, list) else [objective]
    runs = []
    for name, record in objects(cache.get("cache"), "cache").items():
        record = objects(record, f"the entry {name}")
        numbers = {key: value for key, value in record.items() if key not in keys and isinstance(value, int | float)}
        failed = any(isinstance(record.get(key), str) for key in (*objective, "time"))
        runs.append(_run(name, {key: record.get(key) for key in keys}, numbers, failed))
    return frame_of(runs, str(cache.get("kernel_name") or path.stem), **_value(objective))


def _run(name: str, parameters: dict[str, Any], numbers: dict[str, Any], failed: bool) -> Run:
    return Run(name, parameters, numbers, state="failed" if failed else "finished")


def _value(objectives: Sequence[Any]) -> dict[str, str]:
    """The hint of the only objective."""
    return {"value": str(objectives[0])} if len(objectives) == 1 else {}


def _closed(text: str) -> Any:
    """What the text holds with as many brackets at its end as it lacks, of which an open file lacks two."""
    begun = re.sub(r",\s*$", "", text)
    for end in ("", "}", "}}"):
        try:
            return json.loads(begun + end)
        except (ValueError, RecursionError) as error:
            reason = str(error).partition(":")[0]
    raise BadInput(f"is no JSON ({reason})")


def read_t4(path: Path, meaning: Meaning) -> Frame:
    """The results of a T4 file: configuration and measurements by name. One that is not correct has failed.

    Raises:
        BadInput: it is no JSON, or has no results.
    """
    runs, objectives = [], set()
    for number, result in enumerate(objects(load_json(path), "the file").get("results") or ()):
        result = objects(result, f"result {number + 1}")
        measured = {str(each.get("name")): each.get("value") for each in result.get("measurements") or ()}
        failed = result.get("invalidity", "correct") != "correct" or any(isinstance(v, str) for v in measured.values())
        objectives |= set(map(str, result.get("objectives") or ()))
        runs.append(_run(str(number), result.get("configuration") or {}, measured, failed))
    return frame_of(runs, path.stem, **_value(list(objectives)))
