"""The image sets that tasks train on: found in a user's folder, checked by their content, split and augmented."""

from trainers.data.sources import SOURCES, get_source

__all__ = ["SOURCES", "get_source"]
