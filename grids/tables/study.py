"""Import Optuna studies as surfaces, and export surfaces as studies that Optuna's dashboard opens.

Optuna is imported only when one of these functions is called, since most commands do not need it.
"""

import contextlib
import logging
import math
import os
import re
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import numpy as np

from grids.errors import BadInput, brief, listed, unknown
from grids.space import Axis
from grids.surface import Surface
from grids.tables.columns import text
from grids.tables.exporting import own_value
from grids.tables.frame import Frame
from grids.tables.importing import DIVERGED, FILLED
from grids.tables.meaning import Meaning
from grids.tables.stores.database import tables_of

PREFIX = "optuna:"
SQLITE = b"SQLite format 3\0"
"""The first bytes of a SQLite database."""
MOST_TRIALS = 10_000
"""Largest number of trials to write: a study's storage takes milliseconds for each."""
_KEY = "tunecost"
"""The study's user attribute for facts about an exported surface for which Optuna has no field."""


def frame(storage: str, meaning: Meaning) -> Frame:
    """The trials of a study: `optuna:URL`, with `?study=NAME` where the storage holds several; or `optuna:FILE`, the
    file of a journal.

    Axes, scales, values and direction are the study's; intermediate values are curves. A trial that breaks a constraint
    has no value. The surface is a grid where the trials fill one, otherwise a pool.

    Args:
        storage: as above.
        meaning: its axes, if any, select the parameters; its value names one of several objectives, by name or number.

    Raises:
        BadInput: no such storage or study, several studies and no name, or no finished trial.
    """
    return _frame(_load(*_split(storage)), meaning)


def _split(text: str) -> tuple[str, str | None]:
    """The storage's URL and the study's name."""
    url = text.removeprefix(PREFIX)
    base, mark, query = url.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    name = dict(options).get("study")
    rest = urlencode([(key, value) for key, value in options if key != "study"])
    return base + (f"?{rest}" if mark and rest else ""), name


def _file(url: str) -> Path | None:
    """The file of a SQLite URL; None of another storage."""
    sqlite = re.match(r"sqlite(\+pysqlite)?:///([^?]*)", url)
    return Path(sqlite[2]) if sqlite else None


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """A context without Optuna's log messages and without warnings."""
    from optuna import logging  # before the level is set: importing Optuna for the first time sets it too

    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)


def _load(url: str, name: str | None) -> Any:
    """A study, from a storage of which the file, if it is one, is neither changed nor created."""
    if "://" not in url:
        if not Path(url).is_file():
            raise BadInput("a storage is an URL, as optuna:sqlite:///study.db, or the file of a journal")
        with open(url, "rb") as start:
            url = f"sqlite:///{url}" if start.read(len(SQLITE)) == SQLITE else url
    file = _file(url)
    if file is not None:
        if not file.is_file():
            raise BadInput("is a folder" if file.is_dir() else "no such file")
        if "studies" not in tables_of(file):
            raise BadInput("holds no study")
    import optuna

    with quiet_optuna():
        try:
            storage: Any
            if "://" not in url:
                from optuna.storages.journal import JournalFileBackend

                storage = optuna.storages.JournalStorage(JournalFileBackend(url))
            else:
                storage = _storage(url, file)
            names = optuna.get_all_study_names(storage)
            if name is None and len(names) != 1:
                choice = f"{len(names)} studies: choose one with ?study=NAME ({listed(names, 20)})"
                raise BadInput(f"holds {choice if names else 'no study'}")
            if name is not None and name not in names:
                raise unknown("study", name, names)
            return optuna.load_study(study_name=name or names[0], storage=storage)
        except BadInput:
            raise
        except Exception as error:  # SQLAlchemy, a database driver and Optuna raise many kinds
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise BadInput(f"cannot be read as an Optuna storage ({brief(reason, 160)})") from error


def _storage(url: str, file: Path | None) -> Any:
    """The storage of a database; of an SQLite file with the tables of an older version, that of an upgraded copy."""
    import optuna

    try:
        return optuna.storages.RDBStorage(url)
    except RuntimeError as error:
        if file is None or "upgrade" not in str(error):
            raise
    folder = tempfile.TemporaryDirectory(prefix="tunecost-")
    copy = shutil.copy(file, folder.name)
    storage = optuna.storages.RDBStorage(f"sqlite:///{copy}", skip_compatibility_check=True)
    logging.disable(logging.INFO)  # alembic tells each step
    try:
        storage.upgrade()
    finally:
        logging.disable(logging.NOTSET)
    weakref.finalize(storage, folder.cleanup)
    return storage


