"""The study's optimizers as ordinary `torch.optim.Optimizer` classes, for any training loop."""

from trainers.optimizers.adaptive import (
    AdaBelief,
    AdaBound,
    Adam,
    AdamW,
    AdaShift,
    AMSGrad,
    DelayedAdam,
    DynamicEpsilonAdam,
    RAdam,
)
from trainers.optimizers.avagrad import AvaGrad, AvaGradW
from trainers.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "AMSGrad",
    "AdaBelief",
    "AdaBound",
    "AdaShift",
    "Adam",
    "AdamW",
    "AvaGrad",
    "AvaGradW",
    "DelayedAdam",
    "DynamicEpsilonAdam",
    "RAdam",
]
