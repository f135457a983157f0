"""Kernel Tuner 1.5: a cache, whose last bracket an open file lacks, and results in the T4 format."""

import json
import re
from pathlib import Path
from typing import Any

from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.limits import Limit
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_json, objects

CACHE = (b'"tune_params_keys"', b'"cache"')
"""What stands in a cache's beginning."""
T4 = (b'"schema_version"', b'"results"', b'"configuration"')


def read_cache(path: Path, meaning: Meaning) -> Frame:
    """The configurations of a cache; a word in place of a number is a failed one.

    Raises:
        BadInput: it is no JSON, also when it is closed.
    """
    content = path.read_bytes()
    Limit(meaning.max_bytes).check(len(content), 12 * len(content), "its objects")
    text = content.decode("utf-8", "replace").strip()
    found = objects(_closed(text), "the cache")
    keys = [str(key) for key in found.get("tune_params_keys") or ()]
    objective = found.get("objective") or []
    objective = objective if isinstance(objective, list) else [objective]
    runs = []
    for name, record in objects(found.get("cache"), "cache").items():
        record = objects(record, f"the entry {name}")
        values = {key: value for key, value in record.items() if key not in keys and not isinstance(value, list | dict)}
        numbers = {key: value for key, value in values.items() if isinstance(value, int | float)}
        failed = any(isinstance(record.get(key), str) for key in (*objective, "time"))
        runs.append(
            Run(name, {key: record.get(key) for key in keys}, numbers, state="failed" if failed else "finished")
        )
    hints: dict[str, Any] = {"value": str(objective[0])} if len(objective) == 1 and not meaning.value else {}
    return frame_of(runs, str(found.get("kernel_name") or path.stem), **hints)


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
    found = objects(load_json(path, Limit(meaning.max_bytes)), "the file")
    runs, objectives = [], set()
    for number, result in enumerate(found.get("results") or ()):
        result = objects(result, f"result {number + 1}")
        measured = {str(each.get("name")): each.get("value") for each in result.get("measurements") or ()}
        failed = result.get("invalidity", "correct") != "correct" or any(isinstance(v, str) for v in measured.values())
        objectives |= set(map(str, result.get("objectives") or ()))
        runs.append(
            Run(str(number), result.get("configuration") or {}, measured, state="failed" if failed else "finished")
        )
    hints: dict[str, Any] = {"value": objectives.pop()} if len(objectives) == 1 and not meaning.value else {}
    return frame_of(runs, path.stem, **hints)
