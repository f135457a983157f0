"""What a surface's summary counts."""

import json

import numpy as np
import pytest
from surfaces_made import bowl

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
