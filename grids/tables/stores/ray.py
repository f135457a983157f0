"""Ray Tune 2: a folder for each trial, with `params.json`, `result.json` (a line for each report) and `error.txt`."""

from pathlib import Path

from grids.errors import BadInput
from grids.tables.columns import is_number
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.records import flat
from grids.tables.stores.run import Run, frame_of, load_lines, load_settings, shorter

_OWN = {
    *("config", "timestamp", "time_this_iter_s", "time_total_s", "training_iteration", "pid", "date", "hostname"),
    *("iterations_since_restore", "time_since_restore", "node_ip", "trial_id", "done", "episodes_total"),
    *("timesteps_total", "timesteps_since_restore", "checkpoint_dir_name", "should_checkpoint", "warmup_time"),
    *("experiment_id", "experiment_tag"),
}
"""What Ray adds to each report."""


def read(folder: Path, meaning: Meaning) -> Frame:
    """The trials of an experiment; reports by `training_iteration` are curves.

    A trial with `error.txt` or without a report failed; one with fewer reports than the longest was stopped.

    Raises:
        BadInput: a file of a trial cannot be read.
    """
    runs = []
    for params in sorted(folder.glob("*/params.json")):
        trial = params.parent
        run = Run(trial.name, load_settings(params))
        reports = load_lines(trial / "result.json") if (trial / "result.json").is_file() else []
        for number, report in enumerate(reports, start=1):
            step = report.get("training_iteration", number)
            if not isinstance(step, int | float):
                raise BadInput(f"{trial.name}/result.json: training_iteration is no number")
            for name, value in flat({key: item for key, item in report.items() if key not in _OWN}).items():
                if is_number(value):
                    run.report(name, step, value)
        if (trial / "error.txt").exists() or (trial / "error.pkl").exists() or not reports:
            run.state = "failed"
        runs.append(run)
    shorter(runs)
    return frame_of(runs, folder.name, fidelity="training_iteration")
