"""Sacred 0.8's file observer (`N/{config,run,metrics}.json`) and NePS 0.17's folders (`configs/config_N/`)."""

from pathlib import Path

from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_json, load_yaml, objects


def is_sacred(folder: Path) -> bool:
    """Whether the folder holds runs of Sacred."""
    return any(folder.glob("*/run.json")) and any(folder.glob("*/config.json"))


def read_sacred(folder: Path, meaning: Meaning) -> Frame:
    """The runs of an observer; its metrics are curves, and `result` is what the main function returned."""
    runs = []
    for file in sorted(folder.glob("*/run.json"), key=lambda path: (len(path.parent.name), path.parent.name)):
        place, about = file.parent, objects(load_json(file), f"{file.parent.name}/run.json")
        run = Run(place.name, objects(load_json(place / "config.json"), f"{place.name}/config.json"))
        run.state, run.metrics["result"] = str(about.get("status", "running")), about.get("result")
        metrics = (
            objects(load_json(place / "metrics.json"), "metrics.json") if (place / "metrics.json").is_file() else {}
        )
        for name, found in metrics.items():
            pairs = zip(found.get("steps") or (), found.get("values") or (), strict=False)
            run.curves[name] = {float(step): value for step, value in pairs if isinstance(value, int | float)}
        runs.append(run)
    seed = "config.seed" if len({run.parameters.get("seed") for run in runs}) < len(runs) else None
    if seed is None:  # Sacred draws a seed for each run, which is no hyperparameter
        for run in runs:
            run.more["sacred seed"] = run.parameters.pop("seed", None) if isinstance(run.parameters, dict) else None
    return frame_of(runs, folder.name)


def is_neps(folder: Path) -> bool:
    """Whether the folder is the root of NePS."""
    return any(folder.glob("configs/config_*/config.yaml"))


def read_neps(folder: Path, meaning: Meaning) -> Frame:
    """The trials of NePS; lower is better."""
    runs = []
    for file in sorted(
        folder.glob("configs/config_*/config.yaml"), key=lambda path: (len(path.parent.name), str(path))
    ):
        run = Run(file.parent.name, objects(load_yaml(file), f"{file.parent.name}/config.yaml"), state="running")
        report = file.parent / "report.yaml"
        if report.is_file():
            about = objects(load_yaml(report), f"{file.parent.name}/report.yaml")
            run.state = str(about.get("reported_as", about.get("state", "success")))
            run.metrics["objective_to_minimize"] = about.get("objective_to_minimize", about.get("loss"))
        runs.append(run)
    return frame_of(runs, folder.name, value="objective_to_minimize", maximize=False, told_by="NePS")
