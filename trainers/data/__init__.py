"""Image sets and texts: read from a user's folder, checked by their digests, and split."""

from trainers.data.sources import SOURCES, get_source
from trainers.data.texts import TEXTS

__all__ = ["SOURCES", "TEXTS", "get_source"]
