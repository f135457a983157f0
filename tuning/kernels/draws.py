"""Random numbers for searchers in compiled form: from NumPy's generator in Python, from the same stream where compiled.

A searcher in compiled form gets its stream as the argument `rng` and passes it to these functions, to nothing else:
Python runs it with a `numpy.random.Generator`, compiled code with the state of one (`tuning.kernels.pcg`), and both
give the same numbers.
"""

from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled_elsewhere, compiled_part

uniform: Any = compiled_elsewhere("tuning.kernels.pcg:uniform", np.random.Generator.random)
"""`uniform(rng)`: the next uniform number of a stream, in [0, 1)."""

normal: Any = compiled_elsewhere("tuning.kernels.normal:normal", np.random.Generator.standard_normal)
"""`normal(rng)`: the next standard normal number of a stream."""


@compiled_part
def pick(rng: Any, count: int) -> int:
    """A uniform integer of 0..count−1 from exactly one uniform number.

    The product never rounds up to `count`: the largest uniform is 1 − 2⁻⁵³, and count·2⁻⁵³ is at least half a unit in
    the last place of `count`.
    """
    return int(uniform(rng) * count)
