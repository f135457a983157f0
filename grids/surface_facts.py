"""The facts about a surface that a replay table's header holds, so that analysis needs no surface file."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.files import file_sha256
from grids.header import is_number, is_targets
from grids.metric import PERCENT_TARGETS, Targets, default_targets, is_bounded, resolution
from grids.surface import Surface


@dataclass(frozen=True)
class SurfaceFacts:
    """A surface's metric and identity; the defaults stand for a table whose header has no facts about surfaces.

    Args:
        metric, unit, bounded, failure, resolution, optimizer_label: as in `grids.surface.Provenance`, or as
            `grids.metric` completes it.
        targets, targets_derived: `grids.metric.default_targets`.
        fidelity: name and values, where the surface has curves.
        seeds: of the surface.
        lowest: the surface's lowest value, under the replays' seed statistic.
        span: from the lowest value to the highest.
        lowest_within: the lowest value in the part of the space that was replayed, where that was not all of it.
        sha256: of the surface's file.
        clock: the unit of its replays' elapsed time: `seconds`, or another one where the surface has no seconds.
        maximized: whether the metric is maximized, so that values are negated.
    """

    metric: str = "value"
    unit: str = ""
    bounded: bool = False
    failure: float | None = None
    targets: tuple[float, ...] = PERCENT_TARGETS
    targets_derived: bool = False
    resolution: float | None = None
    optimizer_label: str = ""
    fidelity: Mapping[str, Any] | None = None
    seeds: tuple[int, ...] = ()
    lowest: float | None = None
    lowest_within: float | None = None
    span: float | None = None
    sha256: str = ""
    clock: str = ""
    maximized: bool = False

    @classmethod
    def of(cls, surface: Surface, path: str | Path, statistic: str = "mean") -> "SurfaceFacts":
        """The facts of `surface`, which was read from `path`, under a statistic over its seeds."""
        about, targets = surface.provenance, default_targets(surface, statistic)
        fidelity, table = surface.fidelity, surface.table(statistic)
        with np.errstate(over="ignore"):
            span = float(table.max() - table.min())
        return cls(
            metric=about.metric,
            unit=about.unit,
            bounded=is_bounded(about),
            failure=about.failure,
            targets=targets.values,
            targets_derived=targets.derived,
            resolution=resolution(about),
            optimizer_label=about.label,
            fidelity=None if fidelity is None else {"name": fidelity.name, "values": list(fidelity.values)},
            seeds=surface.seeds,
            lowest=float(table.min()),
            span=span if math.isfinite(span) else None,
            sha256=file_sha256(path),
            maximized=about.maximized,
        )

    @property
    def whole(self) -> float | None:
        """The cost of a whole training, in the unit of the fidelity; None where there are no curves."""
        values = self.fidelity.get("values") if self.fidelity else None
        return float(values[-1]) if values else None

    def beyond(self, target: float) -> str:
        """A note where every cell is within `target` of the lowest, so that reaching it is trivial; otherwise empty."""
        if self.span == 0:
            return "all cells are equal: any of them reaches every target"
        if self.span is None or target < self.span:
            return ""
        return f"every cell reaches {target:g}: the surface's values span {self.span:.4g}"

    @property
    def default_targets(self) -> Targets:
        """The targets, and whether they were derived."""
        return Targets(self.targets, self.targets_derived)

    def to_json(self) -> dict[str, Any]:
        """The facts as a replay table's header holds them."""
        said = asdict(self)
        if not self.maximized:
            del said["maximized"]  # as in older files
        return said


def surface_facts(header: Mapping[str, Any]) -> dict[str, SurfaceFacts]:
    """The facts in a table's header, by the name of the surface in its rows; empty where the header has none.

    Raises:
        BadInput: a fact of the wrong type.
    """
    found = header.get("surfaces")
    if not isinstance(found, dict):
        return {}
    return {name: _facts(name, facts) for name, facts in found.items() if isinstance(facts, dict)}


def _facts(name: str, facts: Mapping[str, Any]) -> SurfaceFacts:
    known: dict[str, Any] = {key: facts[key] for key in SurfaceFacts.__dataclass_fields__ if facts.get(key) is not None}
    for key, item in known.items():
        if not _FITS[key](item):
            raise BadInput(f"the header's '{key}' of surface '{name}' is not what it should be")
    known |= {key: tuple(item) for key, item in known.items() if isinstance(item, list)}
    return SurfaceFacts(**known)


def _text(item: Any) -> bool:
    return isinstance(item, str)


def _true_or_false(item: Any) -> bool:
    return isinstance(item, bool)


def _targets(item: Any) -> bool:
    return bool(item) and is_targets(item)


def _seeds(item: Any) -> bool:
    return isinstance(item, list) and all(isinstance(each, int) for each in item)


_FITS = {
    "metric": _text,
    "unit": _text,
    "bounded": _true_or_false,
    "failure": is_number,
    "targets": _targets,
    "targets_derived": _true_or_false,
    "resolution": is_number,
    "optimizer_label": _text,
    "fidelity": lambda item: isinstance(item, dict) and all(map(is_number, item.get("values", ()))),
    "clock": _text,
    "maximized": _true_or_false,
    "seeds": _seeds,
    "lowest": is_number,
    "lowest_within": is_number,
    "span": is_number,
    "sha256": _text,
}
