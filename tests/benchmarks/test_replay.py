"""Speed and memory of replaying, printed as one table: `pytest -m bench -s tests/benchmarks/test_replay.py`.

Every ratio compares two measurements of the same run, taken in turns. Only equality can fail; speeds are for reading.
"""

import contextlib
import itertools
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cma
import numpy as np
import optuna
import pandas as pd
import pytest

from grids import surface_file
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from tuning.budget import Budget
from tuning.chunk import Chunk, run_chunk
from tuning.ledger import Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.replay import replay
from tuning.searchers import get_searcher, names
from tuning.table import table_rows
from tuning.trials import trials_matrix

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SHAPE, CELLS = (21, 21), 441
Row = tuple[str, str, str, str]


def surface(name: str, turn: float) -> Surface:
    """A valley that turns with the second axis, with a cliff on one side and noise between cells, 21×21."""
    alpha, epsilon = np.mgrid[0:21, 0:21].astype(float)
    best = 9 + turn * np.maximum(epsilon - 10, 0)
    rough = np.random.default_rng(0).normal(0, 0.3, SHAPE)
    value = np.where(alpha > best + 4, 90.0, np.minimum(2 + 0.25 * (alpha - best) ** 2 + rough, 90.0))[..., None]
    return Surface(PRESETS["paper-cifar"], (0,), value, value > 89, Provenance("bench", name))


SURFACES = {"bench/adam": surface("adam", 0.8), "bench/avagrad": surface("avagrad", 0.0)}
PROBLEM = TabularProblem.of("bench/adam", SURFACES["bench/adam"])


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    """Rows (what, measured, against, result), printed together at the end."""
    compile_all()
    rows: list[Row] = []
    yield rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print("\n")
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def compile_all() -> None:
    for text in ("random", "random-unique", "gld", "cgld", "tpe", "cmaes"):
        played(text, 2, 20, -np.inf)


def played(text: str, repeats: int, trials: int, stop: float) -> tuple[int, float]:
    """Trials played by compiled code in this thread, rows of the replay table included, and the seconds it took."""
    spec, problem = get_searcher(text), replace(PROBLEM, lowest=stop)
    began = time.perf_counter()
    found = play(problem, spec, 0, range(repeats), Limits(trials))
    table_rows(found, problem, 0)
    return int((found.cells >= 0).sum()), time.perf_counter() - began


def optuna_loop(values: np.ndarray, trials: int, seed: int, stop: float = -np.inf) -> int:
    """Trials of `TPESampler`, asked and told one at a time; in-memory storage, logging off."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    spaces = {f"x{i}": optuna.distributions.IntDistribution(0, n - 1) for i, n in enumerate(SHAPE)}
    for number in range(1, trials + 1):
        trial = study.ask(spaces)
        value = values[trial.params["x0"] * SHAPE[1] + trial.params["x1"]]
        study.tell(trial, value)
        if value <= stop:
            return number
    return trials


def pycma_loop(values: np.ndarray, trials: int, seed: int, stop: float) -> int:
    """Trials of pycma, points rounded to cells, begun again whenever it stops."""
    rng = np.random.default_rng(seed)
    low, high = np.full(2, -0.5), np.array(SHAPE) - 0.5
    spent = 0
    while True:
        options = {"bounds": [low, high], "seed": int(rng.integers(1, 2**31)), "verbose": -9, "verb_log": 0}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            strategy = cma.CMAEvolutionStrategy(rng.uniform(low, high), 0.25 * 21, options)
            while not strategy.stop():
                told, points = [], strategy.ask()
                for point in points:
                    x, y = np.clip(np.rint(point), 0, 20).astype(int)
                    told.append(values[x * SHAPE[1] + y])
                    spent += 1
                    if told[-1] <= stop or spent == trials:
                        return spent
                strategy.tell(points, told)


def rate(trials: float, seconds: float) -> str:
    return f"{trials / seconds:,.0f} trials/s"


def test_tpe(table: list[Row]) -> None:
    ours, theirs = [0, 0.0], [0, 0.0]
    for part in range(4):
        trials, seconds = played("tpe", 250, CELLS, -np.inf)
        ours[0], ours[1] = ours[0] + trials, ours[1] + seconds
        began = time.perf_counter()
        theirs[0] += optuna_loop(PROBLEM.value, CELLS, part)
        theirs[1] += time.perf_counter() - began
    ratio = ours[0] / ours[1] / (theirs[0] / theirs[1])
    table.append(
        ("tpe, 1,000 × 441 trials, one thread", rate(*ours), f"Optuna, ask and tell: {rate(*theirs)}", f"{ratio:,.0f}×")
    )


@pytest.mark.parametrize("text", ["random", "random-unique", "gld", "cgld"])
def test_simple_searchers(table: list[Row], text: str) -> None:
    for what, stop in (("to the best cell", PROBLEM.lowest), ("441 trials", -np.inf)):
        trials, seconds = min((played(text, 10_000, CELLS, stop) for _ in range(5)), key=lambda found: found[1])
        each = f"{seconds / 10_000 * 1e6:.0f} µs a replay"
        table.append((f"{text}, 10,000 × {what}, table included", rate(trials, seconds), each, ""))


def with_curves() -> TabularProblem:
    """The same cells over 27 epochs, which rank cells better and better."""
    final = SURFACES["bench/adam"].value
    early = np.random.default_rng(1).random((*final.shape, 27)) * np.linspace(5, 0, 27)
    curve = final[..., None] + early
    whole = Surface(PRESETS["paper-cifar"], (0,), curve[..., -1], final > 89, Provenance("bench", "adam"), curve)
    return TabularProblem.of("bench/adam", whole, curves=True)


def optuna_hyperband(problem: TabularProblem, trials: int) -> int:
    """Queries of random search with `HyperbandPruner`, of so many trials asked and told one at a time."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=27, reduction_factor=3)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), pruner=pruner)
    for _ in range(trials):
        trial = study.ask({"cell": optuna.distributions.IntDistribution(0, CELLS - 1)})
        for epoch, value in enumerate(problem.told[trial.params["cell"], 0].tolist(), start=1):
            trial.report(value, epoch)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, value)
    return trials