def _frame(study: Any, meaning: Meaning) -> Frame:
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        raise BadInput(f"study '{brief(study.study_name)}' has no finished trial: import it when one has finished")
    number, value = _objective(study, meaning.value)
    kept = study.user_attrs.get(_KEY)
    kept = kept if isinstance(kept, Mapping) else {}
    params = list(dict.fromkeys(name for trial in complete for name in trial.params))
    for name in meaning.axes:
        if name not in params:
            raise unknown("parameter", name, params)
    if not params:
        raise BadInput(f"study '{brief(study.study_name)}' has no parameters")
    single = [n for n in params if len({repr(trial.params.get(n)) for trial in complete}) == 1]
    axes, seed = list(kept.get("axes") or ()), meaning.seed
    if not axes:
        if "seed" in params and seed is None and not meaning.number_seeds and "seed" not in meaning.axes:
            seed = "seed"  # as in a table
        axes = [n for n in params if n not in single and n != seed] or [n for n in params if n != seed][:1]
    attrs = list(dict.fromkeys(name for trial in trials for name in trial.user_attrs if isinstance(name, str)))
    if seed is None and kept and "seed" in attrs and "seed" not in params:
        seed = "seed"
    columns: dict[str, list[Any]] = {name: [trial.params.get(name) for trial in trials] for name in params}
    called = next(name for name in (value, "value", "objective", "objective value") if name not in columns)
    columns[called] = [_reached(trial, number) for trial in trials]
    asked = {"seed", seed, DIVERGED, FILLED, *meaning.keep, *(each.partition("=")[0] for each in meaning.where)}
    columns |= {n: [trial.user_attrs.get(n) for trial in trials] for n in attrs if n in asked and n not in columns}
    broken = [any(each > 0 for each in trial.system_attrs.get("constraints") or ()) for trial in trials]
    state = ["invalid" if bad else trial.state.name for bad, trial in zip(broken, trials, strict=True)]
    columns["state" if "state" not in columns else "trial_status"] = state
    fidelity = kept.get("fidelity")
    points, curve = list(fidelity["values"]) if fidelity else None, f"{called} by step"
    curves = [_curve(trial, points) for trial in trials] if len(study.directions) == 1 else []
    if any(curves):
        columns[curve] = curves
    direction = study.directions[number].name == "MAXIMIZE"
    told = f"study '{brief(study.study_name)}'"
    if meaning.maximize and not direction:
        raise BadInput(f"{told} minimizes '{value}': leave --maximize out")
    made = Frame.of(columns, name=study.study_name)
    for axis in kept.get("grid") or ():
        if axis.get("scale") == "label":
            made.column(axis["name"]).order = axis["values"]
    fixed = {name: complete[0].params.get(name) for name in single if name not in axes}
    hints = {
        **{name: text(kept.get(name)) for name in ("optimizer", "metric", "unit")},
        **{"axes": axes, "value": called, "seed": seed, "maximize": direction, "told_by": told},
        **{"chosen": True, "pool": None, "scales": _scales(trials, axes)},
        "task": text(kept.get("task") or study.study_name),
        "fidelity": text(fidelity["name"]) if fidelity else "step",
        "fixed": {**fixed, **dict(kept.get("fixed") or {})},
        "data": {"study": study.study_name, "trials": len(complete)},
        **({"precision": kept.get("curve", "float64")} if fidelity else {}),
    }
    notes = (f"{sum(broken)} trial(s) break the study's constraints and have no value",) if any(broken) else ()
    return replace(made, hints=hints, curves={called: curve} if any(curves) else {}, notes=notes)


def _reached(trial: Any, number: int) -> float | None:
    """The value of a trial; of one that was pruned, the last that it reported."""
    if trial.values is not None:
        return float(trial.values[number])
    steps = trial.intermediate_values if not number else {}
    return float(steps[max(steps)]) if steps else None


def _curve(trial: Any, points: Sequence[float] | None) -> list[list[float]]:
    """A trial's intermediate values as pairs of step and value; the steps of an exported surface number its points."""
    steps = sorted(trial.intermediate_values.items())
    if points is None:
        return [[float(step), float(value)] for step, value in steps]
    return [[float(points[step]), float(value)] for step, value in steps if 0 <= step < len(points)]


