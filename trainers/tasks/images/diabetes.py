"""Scikit-learn's diabetes set: a regression that needs no download. 442 patients, ten measurements each, and how far
their illness had progressed a year later.

Efron et al. 2004, "Least angle regression", section 1; the measurements come standardised. Targets are standardised
here by the training examples' mean and standard deviation, so that predicting the mean has an error of about 1.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from trainers.task import Dataset, Metric, Task
from trainers.tasks.images.small import diabetes_mlp
from trainers.tasks.registry import register

VALIDATION = 142
FAILURE = 4.0
"""A root mean square error of two standard deviations of the target: every network that trains at all is better."""


def load(folder: Path | None, split_seed: int) -> Dataset:
    """300 training and 142 validation patients: inputs `[examples, 10]`, targets `[examples, 1]`; no folder needed."""
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True)
    order = np.random.default_rng(split_seed).permutation(len(targets))
    valid, train = order[:VALIDATION], order[VALIDATION:]
    scaled = (targets - targets[train].mean()) / targets[train].std()
    x = torch.from_numpy(inputs / inputs[train].std(axis=0)).float()
    y = torch.from_numpy(scaled).float().unsqueeze(1)
    return Dataset(
        name="diabetes",
        train_x=x[train],
        train_y=y[train],
        valid_x=x[valid],
        valid_y=y[valid],
        sha256=hashlib.sha256(inputs.tobytes() + targets.tobytes()).hexdigest(),
        folds=5,
    )


def squared_errors(outputs: Tensor, targets: Tensor) -> Tensor:
    """The squared error of each example, from outputs and targets `[examples, 1]`: `[examples]`."""
    return (outputs - targets).square().mean(dim=1)


register(
    Task(
        name="diabetes-mlp",
        summary="diabetes, 300 training and 142 validation patients, regression by a perceptron 10-32-32-1 with batch "
        "norm, 20 epochs",
        network=diabetes_mlp,
        load=load,
        epochs=20,
        batch_size=30,
        loss=functional.mse_loss,
        metric=Metric(name="mean squared error", unit="", failure=FAILURE, score=squared_errors, targets=(0.01, 0.02)),
    )
)
