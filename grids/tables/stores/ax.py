"""Ax 1.3: an experiment saved as JSON, whose objects name their type in `__type`."""

import json
from pathlib import Path
from typing import Any

from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_json, objects


def read(path: Path, meaning: Meaning) -> Frame:
    """The trials of an experiment; data by `progression` are curves.

    Raises:
        BadInput: it is no experiment of Ax, or of a version that is not read.
    """
    found = objects(load_json(path), "the file")
    experiment = found.get("experiment", found)
    if not isinstance(experiment, dict) or "trials" not in experiment:
        raise BadInput("is no experiment of Ax 1: save it with client.save_to_json_file, or write summarize() as CSV")
    runs = {}
    for number, trial in objects(experiment["trials"], "trials").items():
        arms = trial.get("generator_runs") or [trial.get("generator_run") or trial.get("generator_run_structs")]
        run = Run(str(number), _parameters(arms), state=str((trial.get("status") or {}).get("name", "running")))
        runs[int(number)] = run
    for data in _data(experiment):
        for row in data:
            if int(row.get("trial_index", -1)) not in runs:
                continue
            run = runs[int(row["trial_index"])]
            name, mean, step = str(row.get("metric_name")), row.get("mean"), row.get("progression", row.get("step"))
            if step is None:
                run.metrics[name] = mean
            else:
                run.report(name, step, mean)
    return frame_of(runs.values(), str(experiment.get("name") or path.stem), **_objective(experiment))


def _parameters(runs: Any) -> dict[str, Any]:
    """The parameters of a trial's only arm."""
    for run in runs if isinstance(runs, list) else [runs]:
        run = run.get("generator_run", run) if isinstance(run, dict) else {}
        for arm in run.get("arms") or ():
            return dict(arm.get("parameters") or {})
    return {}


def _data(experiment: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of data, by trial or in one table."""
    found = []
    by_trial = experiment.get("data_by_trial") or {}
    for entry in by_trial.values() if isinstance(by_trial, dict) else ():
        pairs = entry.get("value", entry) if isinstance(entry, dict) else entry
        items = [pair[1] for pair in pairs] if isinstance(pairs, list) else list(pairs.values())
        for item in items[-1:]:
            found.append(_table(item))
    if "data" in experiment and not found:
        found.append(_table(experiment["data"]))
    return found


def _table(item: Any) -> list[dict[str, Any]]:
    """The rows of a data frame of pandas that Ax wrote as JSON by column."""
    frame = item.get("df") or item.get("full_df") or {} if isinstance(item, dict) else {}
    text = frame.get("value", frame) if isinstance(frame, dict) else frame
    columns = json.loads(text) if isinstance(text, str) else text
    if isinstance(columns, list):
        return columns
    rows: dict[str, Any] = next(iter(columns.values()), {})
    return [{name: column.get(row) for name, column in columns.items()} for row in rows]


def _objective(experiment: dict[str, Any]) -> dict[str, Any]:
    """The metric of the objective and its direction, where the experiment has a single one."""
    objective = ((experiment.get("optimization_config") or {}).get("objective")) or {}
    metric = (objective.get("metric") or {}).get("name")
    minimize = objective.get("minimize")
    expression = objective.get("expression")
    if metric is None and isinstance(expression, str) and expression.strip().lstrip("-").strip().isidentifier():
        metric, minimize = expression.strip().lstrip("-").strip(), expression.strip().startswith("-")
    if not isinstance(metric, str) or not isinstance(minimize, bool):
        return {}
    return {"value": metric, "maximize": not minimize, "told_by": "the experiment's objective"}
