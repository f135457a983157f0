"""Flat tables of known programs, told by their columns: what is no trial in them, and what their columns mean."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grids.tables.columns import Column
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning

_NOTHING = 5e20
"""What Nevergrad writes for NaN and infinity."""


def recognized(frame: Frame, meaning: Meaning) -> Frame:
    """The frame with what its program would say of it, where its columns tell the program."""
    for columns, read in _KNOWN:
        if columns <= {name.partition(".")[0] for name in frame.header}:
            return read(frame, meaning)
    return frame


def _nevergrad(frame: Frame, meaning: Meaning) -> Frame:
    """Names with `#` are bookkeeping, as are the indices of choices; `#loss` is minimized."""
    numbers = frame.column("#loss").parsed.numbers
    axes = [name for name in frame.header if "#" not in name and not name.endswith(".indices")]
    axes = [name for name in axes if len(frame.column(name).coded[1]) > 1] or axes
    hints = {"value": "#loss", "axes": axes, "maximize": False, "told_by": "Nevergrad", "metric": "loss", "pool": None}
    lost = int((numbers == _NOTHING).sum())
    notes = (f"{lost} value(s) of 5e+20 stand for NaN or infinity",) if lost else ()
    made = frame.with_columns({"#loss": Column(np.where(numbers == _NOTHING, np.nan, numbers))}, hints=hints)
    return replace(made, notes=(*frame.notes, *notes))


def _flaml(frame: Frame, meaning: Meaning) -> Frame:
    """The learner is a hyperparameter too; the last line is no trial."""
    frame = frame.take(~frame.column("record_id").blank)
    axes = [name for name in frame.header if name.startswith("config.") or name == "learner"]
    varying = [name for name in axes if len(frame.column(name).coded[1]) > 1 or len(axes) == 1]
    return replace(frame, hints={"value": "validation_loss", "axes": varying, "pool": None})


def _dvc(frame: Frame, meaning: Meaning) -> Frame:
    """The workspace repeats an experiment; a commit without metrics is none."""
    workspace = frame.column("rev").where(lambda level: level == "workspace")
    baseline = frame.column("typ").where(lambda level: level == "baseline")
    empty = np.any([column.where(lambda level: level == "!") for column in frame.columns], axis=0)
    keep = ~(workspace | (baseline & empty))
    note = (f"{(~keep).sum()} row(s) of DVC that are no experiments left out",)
    return replace(frame.take(keep), notes=frame.notes if keep.all() else (*frame.notes, *note))


def _ray(frame: Frame, meaning: Meaning) -> Frame:
    """A trial with fewer iterations than the longest was stopped, unless iterations are asked for."""
    asked = [*meaning.names(), *(each.partition("=")[0] for each in meaning.where)]
    iterations = frame.column("training_iteration").parsed.numbers
    if "training_iteration" in asked or {"state", "status"} & set(frame.header) or np.isnan(iterations).all():
        return frame
    short = iterations < np.nanmax(iterations)
    if not short.any():
        return frame
    note = f"{int(short.sum())} of {len(frame)} trials ended before iteration {np.nanmax(iterations):g}"
    words = Column.of(["stopped" if each else "finished" for each in short.tolist()])
    return frame.with_columns({"state": words}, notes=(*frame.notes, note))


def _halving(frame: Frame, meaning: Meaning) -> Frame:
    """The resources of a halving search of scikit-learn are the fidelity."""
    several = len(frame.column("n_resources").coded[1]) > 1
    return replace(frame, hints={"epoch": "n_resources"}) if several else frame


_KNOWN: tuple[tuple[set[str], Callable[[Frame, Meaning], Frame]], ...] = (
    ({"#loss"}, _nevergrad),
    ({"record_id", "validation_loss", "learner"}, _flaml),
    ({"Experiment", "rev", "typ"}, _dvc),
    ({"training_iteration", "trial_id"}, _ray),
    ({"iter", "n_resources", "params"}, _halving),
)
"""The columns that tell a program, and what reads its table."""
