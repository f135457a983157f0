"""Sacred 0.8's file observer (`N/{config,run,metrics}.json`) and NePS 0.17's folders (`configs/config_N/`)."""

from pathlib import Path

from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, in_order, load_settings


def read_sacred(folder: Path, meaning: Meaning) -> Frame:
    """The runs of an observer; its metrics are curves, and `result` is what the main function returned."""
    runs = []
    for file in in_order(folder, "*/run.json"):
        place, about = file.parent, load_settings(file)
        run = Run(place.name, dict(load_settings(place / "config.json")), state=str(about.get("status", "running")))
        run.metrics["result"] = about.get("result")
        for name, metric in load_settings(place / "metrics.json", empty=True).items():
            pairs = zip(metric.get("steps") or (), metric.get("values") or (), strict=False)
            run.curves[name] = {float(step): value for step, value in pairs if isinstance(value, int | float)}
        runs.append(run)
    if len({run.parameters.get("seed") for run in runs}) == len(runs):
        for run in runs:  # Sacred draws a seed for each run, which is no hyperparameter
            run.more["sacred seed"] = run.parameters.get("seed")
            run.parameters = {name: value for name, value in run.parameters.items() if name != "seed"}
    return frame_of(runs, folder.name)


def read_neps(folder: Path, meaning: Meaning) -> Frame:
    """The trials of NePS; lower is better."""
    runs = []
    for file in in_order(folder, "configs/config_*/config.yaml"):
        run = Run(file.parent.name, load_settings(file), state="running")
        report = file.parent / "report.yaml"
        if report.is_file():
            about = load_settings(report)
            run.state = str(about.get("reported_as", about.get("state", "success")))
            run.metrics["objective_to_minimize"] = about.get("objective_to_minimize", about.get("loss"))
        runs.append(run)
    return frame_of(runs, folder.name, value="objective_to_minimize", maximize=False, told_by="NePS")
