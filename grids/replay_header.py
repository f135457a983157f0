"""The header of a replay table: how its replays were made, and the facts about the surfaces that they were made on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from grids.surface_facts import SurfaceFacts, surface_facts


@dataclass(frozen=True)
class Judged:
    """The options under which replays were made: how a cell's value is computed, and which values searchers received.

    Args:
        seed_statistic: over the values of a cell's seeds; `told`: the value that the searcher received.
        value_of: the epoch whose value counts as a run's.
        noise: why the values that searchers received differ from those that count: `seed` (one seed's value), `live`
            (a new training each time), or `none`.
        within: the part of their spaces that searchers saw.
        lowest: what suboptimality is measured from: the surface's own lowest value, or the lowest within that part.
        cost_model: how a continued training was charged (`tuning.ledger`).
        workers: how many were simulated side by side.
        nearest: whether a proposal off the pool was evaluated at the pool's nearest configuration.
    """

    seed_statistic: str = "mean"
    value_of: str = "last"
    noise: str = "none"
    within: str = "all"
    lowest: str = "own"
    nearest: str = "no"
    cost_model: str = "resume"
    workers: str = "1"

    def __str__(self) -> str:
        said = f"seed statistic {self.seed_statistic}, value of the {self.value_of} epoch, noise {self.noise}"
        return said + self.further

    def columns(self) -> dict[str, str]:
        """The options by name, for a row of a table; those of the space and of workers only where not the default.

        The cost model has a column of its own.
        """
        said = asdict(self)
        del said["cost_model"]
        usual = asdict(Judged())
        return {name: word for name, word in said.items() if name not in _SPACE or word != usual[name]}

    @property
    def further(self) -> str:
        """The options of space, costs and workers that are not the default, in words; begins with a comma."""
        words = [f"within {self.within}"] if self.within != "all" else []
        words += [f"suboptimality from the lowest {self.lowest}"] if self.lowest != "own" else []
        words += ["proposals answered with the nearest configuration"] if self.nearest != "no" else []
        words += [f"cost model {self.cost_model}"] if self.cost_model != "resume" else []
        words += [f"{self.workers} workers"] if self.workers != "1" else []
        return "".join(f", {word}" for word in words)


_SPACE = ("within", "lowest", "nearest", "workers")


@dataclass(frozen=True)
class ReplayHeader:
    """The making of a replay table; None and empty stand for what a header does not say.

    Args:
        live: of live studies: the axes of their cells, their trials, and what identifies them.
        seed: of all replays.
        repeats: of each searcher on each surface.
        max_trials: by surface, the trials that a replay could spend; None where only epochs are limited.
        max_epochs: the epochs that a replay could spend.
        workers: how many were simulated side by side.
        cost_model, seed_statistic, value_of, noise, within, lowest, nearest: see `Judged`.
        dimensions: by surface, how many axes it has.
        surfaces: by name, what is known of each surface.
        searchers: as typed.
        searcher_labels: searchers' names in figures, by name without options, in the order of figures.
        software: versions of packages.
    """

    live: Mapping[str, Any] | None = None
    seed: int | None = None
    repeats: int | None = None
    max_trials: Mapping[str, int | None] = field(default_factory=dict)
    max_epochs: float | None = None
    cost_model: str | None = None
    workers: int | None = None
    seed_statistic: str | None = None
    value_of: str | None = None
    noise: str | None = None
    within: str | None = None
    lowest: str | None = None
    nearest: str | None = None
    dimensions: Mapping[str, int] = field(default_factory=dict)
    surfaces: Mapping[str, SurfaceFacts] = field(default_factory=dict)
    searchers: Sequence[str] = ()
    searcher_labels: Mapping[str, str] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "ReplayHeader":
        """The header with this content, from a file: what is not of its type is left out.

        Raises:
            BadInput: a fact about a surface of the wrong type.
        """
        known = {name: content[name] for name, kind in _TYPES.items() if _fits(content.get(name), kind)}
        if isinstance(content.get("max_trials"), int):  # one for all, as in older files
            known["max_trials"] = dict.fromkeys(content.get("surfaces") or (), content["max_trials"])
        for name in ("max_trials", "dimensions"):
            counts = known.get(name, {})
            known[name] = {key: count for key, count in counts.items() if count is None or _fits(count, int)}
        known["searcher_labels"] = {name: str(label) for name, label in known.get("searcher_labels", {}).items()}
        return cls(**known, surfaces=surface_facts(content))

    def to_json(self) -> dict[str, Any]:
        """The content of a file's header; of live studies only what they have."""
        content = {one.name: getattr(self, one.name) for one in fields(self)}
        content["surfaces"] = {name: facts.to_json() for name, facts in self.surfaces.items()}
        absent = {"live"} if self.live is None else {name for name, item in content.items() if item is None}
        return {name: item for name, item in content.items() if name not in absent}

    @property
    def judged(self) -> Judged:
        """The options of the replays; the defaults where the header does not give them."""
        return Judged(**{one.name: str(getattr(self, one.name) or one.default) for one in fields(Judged)})


_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("seed", "repeats", "workers"), int),
    **dict.fromkeys(("cost_model", "seed_statistic", "value_of", "noise", "within", "lowest", "nearest"), str),
    **dict.fromkeys(("live", "max_trials", "dimensions", "searcher_labels", "software"), dict),
    "max_epochs": (int, float),
    "searchers": list,
}
"""By name, the type of an item of a file's header; true and false are no numbers."""


def _fits(item: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(item, kind) and not isinstance(item, bool)
