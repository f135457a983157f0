"""Random streams: one for each replay, named by what is replayed, so that order, chunks and processes never matter."""

import zlib

import numpy as np

NOISE = 1


def stream(seed: int, searcher: str, surface: str, repeat: int, *purpose: int) -> np.random.SeedSequence:
    """The seed sequence of one replay.

    Args:
        seed: the user's, 0 or more.
        searcher: the searcher's text as typed.
        surface: `task/optimizer`.
        repeat: from 0.
        purpose: nothing for the searcher itself, `NOISE` for the noise on what it is told.
    """
    key = (zlib.crc32(searcher.encode()), zlib.crc32(surface.encode()), repeat, *purpose)
    return np.random.SeedSequence(entropy=seed, spawn_key=key)


def generator(sequence: np.random.SeedSequence) -> np.random.Generator:
    """The generator of a stream: PCG64, whatever numpy's default becomes."""
    return np.random.Generator(np.random.PCG64(sequence))
