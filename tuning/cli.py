"""The root of the command line, `tunecost`. Each command is in a package's `commands`, imported on first use."""

import contextvars
import itertools
import os
import re
import sys
import traceback
import warnings
from typing import Annotated

import typer

from grids.commands.late import Commands, late_group
from grids.errors import BadInput
from grids.limits import LARGEST, OPTION, allow
from grids.terminal import say

COMMANDS: dict[str, str | Commands] = {
    "grid": Commands(
        "Error surfaces: plan, train, import, export and inspect them.",
        {
            "tasks": "trainers.commands.grid:tasks",
            "optimizers": "trainers.commands.grid:optimizers",
            "plan": "trainers.commands.grid:plan",
            "run": "trainers.commands.grid:run",
            "submit": "trainers.commands.grid:submit",
            "status": "trainers.commands.grid:status",
            "list": "grids.commands.grid_files:list_",
            "show": "grids.commands.grid_files:show",
            "import": "grids.commands.grid_tables:import_",
            "export": "grids.commands.grid_tables:export",
            "merge": "grids.commands.grid_tables:merge",
        },
    ),
    "audit": "analysis.commands.audit:audit",
    "replay": "tuning.commands.replay:replay",
    "cost": "analysis.commands.cost:cost",
    "export": "analysis.commands.export:export",
    "exact": "tuning.commands.exact:exact",
    "separability": "analysis.commands.separability:separability",
    "compare": "analysis.commands.compare:compare",
    "tunability": "analysis.commands.tunability:tunability",
    "tune": "tuning.commands.tune:tune",
    "transfer": "trainers.commands.transfer:transfer",
    "table": Commands("Tables of the paper, with our results.", {"1": "analysis.commands.table:table1"}),
    "figure": Commands(
        "Draw a figure; the numbers drawn are written next to it as CSV.",
        {
            "1": "analysis.commands.figure:figure1",
            "2": "analysis.commands.figure:figure2",
            "3": "analysis.commands.figure3:figure3",
            "ecdf": "analysis.commands.figure:ecdf",
            "profile": "analysis.commands.figure:profile",
            "tunability": "analysis.commands.figure:tunability",
        },
    ),
    "claims": "analysis.commands.claims:claims",
    "report": "analysis.commands.report:report",
    "data": Commands(
        "Download data sets of images, and check data sets of images and texts.",
        {"get": "trainers.commands.data:get", "check": "trainers.commands.data:check"},
    ),
    "gpu": "trainers.commands.gpu:gpu",
    "results": "analysis.commands.results:results",
}
"""The `module:attribute` that defines each command, in the order of the help."""

app = typer.Typer(
    name="tunecost",
    cls=late_group(COMMANDS),
    help="What does it cost to tune an optimizer? Train error surfaces, replay searchers over them, count the trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        print(f"tunecost {version('tunecost')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
            show_default="off",
        ),
    ] = False,
    most: Annotated[
        int,
        typer.Option(
            OPTION, min=1, metavar="BYTES", help="The largest number of bytes in memory of one file that is read."
        ),
    ] = LARGEST,
) -> None:
    allow(most)


def main() -> None:
    """Run the command line and exit: 0 success, 2 invalid input, 1 any other failure, 130 interrupted."""
    if not sys.warnoptions:  # warnings of libraries are for programmers, who can turn them on with `python -W`
        warnings.simplefilter("ignore")
    _open_streams()
    sys.exit(run(sys.argv[1:]))


def _open_streams() -> None:
    """Make every print to stdout and stderr succeed: a closed stream (`>&-`) discards, a narrow encoding escapes."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (stays open until the program ends)
        getattr(sys, name).reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; an error is printed as one line on stderr.

    Args:
        arguments: the words after `tunecost`.
    """
    command = typer.main.get_command(app)
    try:
        _check_encoding(arguments)
        # In a context of its own, which `--max-bytes` is set in.
        result = contextvars.copy_context().run(
            command.main, arguments, prog_name="tunecost", standalone_mode=False, obj=run
        )
        sys.stdout.flush()
        if result == 130:  # Typer's code for Ctrl-C, which it handles without a message
            return _report("interrupted", 130)
        return result if isinstance(result, int) else 0
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _report("interrupted", 130)
    except BadInput as error:
        if os.environ.get("TUNECOST_DEBUG"):
            traceback.print_exc()
        return _report(str(error), 2)
    except BrokenPipeError:
        # The reader of the output (`| head`) has closed the pipe. This is no failure, and stdout is of no more use.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is not None or not _stdout_fails():
            return _failed(error)
        return _report(f"standard output cannot be written ({error.strerror or error})", 1)
    except SystemExit as exit_:
        # Rich turns a broken pipe into SystemExit while it prints a table or help.
        if isinstance(exit_.__context__, BrokenPipeError):
            return 0
        raise
    except Exception as error:
        # Click's usage errors format their own message. Any other exception is a bug, and its type is named.
        if hasattr(error, "format_message"):
            return _report(_usage(error, arguments), 2)
        return _failed(error)


def _check_encoding(arguments: list[str]) -> None:
    """Raise BadInput where an argument is not UTF-8, before anything runs: no file that is written could name it."""
    for argument in arguments:
        if not argument.isascii() and argument != argument.encode(errors="replace").decode():
            raise BadInput(f"'{argument}': this name is not UTF-8; rename the file or folder")


def _stdout_fails() -> bool:
    """Whether nothing can be written to stdout, which is then discarded: it would fail again at the end."""
    try:
        print(flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _failed(error: Exception) -> int:
    """Report a fault of this program."""
    if os.environ.get("TUNECOST_DEBUG"):
        traceback.print_exc()
    line = f"failed: {type(error).__name__}: {error}".splitlines()[0]
    return _report(f"{line} (TUNECOST_DEBUG=1 shows where)", 1)


def _usage(error: Exception, arguments: list[str]) -> str:
    """The message of a usage error in one line, with the command whose help explains it."""
    # Where a command is missing, Typer has printed the help, and the message is empty.
    message = " ".join(str(error.format_message()).split()) or "no command is given"  # type: ignore[attr-defined]
    invalid = re.match(r"Invalid value for '(--?[\w-]+)'[^:]*: (?=.*(?:valid (?:number|integer|float)))", message)
    if invalid:
        message = invalid[0] + _not_a_number(invalid[1], arguments)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tunecost"
    return f"{message} (see '{path} --help')"


def _not_a_number(option: str, arguments: list[str]) -> str:
    """The end of the message for an option that needs a number: the text that was given, and what to write instead."""
    given = [part.partition("=")[2] for part in arguments if part.startswith(f"{option}=")]
    given += [following for part, following in itertools.pairwise(arguments) if part == option]
    wrong = next((text for text in given if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text)), None)
    if wrong is None:
        return "a whole number is needed"
    hint = "; decimals are written with a point, several values by giving the option again" if "," in wrong else ""
    return f"'{wrong}' is not a number{hint}"


def _report(line: str, code: int) -> int:
    """Print an error as one line on stderr and return the exit code."""
    say(f"tunecost: {' '.join(line.split())}")
    return code