@pytest.mark.parametrize("text", names(fidelities=True))
def test_searchers_over_fidelities(table: list[Row], text: str) -> None:
    problem = with_curves()
    for what, on in (("to the best cell", problem), ("441 × 27 epochs", replace(problem, lowest=-1.0))):
        limits = Budget().limits(get_searcher(text), on)
        run_chunk(Chunk(on, text, 0, range(2), limits))
        best, trials = np.inf, 0
        for _ in range(3):
            began = time.process_time()
            rows = run_chunk(Chunk(on, text, 0, range(150), limits))
            trials = int(rows["trial"][rows["end"]].sum())
            best = min(best, (time.process_time() - began) / trials)
        against = ""
        if text == "hyperband" and on is problem:
            began = time.process_time()
            against = f"Optuna, ask and tell: {rate(optuna_hyperband(on, 200), time.process_time() - began)}"
        table.append((f"{text}, 150 × {what}, table included", rate(1.0, best), against, f"{trials:,} queries"))


def test_cmaes(table: list[Row]) -> None:
    for what, stop in (("to the best cell", PROBLEM.lowest), ("441 trials", -np.inf)):
        ours, theirs = [0, 0.0], [0, 0.0]
        for part in range(5):
            trials, seconds = played("cmaes", 1000, CELLS, stop)
            ours[0], ours[1] = ours[0] + trials, ours[1] + seconds
            began = time.perf_counter()
            theirs[0] += sum(pycma_loop(PROBLEM.value, CELLS, seed, stop) for seed in range(10 * part, 10 * part + 10))
            theirs[1] += time.perf_counter() - began
        ratio = ours[0] / ours[1] / (theirs[0] / theirs[1])
        against = f"pycma, plain loop: {rate(*theirs)}"
        table.append((f"cmaes, 5,000 × {what}, one thread, table included", rate(*ours), against, f"{ratio:,.0f}×"))


def processor_seconds() -> float:
    """Of all processes that this one has waited for."""
    spent = os.times()
    return spent.children_user + spent.children_system


@pytest.mark.parametrize("line", ["grid list", "grid show s.parquet", "cost r.parquet", "exact s.parquet"])
def test_start_up(table: list[Row], tmp_path: Path, line: str) -> None:
    surface_file.save(SURFACES["bench/adam"], tmp_path / "s.parquet")
    main = [sys.executable, "-c", "from tuning.cli import main; main()"]
    made = ["replay", "s.parquet", "-s", "random", "-s", "gld", "--repeats", "10", "--quiet", "--out", "r.parquet"]
    subprocess.run([*main, *made], check=True, cwd=tmp_path)
    took, worked = [], []
    for _ in range(8):
        began, before = time.perf_counter(), processor_seconds()
        subprocess.run([*main, *line.split()], check=True, cwd=tmp_path, capture_output=True)
        took.append(time.perf_counter() - began)
        worked.append(processor_seconds() - before)
    against = f"median of 7 after a first one; {np.median(worked[1:]):.2f} s of processor time"
    table.append((f"tunecost {line}", f"{np.median(took[1:]):.2f} s", against, ""))


