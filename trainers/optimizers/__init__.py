"""The program's optimizers as ordinary `torch.optim.Optimizer` classes, for any training loop."""

from typing import TYPE_CHECKING

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
from trainers.optimizers.base import RuleOptimizer
from trainers.optimizers.schedulefree import ScheduleFreeAdamW
from trainers.optimizers.sgd import SGD
from trainers.optimizers.twin import class_name, twin
from trainers.rules.registry import SHIPPED

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
    "ScheduleFreeAdamW",
]

# The classes that nobody had to write: Lion, Muon, ….
_made = {class_name(shipped): twin(shipped) for shipped in SHIPPED.values() if shipped.twin}
globals().update(_made)
__all__ += list(_made)

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[RuleOptimizer]: ...
