"""The rows of live studies against a plain walk through each."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.replays import load_groups
from grids import replay_table
from tuning.live import Judge, Studies, live_rows

VALUE = np.array([3.0, 1.0, 2.0, 1.5])


def studies(searchers: int, repeats: int, trials: int) -> Studies:
    rng = np.random.default_rng(trials)
    shape = searchers, repeats, trials
    told = rng.integers(0, 9, shape).astype(float)
    texts = tuple(f"s{at}" for at in range(searchers))
    return Studies(texts, rng.integers(0, len(VALUE), shape), told, told > 7)


def walk(cells: list[int], told: list[float], on_surface: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    lowest, chosen, seen = np.inf, -1, set()
    for trial, (cell, value) in enumerate(zip(cells, told, strict=True), start=1):
        seen.add(cell)
        if value < lowest:
            before, chosen, lowest = chosen, cell, value
            if not on_surface or cell != before:
                rows.append({"trial": trial, "unique": len(seen), "cell": cell, "end": False, "best": value})
    rows.append({"trial": len(cells), "unique": len(seen), "cell": chosen, "end": True, "best": lowest})
    return rows


@pytest.mark.parametrize("on_surface", [True, False], ids=["surface", "told"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 5, 1), (3, 20, 25)], ids=str)
def test_rows_are_those_of_a_plain_walk(shape: tuple[int, int, int], on_surface: bool) -> None:
    done = studies(*shape)
    judge = Judge(VALUE, 1.0) if on_surface else Judge.of_told(done)
    frame = live_rows(done, judge, "label", "adam", "toy", whole=15.0)
    assert judge.lowest == (1.0 if on_surface else done.told.min())
    groups = frame.groupby(["searcher", "repeat"], sort=False)
    assert len(groups) == shape[0] * shape[1]
    for (searcher, repeat), part in groups:
        at = done.searchers.index(searcher), repeat
        expected = walk(done.cells[at].tolist(), done.told[at].tolist(), on_surface)
        best = VALUE[part["cell"]] if on_surface else [row["best"] for row in expected]
        for name in ("trial", "unique", "cell", "end"):
            assert part[name].tolist() == [row[name] for row in expected], name
        assert part["best"].tolist() == pytest.approx(best)
        assert (part["suboptimality"] == part["best"] - judge.lowest).all()
        assert (part["spent"] == 15 * part["trial"]).all()
        assert part["asked"].iloc[-1].tolist() == done.cells[at].tolist()
        assert part["told"].iloc[-1].tolist() == done.told[at].tolist()
        assert part["asked"].iloc[:-1].isna().all()


def test_the_table_is_written_and_read_as_it_is(tmp_path: Path) -> None:
    done = studies(2, 4, 9)
    frame = live_rows(done, Judge(VALUE, 1.0), "label", "adam", "toy", whole=float("nan"))
    replay_table.save(frame, tmp_path / "live.parquet", {"noise": "live"})
    found, _ = replay_table.load(tmp_path / "live.parquet")
    assert found.columns.tolist() == frame.columns.tolist()
    for name in ("best", "cell", "trial"):
        assert found[name].tolist() == frame[name].tolist()
    for name in ("asked", "told"):
        ends = found.loc[found["end"], name]
        assert [list(one) for one in ends] == [list(one) for one in frame.loc[frame["end"], name]]
    groups = load_groups([tmp_path / "live.parquet"])
    assert [(group.searcher, group.repeats, group.judged.noise) for group in groups] == [
        ("s0", 4, "live"),
        ("s1", 4, "live"),
    ]
