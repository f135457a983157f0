"""The problems and drivers of the rules' tests, for the classes too."""

import importlib.util
from pathlib import Path

_path = Path(__file__).parents[1] / "rules" / "conftest.py"
_spec = importlib.util.spec_from_file_location("conftest_of_the_rules", _path)
assert _spec is not None
assert _spec.loader is not None
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)

problem = _shared.problem
run_rule = _shared.run_rule
follow = _shared.follow
torch_stepper = _shared.torch_stepper
apart = _shared.apart
