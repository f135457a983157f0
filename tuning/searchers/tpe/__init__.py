"""TPE: the searcher, its densities (`parzen`), and its compiled form (`kernel`, `density`, `sets`, `tables`)."""

from tuning.searchers.tpe.searcher import TIE, TPE, good_count

__all__ = ["TIE", "TPE", "good_count"]
