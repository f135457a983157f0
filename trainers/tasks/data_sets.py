"""The image sets and texts by name: read from a user's folder, and checked by their digests."""

from grids.errors import unknown
from trainers.tasks.images.source import Source
from trainers.tasks.images.sources import CIFAR10, CIFAR100, FASHION_MNIST
from trainers.tasks.language.texts import TEXTS

SOURCES: dict[str, Source] = {source.name: source for source in (CIFAR10, CIFAR100, FASHION_MNIST)}


def get_source(name: str) -> Source:
    """The image set of that name.

    Raises:
        BadInput: there is none; the nearest name is suggested.
    """
    if name not in SOURCES:
        raise unknown("data set", name, [*SOURCES, *TEXTS])
    return SOURCES[name]
