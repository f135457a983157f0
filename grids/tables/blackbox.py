"""Read and write Syne Tune's tabulated blackboxes: `[tasks, configurations, seeds, fidelities, objectives]`.

A folder holds `hyperparameters.parquet`, `objectives_evaluations.npy`, `fidelities_values.npy`, and in JSON the spaces
(`configspace.json`, `fidelityspace.json`) and the names of objectives and tasks (`metadata.json`), as Syne Tune 0.16
reads and writes it.
"""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grids import limits
from grids.atomic import whole_folder
from grids.errors import BadInput, brief, listed, unknown
from grids.space import Axis
from grids.surface import Surface
from grids.tables.columns import Column, text
from grids.tables.exporting import own_value, value_name
from grids.tables.files import read_table
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores.run import load_settings

TO = "syne-tune"
EVALUATIONS, PARAMETERS, FIDELITIES = "objectives_evaluations.npy", "hyperparameters.parquet", "fidelities_values.npy"
_OWN = "tunecost"
"""The entry of `metadata.json` for facts about an exported surface for which Syne Tune has no field."""
_SEED = "tunecost seed"


def is_blackbox(path: str | Path) -> bool:
    """Whether `path` is a folder with the array of a blackbox."""
    return Path(path).is_dir() and (Path(path) / EVALUATIONS).is_file()


def frame(path: str | Path, meaning: Meaning) -> Frame:
    """A row for each configuration, seed and fidelity of one task of a blackbox.

    `meaning.task` names the task and `meaning.value` the objective where there are several; a single task is renamed
    to `meaning.task`. Two or more fidelities become curves; a run whose curve ends early has a missing value. The
    surface is a grid where the configurations fill one, otherwise a pool.

    Raises:
        BadInput: a missing file, files that do not match, or several tasks or objectives and none named.
    """
    folder = Path(path)
    metadata = load_settings(folder / "metadata.json")
    array = _array(folder / EVALUATIONS)
    table = read_table(folder / PARAMETERS)
    if array.ndim != 5 or array.shape[1] != len(table) or 0 in array.shape:
        raise BadInput(
            f"{EVALUATIONS} has shape {array.shape}; [tasks, {len(table)} configurations, seeds, "
            "fidelities, objectives] is needed"
        )
    tasks = _names(metadata, "task_names", array.shape[0], "task")
    objectives = _names(metadata, "objectives_names", array.shape[4], "objective")
    kept = metadata.get(_OWN)
    own: dict[str, Any] = kept if isinstance(kept, dict) else {}
    task = _chosen(tasks, meaning.task, "task", "--task") if len(tasks) > 1 else tasks[0]
    objective = _chosen(objectives, meaning.value or None, "objective", "--value")
    _, count, seeds, points, _ = array.shape
    fidelities = _array(folder / FIDELITIES) if (folder / FIDELITIES).is_file() else np.arange(1, points + 1)
    if fidelities.shape != (points,):
        raise BadInput(f"{FIDELITIES} has shape {fidelities.shape}, {EVALUATIONS} {points} fidelities")
    if not np.isfinite(fidelities).all() or len(np.unique(fidelities)) < len(fidelities):
        raise BadInput(f"{FIDELITIES} must hold distinct numbers, not {brief(str(fidelities.tolist()))}")
    rows = count * seeds * points * (len(table.header) + 3)
    limits.check_table(array.nbytes, 8 * rows, f"{count:,} configurations")
    axes = [name for name in table.header if table.column(name).varies] or list(table.header[:1])
    table = replace(table.repeated(np.repeat(np.arange(count), seeds * points)), name="blackbox", sha256="")
    labels = own.get("seeds")
    labels = labels if isinstance(labels, list) and len(labels) == seeds else list(range(seeds))
    more = {
        name: Column(array[tasks.index(task), ..., objectives.index(name)].astype(np.float64).ravel())
        for name in {objective, *(name for name in meaning.keep if name in objectives)}
    }
    hints: dict[str, Any] = {
        "axes": axes,
        "value": objective,
        "maximize": True if own.get("maximize") else None,
        "told_by": "metadata.json",
        "chosen": True,
        "pool": None,
        "scales": _scales(folder),
        "task": text(own.get("task") or task),
        **{name: text(own.get(name)) for name in ("optimizer", "metric", "unit")},
        "data": {"sha256": hashlib.sha256((folder / EVALUATIONS).read_bytes()).hexdigest()},
    }
    if seeds > 1:
        more[_SEED] = Column(np.tile(np.repeat(np.array(labels, np.float64), points), count))
        hints["seed"] = _SEED
    if points > 1:
        fidelity = next(iter(load_settings(folder / "fidelityspace.json", empty=True)), "fidelity")
        hints["epoch"] = fidelity
        more[fidelity] = Column(np.tile(fidelities.astype(np.float64), count * seeds))
    return table.with_columns(more, hints=hints)


