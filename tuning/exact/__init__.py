"""Exact distributions ("laws") of the runtimes of searchers for which one is known, calculated without replays.

>>> import numpy as np
>>> table = np.array([3.0, 1.0, 0.0, 2.0])
>>> law = exact_law(table, "random", target=1.0)
>>> law.mean, law.quantile(0.5), law.survival(3).tolist()
(2.0, 1.0, [1.0, 0.5, 0.25, 0.125])
>>> exact_curve(table, "random-unique", 3).round(3).tolist()
[1.5, 0.667, 0.25]
"""

from tuning.exact.laws import EXACT, exact_curve, exact_law, exact_laws, most_cells, too_large
from tuning.exact.runtime import Runtime

__all__ = ["EXACT", "Runtime", "exact_curve", "exact_law", "exact_laws", "most_cells", "too_large"]
