"""Which devices can be named, and what training sets up on one."""

import pytest
import torch

from grids.errors import BadInput
from trainers.device import pick, prepared


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
