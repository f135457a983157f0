"""What a live table is judged by, and what its header says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grids.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    from grids.space import Space
    from grids.surface import Surface
    from grids.surface_facts import SurfaceFacts
    from trainers.job import Job
    from tuning.live import Judge


@dataclass(frozen=True)
class Reference:
    """The surface by whose mean chosen cells are judged.

    Args:
        name: as the user knows it.
        path: its file.
        surface: what it holds.
        facts: for the table's header.
    """

    name: str
    path: Path
    surface: "Surface"
    facts: "SurfaceFacts"

    @property
    def judge(self) -> "Judge":
        """What its cells are worth."""
        from tuning.live import Judge

        return Judge(self.surface.mean.ravel(), float(self.surface.mean.min()))


def find_reference(job: "Job", text: str | None, own_space: bool) -> tuple[Reference | None, str]:
    """The surface that studies are judged by; or None, and a remark on what they are judged by instead.

    Args:
        job: what is trained.
        text: as typed; None: that of the task and optimizer, if there is one here that fits.
        own_space: whether the user named a space, which must then be the surface's.

    Raises:
        BadInput: a surface that was named is of another training, or its cells cannot be trained.
    """
    from grids import surface_file
    from grids.library import find_surface, list_surfaces
    from grids.surface_facts import SurfaceFacts
    from trainers.axes import checked_space
    from trainers.live import misfit
    from trainers.sweep.folder import file_name

    own = f"{job.task.name}/{file_name(job.optimizer)}"
    name = text or own
    remark = "judged by what studies were told, from the lowest of it"
    if name == "none" or (text is None and own not in {entry.name for entry in list_surfaces()}):
        return None, f"{own}: {'no surface of it here' if text is None else 'without a surface'}: {remark}"
    path = find_surface(name)
    surface = surface_file.load(path)
    if surface.space.is_pool or any(axis.labelled for axis in surface.space.axes):
        raise BadInput(f"{name}: is no grid of numbers, which live tuning needs; --surface none does without it")
    other = misfit(job, surface)
    if own_space and job.space.to_json() != surface.space.to_json():
        other = "its axes are not those of --space"
    if other and text is None:
        return None, f"{name}: is of another training ({other}): {remark}"
    if other:
        raise BadInput(f"--surface {name}: is of another training ({other}); --surface none does without")
    checked_space(surface.space, job.rule, job.optimizer)
    return Reference(name, path, surface, SurfaceFacts.of(surface, path)), ""


def facts_of(job: "Job", told: "np.ndarray") -> "SurfaceFacts":
    """What a header says where there is no surface: the task's metric, and the range of what studies were told."""
    from grids.metric import Targets, derived_targets
    from grids.surface import Fidelity
    from grids.surface_facts import SurfaceFacts

    metric, known = job.metric, job.task.fidelity(job.all_epochs)
    fidelity = Fidelity.epochs(job.all_epochs) if known is None else Fidelity(*known)
    targets = Targets(metric.targets) if metric.targets else derived_targets(told)
    return SurfaceFacts(
        metric=metric.name,
        unit=metric.unit,
        bounded=metric.bounded,
        failure=metric.failure_value,
        targets=targets.values,
        targets_derived=targets.derived,
        resolution=job.about["resolution"],
        optimizer_label=job.rule.label,
        fidelity={"name": fidelity.name, "values": list(fidelity.values)},
        lowest=float(told.min()),
        span=float(told.max() - told.min()),
    )


def header_of(label: str, space: "Space", facts: "SurfaceFacts", identity: Mapping[str, Any]) -> dict[str, Any]:
    """A live table's header; nothing in it depends on when or where the studies ran.

    Args:
        label: the surface's name in the table.
        space: of which the table's cells are.
        facts: about the surface.
        identity: what the studies are, as JSON: `trials`, `repeats`, `seed`, `searchers`, `surface`, `training`.
    """
    from trainers.device import software
    from tuning.replay import versions
    from tuning.searchers import LABELS

    on_surface = identity["surface"] is not None
    return {
        "live": {
            "axes": space.to_json(),
            "judged_by": "surface" if on_surface else "told",
            "trials": identity["trials"],
            "identity": identity,
        },
        "seed": identity["seed"],
        "repeats": identity["repeats"],
        "max_trials": {label: identity["trials"]},
        "cost_model": "resume",
        "seed_statistic": "mean" if on_surface else "told",
        "value_of": "last",
        "noise": "live",
        "lowest": "own",
        "dimensions": {label: len(space.axes)},
        "surfaces": {label: facts.to_json()},
        "searchers": identity["searchers"],
        "searcher_labels": LABELS,
        "software": {**versions(), **software()},
    }


def is_there(out: Path, identity: Mapping[str, Any]) -> bool:
    """True where the table `out` is of these very studies.

    Raises:
        BadInput: it is of others, no live table at all, or cannot be read.
    """
    from grids import replay_table
    from trainers.differences import difference

    live = replay_table.load(out)[1].get("live")
    if not isinstance(live, dict) or "identity" not in live:
        raise BadInput(f"{out}: holds no live studies; --out FILE keeps it, --fresh replaces it")
    here = json.loads(json.dumps(identity))
    if live["identity"] != here:
        raise BadInput(
            f"{out}: holds another study ({difference(here, live['identity'])}); --out FILE keeps both, "
            f"--fresh replaces it"
        )
    return True
