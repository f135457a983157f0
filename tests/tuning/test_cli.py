"""The command line's root: exit codes, one line on stderr, help with its defaults, and what it does not import."""

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from grids.errors import BadInput
from tuning import cli

ROOT = Path(__file__).parents[2]


MAIN = "from tuning.cli import main; main()"
ENTRY = "from tuning.__main__ import main; main()"


def tunecost(*arguments: str, cwd: Path, start: Sequence[str] = ("-c", MAIN)) -> subprocess.CompletedProcess[str]:
    """Run the command line, or whatever else Python is started with."""
    return run(sys.executable, *start, *arguments, cwd=cwd)


def in_shell(script: str, after: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python script in a shell; `after` is what its command line goes on with."""
    done = run("bash", "-c", f'"{sys.executable}" -c "{script}" {after}', cwd=cwd)
    assert done.returncode == 0
    return done


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", "COLUMNS": "200"}


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def levels() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every level of the command line: its words and its command."""

    def below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below((*words, name), inner)

    return below((), typer.main.get_command(cli.app))


@pytest.mark.parametrize("words", [words for words, _ in levels()], ids=" ".join)
def test_help_shows_every_default(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 300)
    monkeypatch.setattr("typer.rich_utils.COLOR_SYSTEM", None)
    assert cli.run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    command = dict(levels())[words]
    for option in (p for p in command.params if p.param_type_name == "option"):
        name = max(option.opts, key=len)
        line = next(line for line in shown.splitlines() if re.match(rf"│[ *]+{name}\b", line))
        assert "[required]" in line or "[default: " in line, line
        assert option.help, option.name


def test_the_contracts_commands_are_there() -> None:
    words = {" ".join(words) for words, _ in levels()}
    grid = ["tasks", "optimizers", "list", "plan", "run", "submit", "status", "import", "export", "show"]
    figures = ["1", "2", "3", "ecdf", "profile", "tunability"]
    wanted = {"replay", "cost", "exact", "separability", "compare", "claims", "data get", "data check"}
    wanted |= {"export", "transfer", "table 1", "tunability", "grid merge", "report", "tune", "gpu"}
    wanted |= {f"grid {name}" for name in grid} | {f"figure {name}" for name in figures}
    assert wanted <= words


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys; from tuning.cli import run; code = run(['--help'])\n"
        "print('loaded', code, sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = tunecost(cwd=tmp_path, start=("-c", script))
    last = done.stdout.splitlines()[-1]
    assert last.startswith("loaded 0")
    for module in ("torch", "optuna", "matplotlib", "numba", "pandas", "numpy", "scipy", "pyarrow", "cma", "sklearn"):
        assert f"'{module}'" not in last, module


@pytest.mark.parametrize(
    "line",
    [
        "grid list",
        "grid show digits-mlp/adam",
        "exact digits-mlp/sgd -s random",
        "exact digits-mlp/adam",
        "replay digits-mlp/adam --repeats 10 --out replays.parquet",
    ],
)
def test_a_quick_command_imports_nothing_slow_that_it_does_not_need(line: str, tmp_path: Path) -> None:
    script = f"import sys; from tuning.cli import run; print('loaded', run({line.split()!r}), *sys.modules)"
    done = tunecost(cwd=tmp_path, start=("-c", script))
    _, code, *loaded = done.stdout.splitlines()[-1].split()
    assert code == "0"
    slow = {"pandas", "scipy", "matplotlib", "torch", "optuna", "cma", "numba", "llvmlite", "sklearn", "asyncio"} | {
        "pyarrow.compute"
    }
    assert not slow & set(loaded)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grdi"], "No such command 'grdi'"),
        ([], "no command is given"),
        (["grid"], "no command is given"),
        (["grid", "show"], "Missing argument 'SURFACE'"),
        (["grid", "show", "x/y", "--jsn"], "No such option: --jsn"),
        (["grid", "show", "x.parquet"], "x.parquet: no such file"),
        (["grid", "show", "x/y"], "unknown surface 'x/y'"),
        (["grid", "list", "--format", "yaml"], "'yaml' is not one of"),
        (["replay", "x.parquet", "--out", "o.parquet"], "x.parquet: no such file"),
        (["replay", "x.parquet", "--out", "o.parquet", "--repeats", "many"], "Invalid value for '--repeats'"),
        (["cost", "x.parquet", "--target", "-1"], "--target"),
        (["cost", "x.parquet"], "x.parquet: cannot be read"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("tunecost: ")
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"tunecost {importlib.metadata.version('tunecost')}\n"


def test_the_console_script_exits_with_the_code(tmp_path: Path) -> None:
    done = tunecost("grid", "show", "x/y", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("tunecost: unknown surface 'x/y'")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make `tunecost fault` raise what a test sets."""

    def raising(error: BaseException) -> None:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

        @app.command("fault")
        def fault() -> None:
            raise error

        @app.command("other")
        def other() -> None: ...

        monkeypatch.setattr(cli, "app", app)

    return raising


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadInput("x.csv: a line\nand another"), 2, "tunecost: x.csv: a line and another\n"),
        (BadInput("x.csv: \x1b[31mred\x00 \udc80é"), 2, "tunecost: x.csv: \\x1b[31mred\\x00 \\udc80é\n"),
        (KeyboardInterrupt(), 130, "tunecost: interrupted\n"),
        (typer.Abort(), 130, "tunecost: interrupted\n"),
        (typer.Exit(3), 3, ""),
        (typer.Exit(), 0, ""),
        (ZeroDivisionError("one\ntwo"), 1, "tunecost: failed: ZeroDivisionError: one (TUNECOST_DEBUG=1 shows where)\n"),
        (ValueError("plain"), 1, "tunecost: failed: ValueError: plain (TUNECOST_DEBUG=1 shows where)\n"),
        (MemoryError(), 1, "tunecost: failed: MemoryError: (TUNECOST_DEBUG=1 shows where)\n"),
    ],
)
def test_each_end_has_its_exit_code(
    command: Any, error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command(error)
    assert cli.run(["fault"]) == code
    assert capsys.readouterr().err == line


def test_debugging_shows_where(command: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("TUNECOST_DEBUG", "1")
    command(ZeroDivisionError("deep"))
    assert cli.run(["fault"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    script = "from tuning.cli import main; import sys; sys.argv = ['tunecost', 'grid', '--help']; main()"
    done = in_shell(script, '| true; echo "${PIPESTATUS[0]}"', tmp_path)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "streams", "code"),
    [
        ("grid --help", ">&-", "0"),
        ("grid list", ">&-", "0"),
        ("grid show none.parquet", "2>&-", "2"),
        ("grid show none.parquet", ">&- 2>&-", "2"),
        ("grid show none.parquet", "2>/dev/full", "2"),
        ("grid list", ">/dev/full", "1"),
    ],
)
def test_closed_and_full_streams_change_no_exit_code(words: str, streams: str, code: str, tmp_path: Path) -> None:
    script = f"import sys; sys.argv[1:] = {words.split()}; {MAIN}"
    done = in_shell(script, f"{streams}; exec echo $? >code", tmp_path)
    assert (tmp_path / "code").read_text().strip() == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_full_stdout_is_told_in_a_line(tmp_path: Path) -> None:
    for words in ("grid list", "grid list --format json", "--help"):
        done = in_shell(f"import sys; sys.argv[1:] = {words.split()}; {MAIN}", ">/dev/full || true", tmp_path)
        assert done.stderr == "tunecost: standard output cannot be written (No space left on device)\n"


def test_a_deleted_current_folder_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = f"import os, sys; os.chdir('gone'); os.rmdir('../gone'); sys.argv[1:] = ['grid', 'list']; {ENTRY}"
    done = in_shell(script, "; exec echo $? >code", tmp_path)
    assert done.stderr == "tunecost: the current folder was deleted; change to one that exists\n"
    assert (tmp_path / "code").read_text() == "2\n"


def test_a_name_that_is_not_utf_8_is_refused_before_anything_runs(tmp_path: Path) -> None:
    words = [b"tunecost", b"grid", b"run", b"digits-mlp", b"-o", b"adam", b"--out", b"s\xff"]
    done = subprocess.run([sys.executable, "-m", "tuning", *words[1:]], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr == b"tunecost: 's\\udcff': this name is not UTF-8; rename the file or folder\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_while_the_process_ends_is_130(number: str, tmp_path: Path) -> None:
    script = (
        "import atexit, os, signal, sys, time\n"
        "from tuning import __main__, cli\n"
        f"ending = lambda: (os.kill(os.getpid(), signal.{number}), time.sleep(9))\n"
        "cli.main = lambda: (atexit.register(ending), sys.exit(0))\n"
        "__main__.main()"
    )
    done = tunecost(cwd=tmp_path, start=("-c", script))
    assert (done.returncode, done.stderr) == (130, "")


def test_a_narrow_encoding_gets_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (tmp_path / "t.csv").write_text("α,error\n1,2\n")
    made = tunecost(*["grid", "import", "t.csv", "--axes", "α", "--value", "error", "--out", "ü.parquet"], cwd=tmp_path)
    assert made.returncode == 0
    assert made.stderr.startswith("\\xfc.parquet: 1 cells, 1 seed(s)\n")
    shown = tunecost("grid", "show", "ü.parquet", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["axes"][0]["name"] == "α"


def test_ctrl_c_while_the_command_line_is_loading_is_one_line_too(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from tuning.__main__ import main; main()"
    )
    done = tunecost(cwd=tmp_path, start=("-c", script))
    assert (done.returncode, done.stderr) == (130, "tunecost: interrupted\n")


def test_the_package_runs_like_the_console_script(tmp_path: Path) -> None:
    assert '"tuning.__main__:main"' in (ROOT / "pyproject.toml").read_text()
    done = tunecost("grid", "show", "none.parquet", cwd=tmp_path, start=("-m", "tuning"))
    assert (done.returncode, done.stderr) == (2, "tunecost: none.parquet: no such file\n")


@pytest.mark.parametrize(
    ("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 2)], ids=["ctrl-c", "sigterm-two-jobs"]
)
def test_an_interrupt_is_130_and_leaves_nothing(tmp_path: Path, number: signal.Signals, jobs: int) -> None:
    """A real one, in the middle of a replay that would take long."""
    table = "x,y,error\n" + "".join(f"{x},{y},{x * y % 7}\n" for x in range(20) for y in range(20))
    (tmp_path / "t.csv").write_text(table)
    made = tunecost(
        *["grid", "import", "t.csv", "--axes", "x,y", "--value", "error", "--out", "t.parquet", "--quiet"], cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    before = sorted(path.name for path in tmp_path.iterdir())
    step = "run_chunk" if jobs == 1 else "spread"
    script = (
        f"import tuning.replay as module, sys; real = module.{step}\n"
        "def told(*given):\n    print('running', flush=True)\n    return real(*given)\n"
        f"module.{step} = told\nfrom tuning.__main__ import main; main()"
    )
    arguments = f"replay t.parquet -s optuna:TPESampler --repeats 5000 --jobs {jobs} --out r.parquet"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments.split()],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    time.sleep(0.2)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "tunecost: interrupted\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


LATE = """
import os, signal, sys
from tuning.__main__ import main

class Late:
    def __del__(self, kill=os.kill, process=os.getpid(), number=signal.SIGTERM):
        kill(process, number)

late = Late()
sys.argv = ["tunecost", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["grid", "show", "nothing"], 2)])
def test_a_signal_while_the_process_ends_leaves_its_exit_code(words: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, "-c", LATE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code