def _objective(study: Any, wanted: str) -> tuple[int, str]:
    """The index and the name of the wanted objective."""
    names = list(study.metric_names or [])
    count = len(study.directions)
    names = names or (["value"] if count == 1 else [f"values_{number}" for number in range(count)])
    if not wanted or (count == 1 and wanted == "value"):
        if count > 1:
            raise BadInput(f"the study has {count} objectives: choose one with --value ({', '.join(names)})")
        return 0, names[0]
    if wanted in names:
        return names.index(wanted), wanted
    if wanted.isdigit() and int(wanted) < count:
        return int(wanted), names[int(wanted)]
    raise unknown("objective", wanted, names)


def _scales(trials: Sequence[Any], names: Sequence[str]) -> dict[str, str]:
    """The scale of each numeric parameter, from its first distribution."""
    found: dict[str, str] = {}
    for trial in trials:
        for name in names:
            log = getattr(trial.distributions.get(name), "log", None)
            if log is not None:
                found.setdefault(name, "log" if log else "linear")
    return found


def write(surface: Surface, text: str) -> str:
    """Write the surface as a new study with one trial for each cell and seed; returns the study's name.

    Parameters are the axes' values, objective values are in the metric's own direction, curves become intermediate
    values; seed, `diverged` and further columns are user attributes. The file is written whole or not at all.

    Args:
        surface: what to write.
        text: `optuna:sqlite:///FILE`, with `?study=NAME` for another name than `TASK/OPTIMIZER`.

    Raises:
        BadInput: the storage is not a new SQLite file, or there are too many cells.
    """
    url, name = _split(text)
    file = _file(url)
    if file is None:
        raise BadInput(f"--to {text}: a study is written to a file, as optuna:sqlite:///study.db")
    if file.exists():
        raise BadInput(f"--to {text}: {file} is there already; a study is written to a new file")
    if surface.value.size > MOST_TRIALS:
        raise BadInput(
            f"--to {text}: {surface.value.size:,} runs are more than the {MOST_TRIALS:,} trials written in good time"
        )
    from grids.atomic import whole_file

    name = name or surface.name
    with whole_file(file) as temporary, quiet_optuna():
        temporary.unlink()
        _write(surface, temporary, name)
    return name


def _write(surface: Surface, file: Path, name: str) -> None:
    import optuna

    about = surface.provenance
    storage = optuna.storages.RDBStorage(f"sqlite:///{os.path.abspath(file)}")
    try:
        direction: Literal["maximize", "minimize"] = "maximize" if about.maximized else "minimize"
        study = optuna.create_study(storage=storage, study_name=name, direction=direction)
        kept: dict[str, Any] = {name: getattr(about, name) for name in ("task", "optimizer", "metric", "unit")}
        kept["axes"] = list(surface.space.names)
        kept["fixed"] = {key: value for key, value in about.fixed.items() if key != "maximize"}
        if not surface.space.is_pool:
            kept["grid"] = surface.space.to_json()
        if surface.curve is not None and surface.fidelity is not None:
            kept["fidelity"] = {"name": surface.fidelity.name, "values": list(surface.fidelity.values)}
            kept["curve"] = str(surface.curve.dtype)
        study.set_user_attr(_KEY, kept)
        label = about.metric.removeprefix("-") if about.maximized else about.metric
        if label:
            study.set_metric_names([label])
        study.add_trials(_trials(surface))
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _trials(surface: Surface) -> list[Any]:
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
    from optuna.trial import create_trial

    def distribution(axis: Axis) -> BaseDistribution:
        if axis.labelled:
            return CategoricalDistribution([value or None for value in axis.values])
        return FloatDistribution(axis.values[0], axis.values[-1], log=axis.scale == "log")

    ranges = {axis.name: distribution(axis) for axis in surface.space.axes}
    value = own_value(surface, surface.finite)
    trials = []
    for cell in surface.space:
        params = {n: (v or None) if isinstance(v, str) else v for n, v in surface.space.values(cell).items()}
        for number, seed in enumerate(surface.seeds):
            run = (*cell, number)
            attrs: dict[str, Any] = {"seed": seed, "diverged": bool(surface.diverged[run])}
            if surface.filled is not None and surface.filled[run]:
                attrs["filled"] = True
            attrs |= {name: float(c[run]) for name, c in surface.numbers.items() if math.isfinite(c[run])}
            steps = {}
            if surface.curve is not None:
                points = own_value(surface, surface.curve[run].astype(np.float64))
                steps = {step: float(point) for step, point in enumerate(points) if math.isfinite(point)}
            told: dict[str, Any] = {"user_attrs": attrs, "intermediate_values": steps}
            trials.append(create_trial(params=params, distributions=ranges, value=float(value[run]), **told))
    return trials


def is_study(text: str) -> bool:
    """Whether `text` names an Optuna storage."""
    return text.startswith(PREFIX)
