"""Live tuning: studies in which every trial trains a model, many studies in parallel."""

from tuning.live.rounds import Studies, play_live, specs_for_live
from tuning.live.rows import Judge, live_rows

__all__ = ["Judge", "Studies", "live_rows", "play_live", "specs_for_live"]
