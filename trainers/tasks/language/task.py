"""Language tasks: a character model on a text, evaluated in bits per character."""

import math
from dataclasses import dataclass

from trainers.dataset import Dataset
from trainers.metric import Metric
from trainers.tasks.language.procedure import Language
from trainers.tasks.language.streams import StreamedTask
from trainers.tasks.language.text import kinds_of


def uniform_bits(data: Dataset) -> float:
    """Bits per character of a model that gives every kind of symbol the same probability: log2 of their number."""
    return math.log2(kinds_of(data))


BITS_PER_CHARACTER = Metric(
    name="bits per character", unit="bits", failure=uniform_bits, targets=(0.02, 0.05), bounded=False
)
"""Mean of −log2 p(symbol) over the validation text; a run is worth no more than a uniform guess."""


@dataclass(frozen=True, kw_only=True)
class LanguageTask(StreamedTask):
    """A character model on a text (see `trainers.tasks.language.procedure`).

    `network` makes a `trainers.tasks.language.network.LanguageNetwork`, and `load` gives whole numbers `[symbols]`, the
    same as inputs and targets (see `trainers.tasks.language.text.text_data`).
    """

    metric: Metric = BITS_PER_CHARACTER
    weight_decay: float = 1.2e-6
    clip: float | None = 0.25
    space: str = "paper-ptb"

    def __post_init__(self) -> None:
        if self.procedure is None:
            object.__setattr__(self, "procedure", Language)
        super().__post_init__()
