"""NNI 3: the database `db/nni.sqlite` of an experiment, with its trials' events and metrics."""

import json
from pathlib import Path
from typing import Any

from grids.tables.columns import is_number
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.database import opened, rows
from grids.tables.stores.run import Run, frame_of


def read(path: Path, meaning: Meaning) -> Frame:
    """The trials of an experiment: the parameters of their events, the last event as state, metrics by sequence.

    Raises:
        BadInput: the database cannot be read, or holds no trial.
    """
    runs: dict[str, Run] = {}
    with opened(path) as database:
        for _, job, event, data in rows(database, "TrialJobEvent", "timestamp", "trialJobId", "event", "data"):
            run = runs.setdefault(str(job), Run(str(job), {}))
            run.state = {"USER_CANCELED": "canceled", "EARLY_STOPPED": "early_stopped"}.get(event, str(event))
            settings = json.loads(data) if data else {}
            run.parameters = (settings.get("parameters") if isinstance(settings, dict) else None) or run.parameters
        for job, kind, sequence, data in rows(database, "MetricData", "trialJobId", "type", "sequence", "data"):
            value = _value(data)
            if str(job) in runs and is_number(value):
                if kind == "FINAL":
                    runs[str(job)].metrics["metric"] = value
                else:
                    runs[str(job)].report("metric", sequence, value)
    return frame_of(runs.values(), path.stem, fidelity="sequence")


def _value(data: Any) -> Any:
    """A metric, which is JSON within JSON, and may be an object with the entry `default`."""
    for _ in range(2):
        data = json.loads(data) if isinstance(data, str) else data
    return data.get("default") if isinstance(data, dict) else data
