"""The console script, and `python -m tuning`: while the command line is still loading, Ctrl-C is one line too."""

import sys


def main() -> None:
    """Run `tuning.cli.main`."""
    try:
        from tuning import cli

        cli.main()
    except KeyboardInterrupt:
        print("tunecost: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
