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


def nested() -> tuple[Any, dict[str, Any]]:
    """An entry that calls a part, with a literal number and with another one, which calls another part."""
    names: dict[str, Any] = {"compiled": compiling.compiled}
    source = """
@compiled
def inner(number):
    return number / 3.0

@compiled
def part(number, times):
    return inner(number) * times

def entry(number):
    return part(number, 2) + part(number, int(number))
"""
    exec(source, names)
    function = names["entry"]
    return compiling.Compiled(lambda: compiling._njit()(function), lambda: function), names


def test_parts_are_optimized_with_their_entry_alone() -> None:
    entry, names = nested()
    assert entry(6.0) == 6.0 / 3.0 * 2 + 6.0 / 3.0 * 6
    part = names["part"].fast
    assert len(part.signatures) == 1  # not another one for the literal number
    assert part.overloads[part.signatures[0]].library.get_pointer_to_function("anything") == 0  # no machine code


def test_compiles_without_its_own_compiler_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tuning.kernels.parts", None)
    entry, _ = nested()
    assert entry(6.0) == 6.0 / 3.0 * 2 + 6.0 / 3.0 * 6


def test_says_once_that_it_compiles_and_only_then() -> None:
    said: list[int] = []
    entry, _ = nested()
    with compiling.before_compiling(lambda: said.append(1)):
        entry(6.0)
    with compiling.before_compiling(lambda: said.append(2)):
        entry(6.0)
    assert said == [1]
