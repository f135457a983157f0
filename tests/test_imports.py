"""Which module imports which: packages only those below them, and no module itself by way of others."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "grids": {"grids"},
    "trainers": {"grids", "trainers"},
    "analysis": {"grids", "analysis"},
    "tuning": {"grids", "tuning"},
}
"""What the modules of each package may import."""

ORDER = ("grids", "trainers", "tuning", "analysis")
"""The `commands` of each may import those before it too."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in BELOW for path in sorted((ROOT / package).rglob("*.py"))}


def statements(node: ast.AST, late: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a module; those inside functions where `late`, those for type checkers never."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            yield inner
        typing = isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING"
        if not typing and (late or not isinstance(inner, ast.FunctionDef)):
            yield from statements(inner, late)


def imported(module: str, late: bool) -> set[str]:
    """The modules of ours that a module imports."""
    found: set[str] = set()
    for statement in statements(ast.parse(MODULES[module].read_text()), late):
        if isinstance(statement, ast.ImportFrom):
            inside = {f"{statement.module}.{each.name}" for each in statement.names}
            found |= {name if name in MODULES else str(statement.module) for name in inside}
        else:
            found |= {each.name for each in statement.names}
    return found & MODULES.keys() - {module}


def check_order(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", BELOW)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    check_order({name: imported(name, late=True) for name in MODULES if name.partition(".")[0] == package})


def folder_of(module: str) -> str:
    """The folder of a package that a module is in; empty for a module beside the folders."""
    parts = MODULES[module].relative_to(ROOT).parts
    return parts[1] if len(parts) > 2 else ""


@pytest.mark.parametrize("package", ["grids", "trainers", "analysis"])
def test_no_folder_imports_itself_by_way_of_others(package: str) -> None:
    graph: dict[str, set[str]] = {}
    for name in MODULES:
        if name.partition(".")[0] == package and folder_of(name):
            others = {folder_of(each) for each in imported(name, late=True) if each.partition(".")[0] == package}
            graph.setdefault(folder_of(name), set()).update(others - {folder_of(name), ""})
    check_order(graph)


@pytest.mark.parametrize("package", BELOW)
def test_packages_import_those_below_them(package: str) -> None:
    for name in MODULES:
        if name.partition(".")[0] == package:
            below = {*ORDER[: ORDER.index(package) + 1]} if folder_of(name) == "commands" else BELOW[package]
            others = {each.partition(".")[0] for each in imported(name, late=True)} - below
            assert not others, f"{name} imports {others}"
