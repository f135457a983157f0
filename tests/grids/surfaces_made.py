"""Surfaces made for tests: any space, any seeds, any values."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from grids.space import Axis, Space
from grids.surface import COLUMNS, Fidelity, Provenance, Surface

finite = st.floats(allow_nan=False, allow_infinity=False)
values = finite.filter(lambda value: abs(value) <= 1e305)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf"], exclude_characters=";"), min_size=1, max_size=5
).filter(lambda name: name == name.strip() and name not in COLUMNS)


labels = st.sampled_from(["relu", "tanh, scaled", "α", "", 'with "quotes"', "no-op"])
"""Words that no table could take for numbers, and the empty one for None."""


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    axes = []
    for name in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        if draw(st.booleans()):
            axes.append(Axis.labels(name, draw(st.lists(labels, min_size=1, max_size=4, unique=True))))
            continue
        values = draw(st.lists(finite.map(lambda x: x + 0.0), min_size=1, max_size=4, unique=True))
        axes.append(Axis.of(name, values))
    return Space(tuple(axes))


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    space = draw(spaces())
    seeds = sorted(draw(st.sets(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=3)))
    shape = (*space.shape, len(seeds))
    size = int(np.prod(shape))
    value = np.array(draw(st.lists(values, min_size=size, max_size=size))).reshape(shape)
    diverged = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))).reshape(shape)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    precision = draw(st.sampled_from([np.float32, np.float64]))
    curve = rng.normal(size=(*shape, 3)).astype(precision) if draw(st.booleans()) else None
    loss = rng.normal(size=shape) if draw(st.booleans()) else None
    provenance = Provenance(
        draw(st.text(max_size=9)),
        "adam",
        bounded=draw(st.booleans()),
        failure=draw(st.none() | finite),
        targets=tuple(draw(st.lists(st.floats(0, 1e9), max_size=2))),
        resolution=draw(st.none() | st.floats(1e-9, 1.0)),
        optimizer_label=draw(st.sampled_from(["", "Adam"])),
        fixed={"batch": 64, "momentum": 0.9},
        created="now",
    )
    extra = {"rms_denominator": rng.normal(size=shape)} if draw(st.booleans()) else {}
    fidelity = Fidelity("step", (1.0, 3.0, 9.0)) if curve is not None and draw(st.booleans()) else None
    filled = (rng.random(shape) < 0.5) & ~diverged if draw(st.booleans()) else None
    if filled is not None:
        provenance = replace(provenance, filled={"runs": int(filled.sum()), "with": "worst"})
    return Surface(
        space, tuple(seeds), value, diverged, provenance, curve, loss, extra=extra, fidelity=fidelity, filled=filled
    )


def bowl(shape: tuple[int, ...] = (5, 4), seeds: int = 1, optimizer: str = "adam", task: str = "toy") -> Surface:
    """A smooth surface whose best cell is in its middle."""
    space = Space(
        tuple(
            Axis(name, tuple(10.0**k for k in range(n)))
            for name, n in zip(("alpha", "epsilon", "c"), shape, strict=False)
        )
    )
    distance = sum((index - n // 2) ** 2 for index, n in zip(np.indices(shape), shape, strict=True))
    value = np.repeat(np.asarray(distance, float)[..., None], seeds, axis=-1) + 0.125 * np.arange(seeds)
    return Surface(
        space, tuple(range(seeds)), value, np.zeros(value.shape, bool), Provenance(task, optimizer, "error", "%")
    )


def same(one: Surface, other: Surface) -> None:
    """Fails unless both hold exactly the same."""
    assert one.space == other.space
    assert one.seeds == other.seeds
    assert one.provenance == other.provenance
    assert one.fidelity == other.fidelity
    assert list(one.extra) == list(other.extra)
    arrays = ("value", "diverged", "curve", "train_loss", "seconds", "filled")
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in arrays}
    pairs |= {name: (one.extra[name], other.extra[name]) for name in one.extra}
    for name, (ours, theirs) in pairs.items():
        assert (ours is None) == (theirs is None), name
        if ours is not None:
            assert ours.dtype == theirs.dtype, name
            np.testing.assert_array_equal(ours, theirs)
