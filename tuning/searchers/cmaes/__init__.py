"""CMA-ES: the strategy by its equations, its stopping rules, and pycma's own as a searcher."""

from tuning.searchers.cmaes.searcher import CMAES

__all__ = ["CMAES"]
