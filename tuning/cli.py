"""The command line's root: `tunecost`. Each command lives in `tuning/commands/`, and imports what it needs late."""

import itertools
import os
import re
import sys
import traceback
import warnings
from typing import Annotated, Any

import typer

from grids.errors import BadInput
from tuning.commands import (
    claims,
    compare,
    cost,
    data,
    exact,
    export,
    figure,
    gpu,
    grid,
    replay,
    report,
    results,
    separability,
    table,
    transfer,
    tunability,
    tune,
)
from tuning.late_help import LateHelp
from tuning.terminal import say

app = typer.Typer(
    name="tunecost",
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
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


app.add_typer(grid.app, name="grid")
app.command("replay", cls=LateHelp)(replay.replay)
app.command("cost")(cost.cost)
app.command("export")(export.export)
app.command("exact", cls=LateHelp)(exact.exact)
app.command("separability")(separability.separability)
app.command("compare")(compare.compare)
app.command("tunability")(tunability.tunability)
app.command("tune", cls=LateHelp)(tune.tune)
app.command("transfer")(transfer.transfer)
app.add_typer(table.app, name="table")
app.add_typer(figure.app, name="figure")
app.command("claims", cls=LateHelp)(claims.claims)
app.command("report")(report.report)
app.add_typer(data.app, name="data")
app.command("gpu", cls=LateHelp)(gpu.gpu)
app.command("results")(results.results)


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
    _show_every_default(command)
    try:
        result = command.main(arguments, prog_name="tunecost", standalone_mode=False)
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


def _show_every_default(command: Any) -> None:
    """Have help say what holds where a switch or an option without a value is not given, at every level."""
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.required and parameter.show_default is True:
            if parameter.default is None:
                parameter.show_default = "none"
            elif parameter.default is False and not parameter.secondary_opts:
                parameter.show_default = "off"
    for inner in getattr(command, "commands", {}).values():
        _show_every_default(inner)


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
