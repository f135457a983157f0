"""What a run uses of its machine, what it makes of a preset, and how it estimates."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grids.errors import BadInput
from grids.space import PRESETS
from trainers.procedures.supervised import Supervised
from trainers.rules import get_rule
from trainers.sweep import manifest, partition, probe
from trainers.sweep import run as runner
from trainers.sweep.job import Job, fit_space
from trainers.sweep.probe import FEW, PROBE_SECONDS, _slope
from trainers.sweep.trainer import EngineTrainer
from trainers.task import Dataset, Task


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    return monkeypatch


def test_a_cpu_is_used_by_a_worker_for_each_core_granted(four_cores: pytest.MonkeyPatch) -> None:
    assert runner.devices("cpu") == ["cpu"] * 4
    four_cores.setenv("SLURM_CPUS_PER_TASK", "3")
    assert runner.devices("cpu") == ["cpu"] * 3
    four_cores.setenv("OMP_NUM_THREADS", "2")
    assert runner.devices("cpu") == ["cpu"] * 2
    four_cores.setenv("OMP_NUM_THREADS", "nonsense")
    assert runner.devices("cpu") == ["cpu"] * 3


def test_every_gpu_is_used_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert runner.devices("auto") == runner.devices("cuda") == ["cuda:0", "cuda:1", "cuda:2"]
    assert runner.devices("cuda:1") == ["cuda:1"]


def test_a_preset_keeps_the_axes_that_the_rule_has_free() -> None:
    assert fit_space("paper-cifar", get_rule("adam"), "adam") == PRESETS["paper-cifar"]
    assert fit_space("paper-cifar", get_rule("sgd"), "sgd").names == ("alpha",)
    text = "adam:epsilon=1e-3"
    assert fit_space("paper-cifar", get_rule(text), text).names == ("alpha",)
    text = "adam:alpha=0.1,epsilon=1e-3"
    with pytest.raises(BadInput, match="has no axis of the space"):
        fit_space("paper-cifar", get_rule(text), text)


def test_adabelief_has_an_axis_of_its_own_in_the_papers_language_space() -> None:
    usual, alpha = PRESETS["paper-ptb"].axis("epsilon"), PRESETS["paper-ptb"].axis("alpha")
    assert usual.values[:3] == (1e-8, 5e-8, 1e-7)
    for text in ("adabelief", "adabelief:rectify=true", "delayed-adabelief"):
        space = fit_space("paper-ptb", get_rule(text), text)
        assert space.axis("alpha") == alpha
        np.testing.assert_allclose(np.array(space.axis("epsilon").values), 1e-8 * np.array(usual.values), rtol=1e-12)
        assert space.axis("epsilon").values[:2] == (1e-16, 5e-16)
    assert fit_space("paper-ptb", get_rule("adam"), "adam") == PRESETS["paper-ptb"]
    assert fit_space("paper-cifar", get_rule("adabelief"), "adabelief") == PRESETS["paper-cifar"]


@pytest.mark.parametrize(("task", "space"), [("digits-mlp", "paper-cifar"), ("kjv-lstm", "paper-ptb")])
def test_a_task_names_the_space_that_it_is_swept_over_unless_told(task: str, space: str) -> None:
    assert Job(task, "adam").space == PRESETS[space]
    assert Job(task, "adam", "tiny").space == PRESETS["tiny"]


def test_sgd_has_an_axis_of_its_own_in_the_papers_space_for_gans() -> None:
    (alpha,) = Job("digits-gan", "sgd").space.axes
    assert len(alpha) == 13
    assert (alpha.values[:3], alpha.values[-1]) == ((1e-6, 2e-6, 1e-5), 1.0)
    assert Job("digits-gan", "adam").space == PRESETS["paper-gan"]
    assert Job("digits-gan", "torch.optim:Adam").space.names == ("lr", "eps")
    assert Job("digits-mlp", "adam").space == PRESETS["paper-cifar"]


def test_a_gans_first_beta_is_one_half_unless_told() -> None:
    def fixed(text: str) -> float:
        found = Job("digits-gan", text).sweep.identity["fixed"]
        return float(found.get("beta1", found.get("betas.0")))

    assert fixed("adam") == fixed("avagrad") == fixed("torch.optim:Adam") == 0.5
    assert fixed("adam:beta1=0.9") == fixed("torch.optim:Adam:betas.0=0.9") == 0.9


@pytest.mark.parametrize(
    ("space", "message"), [("alpha=-1,0.1", r"adam': alpha=-1 is out of range"), ("alpha=0.1,beta1=0.5,1", "beta1=1")]
)
def test_an_axis_out_of_range_is_refused(space: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fit_space(space, get_rule("adam"), "adam")


@pytest.mark.parametrize(("start", "each"), [(3.0, 0.25), (0.0, 2.0), (5.0, 0.0)])
def test_the_slope_of_a_line_is_found(start: float, each: float) -> None:
    asked: list[int] = []

    def seconds(length: int) -> float:
        asked.append(length)
        return start + each * length

    found_each, found_start, enough = _slope(seconds, 2, 20)
    assert (found_each, found_start) == (pytest.approx(each), pytest.approx(start))
    assert enough == (each * (asked[-1] - 2) >= PROBE_SECONDS)
    assert max(asked) <= 20


@pytest.mark.parametrize("measure", [lambda length: 3.0, lambda length: 3.0 - length / 100])
def test_noise_never_makes_a_negative_cost(measure: Callable[[int], float]) -> None:
    each, start, enough = _slope(measure, 2, 20)
    assert each >= 0
    assert start >= 0
    assert not enough
    assert _slope(measure, 1, 1)[0] > 0


@pytest.mark.parametrize(("seconds", "most"), [(0.1, FEW), (0.001, 1280)])
def test_of_a_slow_network_a_part_of_a_batch_is_timed(
    seconds: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many seconds an example, a third of that to judge it: either way the same is found."""
    job = Job("digits-mlp", "adam", "tiny", epochs=7, device_name="cpu")
    trained, now = [0], [0.0]

    def train_block(task: Task, data: Dataset, *_: object, epochs: int, **__: object) -> None:
        assert epochs == 1
        trained.append(len(data.train_y) // task.batch_size * task.batch_size)
        now[0] += seconds * trained[-1]
        if most == FEW:
            now[0] += seconds * len(data.valid_y) / 3

    monkeypatch.setattr(probe, "train_block", train_block)
    before = EngineTrainer(job, job.sweep).record()["memory"]
    found, memory = probe.measure(job, job.sweep, job.sweep.shards([0])[0], clock=lambda: now[0])
    if most == FEW:  # what was run took less than the whole will
        assert memory >= before + 9 * Supervised.bytes_of_cell(job.task, job.data, job.rule, torch.float32)
    assert max(trained) <= most
    assert found == pytest.approx(7 * seconds * (1297 // 64 * 64 + 500 / 3))


def test_memory_of_a_gpu_is_that_of_the_block_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choosing the block has tried bigger ones in the same process."""
    peak = [1000]
    job = Job("digits-mlp", "adam", "tiny", epochs=1, device_name="cpu")
    sweep = job.sweep
    monkeypatch.setattr(Job, "device", torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: peak.append(0))
    monkeypatch.setattr(probe, "train_block", lambda *_, **__: peak.append(max(peak[-1], 10)))
    monkeypatch.setattr(EngineTrainer, "record", lambda _: {"memory": peak[-1]})
    assert probe.measure(replace(job), sweep, sweep.shards([0])[0])[1] == 10


def test_a_gpu_is_tried_only_where_a_folder_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def choose(
        task: object, data: object, rule: object, device: object, most: int, backends: object
    ) -> SimpleNamespace:
        asked.append(most)
        return SimpleNamespace(cells=2, backend="grouped")

    monkeypatch.setattr(partition, "choose_block", choose)
    job = Job("digits-mlp", "adam", "tiny", seeds=2, device_name="cpu", out=tmp_path)
    assert partition.partition(job, 1) == (job.sweep, None)
    monkeypatch.setattr(Job, "device", torch.device("cuda"))
    on_gpu = replace(job)
    for workers in (1, 2, 4, 100):
        sweep, measured = partition.partition(on_gpu, workers)
        assert (sweep.block, sweep.backend) == (2, "grouped")
        assert measured is not None
    assert asked == [9, 9, 5, 1]
    assert partition.partition(replace(job, block=3), 1)[0].block == 3
    manifest.adopt(on_gpu.layout, replace(on_gpu.sweep, block=4, backend="channels_last"), 2, None, False)
    sweep, measured = partition.partition(on_gpu, 1)
    assert (sweep.block, sweep.backend, measured) == (4, "channels_last", None)
    assert len(asked) == 4
