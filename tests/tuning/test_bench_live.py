"""Live studies trained together against the same studies one by one, in one run: `pytest -m bench -s` prints it."""

import time
from pathlib import Path

import numpy as np
import pytest

from trainers.bench import warm_up
from trainers.device import describe
from trainers.live import Journal, LiveTrainer, block_size, crew, identity_of
from trainers.sweep.job import Job
from tuning.live import Studies, play_live

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

STUDIES, TRIALS, CORES = 40, 20, 2
ALONE = 2
"""Studies that are run one by one; all of them are extrapolated."""
JOB = Job("digits-mlp", "adam", device_name="cpu")


def run(folder: Path, repeats: int, workers: int) -> tuple[float, Studies]:
    """Seconds from the start of the processes to the last result, and what the studies did."""
    space = JOB.space
    start = time.perf_counter()
    kept = Journal(folder, identity_of(JOB, space), lambda: block_size(JOB, repeats, workers), print)
    with crew(["cpu"] * workers) as work:
        trainer = LiveTrainer(JOB, space, kept, work, workers, lambda count: None)
        found = play_live(space, "digits-mlp/adam", ["random"], repeats=repeats, trials=TRIALS, seed=0, train=trainer)
    return time.perf_counter() - start, found


def test_live_studies_together_against_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warm_up("digits-mlp")  # this process trains those that run one by one
    seconds, alone = run(tmp_path / "alone", 1, 1)
    together, found = run(tmp_path / "together", STUDIES, CORES)
    seconds += _another(tmp_path, alone)
    np.testing.assert_array_equal(found.told[0, 0], alone.told[0, 0])
    each = seconds / ALONE
    with capsys.disabled():
        print(f"\n{describe(JOB.device)}; digits-mlp, Adam, random search, {STUDIES} studies of {TRIALS} trials")
        print(f"{'together':<34} {together:>8.1f} s on {CORES} cores, with the start of the processes")
        for words, total in (
            ("one by one", each * STUDIES),
            (f"one by one on each of {CORES} cores", each * STUDIES / CORES),
        ):
            print(f"{words:<34} {total:>8.1f} s, extrapolated from {ALONE}: {total / together:.1f} times as long")


def _another(tmp_path: Path, first: Studies) -> float:
    """Seconds of one more study by itself: the same again, from nothing."""
    seconds, found = run(tmp_path / "again", 1, 1)
    np.testing.assert_array_equal(found.told, first.told)
    return seconds
