"""The images and texts that tasks train on: found in a user's folder, checked by their content, split."""

from trainers.data.sources import SOURCES, get_source
from trainers.data.texts import TEXTS

__all__ = ["SOURCES", "TEXTS", "get_source"]
