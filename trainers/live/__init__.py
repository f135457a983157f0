"""Trainings that searchers ask for while they search: cells with seeds of their own, trained in blocks, and kept."""

from trainers.live.fit import misfit
from trainers.live.journal import Journal
from trainers.live.trainer import LiveTrainer, block_size

__all__ = ["Journal", "LiveTrainer", "block_size", "misfit"]
