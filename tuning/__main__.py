"""Entry point of `tunecost` and `python -m tuning`; Ctrl-C while modules are still being imported prints one line."""

import atexit
import os
import signal
import sys


def main() -> None:
    """Run `tuning.cli.main`; exit code 130 on Ctrl-C and on SIGTERM, as schedulers send it: both clean up alike."""
    atexit.register(_ignore_signals)  # the first, so that it is called last
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _current_folder_last()
    except FileNotFoundError:
        print("tunecost: the current folder was deleted; change to one that exists", file=sys.stderr)
        sys.exit(2)
    try:
        from tuning import cli

        cli.main()
    except KeyboardInterrupt:
        print("tunecost: interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        _end_with_code()


def _end_with_code() -> None:
    """From here on, Ctrl-C and SIGTERM end the process with exit code 130 at once: all is written and cleaned up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os._exit(130))


def _ignore_signals() -> None:
    """While Python takes itself apart it would restore what signals do by default: end the process without its code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _current_folder_last() -> None:
    """Move the current folder to the end of `sys.path`; in front, a `cma.py` there would hide the package."""
    here = [entry for entry in sys.path if entry in ("", ".", os.getcwd())]
    if here:
        sys.path[:] = [entry for entry in sys.path if entry not in here] + here[:1]


if __name__ == "__main__":
    main()
