"""Lightning's CSVLogger: `version_N/{metrics.csv, hparams.yaml}`, with rows of training and of validation by epoch."""

import math
from pathlib import Path

from grids.tables.files import read_table
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, in_order, load_settings, shorter


def read(folder: Path, meaning: Meaning) -> Frame:
    """The versions of an experiment; metrics by epoch, or by step where there are no epochs, are curves.

    The logger keeps no states: a version that ends before the longest was stopped.

    Raises:
        BadInput: a file cannot be read.
    """
    runs = []
    for file in in_order(folder, "version_*/hparams.yaml"):
        run = Run(file.parent.name, load_settings(file, empty=True), state="failed")
        metrics = file.parent / "metrics.csv"
        if metrics.is_file():
            _add(run, metrics)
            run.state = "finished"
        runs.append(run)
    shorter(runs)
    return frame_of(runs, folder.name, fidelity="epoch")


def _add(run: Run, path: Path) -> None:
    """Add a version's metrics. A row of training has no value of validation: an epoch's value is its last."""
    table = read_table(path)
    by = next((name for name in ("epoch", "step") if table.has(name)), None)
    if by is None:
        return
    steps = table.finite(by).tolist()
    for name in table.header:
        if name in ("epoch", "step") or not table.has(name):
            continue
        metric = table.column(name).parsed
        if metric.wrong.any() or metric.missing.all():
            continue
        for step, value in zip(steps, metric.numbers.tolist(), strict=True):
            if not (math.isnan(value) and step in run.curves.get(name, {})):
                run.report(name, step, value)
