"""Replay tables played again: on common seeds, and on surfaces without the noise of their seeds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids import replay_table, surface_file
from grids.library import load_surface
from grids.surface import Fidelity, Surface
from tuning.cli import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tunecost(line: str) -> int:
    return run(line.split())


def rows_of(line: str, capsys: Captured) -> list[dict[str, Any]]:
    assert run([*line.split(), "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def saved(name: str, seeds: list[int], shown: str, noise: np.ndarray | None = None) -> Surface:
    """A shipped surface with some of its seeds, in a file, with further noise."""
    from analysis.shared_seeds import cut

    one = cut(load_surface(name), tuple(seeds))
    if noise is not None:
        one = replace(one, value=one.value + noise)
    one = replace(one, provenance=replace(one.provenance, optimizer=shown))
    surface_file.save(one, f"{shown}.parquet")
    return one


def test_surfaces_of_one_task_are_compared_on_common_seeds(folder: Path, capsys: Captured) -> None:
    saved("digits-mlp/adam", [0, 1, 2], "adam")
    saved("digits-mlp/avagrad", [0, 1], "avagrad")
    assert (
        run(
            ["replay", "adam.parquet", "avagrad.parquet", "-s", "random", "--repeats", "50", "--out", "r.parquet", "-q"]
        )
        == 0
    )
    common, every = (rows_of(f"cost r.parquet --target 0.5 --seeds {seeds}", capsys) for seeds in ("common", "all"))
    assert [row["optimizer"] for row in common] == ["adam", "avagrad"]
    assert common[1] == every[1]
    assert common[0]["ert"] != every[0]["ert"]
    saved("digits-mlp/adam", [0, 1], "adam")
    assert tunecost("replay adam.parquet -s random --repeats 50 --out two.parquet -q") == 0
    assert rows_of("cost two.parquet --target 0.5", capsys)[0]["ert"] == common[0]["ert"]
    assert tunecost("cost r.parquet --target 0.5") == 0
    assert "is not the surface that was replayed" in capsys.readouterr().err


def test_searchers_over_shorter_trainings_stay_on_all_seeds(folder: Path, capsys: Captured) -> None:
    for name, seeds in (("adam", [0, 1, 2]), ("avagrad", [0, 1])):
        plain = saved(f"digits-mlp/{name}", seeds, name)
        curve = np.stack([plain.value + 1, plain.value], axis=-1)
        surface_file.save(replace(plain, curve=curve, fidelity=Fidelity("epoch", (1.0, 3.0))), f"{name}.parquet")
    assert tunecost("replay adam.parquet avagrad.parquet -s random --repeats 20 --seed 1 --out r.parquet -q") == 0
    assert tunecost("replay adam.parquet -s sha:eta=3 --repeats 20 --seed 2 --out sha.parquet -q") == 0
    assert tunecost("cost r.parquet sha.parquet --target 0.5 --format json") == 0
    shown, said = capsys.readouterr()
    assert said.count("compares shorter trainings") == 1
    alone = rows_of("cost r.parquet --target 0.5", capsys)
    assert [row for row in json.loads(shown) if row["searcher"] == "random"] == alone
    assert rows_of("cost sha.parquet --target 0.5", capsys) == [row for row in json.loads(shown) if row not in alone]


def test_costs_without_noise_have_an_interval_over_seeds(folder: Path, capsys: Captured) -> None:
    assert (
        run(["replay", "digits-mlp/adam", "-s", "random", "-s", "gld", "--repeats", "100", "--out", "r.parquet", "-q"])
        == 0
    )
    plain, without = (rows_of(f"cost r.parquet --target 0.5{more}", capsys) for more in ("", " --noiseless"))
    assert {row["interval"] for row in plain} == {"over replays of one surface"}
    assert {row["interval"] for row in without} == {"over 3 seeds"}
    for row, other in zip(plain, without, strict=True):
        assert other["ert_low"] < other["ert"] < other["ert_high"]
        assert other["ert_high"] / other["ert_low"] > row["ert_high"] / row["ert_low"]
    assert without == rows_of("cost r.parquet --target 0.5 --noiseless", capsys)
    assert tunecost("figure 2 r.parquet --noiseless --out f.svg -q") == 0
    assert "over 3 seeds" in Path("f.svg").read_text() or Path("f.csv").exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cost one.parquet --noiseless", "has one seed, whose noise is not known"),
        ("cost r.parquet --noiseless --relative", "neither --relative nor --lowest"),
        ("cost r.parquet --noiseless --level 3", "not --level"),
        ("cost noisy.parquet --noiseless", "cannot be played again without noise: it was not replayed trial by trial"),
        ("cost gone.parquet --noiseless", "cannot be played again without noise"),
        ("figure 2 r.parquet --noiseless --exact --out f.pdf", "--exact is the law on one surface"),
    ],
)
def test_what_cannot_be_played_again_is_one_line(line: str, says: str, folder: Path, capsys: Captured) -> None:
    saved("digits-mlp/adam", [0], "single")
    for words in ("digits-mlp/adam --out r", "single.parquet --out one", "digits-mlp/adam --noise seed --out noisy"):
        assert run(f"replay {words}.parquet -s random --repeats 5 -q".split()) == 0
    frame, header = replay_table.load("r.parquet")
    replay_table.save(frame.assign(surface="away/adam"), "gone.parquet", header)
    capsys.readouterr()
    assert run(line.split()) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert says in err


def test_two_optimizers_are_compared_over_seeds_and_two_searchers_over_replays(folder: Path, capsys: Captured) -> None:
    assert (
        run(
            [
                "replay",
                "digits-mlp/adam",
                "digits-mlp/avagrad",
                "-s",
                "random",
                "-s",
                "gld",
                "--repeats",
                "100",
                "--out",
                "r.parquet",
                "-q",
            ]
        )
        == 0
    )
    for row in rows_of("compare adam avagrad r.parquet --target 0.5", capsys):
        assert row["p_seeds"] is not None
        assert row["p_logrank"] is row["p_mannwhitney"] is None
        assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
        assert row["note"] == "over 3 seeds"
    for row in rows_of("compare random gld r.parquet --target 0.5", capsys):
        assert row["p_seeds"] is None
        assert row["p_logrank"] is not None


@pytest.mark.slow
def test_two_surfaces_of_one_truth_are_rarely_told_apart() -> None:
    """200 pairs of three seeds each, under random search; 500 pairs were told apart in fewer than 7 % too."""
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2] / "analysis"))
    from noise_made import made, truths

    from analysis.compare import over_seeds
    from analysis.noiseless import draws
    from analysis.replays import Runtimes

    rejected, rng, repeats = [], np.random.default_rng(0), 25
    for name in (
        "fashion-mlp/adam",
        "fashion-mlp/avagrad",
        "digits-mlp/adam",
        "cifar10-small/avagrad",
        "kjv-lstm/adam",
    ):
        shipped = load_surface(name)
        target = shipped.provenance.targets[0]

        def runtimes(tables: np.ndarray, count: int, target: float = target) -> Runtimes:
            good = (tables <= tables.min(axis=(1, 2), keepdims=True) + target).mean(axis=(1, 2))
            time = rng.geometric(np.repeat(good, count))
            return Runtimes(time, np.ones(len(time), bool))

        for truth in truths(shipped, 40):
            pair = [made(shipped, one, truth, 3, rng) for one in ("adam", "avagrad")]
            ratio = np.divide(*(runtimes(one.mean[None], 1000).time.mean() for one in reversed(pair)))
            spread = [runtimes(draws(one, 20, rng, 4 * target), repeats) for one in pair]
            rejected.append(over_seeds(float(ratio), *spread, 20, 3)[3] <= 0.05)
    assert np.mean(rejected) <= 0.07
