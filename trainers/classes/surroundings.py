"""Global state that a class may draw from or change."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch


def generators() -> dict[str, str]:
    """The states of all global generators."""
    return {
        "torch": str(torch.default_generator.get_state().tolist()),
        "numpy": str(np.random.get_state()),  # noqa: NPY002 (the global one is what is looked at)
        "random": str(random.getstate()),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of what is not as it was."""
    return [name for name in before if before[name] != after[name]]


def settings() -> dict[str, Any]:
    """Global settings of torch, by the function that sets each."""
    return {
        "set_default_dtype": torch.get_default_dtype(),
        "set_grad_enabled": torch.is_grad_enabled(),
        "set_num_threads": torch.get_num_threads(),
        "use_deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "set_default_device": str(torch.get_default_device()),
    }


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """After the body the global settings are what they were before."""
    before = settings()
    try:
        yield
    finally:
        for name in changed(before, settings()):
            getattr(torch, name)(before[name])
