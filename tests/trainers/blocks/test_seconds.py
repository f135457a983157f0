"""The time that cells take: an epoch's, divided among those that still live."""

from collections.abc import Callable
from itertools import count

import numpy as np

from trainers.blocks.epochs import train_block
from trainers.blocks.results import Snapshot
from trainers.rules import get_rule
from trainers.tasks import get_task


def ticking() -> Callable[[], float]:
    """A clock that goes on by three seconds each time it is read."""
    steps = count()
    return lambda: 3.0 * next(steps)


def test_an_epochs_time_is_divided_among_the_living() -> None:
    task, kept = get_task("digits-mlp"), list[Snapshot]()
    data = task.load(None, 0)
    alphas = np.array([0.01, 1e30, 0.02])
    whole = train_block(
        task, data, get_rule("adam"), {"alpha": alphas}, 0, epochs=3, on_epoch=kept.append, clock=ticking()
    )
    assert whole.diverged.tolist() == [False, True, False]
    seconds = kept[-1].seconds
    np.testing.assert_allclose(seconds, [1 + 1.5 + 1.5, 1, 1 + 1.5 + 1.5])
    later: list[Snapshot] = []
    train_block(
        task,
        data,
        get_rule("adam"),
        {"alpha": alphas},
        0,
        epochs=3,
        snapshot=kept[0],
        on_epoch=later.append,
        clock=ticking(),
    )
    np.testing.assert_allclose(later[-1].seconds, seconds)


def test_a_snapshot_of_before_leaves_them_unknown() -> None:
    task, kept = get_task("digits-mlp"), list[Snapshot]()
    data, alphas = task.load(None, 0), np.array([0.01, 0.02])
    train_block(task, data, get_rule("adam"), {"alpha": alphas}, 0, epochs=2, on_epoch=kept.append)
    old = Snapshot(**{name: item for name, item in vars(kept[0]).items() if name != "seconds"})
    later: list[Snapshot] = []
    train_block(task, data, get_rule("adam"), {"alpha": alphas}, 0, epochs=2, snapshot=old, on_epoch=later.append)
    assert later[-1].seconds.isnan().all()
