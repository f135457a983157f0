"""Syne Tune 0.16: a tuner's folder with `results.csv.zip` (a row for each report) and `metadata.json`."""

from pathlib import Path
from typing import Any

from grids.errors import BadInput
from grids.tables import files
from grids.tables.columns import text
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import Run, frame_of, load_settings, shorter

_EPOCHS = ("epoch", "iteration", "step", "iter")


def read(folder: Path, meaning: Meaning) -> Frame:
    """The trials of a tuner; reports by epoch are curves, and metric and direction are those of `metadata.json`.

    Its `st_status` is that of a report and not of the trial: one that ends before the longest was stopped, one that
    only has a configuration failed.

    Raises:
        BadInput: a file cannot be read.
    """
    about = load_settings(folder / "metadata.json", empty=True)
    table = files.read_table(folder / "results.csv.zip")
    if not table.has("trial_id"):
        raise BadInput("results.csv.zip has no column trial_id: it is of another version")
    axes = [name for name in table.header if name.startswith("config_")]
    skip = {"trial_id", *axes, *(name for name in table.header if name.startswith("st_"))}
    by = next((name for name in _EPOCHS if table.has(name)), None)
    numbers = {n: table.column(n).parsed for n in dict.fromkeys(table.header) if n not in skip and n != by}
    ids, steps = table.column("trial_id"), table.column(by).parsed.numbers if by else None
    runs: dict[str, Run] = {}
    for row in range(len(table)):
        trial = ids.text(row)
        if trial not in runs:
            runs[trial] = Run(trial, {name.removeprefix("config_"): table.column(name).text(row) for name in axes})
        step = float(len(runs[trial].curves)) if steps is None else float(steps[row])
        for name, read_ in numbers.items():
            if not read_.wrong[row]:
                runs[trial].report(name, step, float(read_.numbers[row]))
    for place in sorted(folder.glob("*/config.json")):
        if place.parent.name not in runs:
            runs[place.parent.name] = Run(place.parent.name, load_settings(place), state="failed")
    shorter(runs.values())
    metrics, mode = about.get("metric_names") or [], about.get("metric_mode") or about.get("mode")
    mode = mode[0] if isinstance(mode, list) and len(set(mode)) == 1 else mode
    hints: dict[str, Any] = {"value": text(metrics[0])} if len(metrics) == 1 else {}
    if mode in ("min", "max"):
        hints |= {"maximize": mode == "max", "told_by": "metadata.json"}
    return frame_of(runs.values(), folder.name, fidelity=by or "report", **hints)
