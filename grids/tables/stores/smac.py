"""SMAC3 2: `NAME/SEED/{runhistory,scenario,configspace}.json`; before 2.3 a trial is a list in place of an object."""

from pathlib import Path
from typing import Any

from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_json, load_settings, objects

_LISTED = ("config_id", "instance", "seed", "budget", "cost", "time", "status")
_STATES = {0: "running", 1: "success", 2: "crashed", 3: "timeout", 4: "oom", 5: "running"}


def read(folder: Path, meaning: Meaning) -> Frame:
    """The trials of one run of SMAC; lower is better. Of trials with budgets, the cost by budget is a curve.

    Raises:
        BadInput: several runs, or a file that cannot be read.
    """
    histories = sorted(folder.rglob("runhistory.json"))
    if len(histories) > 1:
        names = ", ".join(str(path.parent.relative_to(folder)) for path in histories[:9])
        raise BadInput(f"holds {len(histories)} runs: give the folder of one ({names})")
    place = histories[0]
    history = objects(load_json(place), "runhistory.json")
    configs = objects(history.get("configs") or {}, "configs")
    runs: dict[tuple[str, Any], Run] = {}
    for number, trial in enumerate(history.get("data") or ()):
        if isinstance(trial, list):
            trial = dict(zip(_LISTED, trial, strict=False))
        record = objects(trial, f"trial {number + 1}")
        key = str(record.get("config_id"))
        run = runs.setdefault((key, record.get("seed")), Run(key, configs.get(key) or {}))
        run.state = _STATES.get(record.get("status", 0), str(record.get("status")))
        cost, budget = record.get("cost"), record.get("budget")
        if isinstance(cost, list):
            raise BadInput("its trials have several objectives, which are not read: write the table as CSV")
        run.metrics["cost"] = cost
        if budget is not None:
            run.report("cost", budget, cost)
            run.metrics["cost"] = run.curves["cost"][max(run.curves["cost"])]
        run.more["seed"] = record.get("seed")
    seeds = {seed for _, seed in runs}
    hints: dict[str, Any] = {"seed": "seed"} if len(seeds) > 1 and None not in seeds else {}
    scales = _scales(place.parent / "configspace.json")
    hints |= {"value": "cost", "maximize": False, "told_by": "SMAC", "fidelity": "budget", "scales": scales}
    return frame_of(runs.values(), folder.name, **hints)


def _scales(path: Path) -> dict[str, str]:
    """The scale of each number, by its name and by that of its column."""
    listed = load_settings(path, empty=True).get("hyperparameters") or ()
    scales = {str(each.get("name")): "log" if each.get("log") else "linear" for each in listed if "log" in each}
    return scales | {f"config.{name}": scale for name, scale in scales.items()}
