"""KerasTuner 1.4: `trial_NN/trial.json` in a project's folder, next to `oracle.json`."""

from pathlib import Path
from typing import Any

from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_settings, objects

_OWN = "tuner/"
"""How the names begin that the tuner adds to the hyperparameters."""


def read(folder: Path, meaning: Meaning) -> Frame:
    """The trials of a project; the objective is `score`, whose direction each trial states.

    Raises:
        BadInput: a file of a trial cannot be read.
    """
    runs, directions, names = [], set(), set()
    for file in sorted(folder.glob("trial_*/trial.json")):
        trial = load_settings(file)
        given = objects(trial.get("hyperparameters") or {}, "hyperparameters").get("values") or {}
        parameters = {name: value for name, value in given.items() if not name.startswith(_OWN)}
        run = Run(str(trial.get("trial_id", file.parent.name)), parameters, state=str(trial.get("status", "running")))
        run.metrics["score"] = trial.get("score")
        for name, metric in objects((trial.get("metrics") or {}).get("metrics") or {}, "metrics").items():
            points = _points(metric)
            if points:
                run.metrics[name] = points[max(points)]
                names.add(name)
                directions.add(metric.get("direction"))
        runs.append(run)
    hints: dict[str, Any] = {}
    if len(directions) == 1:
        hints = {"maximize": directions == {"max"}, "told_by": "trial.json"}
    if len(names) == 1:
        hints["metric"] = ("-" if hints.get("maximize") else "") + names.pop()
    return frame_of(runs, folder.name, value="score", **hints)


def _points(metric: Any) -> dict[float, float]:
    """The mean of each observation of a metric by its step."""
    points = {}
    for observed in metric.get("observations") or () if isinstance(metric, dict) else ():
        values = [value for value in observed.get("value") or () if isinstance(value, int | float)]
        if values:
            points[float(observed.get("step") or 0)] = sum(values) / len(values)
    return points