def _array(path: Path) -> np.ndarray:
    try:
        found = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read ({error.strerror or error})") from error
    except Exception as error:
        raise BadInput(f"{path.name} is no array of numbers") from error
    if not (isinstance(found, np.ndarray) and np.issubdtype(found.dtype, np.number)) or np.iscomplexobj(found):
        raise BadInput(f"{path.name} is no array of numbers")
    return found


def _names(metadata: dict[str, Any], key: str, count: int, what: str) -> list[str]:
    names = metadata.get(key) or [f"{what}{number}" for number in range(count)]
    if not isinstance(names, list) or len(names) != count:
        raise BadInput(f"metadata.json names {len(names)} {what}s, {EVALUATIONS} holds {count}")
    return [str(name) for name in names]


def _chosen(names: list[str], wanted: str | None, what: str, option: str) -> str:
    if wanted in names:
        return str(wanted)
    if not wanted:
        if len(names) == 1:
            return names[0]
        raise BadInput(f"it holds {len(names)} {what}s: choose one with {option} ({listed(names, 30)})")
    raise unknown(what, wanted, names)


def _scales(folder: Path) -> dict[str, str]:
    """The scale of each hyperparameter's sampler, where the configuration space gives one."""
    found = {}
    for name, domain in load_settings(folder / "configspace.json", empty=True).items():
        sampler = str(domain.get("sampler_cls") or "") if isinstance(domain, dict) else ""
        if sampler:
            found[name] = "log" if "Log" in sampler else "linear"
    return found


def write(surface: Surface, folder: str | Path) -> None:
    """Write the surface as a blackbox of one task; values are in the metric's own direction.

    Raises:
        BadInput: the folder exists and is not empty, or cannot be written.
    """
    with whole_folder(folder, "a blackbox is") as temporary:
        _write(surface, temporary)


def _write(surface: Surface, folder: Path) -> None:
    about, space = surface.provenance, surface.space
    columns = space.columns()
    table = pa.table({n: pa.array(c, pa.string() if c.dtype == object else pa.float64()) for n, c in columns.items()})
    pq.write_table(table, folder / PARAMETERS, compression="gzip")
    runs = surface.finite.reshape(space.size, len(surface.seeds), 1)
    if surface.curve is not None:
        runs = surface.curve.reshape(space.size, len(surface.seeds), -1).astype(np.float64)
        runs = np.concatenate([runs[..., :-1], surface.finite.reshape(*runs.shape[:2], 1)], axis=-1)
    values = surface.fidelity.values if surface.fidelity is not None else (1.0,)
    np.save(folder / EVALUATIONS, own_value(surface, runs)[None, ..., None])
    whole = all(value == int(value) for value in values)
    fidelities = np.array(values, np.int64 if whole else np.float64)
    np.save(folder / FIDELITIES, fidelities)
    name = surface.fidelity.name if surface.fidelity is not None else "fidelity"
    objective = about.metric if not about.maximized and about.metric else value_name(surface)
    spaces = {
        "configspace.json": {axis.name: _domain(axis) for axis in space.axes},
        "fidelityspace.json": {
            name: _domain(Axis(name, (0.0, values[-1]) if values[-1] > 0 else values, "linear"), whole)
        },
        "metadata.json": {
            "objectives_names": [objective],
            "task_names": [about.task],
            _OWN: {
                "task": about.task,
                "optimizer": about.optimizer,
                "metric": about.metric,
                "unit": about.unit,
                "maximize": about.maximized,
                "seeds": list(surface.seeds),
            },
        },
    }
    for file, content in spaces.items():
        (folder / file).write_text(json.dumps(content, indent=1))


def _domain(axis: Axis, whole: bool = False) -> dict[str, Any]:
    """A hyperparameter's domain, in the form of Syne Tune's `config_space_to_json_dict`."""
    low, high = axis.values[0], axis.values[-1]
    kind, options = "Float", {"lower": low, "upper": high}
    if axis.labelled:
        kind, options = "Categorical", {"categories": list(axis.values)}
    elif whole:
        kind, options = "Integer", {"lower": int(low), "upper": int(high)}
    log = kind == "Float" and axis.scale == "log"
    sampler = {"sampler_cls": "LogUniform" if log else "Uniform", "sampler_kwargs": {"base": 10} if log else {}}
    return {"domain_cls": kind, "domain_kwargs": options, **sampler}
