"""The image sets and texts by name: read from a user's folder, and checked by their digests."""

from grids.errors import unknown
from trainers.tasks.images.source import Source
from trainers.tasks.images.sources import CIFAR10, CIFAR100, FASHION_MNIST
from trainers.tasks.language.kjv import KJV
from trainers.tasks.language.ptb import PTB
from trainers.tasks.language.text import TextSource

SOURCES: dict[str, Source] = {source.name: source for source in (CIFAR10, CIFAR100, FASHION_MNIST)}

TEXTS: dict[str, TextSource] = {source.name: source for source in (PTB, KJV)}
"""The texts that the program knows by name."""


def get_source(name: str) -> Source:
    """The image set of that name.

    Raises:
        BadInput: there is none; the nearest name is suggested.
    """
    if name not in SOURCES:
        raise unknown("data set", name, [*SOURCES, *TEXTS])
    return SOURCES[name]
