"""The command line's root: `tunecost`. Each command is in `tuning/commands/`, imported when it is named."""

import itertools
import os
import re
import sys
import traceback
import warnings
from typing import Annotated

import typer

from grids.errors import BadInput
from tuning.late_commands import late_group
from tuning.terminal import say

COMMANDS = {
    "grid": "tuning.commands.grid:app",
    "replay": "tuning.commands.replay:replay",
    "cost": "tuning.commands.cost:cost",
    "export": "tuning.commands.export:export",
    "exact": "tuning.commands.exact:exact",
    "separability": "tuning.commands.separability:separability",
    "compare": "tuning.commands.compare:compare",
    "tunability": "tuning.commands.tunability:tunability",
    "tune": "tuning.commands.tune:tune",
    "transfer": "tuning.commands.transfer:transfer",
    "table": "tuning.commands.table:app",
    "figure": "tuning.commands.figure:app",
    "claims": "tuning.commands.claims:claims",
    "report": "tuning.commands.report:report",
    "data": "tuning.commands.data:app",
    "gpu": "tuning.commands.gpu:gpu",
    "results": "tuning.commands.results:results",
}
"""Where each command is made, in the order of the help."""

app = typer.Typer(
    name="tunecost",
    cls=late_group(COMMANDS),
    help="What does it cost to tune an optimizer? Train error surfaces, replay searchers over them, count the trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
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
) -> None: ...


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad input, 1 failed otherwise, 130 interrupted."""
    if not sys.warnoptions:  # a library's warning is for programmers, who ask for it by `python -W`
        warnings.simplefilter("ignore")
    _open_streams()
    sys.exit(run(sys.argv[1:]))


def _open_streams() -> None:
    """Have stdout and stderr take whatever is printed: a closed one (`>&-`) nothing, a narrow encoding an escape."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open to the end)
        getattr(sys, name).reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; what went wrong is one line on stderr."""
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="tunecost", standalone_mode=False, obj=run)
        sys.stdout.flush()
        if result == 130:  # Typer takes Ctrl-C in its own hands, and says nothing
            return _say("interrupted", 130)
        return result if isinstance(result, int) else 0
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", 130)
    except BadInput as error:
        if os.environ.get("TUNECOST_DEBUG"):
            traceback.print_exc()
        return _say(str(error), 2)
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone; nothing is left to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as exit_:
        # So does Rich, when it was printing a table or help.
        if isinstance(exit_.__context__, BrokenPipeError):
            return 0
        raise
    except Exception as error:
        # A usage error knows its own text; every other exception is a fault of ours and gets its kind named.
        if hasattr(error, "format_message"):
            return _say(_usage(error, arguments), 2)
        if os.environ.get("TUNECOST_DEBUG"):
            traceback.print_exc()
        line = f"failed: {type(error).__name__}: {error}".splitlines()[0]
        return _say(f"{line} (TUNECOST_DEBUG=1 shows where)", 1)


def _usage(error: Exception, arguments: list[str]) -> str:
    # Help that stood in for a missing command was printed already, and leaves no message.
    message = " ".join(str(error.format_message()).split()) or "which command?"  # type: ignore[attr-defined]
    found = re.match(r"Invalid value for '(--?[\w-]+)'[^:]*: (?=.*(?:valid (?:number|integer|float)))", message)
    if found:
        message = found[0] + _not_a_number(found[1], arguments)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tunecost"
    return f"{message} (see '{path} --help')"


def _not_a_number(option: str, arguments: list[str]) -> str:
    """What stands where an option needs a number, quoted, with what to write instead."""
    given = [part.partition("=")[2] for part in arguments if part.startswith(f"{option}=")]
    given += [after for part, after in itertools.pairwise(arguments) if part == option]
    wrong = next((text for text in given if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text)), None)
    if wrong is None:
        return "a whole number is needed"
    hint = "; decimals are written with a point, several values by giving the option again" if "," in wrong else ""
    return f"'{wrong}' is no number{hint}"


def _say(line: str, code: int) -> int:
    plain = "".join(letter if letter.isprintable() else "?" for letter in " ".join(line.split()))
    say(f"tunecost: {plain}")
    return code
