"""Compiling where nothing can be kept."""

from collections.abc import Callable
from typing import Any

import numba
import pytest

from tuning.kernels import compiling


def test_compiles_where_no_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(cache: bool = False, **options: Any) -> Callable[..., Any]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    def double(number: int) -> int:
        return 2 * number

    monkeypatch.setattr(compiling, "_njit", njit)
    assert compiling.compiled(double)(21) == 42
