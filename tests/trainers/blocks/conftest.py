"""Makes `process_helper` importable for the tests of this folder, and for the processes that they start."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
