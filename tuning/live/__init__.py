"""Live tuning: studies whose every trial is a training of its own, asked for side by side."""

from tuning.live.rounds import Studies, play_live, specs_for_live
from tuning.live.rows import Judge, live_rows

__all__ = ["Judge", "Studies", "live_rows", "play_live", "specs_for_live"]
