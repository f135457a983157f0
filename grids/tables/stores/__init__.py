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

FOLDERS: tuple[tuple[str, tuple[str, ...], Read], ...] = (
    ("Ray Tune", ("*/params.json", "*/result.json"), ray.read),
    ("MLflow", ("*/meta.yaml", "*/params"), mlflow.read_folder),
    ("MLflow", ("*/meta.yaml", "*/*/params"), mlflow.read_folder),
    ("Lightning", ("version_*/hparams.yaml",), lightning.read),
    ("KerasTuner", ("trial_*/trial.json",), keras_tuner.read),
    ("W&B", ("*run-*/run-*.wandb",), wandb.read),
    ("W&B", ("wandb/*run-*/run-*.wandb",), wandb.read),
    ("SMAC", ("runhistory.json",), smac.read),
    ("SMAC", ("*/runhistory.json",), smac.read),
    ("SMAC", ("*/*/runhistory.json",), smac.read),
    ("Syne Tune", ("results.csv.zip",), syne_tune.read),
    ("Sacred", ("*/run.json", "*/config.json"), sacred.read_sacred),
    ("NePS", ("configs/config_*/config.yaml",), sacred.read_neps),
    ("TensorBoard", ("*/events.out.tfevents.*",), tensorboard.read),
)
"""Each store that is a folder: its name, the files that it holds, its reader; the first that fits is taken.

A folder of none of these may be one with a file for each run (`runs`)."""

DATABASES: tuple[tuple[frozenset[str], Read], ...] = (
    (frozenset(("experiments", "runs", "params", "metrics", "tags")), mlflow.read_database),
    (frozenset(("TrialJobEvent", "MetricData")), nni.read),
)
"""Tables of each store that is a SQLite database, and its reader."""

DOCUMENTS: tuple[tuple[tuple[bytes, ...], Read], ...] = (
    ((b'"tune_params_keys"', b'"cache"'), kernel_tuner.read_cache),
    ((b'"schema_version"', b'"results"', b'"configuration"'), kernel_tuner.read_t4),
    ((b'"misc"', b'"vals"', b'"tid"'), hyperopt.read),
    ((b'"__type"',), ax.read),
)
"""What stands in the first 4 KiB of each store that is a JSON file, and its reader."""
