"""CMA-ES: pycma as a searcher, the constants of its equations, and its compiled form."""

from tuning.searchers.cmaes.searcher import CMAES

__all__ = ["CMAES"]
