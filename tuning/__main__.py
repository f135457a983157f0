"""The console script, and `python -m tuning`: while the command line is still loading, Ctrl-C is one line too."""

import os
import sys


def main() -> None:
    """Run `tuning.cli.main`."""
    _current_folder_last()
    try:
        from tuning import cli

        cli.main()
    except KeyboardInterrupt:
        print("tunecost: interrupted", file=sys.stderr)
        sys.exit(130)


def _current_folder_last() -> None:
    """`python -m tuning` puts the current folder first on the path, where a file `cma.py` would replace a package."""
    here = [entry for entry in sys.path if entry in ("", ".", os.getcwd())]
    if here:
        sys.path[:] = [entry for entry in sys.path if entry not in here] + here[:1]


if __name__ == "__main__":
    main()
