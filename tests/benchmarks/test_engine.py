"""Fused training against one cell at a time, measured in one run. `make bench` prints the tables."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch
from networks import DATA, alone, fused, load, plain_step, random_images, step_operations, warm_up

from grids.errors import BadInput
from trainers.blocks.measure import choose_block, measure
from trainers.device import describe
from trainers.engine.backends import BACKENDS
from trainers.rules import get_rule
from trainers.task import Dataset
from trainers.tasks import get_task

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

WORKERS = 2
BLOCK = {"digits-mlp": 111, "digits-conv": 32, "fashion-mlp": 111}
"""About what `choose_block` finds: images fill the caches sooner."""
CELLS = 56
"""Of a block of convolutional networks: what a shard holds."""
ALONE = 8
"""Cells trained one at a time; 441 of them are extrapolated."""


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("digits-mlp", "adam"),
        ("digits-mlp", "torch.optim:Adam"),
        ("digits-conv", "adam"),
        ("digits-conv", "torch.optim:Adam"),
        ("fashion-mlp", "adam"),
    ],
)
def test_fused_against_one_cell_at_a_time(name: str, optimizer: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Either way by Adam: our rule, or torch's own class with a parameter group for each cell."""
    task = get_task(name)
    try:
        load(name)
    except BadInput:
        pytest.skip(f"{name} needs its data in {DATA} (or TUNECOST_DATA)")
    total = 441
    blocks = [list(part) for part in np.array_split(np.arange(total), -(-total // BLOCK[name]))]
    sample = [int(cell) for cell in np.linspace(0, total - 1, ALONE)]
    # Each worker is a fresh process whose single thread never meets another's; warm-up compiles and imports.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        list(pool.map(warm_up, [name] * (4 * WORKERS), [optimizer] * (4 * WORKERS)))
        # Half of the plain cells before and half after: other work on this machine then meets both.
        slow = {threads: alone(name, sample[:1], threads) for threads in (1, 2)}
        threads = min(slow, key=lambda one: slow[one])
        before = alone(name, sample[: ALONE // 2], threads)
        start = time.perf_counter()
        list(pool.map(fused, [name] * len(blocks), blocks, [optimizer] * len(blocks)))
        together = time.perf_counter() - start
        after = alone(name, sample[ALONE // 2 :], threads)
    one_by_one = (before + after) / ALONE * total
    with capsys.disabled():
        print(f"\n{describe(torch.device('cpu'))}; {os.cpu_count()} cores; {optimizer}, float32")
        print(f"{'task':<12} {'cells':>5} {'epochs':>6} {'alone s':>9} {'fused s':>9} {'ratio':>6} {'surfaces/h':>10}")
        print(
            f"{name:<12} {total:>5} {task.epochs:>6} {one_by_one:>9.1f} {together:>9.1f} "
            f"{one_by_one / together:>6.1f} {3600 / together:>10.0f}"
        )
        print(
            f"alone: {ALONE} cells in {before + after:.1f} s on {threads} thread(s), extrapolated; "
            f"fused: blocks of {BLOCK[name]} on {WORKERS} workers of one thread"
        )


@pytest.mark.parametrize("name", ["cifar10-small", "digits-conv", "fashion-conv"])
def test_convolutions_on_a_cpu(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In processor time, which other work here disturbs less; plain and fused steps in turn, the best of each."""
    task, rule, device, rounds = get_task(name), get_rule("adam"), torch.device("cpu"), 3
    data = random_images(name, steps=4)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        plain = fused = float("inf")
        for _ in range(rounds):
            plain = min(plain, plain_step(name, data, 10, time.thread_time))
            fused = min(fused, measure(task, data, rule, device, CELLS, clock=time.thread_time).seconds)
    finally:
        torch.set_num_threads(threads)
    operations = step_operations(name, data) * task.batch_size
    with capsys.disabled():
        print(f"\n{describe(device)}; one of them used; Adam, float32, {CELLS} cells, random images")
        print(f"{'task':<14} {'backend':<9} {'us/cell-image':>13} {'GFLOP/s':>8} {'ratio':>6}")
        for backend, seconds in {"plain": plain, "direct": fused}.items():
            print(
                f"{name:<14} {backend:<9} {seconds / task.batch_size * 1e6:>13.1f} {operations / seconds / 1e9:>8.1f} "
                f"{plain / seconds:>6.2f}"
            )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", ["cifar10-convnet", "cifar10-resnet20", "cifar10-wrn-16-4"])
def test_backends_on_a_gpu(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Random images stand in for CIFAR-10: only time is asked for."""
    task, rule, device = get_task(name), get_rule("adam"), torch.device("cuda")
    generator = torch.Generator().manual_seed(0)
    examples, classes = (2048, 3, 32, 32), (2048,)
    x = torch.randint(256, examples, dtype=torch.uint8, generator=generator)
    y = torch.randint(10, classes, generator=generator)
    scale = ((125.3, 123.0, 113.9), (63.0, 62.1, 66.7))
    data = Dataset("random", x, y, x[:512], y[:512], "0" * 64, normalize=scale)
    steps = 45000 // task.batch_size * task.epochs
    baseline = measure(task, data, rule, device, 1, "channels_last")
    with capsys.disabled():
        print(f"\n{describe(device)}; {name}, {task.epochs} epochs of 45,000 images, Adam, bfloat16, recorded steps")
        print(f"{'backend':<14} {'cells':>5} {'ms/cell-step':>12} {'GiB':>6} {'min/surface':>11} {'ratio':>6}")
        for backend in ("alone", *BACKENDS):
            if backend == "direct":
                continue
            try:
                best = baseline if backend == "alone" else choose_block(task, data, rule, device, backends=(backend,))
            except (MemoryError, RuntimeError) as error:
                print(f"{backend:<14} {str(error).splitlines()[0]}")
                continue
            minutes = best.seconds * steps * 441 / 60
            print(
                f"{backend:<14} {best.cells:>5} {best.seconds * 1e3:>12.3f} {best.memory / 2**30:>6.1f} "
                f"{minutes:>11.1f} {baseline.seconds / best.seconds:>6.1f}"
            )
