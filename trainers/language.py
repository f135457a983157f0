"""Language tasks: a character model on a text, evaluated in bits per character."""

import math
from dataclasses import dataclass
from typing import Any

from grids.errors import BadInput
from trainers.data.text import kinds_of
from trainers.dataset import Dataset
from trainers.metric import Metric
from trainers.task import Task


def uniform_bits(data: Dataset) -> float:
    """Bits per character of a model that gives every kind of symbol the same probability: log2 of their number."""
    return math.log2(kinds_of(data))


BITS_PER_CHARACTER = Metric(
    name="bits per character", unit="bits", failure=uniform_bits, targets=(0.02, 0.05), bounded=False
)
"""Mean of −log2 p(symbol) over the validation text; a run is worth no more than a uniform guess."""


@dataclass(frozen=True, kw_only=True)
class LanguageTask(Task):
    """A character model on a text (see `trainers.procedures.language`). Its `batch_size` is a number of streams.

    `network` makes a `trainers.networks.language.LanguageNetwork`, and `load` gives whole numbers `[symbols]`, the
    same as inputs and targets (see `trainers.data.text.text_data`).

    Args:
        segment: symbols of each stream in a step.
        evaluation_batch: streams into which the validation text is cut.
        random_segments: draw each segment's length as Merity et al. 2018 do, around `segment` or half of it.

    Raises:
        BadInput: a number out of range, besides what `Task` refuses.
    """

    segment: int
    evaluation_batch: int = 10
    random_segments: bool = False
    metric: Metric = BITS_PER_CHARACTER
    weight_decay: float = 1.2e-6
    clip: float | None = 0.25
    space: str = "paper-ptb"

    def __post_init__(self) -> None:
        from trainers.procedures.language import Language  # which knows this class

        if self.procedure is None:
            object.__setattr__(self, "procedure", Language)
        super().__post_init__()
        for name in ("segment", "evaluation_batch"):
            if not (isinstance(getattr(self, name), int) and getattr(self, name) >= 1):
                raise BadInput(f"task '{self.name}': {name} must be a whole number of at least 1")

    def facts(self) -> dict[str, Any]:
        """Segments and streams, which a value depends on."""
        return {
            "segment": self.segment,
            "evaluation_batch": self.evaluation_batch,
            "random_segments": self.random_segments,
        }
