"""Surfaces that hold one table: other values of a surface's cells, to be replayed like it."""

from dataclasses import replace

import numpy as np

from grids.surface import Surface


def of_table(surface: Surface, table: np.ndarray) -> Surface:
    """The surface with one value for each cell, `table` `[*shape]`, in place of those of its seeds."""
    value = table[..., None]
    return replace(
        surface,
        seeds=(0,),
        value=value,
        diverged=np.zeros(value.shape, bool),
        curve=None,
        train_loss=None,
        seconds=None,
        extra={},
        filled=None,
    )
