"""Which devices can be named, and what training sets up on one."""

import pytest
import torch

from grids.errors import BadInput
from trainers.device import devices, pick, prepared


def test_a_cpu_can_be_named() -> None:
    assert pick("cpu") == torch.device("cpu")


@pytest.mark.parametrize("text", ["meta", "tpu9", "cuda:99", "cuda:-2", "", "cpu,cuda"])
def test_what_cannot_train_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=f"device '{text}'"):
        pick(text)


@pytest.mark.parametrize(("text", "expected"), [("cuda:1", [torch.device("cuda:1")]), ("cuda", [])])
def test_a_gpu_that_trains_is_the_current_one(
    text: str, expected: list[torch.device], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    with prepared(torch.device(text)):
        assert chosen == expected
        assert torch.backends.cudnn.benchmark


def test_denormals_are_flushed_in_training_alone() -> None:
    tiny = torch.tensor(1e-310, dtype=torch.float64)
    with prepared(torch.device("cpu")):
        assert tiny * 1.0 == 0
        with prepared(torch.device("cpu")):
            pass
        assert tiny * 1.0 == 0
    assert tiny * 1.0 > 0


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    return monkeypatch


def test_a_cpu_is_used_by_a_worker_for_each_core_granted(four_cores: pytest.MonkeyPatch) -> None:
    assert devices("cpu") == ["cpu"] * 4
    four_cores.setenv("SLURM_CPUS_PER_TASK", "3")
    assert devices("cpu") == ["cpu"] * 3
    four_cores.setenv("OMP_NUM_THREADS", "2")
    assert devices("cpu") == ["cpu"] * 2
    four_cores.setenv("OMP_NUM_THREADS", "nonsense")
    assert devices("cpu") == ["cpu"] * 3


def test_every_gpu_is_used_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert devices("auto") == devices("cuda") == ["cuda:0", "cuda:1", "cuda:2"]
    assert devices("cuda:1") == ["cuda:1"]
