"""How a job is cut into shards, and what a shard is said to take."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from trainers.blocks import measure as measuring
from trainers.blocks.measure import STEPS, Measured
from trainers.device import peak_memory
from trainers.procedures.base import Size
from trainers.sweep import plan
from trainers.sweep.job import SweepJob
from trainers.sweep.plan import FEW

JOB = SweepJob("digits-mlp", "adam", "tiny", epochs=7, device_name="cpu")
SHARD = JOB.sweep.shards([0])[0]


@pytest.mark.parametrize(("example", "batch", "steps"), [(0.1, FEW, 1), (1e-3, 64, STEPS), (1e-5, 64, 20)])
def test_what_is_timed_takes_long_enough(
    example: float, batch: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a slow network a part of a batch, of a quick one an epoch; so many seconds an example always give the same."""
    timed: list[Size] = []

    def measure(*about: object) -> Measured:
        work = about[6] or Size(64, STEPS, 1.0)
        assert isinstance(work, Size)
        timed.append(work)
        return Measured(SHARD.cells, None, work.batch * example, work.batch * example / 3, 0)

    monkeypatch.setattr(measuring, "measure", measure)
    before = peak_memory(JOB.device)
    found = plan.measure(JOB, JOB.sweep, SHARD)
    assert (timed[-1].batch, timed[-1].steps) == (batch, steps)
    seconds = plan.seconds_of(JOB, SHARD, found)
    assert seconds == pytest.approx(7 * SHARD.cells * example * (1297 // 64 * 64 + 500 / 3))
    if batch == FEW:  # what was run took less than the whole will
        assert found.memory >= before + SHARD.cells * JOB.bytes_of_cell


def test_a_clock_that_stands_still_is_taken_for_a_quick_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "measure", lambda *_: Measured(SHARD.cells, None, 0.0, 0.0, 0))
    assert plan.seconds_of(JOB, SHARD, plan.measure(JOB, JOB.sweep, SHARD)) == 0


def test_a_real_measurement_is_a_time_and_a_memory() -> None:
    found = plan.measure(JOB, JOB.sweep, SHARD)
    assert found.seconds > 0
    assert found.judging > 0
    assert found.memory > 2**20


def test_memory_of_a_gpu_is_that_of_the_block_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choosing the block has tried bigger ones in the same process."""
    peak = [1000]

    def measure(*_: object) -> Measured:
        peak.append(max(peak[-1], 10))
        return Measured(SHARD.cells, None, 0.1, 0.1, peak[-1])

    monkeypatch.setattr(SweepJob, "device", torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: peak.append(0))
    monkeypatch.setattr(measuring, "measure", measure)
    assert plan.measure(replace(JOB), JOB.sweep, SHARD).memory == 10


def test_a_gpu_is_tried_only_where_a_folder_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def choose(
        task: object, data: object, rule: object, device: object, most: int, backends: object
    ) -> SimpleNamespace:
        asked.append(most)
        return SimpleNamespace(cells=2, backend="grouped")

    monkeypatch.setattr(measuring, "choose_block", choose)
    job = SweepJob("digits-mlp", "adam", "tiny", seeds=2, device_name="cpu", out=tmp_path)
    assert plan.partition(job, 1) == (job.sweep, None)
    monkeypatch.setattr(SweepJob, "device", torch.device("cuda"))
    on_gpu = replace(job)
    for workers in (1, 2, 4, 100):
        sweep, measured = plan.partition(on_gpu, workers)
        assert (sweep.block, sweep.backend) == (2, "grouped")
        assert measured is not None
    assert asked == [9, 9, 5, 1]
    assert plan.partition(replace(job, block=3), 1)[0].block == 3
    on_gpu.folder.adopt(replace(on_gpu.sweep, block=4, backend="channels_last"), 2, None, False)
    sweep, measured = plan.partition(on_gpu, 1)
    assert (sweep.block, sweep.backend, measured) == (4, "channels_last", None)
    assert len(asked) == 4
