"""Tables and surfaces made for tests of this folder, and how a test reads a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Fidelity, Provenance, Surface
from grids.tables.importing import Meaning, meaning_of
from grids.tables.sources import surface_from

PLAIN = "alpha,epsilon,error\n0.1,1e-8,3\n0.1,1,4\n10,1e-8,5\n10,1,6.5\n"


GRID = ("lr,mom,error", "0.1,0,5", "0.1,0.9,4", "1,0,6", "1,0.9,7")


TABLE = pd.DataFrame({"lr": [0.1, 0.1, 1.0, 1.0], "act": ["relu", "tanh"] * 2, "acc": [90.0, 91.5, 80.0, 70.25]})


WHAT = Meaning(["lr", "act"], "acc", maximize=True, task="t", optimizer="o")


def read(folder: Path, content: str | bytes, axes: str | Sequence[str] = "alpha,epsilon", **options: Any) -> Surface:
    """The surface of a file `sweep.csv` of this content; its values are in the column `error` unless told."""
    path = folder / "sweep.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    names = [name for name in axes.split(",") if name] if isinstance(axes, str) else axes
    return surface_from(path, meaning_of(axes=names, value=options.pop("value", "error"), **options))


def refused(folder: Path, content: str | bytes, axes: str | Sequence[str] = "alpha,epsilon", **options: Any) -> str:
    """The one line with which such a file is refused, without the path at its beginning."""
    with pytest.raises(BadInput) as caught:
        read(folder, content, axes, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{folder / 'sweep.csv'}: ")
    return line.partition("sweep.csv: ")[2]


def column(header: str, *rows: str) -> str:
    return "\n".join((header, *rows)) + "\n"


def rich(pool: bool = False) -> Surface:
    """Numbers, labels with None, seeds that are not 0, 1, …, curves, a diverged run and further numbers."""
    axes = (
        Axis("lr", (1e-3, 1e-2, 0.5), "log"),
        Axis.labels("clip", ("", "1.0", "5.0")),
        Axis("mom", (0.0, 0.9), "linear"),
    )
    space = Space(axes)
    if pool:
        space = Pool(axes, np.array([[0, 0, 1], [2, 2, 0], [0, 0, 1], [1, 1, 1]]))
    rng = np.random.default_rng(5)
    shape = (*space.shape, 2)
    curve = rng.normal(size=(*shape, 3)).round(6)
    diverged = np.zeros(shape, bool)
    diverged.reshape(-1)[3] = True
    curve[diverged, -1] = curve[..., -1].max()
    about = Provenance("task", "opt", "-acc", "%", fixed={"maximize": True}, data={"epoch_column": "step"})
    return Surface(
        space, (3, 8), curve[..., -1], diverged, about, curve, extra={"flops": rng.normal(size=shape)},
        fidelity=Fidelity("step", (1.0, 5.0, 20.0)),
    )  # fmt: skip


def alike(one: Surface, other: Surface) -> None:
    assert one.space == other.space
    assert one.seeds == other.seeds
    np.testing.assert_array_equal(one.value, other.value)
    assert (one.curve is None) == (other.curve is None)
    if one.curve is not None and other.curve is not None:
        np.testing.assert_array_equal(one.curve, other.curve)
    assert one.fidelity == other.fidelity
    assert one.provenance.metric == other.provenance.metric
