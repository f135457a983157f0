"""TPE: the searcher, the kernels of its densities (`kernels`), and these densities (`density`), from `tables`."""

from tuning.searchers.tpe.searcher import TPE

__all__ = ["TPE"]
