"""Random streams: each replay has its own, selected by what is replayed, so that order and processes do not matter."""

import zlib

import numpy as np

NOISE, LIVE, TRAINING = 1, 2, 3
"""The purpose of a stream, where not a replay's searcher: noise; a live study's searcher; one of its trainings."""
PROPOSER = 2
"""What a proposer's stream adds to its searcher's, with the bracket's number after it; that number keeps it apart from
`LIVE`, which nothing follows."""


def stream(seed: int, searcher: str, surface: str, repeat: int, *purpose: int) -> np.random.SeedSequence:
    """The seed sequence of one replay.

    Args:
        seed: the user's, 0 or more.
        searcher: the searcher's text as typed.
        surface: `task/optimizer`.
        repeat: from 0.
        purpose: nothing for the searcher itself, `NOISE` for the noise on the values it is told, `LIVE` for the
            searcher of a live study, `TRAINING` and the trial's number for one of that study's trainings.
    """
    key = (zlib.crc32(searcher.encode()), zlib.crc32(surface.encode()), repeat, *purpose)
    return np.random.SeedSequence(entropy=seed, spawn_key=key)


def generator(sequence: np.random.SeedSequence) -> np.random.Generator:
    """The generator of a stream: always PCG64, even if NumPy's default changes."""
    return np.random.Generator(np.random.PCG64(sequence))


def training_seed(seed: int, searcher: str, surface: str, repeat: int, trial: int) -> int:
    """The seed of initialisation and data order of a live study's trial: 0 to 2⁶³ − 1, independent of other trials.

    Args:
        seed, searcher, surface, repeat: as in `stream`.
        trial: from 0.
    """
    word = stream(seed, searcher, surface, repeat, TRAINING, trial).generate_state(1, np.uint64)[0]
    return int(word >> np.uint64(1))
