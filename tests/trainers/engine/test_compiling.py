"""Compiling the engine where nothing can be kept, and where something is kept that was compiled from other sources."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest

from trainers.engine import compiling

WHOLE = """
from kept.engine.compiling import compiled
from kept.engine.direct.part import part

@compiled
def whole(number):
    return part(number)

print(whole(1), sum(whole.stats.cache_hits.values()))
"""
PART = """
from kept.engine.compiling import compiled

@compiled
def part(number):
    return {factor} * number
"""


def test_what_was_compiled_from_other_sources_is_not_used(tmp_path: Path) -> None:
    """The caller's own file stays the same: numba alone would go on with what it keeps."""
    engine, direct = tmp_path / "kept/engine", tmp_path / "kept/engine/direct"
    direct.mkdir(parents=True)
    shutil.copy(compiling.__file__, engine)
    (engine / "whole.py").write_text(WHOLE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def said(factor: int) -> str:
        (direct / "part.py").write_text(PART.format(factor=factor))
        words = [sys.executable, "-c", "import kept.engine.whole"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    assert [said(2), said(2), said(3)] == ["2 0", "2 1", "3 0"]


def test_compiles_where_no_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    real = numba.njit

    def njit(cache: bool = False, **options: Any) -> Callable[..., Any]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    def double(number: int) -> int:
        return 2 * number

    with monkeypatch.context() as patch:
        patch.setattr(numba, "njit", njit)
        made = compiling.compiled(double)
    assert made(21) == 42
