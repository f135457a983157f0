"""TPE: its readable form, the density that it draws from, and its compiled form with the tables that it looks up."""

from tuning.searchers.tpe.searcher import TIE, TPE, good_count

__all__ = ["TIE", "TPE", "good_count"]
