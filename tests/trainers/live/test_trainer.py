"""Rounds of live trainings: each training is what it is alone, whatever it is trained beside, and is done once."""

import textwrap
from pathlib import Path

import numpy as np
import pytest

from grids.errors import BadInput
from grids.space import parse_space
from trainers.blocks import Crew, Training, crew, saved_state, train_blocks, training
from trainers.blocks.epochs import train_block
from trainers.job import Job
from trainers.live import Journal, LiveTrainer, block_size
from trainers.live.journal import live_block

SPACE = parse_space("alpha=1e-3,1e-2,1e30,epsilon=1e-8,1")
"""Of six cells the last two diverge."""
JOB = Job("digits-mlp", "sgd:momentum=0", epochs=2, device_name="cpu")
ADAM = Job("digits-mlp", "adam", epochs=2, device_name="cpu")
CELLS = np.array([0, 3, 2, 3, 4, 1, 3])
SEEDS = np.array([5, 2**62 + 1, 0, 7, 9, 5, 2**62 + 1])  # the last is trained already


def journal(folder: Path, block: int = 3, job: Job = ADAM) -> Journal:
    return Journal(folder, job.identity(SPACE), lambda: block, print)


def trainer(folder: Path, workers: Crew, size: int = 3) -> LiveTrainer:
    return LiveTrainer(SPACE, journal(folder, size), workers, lambda count: None)


def alone(cell: int, seed: int) -> tuple[float, bool]:
    alpha, epsilon = SPACE.values(SPACE.cell(cell)).values()
    hyper = {"alpha": np.array([alpha]), "epsilon": np.array([epsilon])}
    found = train_block(ADAM.task, ADAM.data, ADAM.rule, hyper, seed, epochs=2)
    return float(found.value[0]), bool(found.diverged[0])


@pytest.fixture(scope="module")
def one_by_one() -> list[tuple[float, bool]]:
    return [alone(cell, seed) for cell, seed in zip(CELLS.tolist(), SEEDS.tolist(), strict=True)]


@pytest.mark.parametrize("size", [1, 3, 56])
def test_a_training_in_a_block_equals_it_alone(tmp_path: Path, size: int, one_by_one: list[tuple[float, bool]]) -> None:
    with crew([Training(ADAM)]) as workers:
        values, diverged = trainer(tmp_path, workers, size=size)(CELLS, SEEDS)
    assert list(zip(values.tolist(), diverged.tolist(), strict=True)) == one_by_one
    assert diverged.tolist() == [False, False, False, False, True, False, False]
    assert len(set(values.tolist())) > 3


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    with crew([Training(ADAM)]) as workers:
        expected = trainer(tmp_path, workers)(CELLS, SEEDS)
    advanced: list[int] = []
    again = LiveTrainer(SPACE, journal(tmp_path), Crew(None, []), advanced.append)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again(CELLS, SEEDS), expected)
    assert sum(advanced) == len(CELLS)


def test_a_damaged_file_is_said_and_its_trainings_are_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with crew([Training(ADAM)]) as workers:
        expected = trainer(tmp_path, workers)(CELLS, SEEDS)
        victim = sorted(tmp_path.glob("*.parquet"))[0]
        victim.write_bytes(victim.read_bytes()[:-5])
        np.testing.assert_array_equal(trainer(tmp_path, workers)(CELLS, SEEDS), expected)
    assert f"set aside as {victim.with_suffix('.damaged').name}" in capsys.readouterr().out


def test_a_block_goes_on_from_its_kept_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_state, "SAVE_EVERY", 0.0)
    block, store = live_block(SPACE, [(0, 1), (4, 2), (3, 3)]), journal(tmp_path).store

    def trained() -> object:
        store.result(block.name).unlink(missing_ok=True)
        with crew([Training(ADAM)]) as workers:
            assert train_blocks([block], store, workers)
        file = store.read(block.name)
        assert file is not None
        return file.table.select(["value", "diverged", "curve"]).to_pydict()

    kept: list[bytes] = []
    unlink = Path.unlink

    def keep(path: Path, missing_ok: bool = False) -> None:
        if path == store.state(block.name):
            kept.append(path.read_bytes())  # the state after the last epoch but one
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", keep)
    expected = trained()
    epochs: list[int] = []

    def train_from(*arguments: object, snapshot: object, **more: object) -> object:
        epochs.append(getattr(snapshot, "epoch", 0))
        return train_block(*arguments, snapshot=snapshot, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "train_block", train_from)
    for state in (kept[0], kept[0][:-1]):
        store.state(block.name).write_bytes(state)
        assert trained() == expected
    assert epochs == [1, 0]


def test_a_folder_of_another_study_is_refused(tmp_path: Path) -> None:
    journal(tmp_path)
    with pytest.raises(BadInput, match=r"holds another study \(optimizer: adam there, sgd:momentum=0 here"):
        journal(tmp_path, job=JOB)
    (tmp_path / "study").write_bytes(b"tunecost-study 1 0\n{}\n")
    with pytest.raises(BadInput, match="study: cut short or altered since it was written; --fresh starts over"):
        journal(tmp_path)


def test_the_block_is_the_one_that_a_folder_began_with(tmp_path: Path) -> None:
    assert journal(tmp_path, block=3).block == 3
    assert journal(tmp_path, block=7).block == 3


def test_blocks_are_shared_by_workers_and_bounded() -> None:
    assert block_size(ADAM, 40, 2) == 20
    assert block_size(ADAM, 1, 1) == 1
    assert block_size(ADAM, 1000, 2) == 56


def test_two_workers_give_what_one_gives_of_a_task_of_ones_own_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "live_tasks.py").write_text(
        textwrap.dedent("""
            import torch
            from trainers.task import Dataset, Task

            def load(folder, split_seed):
                x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
                y = (x[:, 0] > 0).long()
                return Dataset("mine", x[:40], y[:40], x[40:], y[40:], "none")

            def network():
                return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.2), torch.nn.Linear(4, 2))

            task = Task(name="mine", network=network, load=load, classes=2, epochs=2, batch_size=10)
        """)
    )
    job = Job("live_tasks:task", "adam", epochs=2, device_name="cpu")
    found = []
    for workers in (1, 2):
        kept = Journal(tmp_path / str(workers), job.identity(SPACE), lambda: 2, print)
        with crew([Training(job)] * workers) as others:
            one = LiveTrainer(SPACE, kept, others, lambda count: None)
            found.append([one(CELLS, SEEDS), one(CELLS[::-1].copy(), SEEDS + 100)])
    np.testing.assert_array_equal(found[0], found[1])
