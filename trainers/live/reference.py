"""The surface that gives values to the cells that live studies choose, or what is known without one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grids import surface_file
from grids.errors import BadInput
from grids.library import find_surface, list_surfaces
from grids.metric import Targets, derived_targets
from grids.surface import Fidelity, Surface
from grids.surface_facts import SurfaceFacts
from trainers.axes import checked_space
from trainers.job import Job
from trainers.live.fit import misfit
from trainers.sweep.folder import file_name


@dataclass(frozen=True)
class Reference:
    """The surface whose mean gives the value of a chosen cell.

    Args:
        name: path or name, as the user typed it.
        path: its file.
        surface: the surface itself.
        facts: for the table's header.
    """

    name: str
    path: Path
    surface: Surface
    facts: SurfaceFacts


def find_reference(job: Job, text: str | None, own_space: bool) -> tuple[Reference | None, str]:
    """The surface by which studies are judged.

    Args:
        job: what is trained.
        text: the surface's path or name; "none" for no surface; None for that of the job's task and optimizer.
        own_space: whether the user gave a space, which must then be that of the surface.

    Returns:
        The surface and an empty text; or None where "none" is given, or by default no surface fits, and a message that
        says so and by what studies are judged instead.

    Raises:
        BadInput: the surface that was named is of another training, or its cells cannot be trained.
    """

    default = f"{job.task.name}/{file_name(job.optimizer)}"
    name = text or default
    judged_by = "judged by the values that studies were told, from the lowest of them"
    if name == "none" or (text is None and default not in {entry.name for entry in list_surfaces()}):
        return None, f"{default}: {'has no surface here' if text is None else 'without a surface'}: {judged_by}"
    path = find_surface(name)
    surface = surface_file.load(path)
    if surface.space.is_pool or any(axis.labelled for axis in surface.space.axes):
        raise BadInput(f"{name}: is not a grid of numbers, which live tuning needs; use --surface none")
    difference = misfit(job, surface)
    if own_space and job.space.to_json() != surface.space.to_json():
        difference = "its axes are not those of --space"
    if difference and text is None:
        return None, f"{name}: is of another training ({difference}): {judged_by}"
    if difference:
        raise BadInput(f"--surface {name}: is of another training ({difference}); or use --surface none")
    checked_space(surface.space, job.rule, job.optimizer)
    return Reference(name, path, surface, SurfaceFacts.of(surface, path)), ""


def facts_of(job: Job, told: np.ndarray) -> SurfaceFacts:
    """The facts that a header states where there is no surface: the task's metric, and the range of the values told.

    Args:
        job: what was trained.
        told: the values that studies were told, any shape, in the metric's unit.
    """

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
