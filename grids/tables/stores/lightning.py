"""Lightning's CSVLogger: `version_N/{metrics.csv, hparams.yaml}`, with rows of training and of validation by epoch."""

import math
from pathlib import Path

from grids.errors import BadInput
from grids.tables.files import read_table
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_yaml, objects, shorter


def is_folder(folder: Path) -> bool:
    """Whether the folder holds versions."""
    return any(folder.glob("version_*/hparams.yaml")) or any(folder.glob("*/version_*/hparams.yaml"))


def read(folder: Path, meaning: Meaning) -> Frame:
    """The versions of an experiment; metrics by epoch, or by step where there are no epochs, are curves.

    The logger keeps no states: a version that ends before the longest was stopped.

    Raises:
        BadInput: a file cannot be read, or there are several experiments.
    """
    above = sorted(
        {
            path.parent.parent
            for path in (*folder.glob("version_*/hparams.yaml"), *folder.glob("*/version_*/hparams.yaml"))
        }
    )
    if len(above) > 1:
        raise BadInput(
            f"holds {len(above)} experiments: give one of their folders ({', '.join(p.name for p in above[:9])})"
        )
    runs = []
    for file in sorted(
        above[0].glob("version_*/hparams.yaml"), key=lambda path: (len(path.parent.name), path.parent.name)
    ):
        run = Run(file.parent.name, objects(load_yaml(file) or {}, f"{file.parent.name}/hparams.yaml"), state="failed")
        metrics = file.parent / "metrics.csv"
        if metrics.is_file():
            _add(run, metrics)
            run.state = "finished"
        runs.append(run)
    shorter(runs)
    return frame_of(runs, above[0].name, fidelity="epoch")


def _add(run: Run, path: Path) -> None:
    """Add a version's metrics. A row of training has no value of validation: an epoch's value is its last."""
    table = read_table(path)
    by = next((name for name in ("epoch", "step") if table.has(name)), None)
    if by is None:
        return
    steps = table.finite(by)
    for name in table.header:
        if name in ("epoch", "step") or not table.has(name):
            continue
        read_ = table.column(name).parsed
        for step, value in zip(steps.tolist(), read_.numbers.tolist(), strict=True):
            if not read_.wrong.any() and not (
                read_.missing.all() or (math.isnan(value) and step in run.curves.get(name, {}))
            ):
                run.curves.setdefault(name, {})[step] = value
