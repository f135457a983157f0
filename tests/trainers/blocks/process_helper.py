"""A helper's work for the tests: it leaves its process id, lingers, and says so when it is interrupted.

Run as a script with PATH, it has one helper, which leaves its process id in PATH.importing while it imports this
file, and has imported it when there is a PATH.imported.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trainers.blocks.processes import helping


def beat(path: Path, seconds: float, say: Callable[[str], None]) -> None:
    draft = path.with_suffix(".draft")  # whoever waits for the file must find the number in it
    draft.write_text(str(os.getpid()))
    draft.rename(path)
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
    path = Path(sys.argv[1])
    path.with_suffix(".importing").write_text(str(os.getpid()))
    deadline = time.monotonic() + 60
    while not path.with_suffix(".imported").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
