"""MLflow 3: a SQLite database, or a folder with EXPERIMENT/RUN/{meta.yaml, params, metrics, tags}."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grids.errors import BadInput, brief, unknown
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.database import opened, rows
from grids.tables.stores.run import Points, Run, frame_of, load_yaml, objects

TABLES = frozenset(("experiments", "runs", "params", "metrics", "tags"))
_STATES = {1: "running", 2: "scheduled", 3: "finished", 4: "failed", 5: "killed"}
_PARENT = "mlflow.parentRunId"
_LARGEST = 1.7976931348623157e308
"""How the database writes infinity."""


def is_store(folder: Path) -> bool:
    """Whether the folder is a file store, or one experiment of it."""
    return any(folder.glob("*/meta.yaml")) and any((*folder.glob("*/params"), *folder.glob("*/*/params")))


def read_database(path: Path, meaning: Meaning) -> Frame:
    """The runs of an experiment in a database; see `_frame`."""
    with opened(path) as database:
        names = dict(rows(database, "experiments", "experiment_id", "name"))
        columns = ("run_uuid", "experiment_id", "status", "lifecycle_stage")
        states = {
            run: (names.get(of), str(status))
            for run, of, status, stage in rows(database, "runs", *columns)
            if stage != "deleted"
        }
        params: dict[str, dict[str, Any]] = {run: {} for run in states}
        tags: dict[str, dict[str, Any]] = {run: {} for run in states}
        for table, texts in (("params", params), ("tags", tags)):
            for run, key, value in rows(database, table, "run_uuid", "key", "value"):
                if run in texts:
                    texts[run][key] = value
        reports: dict[str, dict[str, list[tuple[int, int, float]]]] = {run: {} for run in states}
        for run, key, value, step, time, nan in rows(
            database, "metrics", "run_uuid", "key", "value", "step", "timestamp", "is_nan"
        ):
            if run in reports:
                kept = float("nan") if nan or abs(value) == _LARGEST else value
                reports[run].setdefault(key, []).append((step, time, kept))
    found = [
        (experiment, tags[run], Run(run, params[run], *_metrics(reports[run]), state))
        for run, (experiment, state) in states.items()
    ]
    return _frame(found, path.stem, meaning)


def read_folder(folder: Path, meaning: Meaning) -> Frame:
    """The runs of an experiment in a file store; see `_frame`."""
    experiments = [folder] if any(folder.glob("*/params")) else sorted(p.parent for p in folder.glob("*/meta.yaml"))
    found = []
    for experiment in experiments:
        named = experiment / "meta.yaml"
        name = (
            objects(load_yaml(named), "meta.yaml").get("name", experiment.name) if named.is_file() else experiment.name
        )
        for meta in sorted(experiment.glob("*/meta.yaml")):
            about, run = objects(load_yaml(meta), f"{meta.parent.name}/meta.yaml"), meta.parent
            if about.get("lifecycle_stage") == "deleted":
                continue
            reports: dict[str, list[tuple[int, int, float]]] = {}
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


def _metrics(reports: dict[str, list[tuple[int, int, float]]]) -> tuple[dict[str, Any], dict[str, Points]]:
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
