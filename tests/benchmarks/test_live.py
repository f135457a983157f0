"""Live studies trained together against the same studies one by one, in one run: `pytest -m bench -s` prints it."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from networks import warm_up

from trainers.blocks import Training, crew
from trainers.device import describe
from trainers.live import Journal, LiveTrainer, block_size
from trainers.sweep.job import Job
from tuning.live import Studies, play_live

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

STUDIES, TRIALS, CORES = 40, 20, 2
JOB = Job("digits-mlp", "adam", device_name="cpu")


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of processors, this process's and its workers'; the latter mind other work less."""

    clock: float
    processors: float


def processors() -> float:
    """Seconds that this process and its ended children have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run(folder: Path, repeats: int, workers: int) -> tuple[Took, Studies]:
    """What studies take from the start of the processes to their end, and what they did."""
    space = JOB.space
    clock, computed = time.perf_counter(), processors()
    kept = Journal(folder, JOB.identity(space), lambda: block_size(JOB, repeats, workers), print)
    with crew([Training(JOB)] * workers) as others:
        trainer = LiveTrainer(space, kept, others, lambda count: None)
        found = play_live(space, "digits-mlp/adam", ["random"], repeats=repeats, trials=TRIALS, seed=0, train=trainer)
    return Took(time.perf_counter() - clock, processors() - computed), found


def test_live_studies_together_against_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warm_up("digits-mlp")  # this process trains those that run one by one
    first, alone = run(tmp_path / "first", 1, 1)
    together, found = run(tmp_path / "together", STUDIES, CORES)
    second, again = run(tmp_path / "second", 1, 1)
    for one in (found, again):
        np.testing.assert_array_equal(one.told[0, 0], alone.told[0, 0])
    clock, computed = (first.clock + second.clock) / 2, (first.processors + second.processors) / 2
    with capsys.disabled():
        print(f"\n{describe(JOB.device)}; digits-mlp, Adam, random search, {STUDIES} studies of {TRIALS} trials")
        print(f"{'':<38} {'seconds':>8} {'ratio':>6} {'of processors':>14} {'ratio':>6}")
        print(f"{f'together, {CORES} processes':<38} {together.clock:>8.1f} {'':>6} {together.processors:>14.1f}")
        for words, share in (("one by one, from 2", 1), (f"one by one on each of {CORES} cores, from 2", CORES)):
            total, all_computed = clock * STUDIES / share, computed * STUDIES
            print(
                f"{words:<38} {total:>8.1f} {total / together.clock:>6.1f} {all_computed:>14.1f} "
                f"{all_computed / together.processors:>6.1f}"
            )
