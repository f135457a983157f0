"""The record of a transfer, as JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from grids import json_text
from grids.atomic import write_whole
from grids.errors import BadInput, brief
from grids.files import cannot_be

FORMAT = 1


def outcome(values: np.ndarray, diverged: np.ndarray) -> dict[str, Any]:
    """One setting's results.

    Args:
        values: float64 `[seeds, folds]`.
        diverged: bool likewise.

    Returns:
        `values`, one for each seed, the mean over folds; their `mean`, and `std` with one degree of freedom less than
        seeds (None for one seed); `diverged`, how many of the trainings did.
    """
    each = values.mean(axis=1)
    return {
        "values": [float(value) for value in each],
        "mean": float(each.mean()),
        "std": float(each.std(ddof=1)) if len(each) > 1 else None,
        "diverged": int(diverged.sum()),
    }


def rank_correlation(small: Sequence[float], big: Sequence[float]) -> dict[str, Any]:
    """Spearman's ρ and Kendall's τ of the cells' values on the surface and on the other network, and their number.

    None where one of the two does not vary.
    """
    if len(small) < 2 or len(set(small)) == 1 or len(set(big)) == 1:
        return {"spearman": None, "kendall": None, "cells": len(small)}
    rho, tau = stats.spearmanr(small, big).statistic, stats.kendalltau(small, big).statistic
    return {"spearman": float(rho), "kendall": float(tau), "cells": len(small)}


def now() -> str:
    """The time as files have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """One record as an object, several as a list of them.

    Raises:
        BadInput: the file cannot be written.
    """
    content: Any = records[0] if len(records) == 1 else list(records)
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


KEYS = ("task", "to", "optimizer", "hyperparameters", "seeds", "values", "mean", "std", "metric", "unit")


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a file.

    Raises:
        BadInput: it is missing, no JSON, of another format, or lacks what a record has.
    """
    try:
        with cannot_be("read", path):
            content = json_text.read(path)
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"{path}: no JSON ({error}); `tunecost transfer` writes such files") from error
    records = content if isinstance(content, list) else [content]
    if not records:
        raise BadInput(f"{path}: an empty list; `tunecost transfer` writes such files")
    for record in records:
        if not isinstance(record, dict):
            raise BadInput(f"{path}: no record of a transfer; `tunecost transfer` writes such files")
        version = record.get("format")
        if version != FORMAT:
            raise BadInput(
                f"{path}: of format {version!r}, this program reads {FORMAT}; transfer again with this version"
            )
        missing = [key for key in KEYS if key not in record]
        if missing:
            raise BadInput(f"{path}: has no '{missing[0]}'; `tunecost transfer` writes such files")
        fault = _fault(record)
        if fault:
            raise BadInput(f"{path}: {fault}; the file was altered: transfer again")
    return records


def _fault(record: Mapping[str, Any]) -> str:
    """The faults of a record that has all `KEYS`, in words; empty where there are none."""
    for key in ("task", "to", "optimizer", "metric", "unit"):
        if not isinstance(record[key], str):
            return f"its {key} is {brief(repr(record[key]))}, not a text"
    hyper, seeds, values = record["hyperparameters"], record["seeds"], record["values"]
    if not (isinstance(hyper, dict) and all(map(_is_number, hyper.values()))):
        return "its hyperparameters are not numbers by name"
    if not (isinstance(seeds, list) and seeds and all(type(seed) is int for seed in seeds)):
        return f"its seeds are {brief(repr(seeds))}, not a list of whole numbers"
    if not (isinstance(values, list) and len(values) == len(seeds) and all(map(_is_number, values))):
        return f"its values are not one number for each of its {len(seeds)} seed(s)"
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
    for key, wanted in (("mean", mean), ("std", deviation)):
        told = record[key]
        same = (
            told is None
            if wanted is None
            else _is_number(told) and math.isclose(told, wanted, rel_tol=1e-9, abs_tol=1e-12)
        )
        if not same:
            return f"its {key} is {brief(repr(told))}, and that of its values {wanted}"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
