"""Train many cells at once (`train_block`), and evaluate them on other examples (`judge_block`)."""

from trainers.engine.block import judge_block, train_block
from trainers.engine.results import BlockResult, Snapshot

__all__ = ["BlockResult", "Snapshot", "judge_block", "train_block"]
