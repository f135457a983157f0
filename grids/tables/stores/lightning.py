"""Lightning's CSVLogger: `version_N/{metrics.csv, hparams.yaml}`, with rows of training and of validation by epoch."""

from pathlib import Path

import pandas as pd

from grids.errors import BadInput, brief
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
    try:
        table = pd.read_csv(path, float_precision="round_trip")
    except (ValueError, OSError) as error:
        raise BadInput(f"{run.name}/metrics.csv cannot be read ({brief(str(error), 80)})") from error
    by = next((name for name in ("epoch", "step") if name in table.columns), None)
    if by is None:
        return
    for name in table.columns.difference(["epoch", "step"], sort=False):
        if pd.api.types.is_numeric_dtype(table[name].dtype):
            # A row of training has no value of validation: an epoch's value is its last, and NaN where it has none.
            values = table.groupby(by)[name].last()
            if values.notna().any():
                run.curves[str(name)] = {float(step): float(value) for step, value in values.items()}  # type: ignore[arg-type]
