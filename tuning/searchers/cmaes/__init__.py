"""CMA-ES: pycma as a searcher, and a compiled form that makes the same trials."""

from tuning.searchers.cmaes.searcher import CMAES

__all__ = ["CMAES"]
