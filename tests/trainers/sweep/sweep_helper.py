"""A helper's work for the tests: it leaves its process id, lingers, and says so when it is interrupted."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trainers.sweep.helpers import helping


def beat(path: Path, seconds: float, say: Callable[[str], None]) -> None:
    path.write_text(str(os.getpid()))
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        path.with_suffix(".interrupted").touch()
        raise


if __name__ == "__main__":
    try:
        with helping(beat, [(Path(sys.argv[1]), 60)]):
            time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(130)
elif __name__ == "__mp_main__":
    Path(sys.argv[1]).with_suffix(".importing").write_text(str(os.getpid()))
    time.sleep(1)  # as one that imports torch takes its time
