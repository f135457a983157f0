"""The learning rate's factor over the epochs."""

from collections.abc import Sequence


def factor(epoch: int, epochs: int, milestones: Sequence[float], by: float) -> float:
    """What α is multiplied by in an epoch (counted from 0): `by`, once for each milestone that has passed.

    Milestones are fractions of the epochs; one at 60 of 200 counts from the 61st epoch on, as in
    `torch.optim.lr_scheduler.MultiStepLR`.

    >>> [factor(e, 10, (0.3, 0.6), 0.5) for e in (2, 3, 5, 6)]
    [1.0, 0.5, 0.5, 0.25]
    """
    passed = sum(epoch >= m * epochs - 1e-9 for m in milestones)  # 1e-9: 0.3 of 10 is 3, whatever the rounding
    return float(by**passed)
