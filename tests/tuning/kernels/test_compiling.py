"""Compiling where nothing can be kept, and where something is kept that was compiled from other sources."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
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
    assert compiling.compiled_entry(double)(21) == 42


def test_a_plain_form_calls_plain_forms() -> None:
    @compiling.compiled_part
    def part(number: int) -> str:
        return type(number).__name__

    names = {"part": part, "compiled": compiling.compiled}
    exec("@compiled\ndef whole(number):\n    return part(number)", names)
    whole = compiling.plain(names["whole"])  # type: ignore[type-var]
    assert whole(2**70) == "int"  # which numba compiles neither for such a number nor to a name


def test_what_is_compiled_elsewhere_has_a_plain_form_of_its_own() -> None:
    halve = compiling.compiled_elsewhere("no_such_module:halve", lambda number: number / 2)
    assert compiling.plain(halve)(3) == 1.5
    with pytest.raises(ModuleNotFoundError):
        halve(3)


WHOLE = """
from kept.kernels.compiling import compiled_entry
from kept.kernels.part import part

@compiled_entry
def whole(number):
    return part(number)

print(whole(1), sum(whole.fast.stats.cache_hits.values()))
"""
PART = """
from kept.kernels.compiling import compiled_part
from kept.searchers.constants import TEN

@compiled_part
def part(number):
    return TEN + {factor} * number
"""


def test_what_was_compiled_from_other_sources_is_not_used(tmp_path: Path) -> None:
    """A caller's own file stays the same: numba alone would go on with what it keeps."""
    kernels, searchers = tmp_path / "kept/kernels", tmp_path / "kept/searchers"
    kernels.mkdir(parents=True)
    searchers.mkdir()
    shutil.copy(compiling.__file__, kernels)
    (kernels / "whole.py").write_text(WHOLE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def said(factor: int, constant: int) -> str:
        (kernels / "part.py").write_text(PART.format(factor=factor))
        (searchers / "constants.py").write_text(f"TEN = {constant}\n")
        words = [sys.executable, "-c", "import kept.kernels.whole"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    assert [said(2, 10), said(2, 10), said(3, 10), said(3, 20)] == ["12 0", "12 1", "13 0", "23 0"]
