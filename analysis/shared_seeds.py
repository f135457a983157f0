"""Surfaces cut to the seeds that all of them have, so that none is lower for having fewer or luckier ones."""

from collections.abc import Mapping

from grids.surface import Surface


def on_shared_seeds(surfaces: Mapping[str, Surface]) -> dict[str, Surface]:
    """Each surface with only those of its seeds that all the others have too, ascending; unchanged if they share none.

    Of one that is changed, only the values and what diverged are kept.
    """
    shared = tuple(sorted(set.intersection(*(set(surface.seeds) for surface in surfaces.values())))) if surfaces else ()
    return {
        name: cut(surface, shared) if shared and shared != surface.seeds else surface
        for name, surface in surfaces.items()
    }


def cut(surface: Surface, seeds: tuple[int, ...]) -> Surface:
    """The surface with these of its seeds only, in this order, and of its columns the values and what diverged."""
    kept = [surface.seeds.index(seed) for seed in seeds]
    return surface.with_values(surface.finite[..., kept], surface.diverged[..., kept], seeds)
