"""The program's optimizers as ordinary `torch.optim.Optimizer` classes, for any training loop."""

from trainers.optimizers.avagrad import AvaGrad, AvaGradW
from trainers.optimizers.classes import (
    SGD,
    AdaBelief,
    AdaBound,
    Adam,
    AdamAtan2,
    AdamW,
    AdaShift,
    AMSGrad,
    DelayedAdam,
    DynamicEpsilonAdam,
    Lion,
    Muon,
    RAdam,
)
from trainers.optimizers.schedulefree import ScheduleFreeAdamW

__all__ = [
    "SGD",
    "AMSGrad",
    "AdaBelief",
    "AdaBound",
    "AdaShift",
    "Adam",
    "AdamAtan2",
    "AdamW",
    "AvaGrad",
    "AvaGradW",
    "DelayedAdam",
    "DynamicEpsilonAdam",
    "Lion",
    "Muon",
    "RAdam",
    "ScheduleFreeAdamW",
]
