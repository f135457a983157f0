"""Transfer from a surface to another task: chosen cells trained there with several seeds, and judged at the end."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.surface import Surface
from trainers.device import describe, pick, software
from trainers.job import Job
from trainers.tasks import get_task
from trainers.transfer import record
from trainers.transfer.final import final_folds, in_words
from trainers.transfer.settings import Setting, along, best_cells, rule_of
from trainers.transfer.train import FoldTraining, Transferring


@dataclass(frozen=True)
class Request:
    """A transfer's request, in the words of `tunecost transfer`'s options.

    Args:
        to: the task that is trained.
        seeds: 0 to n − 1.
        statistic, value_of: how the surface is judged, which has been judged so already by `value_of`.
        cells: how many of the best cells.
        default: whether the optimizer's default is trained too.
        retune: an axis that is searched anew, by the other task's validation set.
        epochs, device, data: as in `grid run`.
        workers: processes.
        named: optimizers that the user named; a surface's own that does not ship is loaded if it is one of them.
        skip_broken: leave out photographs that cannot be read.
    """

    to: str
    seeds: int = 3
    statistic: str = "mean"
    value_of: str = "last"
    cells: int = 1
    default: bool = False
    retune: str | None = None
    epochs: int | None = None
    device: str = "auto"
    data: Path | None = None
    workers: int = 1
    named: tuple[str, ...] = ()
    skip_broken: bool = False


Progress = Callable[[str, int], Any]
"""`progress(words, total)` gives a context that yields `advance(n)`."""


def transfer(
    surface: Surface,
    digest: str,
    request: Request,
    folder: Path,
    command: str,
    progress: Progress,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The record of one surface's transfer.

    Args:
        surface: judged as asked.
        digest: of its file.
        request: what to do.
        folder: for unfinished trainings; it is gone when all are done and written (see `clear`).
        command: as typed.
        progress, say: for a person who waits.

    Raises:
        BadInput: the surface, the task or its data do not allow it.
    """
    optimizer = surface.provenance.optimizer
    rule, task = rule_of(surface, request.named), get_task(request.to)
    chosen = best_cells(surface, request.statistic, request.cells, rule)
    job = Job(request.to, optimizer, epochs=request.epochs, device_name=request.device, data_folder=request.data)
    training = FoldTraining(job, skip_broken=request.skip_broken)
    data = training.loaded
    final_folds(data, 0)  # refuses data that nothing can be judged by, before hours are spent

    def train(settings: list[Setting], final: bool, words: str) -> np.ndarray:
        hyper = tuple(dict(setting.hyper) for setting in settings)
        plan = Transferring(replace(training, final=final), hyper, request.seeds, folder)
        with progress(words, job.all_epochs * len(plan.blocks(request.workers))) as advance:
            return plan.run(request.workers, say, advance)

    further: dict[str, Any] = {}
    wanted = list(chosen)
    if request.retune is not None:
        search = along(surface, chosen[0], request.retune)
        found = train(search, False, f"{request.to}/{optimizer}: {request.retune}")
        means = found[0].mean(axis=(1, 2))
        best = int(np.argmin(means))
        if found[1, best].all():
            raise BadInput(f"{surface.name}: every {request.retune} diverged on {request.to}: nothing is left to train")
        wanted.append(search[best])
        further["searched"] = [
            {"hyperparameters": dict(one.hyper), "validation": float(mean)}
            for one, mean in zip(search, means, strict=True)
        ]
    if request.default:
        wanted.append(Setting({name: rule.hyperparameters[name] for name in surface.space.names}))
    found = train(wanted, True, f"{request.to}/{optimizer}")
    results = [
        {"hyperparameters": dict(one.hyper), "surface_value": one.value, **record.outcome(found[0, at], found[1, at])}
        for at, one in enumerate(wanted)
    ]
    metric = task.metric.resolved(data)
    written: dict[str, Any] = {
        "format": record.FORMAT,
        "task": surface.provenance.task,
        "to": task.name,
        "optimizer": optimizer,
        "hyperparameters": results[0]["hyperparameters"],
        "seeds": list(range(request.seeds)),
        "values": results[0]["values"],
        "mean": results[0]["mean"],
        "std": results[0]["std"],
        "metric": f"{'cross-validation' if data.test_x is None else 'test'} {metric.name.removeprefix('validation ')}",
        "unit": metric.unit,
        "diverged": results[0]["diverged"],
        "judged_by": in_words(data),
    }
    if request.cells > 1:
        written["cells"] = results[: request.cells]
        sign = -1.0 if surface.provenance.maximized else 1.0  # the other network's values are better when lower
        written["rank_correlation"] = record.rank_correlation(
            [sign * float(one.value) for one in chosen if one.value is not None],
            [one["mean"] for one in results[: request.cells]],
        )
    if request.retune is not None:
        written["retuned"] = {"axis": request.retune, **results[request.cells], **further}
    if request.default:
        written["default"] = results[-1]
    identity = job.identity(None)
    fixed = {name: value for name, value in identity["fixed"].items() if name not in surface.space.names}
    return written | {
        "optimizer_label": surface.provenance.label,
        "surface": {
            "name": surface.name,
            "sha256": digest,
            "seeds": len(surface.seeds),
            "seed_statistic": request.statistic,
            "value_of": request.value_of,
            "value": results[0]["surface_value"],
            "metric": surface.provenance.metric,
            "unit": surface.provenance.unit,
        },
        "fixed": fixed,
        "data": identity["data"] | {"test": None if data.test_x is None else len(data.test_x), "folds": data.folds},
        "software": software(),
        "device": describe(pick(request.device)),
        "created": record.now(),
        "command": command,
    }


def clear(folder: Path) -> None:
    """Remove what was kept of trainings that are done and written."""
    shutil.rmtree(folder, ignore_errors=True)