def test_figure_2_as_a_command(table: list[Row], tmp_path: Path) -> None:
    """The whole command, with Python's start, after a first one has compiled."""
    files = [tmp_path / f"{one.provenance.optimizer}.parquet" for one in SURFACES.values()]
    for file, one in zip(files, SURFACES.values(), strict=True):
        surface_file.save(one, file)
    main = [sys.executable, "-c", "from tuning.cli import main; main()"]
    common = ["--jobs", "2", "--quiet", "--out", str(tmp_path / "replays.parquet")]
    for repeats in (10, 1000):
        took, worked = [], []
        for _ in range(6):
            began, before = time.perf_counter(), processor_seconds()
            subprocess.run([*main, "replay", *map(str, files), "--repeats", str(repeats), *common], check=True)
            took.append(time.perf_counter() - began)
            worked.append(processor_seconds() - before)
        what = f"figure 2's replay: 2 surfaces × 5 searchers × {repeats:,}, whole command, 2 jobs"
        against = f"median of 5 after a first one; {np.median(worked[1:]):.2f} s of processor time"
        table.append((what, f"{np.median(took[1:]):.2f} s", against, ""))


def test_figure_2(table: list[Row]) -> None:
    began = time.perf_counter()
    replay(SURFACES, names(paper=True), repeats=1000, jobs=2)
    seconds = time.perf_counter() - began
    plain, sample = 0.0, 10
    for (label, one), text in itertools.product(SURFACES.items(), names(paper=True)):
        problem = TabularProblem.of(label, one)
        began = time.perf_counter()
        if text == "tpe":
            for seed in range(sample):
                optuna_loop(problem.value, CELLS, seed, problem.lowest)
        else:
            trials_matrix(problem, get_searcher(text), 0, range(sample), np.zeros((sample, CELLS), np.int32))
        plain += (time.perf_counter() - began) * 1000 / sample
    what = "figure 2: 2 surfaces × 5 searchers × 1,000, 2 jobs"
    against = f"plain loops, from {sample} replays: {plain:,.0f} s"
    table.append((what, f"{seconds:.1f} s", against, f"{plain / seconds:.0f}×"))


def resident(session: int) -> float:
    """Megabytes in memory of all processes of a session (Linux); what they share counts for each of them."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            total += int(fields[21]) if int(fields[3]) == session else 0
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_memory(table: list[Row], tmp_path: Path) -> None:
    files = [tmp_path / f"{one.provenance.optimizer}.parquet" for one in SURFACES.values()]
    for file, one in zip(files, SURFACES.values(), strict=True):
        surface_file.save(one, file)
    out = tmp_path / "replays.parquet"
    command = [sys.executable, "-c", "from tuning.cli import main; main()", "replay", *map(str, files)]
    began, peak = time.perf_counter(), 0.0
    with subprocess.Popen(
        [*command, "--repeats", "10000", "--jobs", "2", "--quiet", "--out", str(out)], start_new_session=True
    ) as process:
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.1)
    assert process.returncode == 0
    what = "memory: 2 surfaces × 5 searchers × 10,000, 2 jobs"
    table.append((what, f"{peak:,.0f} MB at most", "", f"{time.perf_counter() - began:.0f} s"))


def test_equal_tables(table: list[Row]) -> None:
    whole = replay(SURFACES, names(paper=True), repeats=140, jobs=1)
    others = {f"{jobs} jobs": replay(SURFACES, names(paper=True), repeats=140, jobs=jobs) for jobs in (2, 7)}
    halves = [replay(SURFACES, names(paper=True), repeats=half, jobs=1) for half in (range(70), range(70, 140))]
    order = ["surface", "searcher", "repeat", "trial", "end"]
    others["two halves"] = pd.concat(halves)
    for name, other in others.items():
        for column in whole:
            one, two = (frame.sort_values(order)[column].to_numpy() for frame in (whole, other))
            assert one.dtype == two.dtype
            assert list(one) == list(two) if one.dtype == object else one.tobytes() == two.tobytes(), (name, column)
    table.append(("--jobs 1, 2 and 7, and two halves", "equal byte for byte", f"{len(whole):,} rows", ""))
