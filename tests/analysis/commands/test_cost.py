"""`tunecost cost` as a user meets it: keys, formats, exit codes, one line for each fault."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids import replay_table
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_file import save
from tuning.cli import run

KEYS = ["surface", "optimizer", "task", "searcher", "target", "count", "repeats", "hits"]
KEYS += ["mean", "median", "q25", "q75", "ert", "ert_low", "ert_high"]

Captured = pytest.CaptureFixture[str]


def tunecost(line: str) -> int:
    return run(line.split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    value = np.array([4.0, 2.0, 0.5, 3.0, 1.0, 5.0, 6.0, 7.0, 8.0]).reshape(3, 3, 1) + 2
    surface = Surface(PRESETS["tiny"], (0,), value, np.zeros(value.shape, bool), Provenance("toy", "adam", unit="%"))
    save(surface, tmp_path / "s.parquet")
    monkeypatch.chdir(tmp_path)
    assert tunecost("replay s.parquet -s random -s random-unique --repeats 60 --jobs 1 --out r.parquet --quiet") == 0
    return tmp_path


def costs(line: str, capsys: Captured) -> list[dict]:
    assert run(["cost", *line.split(), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_has_the_promised_keys_first(folder: Path, capsys: Captured) -> None:
    rows = costs("r.parquet --target 0.5 --target 1.0", capsys)
    assert [(row["searcher"], row["target"]) for row in rows] == [
        ("random", 0.5),
        ("random", 1.0),
        ("random-unique", 0.5),
        ("random-unique", 1.0),
    ]
    for row in rows:
        assert list(row)[:15] == KEYS
        assert (row["surface"], row["optimizer"], row["task"]) == ("s.parquet", "adam", "toy")
        assert (row["count"], row["repeats"]) == ("trials", 60)
        assert row["ert_low"] <= row["ert"] <= row["ert_high"]
    # Two good cells of nine, drawn without replacement: (9 + 1)/(2 + 1) trials, in 60 replays.
    unique = rows[2]
    assert unique["hits"] == 60
    assert unique["mean"] == unique["ert"] == pytest.approx(10 / 3, abs=1.0)
    assert unique["q25"] <= unique["median"] <= unique["q75"]


def test_without_a_target_there_are_two(folder: Path, capsys: Captured) -> None:
    assert [row["target"] for row in costs("r.parquet", capsys)] == [0.5, 1.0] * 2


def test_csv_and_table_say_the_same(folder: Path, capsys: Captured) -> None:
    rows = costs("r.parquet --target 1", capsys)
    assert tunecost("cost r.parquet --target 1 --format csv") == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(read[0])[:15] == KEYS
    assert [float(row["ert"]) for row in read] == [row["ert"] for row in rows]
    assert tunecost("cost r.parquet --target 1") == 0
    shown = capsys.readouterr().out
    assert all(f"{row['ert']:.4g}" in shown for row in rows)


def test_how_replays_were_judged_stands_last(folder: Path, capsys: Captured) -> None:
    (*_, row) = costs("r.parquet --target 1", capsys)
    assert list(row)[-4:] == ["note", "seed_statistic", "value_of", "noise"]
    assert list(row.values())[-3:] == ["mean", "last", "none"]
    assert tunecost("cost r.parquet --target 1") == 0
    assert "value_of" not in capsys.readouterr().out
    frame, header = replay_table.load("r.parquet")
    replay_table.save(frame, "other.parquet", header | {"value_of": "best", "noise": "seed"})
    assert tunecost("cost other.parquet --target 1 --format csv") == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {(row["seed_statistic"], row["value_of"], row["noise"]) for row in read} == {("mean", "best", "seed")}
    assert tunecost("cost other.parquet --target 1") == 0
    shown = capsys.readouterr().out
    assert "value_of" in shown
    assert "seed_statistic" not in shown


def test_counting_distinct_cells_costs_no_more(folder: Path, capsys: Captured) -> None:
    trials = costs("r.parquet --target 0", capsys)
    unique = costs("r.parquet --target 0 --count unique", capsys)
    assert {row["count"] for row in unique} == {"unique"}
    assert unique[0]["ert"] < trials[0]["ert"]
    assert unique[1]["ert"] == trials[1]["ert"]


def test_a_target_that_none_reaches_is_censored_not_an_error(folder: Path, capsys: Captured) -> None:
    frame, header = replay_table.load("r.parquet")
    short = frame[frame["suboptimality"] > 0]
    short = short.assign(end=~short.duplicated(["searcher", "repeat"], keep="last"))
    replay_table.save(short, "short.parquet", header)
    for row in costs("short.parquet --target 0", capsys):
        assert row["hits"] == 0
        assert [row[key] for key in KEYS[8:]] == [None] * 7
        assert row["note"].startswith("no hit within")


def test_halves_in_two_files_are_joined(folder: Path, capsys: Captured) -> None:
    frame, header = replay_table.load("r.parquet")
    for name, part in (("a", frame["repeat"] < 30), ("b", frame["repeat"] >= 30)):
        replay_table.save(frame[part], f"{name}.parquet", header)
    assert costs("a.parquet b.parquet", capsys) == costs("r.parquet", capsys)
    assert tunecost("cost a.parquet a.parquet") == 2
    assert "more than one end row" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "shift", "says"),
    [({"noise": "seed"}, 0.0, "judged differently"), ({"seed_statistic": "best"}, 0.0, "judged differently"),
     ({"value_of": "best"}, 0.0, "judged differently (seed statistic mean, value of the last epoch, noise none; seed"),
     ({}, 0.5, "played on different surfaces")],
)  # fmt: skip
def test_parts_of_another_kind_are_not_joined(
    folder: Path, capsys: Captured, header: dict[str, str], shift: float, says: str
) -> None:
    frame, own = replay_table.load("r.parquet")
    replay_table.save(frame[frame["repeat"] < 30], "a.parquet", own)
    other = frame[frame["repeat"] >= 30]
    replay_table.save(other.assign(best=other["best"] + shift), "b.parquet", own | header)
    assert tunecost("cost a.parquet b.parquet") == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.startswith("tunecost: a.parquet, b.parquet: s.parquet, random: parts")
    assert captured.err.count("\n") == 1


def test_relative_targets_are_percent_of_the_lowest_value(folder: Path, capsys: Captured) -> None:
    relative = costs("r.parquet --target 20 --relative", capsys)
    absolute = costs("r.parquet --target 0.5", capsys)  # the lowest value is 2.5
    assert [row["ert"] for row in relative] == [row["ert"] for row in absolute]


def test_the_seed_moves_only_the_intervals(folder: Path, capsys: Captured) -> None:
    first, again, other = (costs(f"r.parquet --seed {seed}", capsys) for seed in (0, 0, 1))
    assert first == again
    assert [row["ert"] for row in first] == [row["ert"] for row in other]
    assert [row["ert_low"] for row in first] != [row["ert_low"] for row in other]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("r.parquet --target -0.5", "--target must be a number of at least 0, not -0.5"),
        ("r.parquet --target nan", "--target must be a number of at least 0, not nan"),
        ("r.parquet --target half", "Invalid value for '--target'"),
        ("r.parquet --count cells", "--count"),
        ("r.parquet --format yaml", "--format"),
        ("r.parquet --seed -1", "--seed"),
        ("nothing.parquet", "nothing.parquet: cannot be read"),
        ("s.parquet", "s.parquet: not a replay table"),
        ("cut.parquet", "cut.parquet: not a whole Parquet file"),
        ("altered.parquet", "altered.parquet: "),
        ("torn.parquet", "torn.parquet: s.parquet, random, repeat 7 has no end row"),
        ("empty.parquet", "empty.parquet: holds no replays"),
        ("", "Missing argument"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: Captured, line: str, says: str) -> None:
    content = Path("r.parquet").read_bytes()
    Path("cut.parquet").write_bytes(content[:-40])
    middle = len(content) // 2
    Path("altered.parquet").write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    frame, header = replay_table.load("r.parquet")
    torn = (frame["repeat"] == 7) & (frame["searcher"] == "random") & frame["end"]
    replay_table.save(frame[~torn], "torn.parquet", header)
    replay_table.save(frame.iloc[:0], "empty.parquet", header)
    assert run(["cost", *line.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert says in captured.err


def made(name: str, optimizer: str, **facts: Any) -> None:
    value = np.array([4.0, 2.0, 0.5, 3.0, 1.0, 5.0, 6.0, 7.0, 8.0]).reshape(3, 3, 1) + 2
    about = Provenance("toy", optimizer, **facts)
    save(Surface(PRESETS["tiny"], (0,), value, np.zeros(value.shape, bool), about), name)


def test_each_surface_has_its_own_targets_and_unit(folder: Path, capsys: Captured) -> None:
    made("nats.parquet", "mine", unit="nats", failure=9.0, targets=(1.5, 2.5))
    made("bare.parquet", "other")
    line = "replay s.parquet nats.parquet bare.parquet -s random --repeats 20 --jobs 1 --out all.parquet --quiet"
    assert tunecost(line) == 0
    assert run(["cost", "all.parquet", "--format", "json"]) == 0
    captured = capsys.readouterr()
    found = {(row["surface"], row["target"]): row["unit"] for row in json.loads(captured.out)}
    # Above the lowest of 2.5 the others' median is 6.5: 5 % and 10 % of 4.
    assert found == {
        ("s.parquet", 0.5): "%",
        ("s.parquet", 1.0): "%",
        ("nats.parquet", 1.5): "nats",
        ("nats.parquet", 2.5): "nats",
        ("bare.parquet", 0.2): "",
        ("bare.parquet", 0.4): "",
    }
    assert captured.err == (
        "bare.parquet: targets 0.2 and 0.4, 5 % and 10 % of the way from its lowest value to the median of the others; "
        "--target names others\n"
    )
    assert tunecost("cost all.parquet --target 1") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "nats" in captured.out
    assert tunecost("cost r.parquet") == 0
    shown = capsys.readouterr().out
    assert "cost in trials, targets in percentage points" in shown
    assert "unit" not in shown


def test_a_table_whose_header_names_surfaces_alone_still_loads(folder: Path, capsys: Captured) -> None:
    new = costs("r.parquet", capsys)
    frame, header = replay_table.load("r.parquet")
    old = {name: item for name, item in header.items() if name not in ("searcher_labels", "surfaces")}
    replay_table.save(frame, "old.parquet", old | {"surfaces": ["s.parquet"]})
    frame.to_parquet("bare.parquet")
    for name in ("old.parquet", "bare.parquet"):
        assert costs(name, capsys) == [row | {"unit": ""} for row in new]
        assert tunecost(f"figure 2 {name} --out f.png --quiet") == 0
    replay_table.save(frame, "wrong.parquet", header | {"surfaces": {"s.parquet": {"unit": 3}}})
    capsys.readouterr()
    assert tunecost("cost wrong.parquet") == 2
    said = "tunecost: wrong.parquet: the header's 'unit' of surface 's.parquet' is not what it should be\n"
    assert capsys.readouterr().err == said


def test_halves_played_on_two_files_of_one_name_are_refused(folder: Path, capsys: Captured) -> None:
    frame, header = replay_table.load("r.parquet")
    replay_table.save(frame[frame["repeat"] < 30], "a.parquet", header)
    other = {"s.parquet": header["surfaces"]["s.parquet"] | {"sha256": "f" * 64}}
    replay_table.save(frame[frame["repeat"] >= 30], "b.parquet", header | {"surfaces": other})
    assert tunecost("cost a.parquet b.parquet") == 2
    assert "parts that were played on different surfaces (their files differ)" in capsys.readouterr().err


def test_tables_with_different_options_have_all_their_columns(folder: Path, capsys: Captured) -> None:
    for name, words in (("workers", "--workers 2"), ("within", "--within alpha=1e-3..1"), ("plain", "")):
        line = f"replay s.parquet -s random --repeats 3 --max-trials 9 --jobs 1 --quiet --out {name}.parquet {words}"
        assert tunecost(line) == 0
    frames = [replay_table.load(f"{name}.parquet") for name in ("workers", "within", "plain")]
    for number, (frame, header) in enumerate(frames):
        replay_table.save(frame.assign(surface=f"s{number}"), f"{number}.parquet", header)
    assert tunecost("cost 0.parquet 1.parquet 2.parquet --target 50") == 0
    table = capsys.readouterr().out
    assert table.split("note")[1].split("\n")[0].split() == ["within", "workers"]
    for rows, words in (("s0", "all 2"), ("s1", "alpha=1e-3..1 1"), ("s2", "all 1")):
        assert next(line for line in table.splitlines() if rows in line).split()[-2:] == words.split()
