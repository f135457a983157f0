"""What a surface's summary counts."""

import json
from dataclasses import replace

import numpy as np
import pytest
from surfaces_made import bowl

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.summary import summary
from grids.surface import Provenance, Surface


def line(values: list[float], diverged: list[bool]) -> Surface:
    space = Space((Axis("alpha", tuple(range(1, len(values) + 1))),))
    return Surface(
        space, (0,), np.array(values)[:, None], np.array(diverged)[:, None], Provenance("t", "adam", "error", "%")
    )


def test_counts_and_best_cells() -> None:
    facts = summary(line([90.0, 3.5, 3.0, 4.0, 3.0, 5.0, 5.1, 90.0], [True] + [False] * 6 + [True]), best=3)
    assert facts["surface"] == "t/adam"
    assert facts["cells"] == 8
    assert facts["lowest"] == 3.0
    assert facts["cells_at_lowest"] == 2
    assert [(cell["alpha"], cell["value"], cell["suboptimality"]) for cell in facts["best"]] == [
        (3.0, 3.0, 0.0),
        (5.0, 3.0, 0.0),
        (2.0, 3.5, 0.5),
    ]
    assert facts["share_within"] == {"0.5": 3 / 8, "1": 4 / 8, "2": 5 / 8}
    assert (facts["diverged_runs"], facts["diverged_share"]) == (2, 0.25)
    assert facts["quantiles"]["0"] == 3.0
    assert facts["quantiles"]["0.5"] == 4.5
    assert facts["quantiles"]["1"] == 90.0


def test_seeds_enter_by_the_statistic() -> None:
    surface = bowl((3, 3), seeds=3)
    assert summary(surface)["lowest"] == 0.125
    assert summary(surface, "worst")["lowest"] == 0.25
    assert summary(surface)["best"][0]["seed_std"] == pytest.approx(0.125)


def test_it_is_json() -> None:
    assert json.loads(json.dumps(summary(bowl()), allow_nan=False))["optimizer"] == "adam"


def test_levels_are_the_surfaces_own() -> None:
    surface = line([3.0, 4.0, 5.0, 9.0], [False] * 4)
    nats = replace(surface, provenance=replace(surface.provenance, unit="nats", failure=20.0, targets=(2.0, 1.0)))
    facts = summary(nats)
    assert facts["share_within"] == {"2": 0.75, "1": 0.5, "4": 0.75}
    assert (facts["failure"], facts["targets"], facts["targets_derived"]) == (20.0, [2.0, 1.0], False)


def test_a_further_column() -> None:
    surface = line([3.0, 4.0, 5.0, 9.0], [False, False, False, True])
    carried = replace(surface, extra={"norm": np.array([[8.0], [2.0], [4.0], [np.nan]])})
    facts = summary(carried, best=2, column="norm")
    assert [cell["norm"] for cell in facts["best"]] == [8.0, 2.0]
    assert facts["column"]["lowest"] == [{"alpha": 2.0, "norm": 2.0}, {"alpha": 3.0, "norm": 4.0}]
    assert facts["column"]["quantiles"]["0.5"] == 4.0
    assert facts["column"]["cells_without"] == 1
    assert "column" not in summary(carried)
    assert summary(surface, column="value")["column"]["quantiles"] == summary(surface)["quantiles"]


def test_an_unknown_column_is_told_which_there_are() -> None:
    surface = line([3.0, 4.0], [False, False])
    with pytest.raises(BadInput, match=r"unknown column 'norm' .known: seconds, value."):
        summary(replace(surface, seconds=surface.value), column="norm")


def test_a_column_without_any_number() -> None:
    surface = line([3.0, 4.0], [False, False])
    facts = summary(replace(surface, train_loss=np.full((2, 1), np.nan)), column="train_loss")
    assert facts["column"] == {"name": "train_loss", "lowest": [], "quantiles": {}, "cells_without": 2}
