"""A GPU trains few fixed numbers of rows; which of them stand for cells changes no result."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from trainers.blocks import epochs as block
from trainers.blocks import measure
from trainers.blocks.epochs import train_block
from trainers.engine import sizes
from trainers.rules import get_rule
from trainers.tasks import get_task

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("cells", "rows"),
    [(1, 1), (56, 56), (57, 63), (110, 111), (220, 221), (221, 221), (300, 300), (441, 441), (600, 600)],
)
def test_rows_fill_up_to_a_fixed_number_that_is_near(cells: int, rows: int) -> None:
    found = sizes.rows_of(cells, GPU)
    assert len(found) == rows
    assert sizes.are_cells(found).sum() == cells
    assert found[sizes.are_cells(found)].tolist() == list(range(cells))
    assert sizes.rows_of(cells, CPU).tolist() == list(range(cells))


@pytest.mark.parametrize(
    ("good", "kept"), [(441, None), (430, None), (221, 221), (200, 221), (100, 111), (3, 4), (0, 0)]
)
def test_rows_are_dropped_to_a_fixed_number(good: int, kept: int | None) -> None:
    mask = torch.zeros(441, dtype=torch.bool)
    mask[torch.randperm(441, generator=torch.Generator().manual_seed(0))[:good]] = True
    found = sizes.rows_to_keep(mask, GPU)
    if kept is None:
        assert found is None
        return
    assert found is not None
    assert len(found) == kept
    assert found.tolist() == sorted(set(found.tolist()))
    assert mask[found].sum() == good
    on_cpu = sizes.rows_to_keep(mask, CPU)
    assert on_cpu is not None
    assert on_cpu.tolist() == mask.nonzero().squeeze(1).tolist()


def test_rows_of_a_gpu_give_the_results_of_cells_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of 15 cells diverge at once, and two rows only fill up: what is reported is the same."""
    task = get_task("digits-mlp")
    alphas = np.array([1e30, 1e30, *np.geomspace(1e-3, 1e-1, 13)])[::-1].copy()
    monkeypatch.setattr(sizes, "SIZES", (4, 16))

    def train() -> Any:
        return train_block(task, task.load(None, 0), get_rule("sgd"), {"alpha": alphas}, 0, epochs=3)

    expected = train()
    monkeypatch.setattr(block, "rows_of", lambda cells, device: sizes.rows_of(cells, GPU))
    monkeypatch.setattr(block, "rows_to_keep", lambda good, device: sizes.rows_to_keep(good, GPU))
    assert len(sizes.rows_of(15, GPU)) == 16
    found = train()
    assert expected.diverged.tolist() == [False] * 13 + [True] * 2
    for one, other in zip(expected[:4], found[:4], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str | None]]:
    """A device on which 221 cells fit; per cell 111 are the fastest, channels_last a tenth faster still."""
    asked: list[tuple[int, str | None]] = []

    def stand_in(task: object, data: object, rule: object, device: object, cells: int, backend: str | None) -> Any:
        asked.append((cells, backend))
        if cells > 221:
            raise torch.OutOfMemoryError("too much")
        seconds = {221: 1.02, 147: 1.01, 111: 1.0}.get(cells, 2.0) * (0.9 if backend == "channels_last" else 1.0)
        return measure.Measured(cells, backend, seconds, 0.1, cells)

    monkeypatch.setattr(measure, "measure", stand_in)
    monkeypatch.setattr(measure, "_free", lambda device: float("inf"))
    return asked


def choose(backends: tuple[str | None, ...] = (None,)) -> measure.Measured:
    task: Any = SimpleNamespace(name="any")
    return measure.choose_block(task, task, task, GPU, 441, backends)


def test_a_block_is_chosen_from_the_top_by_few_measurements(tried: list[tuple[int, str | None]]) -> None:
    """Of sizes that are as fast to a twentieth, the smallest, which loses least to a crash."""
    assert choose().cells == 111
    assert [cells for cells, _ in tried] == [441, 221, 147, 111]


def test_a_further_backend_is_measured_at_the_best_size_alone(tried: list[tuple[int, str | None]]) -> None:
    best = choose(("grouped", "channels_last"))
    assert (best.cells, best.backend) == (111, "channels_last")
    assert tried[4:] == [(111, "channels_last")]


def test_what_would_fill_the_memory_is_not_chosen(
    tried: list[tuple[int, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_free", lambda device: 150.0)  # bytes; the stand-in takes one for each cell
    assert choose().cells == 111
    monkeypatch.setattr(measure, "_free", lambda device: 0.5)
    with pytest.raises(MemoryError, match="not even one cell"):
        choose()
