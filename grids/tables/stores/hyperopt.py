"""Hyperopt 0.3: a JSON dump of its trials, `json.dump(trials.trials, file, default=str)`."""

from pathlib import Path
from typing import Any

from grids.errors import BadInput
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.numbers import plain
from grids.tables.stores.run import Run, frame_of, load_json


def read(path: Path, meaning: Meaning) -> Frame:
    """The trials of a dump; lower is better. A choice is the index of the chosen entry: the dump lacks the space.

    Raises:
        BadInput: it is no list of trials.
    """
    trials = load_json(path)
    if not isinstance(trials, list):
        raise BadInput("is no list of trials of Hyperopt")
    runs = []
    for number, trial in enumerate(trials):
        try:
            values = {name: _chosen(chosen) for name, chosen in trial["misc"]["vals"].items()}
            result = trial.get("result") or {}
            name, loss, state = str(trial.get("tid", number)), result.get("loss"), str(result.get("status"))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"entry {number + 1} is no trial of Hyperopt") from error
        runs.append(Run(name, values, {"loss": loss}, state="running" if state == "new" else state))
    note = "a choice is the index of the chosen entry, as Hyperopt's trials hold it"
    return frame_of(runs, path.stem, [note], value="loss", maximize=False, told_by="Hyperopt")


def _chosen(chosen: Any) -> Any:
    """The value of a hyperparameter: a list of one, or of none where it was not used."""
    value = chosen[0] if chosen else None
    number = plain(value) if isinstance(value, str) else None
    return value if number is None else number
