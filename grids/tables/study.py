"""Import Optuna studies as surfaces, and export surfaces as studies that Optuna's dashboard opens.

Optuna is imported only when one of these functions is called, since most commands do not need it.
"""

import contextlib
import math
import os
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief, unknown
from grids.space import Axis
from grids.surface import Surface
from grids.tables.exporting import own_value
from grids.tables.frame import Frame
from grids.tables.importing import surface_of
from grids.tables.meaning import Meaning

PREFIX = "optuna:"
MOST_TRIALS = 10_000
"""Largest number of trials to write: a study's storage takes milliseconds for each."""
_KEY = "tunecost"
"""The study's user attribute for facts about an exported surface for which Optuna has no field."""


def read(text: str, meaning: Meaning) -> Surface:
    """The surface of a study: `optuna:URL`, with `?study=NAME` where the storage holds several; or `optuna:FILE`, the
    file of a journal.

    Axes, scales, values and direction are the study's. Trials without a value are left out. The surface is a grid where
    the trials fill one, otherwise a pool.

    Args:
        text: the storage.
        meaning: its axes, if any, select the parameters; its value names one of several objectives, by name or number.

    Raises:
        BadInput: no such storage or study, several studies and no name, no finished trial, or as `surface_of`.
    """
    url, name = _split(text)
    try:
        study = _load(url, name)
        return _surface(study, meaning)
    except BadInput as error:
        raise BadInput(f"{text}: {error}") from error


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
    for start in ("sqlite:///", "sqlite+pysqlite:///"):
        if url.startswith(start):
            return Path(url[len(start) :].partition("?")[0])
    return None


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
    file = _file(url)
    journal = "://" not in url and Path(url).is_file()
    if file is None and not journal and "://" not in url:
        raise BadInput("a storage is an URL, as optuna:sqlite:///study.db, or the file of a journal")
    if file is not None:
        _check_database(file)
    import optuna

    with quiet_optuna():
        try:
            storage: Any
            if journal:
                from optuna.storages.journal import JournalFileBackend

                storage = optuna.storages.JournalStorage(JournalFileBackend(url))
            else:
                storage = optuna.storages.RDBStorage(url)
            names = optuna.get_all_study_names(storage)
            chosen = name if name is not None else names[0] if len(names) == 1 else None
            if chosen is None:
                listed = ", ".join(map(brief, names[:20]))
                raise BadInput(
                    f"holds {len(names)} studies: choose one with ?study=NAME ({listed})" if names else "holds no study"
                )
            if chosen not in names:
                raise unknown("study", chosen, names)
            return optuna.load_study(study_name=chosen, storage=storage)
        except BadInput:
            raise
        except Exception as error:  # SQLAlchemy, a database driver and Optuna raise many kinds
            said = str(error).strip().splitlines()
            raise BadInput(
                f"cannot be read as an Optuna storage ({brief(said[0], 160) if said else type(error).__name__})"
            ) from error


def _check_database(file: Path) -> None:
    """Raise BadInput where a SQLite file is not there or has no studies: Optuna would create it, or tables in it."""
    if not file.is_file():
        raise BadInput("is a folder" if file.is_dir() else "no such file")
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error as error:
        raise BadInput(f"cannot be read as an Optuna storage ({error})") from error
    if "studies" not in tables:
        raise BadInput("holds no study")


