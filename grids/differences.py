"""Describe where one JSON value differs from another, in words for a message."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def difference(here: Any, there: Any) -> str:
    """Every entry that differs, with its path; empty where the two are equal.

    >>> difference({"fixed": {"epochs": 15}}, {"fixed": {"epochs": 3}})
    'fixed.epochs: 3 there, 15 here'
    """
    return "; ".join(_differences(here, there))


def _differences(here: Any, there: Any, where: str = "") -> Iterable[str]:
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in dict.fromkeys([*here, *there]):
            yield from _differences(here.get(key), there.get(key), f"{where}.{key}" if where else str(key))
    elif here != there:
        yield f"{where}: {_short(there)} there, {_short(here)} here"


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and "values" in value[0]:
        return " x ".join(f"{len(a['values'])} {a['name']}" for a in value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
