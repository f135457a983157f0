"""Objects by the text `module:name`, for what is imported only when it is used, or stands above its user."""

import importlib
from typing import Any


def by_name(place: str) -> Any:
    """Import the module of `module:name`, and return the object of that name in it."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