def _surface(study: Any, meaning: Meaning) -> Surface:
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not trials:
        raise BadInput(f"study '{brief(study.study_name)}' has no finished trial")
    number, value = _objective(study, meaning.value)
    kept = study.user_attrs.get(_KEY)
    kept = kept if isinstance(kept, Mapping) else {}
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    used = list(meaning.axes) or list(kept.get("axes") or names)
    for name in used:
        if name not in names:
            raise unknown("parameter", name, names)
    if not used:
        raise BadInput(f"study '{brief(study.study_name)}' has no parameters")
    single = {
        name: trials[0].params.get(name) for name in names if len({repr(t.params.get(name)) for t in trials}) == 1
    }
    if not meaning.axes and not kept.get("axes"):
        if "seed" in names and meaning.seed is None and not meaning.number_seeds:
            meaning = replace(meaning, seed="seed")  # as in a table
        used = [name for name in used if name not in single and name != meaning.seed] or used[:1]
    columns: dict[str, list[Any]] = {name: [trial.params.get(name) for trial in trials] for name in used}
    taken = set(columns)
    value_column = next(name for name in (value, "value", "objective", "objective value") if name not in taken)
    columns[value_column] = [trial.values[number] for trial in trials]
    attrs = {name for trial in trials for name in trial.user_attrs}
    if meaning.seed in names and meaning.seed not in taken:
        columns[str(meaning.seed)] = [trial.params.get(meaning.seed) for trial in trials]
    seeds = "seed" if meaning.seed is None and kept and "seed" in attrs and "seed" not in taken else meaning.seed
    for name in sorted(attrs - set(columns)):
        if name in {"seed", "diverged", "filled", *meaning.keep} or name == seeds:
            columns[name] = [trial.user_attrs.get(name) for trial in trials]
    table = Frame.of_pandas(pd.DataFrame({n: pd.Series(c, dtype=object) for n, c in columns.items()}), study.study_name)
    skipped = len(study.get_trials(deepcopy=False)) - len(trials)
    maximize = study.directions[number].name == "MAXIMIZE"
    if meaning.maximize and not maximize:
        raise BadInput(f"study '{brief(study.study_name)}' minimizes '{value}': leave --maximize out")
    fixed = {name: item for name, item in single.items() if name not in used}
    made = surface_of(
        table,
        replace(
            meaning,
            axes=used,
            value=value_column,
            seed=seeds,
            maximize=maximize,
            pool=None if not meaning.pool else True,
            scales=_scales(trials, used),
            task=meaning.task or kept.get("task") or study.study_name,
            optimizer=meaning.optimizer or kept.get("optimizer"),
            metric=meaning.metric or (kept.get("metric") if kept else None),
            unit=meaning.unit or str(kept.get("unit") or ""),
            data={"study": study.study_name, "trials": len(trials), **({"left_out": skipped} if skipped else {})},
        ),
    )
    made = _with_axes(made, kept)
    about = replace(made.provenance, fixed={**fixed, **dict(kept.get("fixed") or {}), **made.provenance.fixed})
    return _with_curves(replace(made, provenance=about), trials, kept, number)


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
    """The scale of each numeric parameter, from its distribution."""
    found: dict[str, str] = {}
    for trial in trials:
        for name in names:
            log = getattr(trial.distributions.get(name), "log", None)
            if log is not None and name not in found:
                found[name] = "log" if log else "linear"
    return found


def _with_axes(surface: Surface, kept: Mapping[str, Any]) -> Surface:
    """The surface with the scales and the order of labels that it had when it was exported."""
    from grids.space import Space, axis_from_json

    if surface.space.is_pool or not kept.get("grid"):
        return surface
    try:
        wanted = tuple(axis_from_json(axis) for axis in kept["grid"])
    except (BadInput, KeyError, TypeError, ValueError):
        return surface
    now = surface.space.axes
    if [a.name for a in wanted] != [a.name for a in now] or any(
        set(a.values) != set(b.values) for a, b in zip(wanted, now, strict=True)
    ):
        return surface
    place = np.ix_(*(np.array([b.values.index(v) for v in a.values]) for a, b in zip(wanted, now, strict=True)))
    return surface.rearranged(Space(wanted), lambda array: array[place])


def _with_curves(surface: Surface, trials: Sequence[Any], kept: Mapping[str, Any], number: int) -> Surface:
    """The surface with its curves, from the intermediate values of a study that this program wrote."""
    from grids.surface import Fidelity

    fidelity = kept.get("fidelity")
    if not fidelity or number or surface.space.is_pool:
        return surface
    points = len(fidelity["values"])
    curve = np.full((*surface.value.shape, points), np.nan)
    places: list[dict[Any, int]] = [
        *({value: place for place, value in enumerate(axis.values)} for axis in surface.space.axes),
        {seed: place for place, seed in enumerate(surface.seeds)},
    ]
    for trial in trials:
        values = [_value(trial.params[axis.name], axis) for axis in surface.space.axes]
        run = [of.get(value) for of, value in zip(places, [*values, trial.user_attrs.get("seed", 0)], strict=True)]
        if None in run:
            continue  # left out of the surface, as by --where
        for step, value in trial.intermediate_values.items():
            if 0 <= step < points:
                curve[(*run, step)] = value
    curve = -curve + 0.0 if surface.provenance.maximized else curve
    kind = np.float32 if kept.get("curve") == "float32" else np.float64
    return replace(surface, curve=curve.astype(kind), fidelity=Fidelity(fidelity["name"], tuple(fidelity["values"])))


def _value(param: Any, axis: Axis) -> Any:
    """A trial's parameter as the axis has it."""
    if param is None:
        return ""
    return param if axis.labelled else float(param)


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
        study = optuna.create_study(
            storage=storage, study_name=name, direction="maximize" if about.maximized else "minimize"
        )
        kept: dict[str, Any] = {
            "axes": list(surface.space.names),
            "task": about.task,
            "optimizer": about.optimizer,
            "metric": about.metric,
            "unit": about.unit,
            "fixed": {key: value for key, value in about.fixed.items() if key != "maximize"},
        }
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
            trials.append(
                create_trial(
                    params=params,
                    distributions=ranges,
                    value=float(value[run]),
                    user_attrs=attrs,
                    intermediate_values=steps,
                )
            )
    return trials


def is_study(text: str) -> bool:
    """Whether `text` names an Optuna storage."""
    return text.startswith(PREFIX)
