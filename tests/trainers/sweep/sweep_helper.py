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
    with helping(beat, [(Path(sys.argv[1]), 60)]):
        time.sleep(60)
