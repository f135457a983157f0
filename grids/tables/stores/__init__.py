"""Readers of what trackers and tuners leave on disk, each a frame of its trials; which one reads what."""

from collections.abc import Callable
from pathlib import Path

from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.stores import (
    ax,
    hyperopt,
    keras_tuner,
    kernel_tuner,
    lightning,
    mlflow,
    nni,
    ray,
    sacred,
    smac,
    syne_tune,
    tensorboard,
    wandb,
)

Read = Callable[[Path, Meaning], Frame]

FOLDERS: tuple[tuple[str, Callable[[Path], bool], Read], ...] = (
    ("Ray Tune", ray.is_experiment, ray.read),
    ("MLflow", mlflow.is_store, mlflow.read_folder),
    ("Lightning", lightning.is_folder, lightning.read),
    ("KerasTuner", keras_tuner.is_folder, keras_tuner.read),
    ("W&B", wandb.is_folder, wandb.read),
    ("SMAC", smac.is_folder, smac.read),
    ("Syne Tune", syne_tune.is_folder, syne_tune.read),
    ("Sacred", sacred.is_sacred, sacred.read_sacred),
    ("NePS", sacred.is_neps, sacred.read_neps),
    ("TensorBoard", tensorboard.is_folder, tensorboard.read),
)
"""Each store that is a folder: its name, how it is recognized, its reader; the first that fits is taken.

A folder of none of these may be one with a file for each run (`runs`)."""

DATABASES: tuple[tuple[str, frozenset[str], Read], ...] = (
    ("MLflow", mlflow.TABLES, mlflow.read_database),
    ("NNI", nni.TABLES, nni.read),
)
"""Each store that is a SQLite database, with tables that it has."""

DOCUMENTS: tuple[tuple[str, tuple[bytes, ...], Read], ...] = (
    ("Kernel Tuner", kernel_tuner.CACHE, kernel_tuner.read_cache),
    ("Kernel Tuner", kernel_tuner.T4, kernel_tuner.read_t4),
    ("Hyperopt", hyperopt.SIGNS, hyperopt.read),
    ("Ax", ax.SIGNS, ax.read),
)
"""Each store that is a JSON file, with what stands in its first 4 KiB."""
