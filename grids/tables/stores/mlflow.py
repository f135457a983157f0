"""MLflow 3: a SQLite database, or a folder with EXPERIMENT/RUN/{meta.yaml, params, metrics, tags}."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grids.errors import BadInput, brief, unknown
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.database import opened, rows
from grids.tables.stores.run import Points, Run, frame_of, load_settings

_STATES = {1: "running", 2: "scheduled", 3: "finished", 4: "failed", 5: "killed"}
_PARENT = "mlflow.parentRunId"
_LARGEST = 1.7976931348623157e308
"""How the database writes infinity."""
Reports = dict[str, list[tuple[int, int, float]]]
"""By metric: step, time and value."""


def read_database(path: Path, meaning: Meaning) -> Frame:
    """The runs of an experiment in a database; see `_frame`."""
    with opened(path) as database:
        names = dict(rows(database, "experiments", "experiment_id", "name"))
        runs = list(rows(database, "runs", "run_uuid", "experiment_id", "status", "lifecycle_stage"))
        texts: dict[str, dict[str, dict[str, Any]]] = {"params": {}, "tags": {}}
        for table, by_run in texts.items():
            for run, key, value in rows(database, table, "run_uuid", "key", "value"):
                by_run.setdefault(run, {})[key] = value
        reports: dict[str, Reports] = {}
        columns = ("run_uuid", "key", "value", "step", "timestamp", "is_nan")
        for run, key, value, step, time, nan in rows(database, "metrics", *columns):
            known = float("nan") if nan or abs(value) == _LARGEST else value
            reports.setdefault(run, {}).setdefault(key, []).append((step, time, known))
    params, tags = texts["params"], texts["tags"]
    found = [
        (names.get(of), tags.get(run, {}), Run(run, params.get(run, {}), *_metrics(reports.get(run, {})), str(status)))
        for run, of, status, stage in runs
        if stage != "deleted"
    ]
    return _frame(found, path.stem, meaning)


def read_folder(folder: Path, meaning: Meaning) -> Frame:
    """The runs of an experiment in a file store; see `_frame`."""
    experiments = [folder] if any(folder.glob("*/params")) else sorted(p.parent for p in folder.glob("*/meta.yaml"))
    found = []
    for experiment in experiments:
        named = experiment / "meta.yaml"
        name = load_settings(named, empty=True).get("name", experiment.name)
        for meta in sorted(experiment.glob("*/meta.yaml")):
            about, run = load_settings(meta), meta.parent
            if about.get("lifecycle_stage") == "deleted":
                continue
            reports: Reports = {}
            for file in _files(run / "metrics"):
                for line in file.read_text().splitlines():
                    time, value, *step = line.split()
                    key = str(file.relative_to(run / "metrics"))
                    reports.setdefault(key, []).append((int(step[0]) if step else 0, int(time), float(value)))
            texts = [
                {str(file.relative_to(run / kind)): file.read_text() for file in _files(run / kind)}
                for kind in ("params", "tags")
            ]
            state = _STATES.get(about.get("status", 1), str(about.get("status")))
            found.append((str(name), texts[1], Run(run.name, texts[0], *_metrics(reports), state)))
    return _frame(found, folder.name, meaning)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _metrics(reports: Reports) -> tuple[dict[str, Any], dict[str, Points]]:
    """The last report of each metric, by step and then by time, and those with several steps as curves."""
    ordered = {key: sorted(found, key=lambda report: report[:2]) for key, found in reports.items()}
    curves: dict[str, Points] = {
        key: {float(step): value for step, _, value in found} for key, found in ordered.items()
    }
    return {key: found[-1][2] for key, found in ordered.items()}, {k: c for k, c in curves.items() if len(c) > 1}


def _frame(found: Sequence[tuple[Any, dict[str, Any], Run]], name: str, meaning: Meaning) -> Frame:
    """The runs of the experiment that `meaning.task` names, or of the only one, without runs of which others are parts.

    Raises:
        BadInput: no run, or several experiments and none named.
    """
    experiments = list(dict.fromkeys(str(experiment) for experiment, _, _ in found))
    if len(experiments) > 1 and meaning.task not in experiments:
        if meaning.task:
            raise unknown("experiment", meaning.task, experiments)
        listed = ", ".join(map(brief, experiments[:20]))
        raise BadInput(f"holds {len(experiments)} experiments: choose one with --task ({listed})")
    kept = [(tags, run) for experiment, tags, run in found if len(experiments) < 2 or experiment == meaning.task]
    parents = {tags.get(_PARENT) for tags, _ in kept}
    runs = [run for _, run in kept if run.name not in parents]
    left = len(kept) - len(runs)
    notes = [f"{left} parent run(s) left out"] if left else []
    task = experiments[0] if len(experiments) == 1 and experiments[0] != "Default" else name
    return frame_of(runs, task, notes)
