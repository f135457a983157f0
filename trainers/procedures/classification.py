"""Classification's loss and metric: cross entropy, and the validation error in %."""

from torch import Tensor
from torch.nn import functional

from trainers.dataset import Dataset
from trainers.metric import Metric

cross_entropy = functional.cross_entropy

SMOOTHING = 0.2


def smoothed_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy against targets of which a share of 0.2 is spread evenly over all classes.

    Szegedy et al. 2016 (arXiv:1512.00567), section 7; the share is that of KellerJordan/cifar10-airbench.
    """
    return functional.cross_entropy(outputs, targets, label_smoothing=SMOOTHING)


TARGETS = (0.5, 1.0)
"""Percentage points: the paper's own levels, "an error at most 0.5% higher than the lowest", and Figure 2's 1%."""


def wrong(outputs: Tensor, targets: Tensor) -> Tensor:
    """100 where the largest of the outputs `[examples, classes]` is not the target's, else 0; float64 `[examples]`."""
    return (outputs.argmax(dim=-1) != targets).double() * 100.0


def one_example(data: Dataset) -> float:
    """The share of one example of the validation set, in percentage points."""
    return 100.0 / len(data.valid_y)


def classification_error(classes: int) -> Metric:
    """The validation error in %; a run that diverged is worth guessing, 100 − 100/classes."""
    return Metric(
        name="validation error",
        unit="%",
        failure=100.0 - 100.0 / classes,
        score=wrong,
        targets=TARGETS,
        resolution=one_example,
        bounded=True,
    )
