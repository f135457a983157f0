"""Epochs, time and cost models at the command line."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids import replay_table, surface_file
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.cli import run


def surface(seconds: bool = False, curves: bool = True) -> Surface:
    space = Space((Axis("alpha", (0.01, 0.1, 1.0, 10.0), "log"), Axis("epsilon", (1e-8, 1e-4, 1.0), "log")))
    rng = np.random.default_rng(1)
    curve = np.round(10 + 20 * rng.random((4, 3, 2, 9)), 1)
    took = 1 + rng.random((4, 3, 2)) if seconds else None
    value = curve[..., -1]
    about = Provenance("toy", "adam", metric="error", unit="%", targets=(0.5, 1.0))
    return Surface(space, (0, 1), value, np.zeros(value.shape, bool), about, curve if curves else None, seconds=took)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    surface_file.save(surface(), tmp_path / "s.parquet")
    surface_file.save(surface(seconds=True), tmp_path / "timed.parquet")
    surface_file.save(surface(curves=False), tmp_path / "bare.parquet")
    return tmp_path


def tunecost(line: str) -> int:
    return run(line.split())


def rows_of(line: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert tunecost(f"{line} --format json") == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_epochs_through_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    searchers = "-s random -s sha -s hyperband:of=gld -s asha -s median -s line"
    assert tunecost(f"replay s.parquet {searchers} --repeats 30 --out r.parquet --quiet") == 0
    frame, header = replay_table.load("r.parquet")
    assert frame["spent"].notna().all()
    assert "clock" not in frame
    assert header["cost_model"] == "resume"
    epochs = rows_of("cost r.parquet --target 1 --count epochs", capsys)
    trials = rows_of("cost r.parquet --target 1", capsys)
    assert [row["cost_model"] for row in epochs] == ["resume"] * 6
    for row, other in zip(epochs, trials, strict=True):
        assert (row["count"], row["hits"]) == ("epochs", other["hits"])
    assert epochs[0]["ert"] == pytest.approx(9 * trials[0]["ert"])  # type: ignore[operator]
    assert tunecost("cost r.parquet --target 1 --count epochs") == 0
    assert "cost in epochs, cost model resume" in capsys.readouterr().out
    assert len(rows_of("compare random sha r.parquet --target 1 --count epochs", capsys)) == 1
    for figure in ("2", "ecdf", "profile"):
        assert tunecost(f"figure {figure} r.parquet --count epochs --out f{figure}.svg --quiet") == 0
    drawn = pd.read_csv("f2.csv")
    assert {"epochs"} <= set(drawn.columns)
    assert tunecost("export r.parquet --to ioh ioh --quiet") == 0
    restart = "replay s.parquet -s sha --cost-model restart --repeats 9 --out restart.parquet --quiet"
    assert tunecost(restart) == 0
    assert rows_of("cost restart.parquet", capsys)[0]["cost_model"] == "restart"


def test_seconds_and_workers(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost("replay timed.parquet -s gld -s asha --noise seed --repeats 9 --out t.parquet --quiet") == 0
    alone = rows_of("cost t.parquet --target 1 --count seconds", capsys)
    command = "replay timed.parquet -s gld -s asha --noise seed --repeats 9 --workers 3 --out w.parquet --quiet"
    assert tunecost(command) == 0
    several = rows_of("cost w.parquet --target 1 --count seconds", capsys)
    assert several[0]["workers"] == "3"
    assert all(row["ert"] < one["ert"] for row, one in zip(several, alone, strict=True))  # type: ignore[operator]
    assert rows_of("cost w.parquet --target 1 --count clock", capsys)[0]["ert"] == several[0]["ert"]


def test_a_table_of_the_first_round_still_counts_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost("replay s.parquet -s random --repeats 9 --out r.parquet --quiet") == 0
    frame, header = replay_table.load("r.parquet")
    old = {name: item for name, item in header.items() if name not in ("cost_model", "workers", "sha256", "max_epochs")}
    replay_table.save(frame.drop(columns="spent"), "old.parquet", old)
    assert "spent" not in pd.read_parquet("old.parquet")
    assert (replay_table.load("old.parquet")[0]["spent"] == 9 * frame["trial"]).all()
    new, before = (rows_of(f"cost {name}.parquet --count epochs", capsys) for name in ("r", "old"))
    assert new == before


BAD = {
    "replay bare.parquet -s sha --out x.parquet": "bare.parquet has no curves to read them from",
    "replay bare.parquet --max-epochs 9 --out x.parquet": "--max-epochs: bare.parquet has no curves",
    "replay s.parquet -s sha:min=5,max=3 --out x.parquet": "min must not be above max: 5 is above 3",
    "replay s.parquet -s asha:eta=1.9 --out x.parquet": "eta must be a number of at least 2, not 1.9",
    "replay s.parquet --workers 0 --out x.parquet": "workers must be 1 or more, not 0",
    "replay s.parquet -s sha:of=median --out x.parquet": "'median' compares shorter trainings itself",
    "replay s.parquet -s sha --cost-model stop --out x.parquet": "--cost-model stop does not allow",
    "replay s.parquet --cost-model pause --out x.parquet": "'pause' is not one of",
    "replay s.parquet -s line:start=9/9 --out x.parquet": "start 9/9 lies outside the space",
    "replay s.parquet -s line:order=alpha --out x.parquet": "order must name each axis once",
    "replay s.parquet -s line:order=alpha/beta --out x.parquet": "unknown axis 'beta'",
    "cost plain.parquet --count seconds": "no elapsed time was recorded",
    "cost workers.parquet --count seconds": "the surface holds no seconds; --count clock counts its elapsed epochs",
    "cost without.parquet --count epochs": "the surface has no curves",
    "figure 2 plain.parquet --count clock": "no elapsed time was recorded",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, options in (("plain", "s.parquet"), ("workers", "s.parquet --workers 2"), ("without", "bare.parquet")):
        assert tunecost(f"replay {options} -s random --repeats 3 --out {name}.parquet --quiet") == 0
    capsys.readouterr()
    assert tunecost(line) == 2
    said = capsys.readouterr().err
    assert BAD[line] in said
    assert said.count("\n") == 1
    assert not Path("x.parquet").exists()


def test_curves_of_different_lengths_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"alpha": [1, 1, 2], "epoch": [1, 2, 1], "error": [3.0, 2.0, 4.0]})
    text = io.StringIO()
    frame.to_csv(text, index=False)
    Path("t.csv").write_text(text.getvalue())
    assert tunecost("grid import t.csv --axes alpha --value error --epoch-column epoch --out t.parquet") == 2
    assert "has no row for epoch 2" in capsys.readouterr().err


def test_help_names_what_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost("replay --help") == 0
    said = capsys.readouterr().out
    for word in ("hyperband", "median", "--workers", "--cost-model", "--max-epochs"):
        assert word in said
    assert "_searchers}" not in said
