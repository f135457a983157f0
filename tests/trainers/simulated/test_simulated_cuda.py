"""The GPU path, run on tensors that compute nothing: no GPU is needed, and none of it is skipped for want of one."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import simulated_checks as checks

from trainers.blocks.measure import SHARE
from trainers.rules import RULES
from trainers.tasks import TASKS

pytestmark = pytest.mark.simulated_cuda

Run = Callable[..., Any]

FROM_FILES = {"imagenet-resnet50", "cifar10-ggan-fid"}
"""Tasks of photographs in files, trained cell by cell, and of weights that a user gives."""

LARGE = {
    *("cifar10-ggan", "cifar10-wrn-16-4", "cifar10-wrn-28-4", "cifar10-wrn-28-10", "cifar100-wrn-28-10"),
    *("kjv-lstm-wide", "ptb-lstm-300", "ptb-lstm-1000"),
}
NAMES = [
    pytest.param(name, marks=pytest.mark.slow if name in LARGE else ()) for name in sorted(set(TASKS) - FROM_FILES)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_trains(name: str, simulated_gpu: Run) -> None:
    """Augmented, trained by a recorded step, judged and kept, on one device and in the memory that was planned."""
    found = simulated_gpu(checks.trains, name)
    assert found["value"] == [1.0] * checks.CELLS
    assert found["recordings"] == 1
    assert found["replays"] >= 2
    assert found["kept"] == 2
    assert found["peak"] <= found["planned"] / SHARE


@pytest.mark.parametrize("optimizer", sorted(set(RULES) - {"adam"}))
def test_a_rule_trains(optimizer: str, simulated_gpu: Run) -> None:
    found = simulated_gpu(checks.trains, "digits-conv", optimizer)
    assert found["value"] == [1.0] * checks.CELLS
    assert found["recordings"] == 1
    assert found["peak"] <= found["planned"] / SHARE
    assert not [name for name in found["operations"] if name.startswith(("scatter", "index_add"))], "atomics"


def test_a_state_that_is_not_due_stays_on_the_device(simulated_gpu: Run) -> None:
    """Without one to keep, an epoch brings a few numbers a cell to the host; with one, all parameters and more."""
    few = simulated_gpu(checks.trains, "digits-conv", "adam", None, False)["to_host"]
    assert few <= 100 * checks.CELLS
    assert simulated_gpu(checks.trains, "digits-conv")["to_host"] > 100 * few


@pytest.mark.parametrize("backend", ["vmap", "channels_last"])
def test_a_backend_trains(backend: str, simulated_gpu: Run) -> None:
    found = simulated_gpu(checks.trains, "digits-conv", "adam", backend)
    assert found["recordings"] == 1
    assert found["peak"] <= found["planned"] / SHARE


def test_a_torch_optimizer_class_trains_without_a_recording(simulated_gpu: Run) -> None:
    # Its state is kept by pickling, which simulated tensors do not take.
    found = simulated_gpu(checks.trains, "digits-conv", "torch.optim:SGD", None, False)
    assert found["value"] == [1.0] * checks.CELLS
    assert found["recordings"] == 0


@pytest.mark.parametrize("misuse", ["item", "to_host", "from_host", "draw", "mixed"])
def test_misuse_within_a_recorded_step_is_seen(misuse: str, simulated_gpu: Run) -> None:
    """The watch itself: a step that waits, copies, draws or mixes devices fails."""
    with pytest.raises(RuntimeError, match=r"within a recorded step|on the same device"):
        simulated_gpu(checks.misuses, misuse)


def test_bytes_that_a_step_moves(simulated_gpu: Run) -> None:
    """Of one cell and 128 images, on the network that 383 MB were first counted for."""
    found, _ = simulated_gpu(checks.traffic, 8)
    parts = Counter(dict.fromkeys(checks.PARTS, 0))
    for name, count in found.items():
        parts[checks.part_of(name)] += count / 8 / 1e6
    print(*(f"{part:12} {count:6.1f} MB" for part, count in parts.items()), sep="\n")
    assert parts["rule"] <= 85
    assert parts["layout"] <= 13
    assert sum(parts.values()) <= 312


def test_memory_of_a_whole_surface(simulated_gpu: Run) -> None:
    """441 cells of the same network, trained and judged."""
    _, peak = simulated_gpu(checks.traffic, 441)
    assert peak <= 40 * 2**30
