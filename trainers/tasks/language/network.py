"""Character models, from symbols to scores of the next symbol: plain modules that return their state."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

Carried = tuple[Tensor, ...]
"""What a network hands from one segment of a text to the next, each `[batch, ...]`."""

Masks = Mapping[str, Tensor]
"""Factors that a network multiplies with in one segment of training: 0, or 1/(1 − p) with probability 1 − p."""


@runtime_checkable
class LanguageNetwork(Protocol):
    """A plain module that a language task trains.

    Args:
        kinds: of symbols that it knows.
        context: the longest segment that it takes; None for any.
    """

    kinds: int
    context: int | None

    def carried(self, batch: int, device: torch.device, dtype: torch.dtype) -> Carried:
        """The state carried into the first segment of so many streams of text."""

    def masks(self, batch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """A segment's masks, float32 on the generator's device, every draw from the generator; empty for none."""

    def __call__(self, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """Scores `[time, batch, kinds]` of what follows each of the symbols, int64 `[time, batch]`; and what it
        carries into the next segment. Without masks, as in evaluation, nothing is dropped."""


@dataclass(frozen=True)
class Dropout:
    """Probabilities of dropping, as in Merity et al. 2018 (arXiv:1803.08240).

    Args:
        inputs: of the embedded symbols, between: of every layer's outputs but the last, outputs: of the last layer's.
            All locked: one mask for each stream, the same at every time step of a segment (Gal & Ghahramani 2016).
        recurrent: of the weights from hidden state to gates, one mask a segment (DropConnect, Wan et al. 2013).
    """

    inputs: float = 0.0
    between: float = 0.0
    outputs: float = 0.0
    recurrent: float = 0.0


NO_DROPOUT = Dropout()


class CharacterLSTM(nn.Module):
    """Embedding, LSTM layers embedding → hidden → … → hidden → embedding, and a softmax tied to the embedding.

    The network of Merity et al. 2018 for characters (salesforce/awd-lstm-lm): embedding from U(−0.1, 0.1), the
    softmax's bias 0, the rest as torch initialises it.

    Args:
        kinds: of symbols.
        embedding, hidden: widths; of one layer, only `embedding` counts.
        layers: at least one.
        dropout: probabilities.
    """

    def __init__(self, kinds: int, embedding: int, hidden: int, layers: int, dropout: Dropout = NO_DROPOUT) -> None:
        super().__init__()
        self.kinds, self.context, self.dropout = kinds, None, dropout
        self.embedding = nn.Parameter(torch.empty(kinds, embedding).uniform_(-0.1, 0.1))
        widths = [embedding, *[hidden] * (layers - 1), embedding]
        self.layers = nn.ModuleList(nn.LSTM(a, b) for a, b in itertools.pairwise(widths))
        self.bias = nn.Parameter(torch.zeros(kinds))
        self.widths = tuple(widths)

    def carried(self, batch: int, device: torch.device, dtype: torch.dtype) -> Carried:
        """Hidden state and memory of each layer in turn, `[batch, width]`: zeros."""
        return tuple(
            torch.zeros(batch, width, device=device, dtype=dtype) for width in self.widths[1:] for _ in range(2)
        )

    def masks(self, batch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """`units0` of the embedded symbols `[batch, width]`, `unitsK` of layer K's outputs, `weightsK` `[4·width,
        width]` of layer K's recurrent weights; K from 1."""
        last, found = len(self.widths) - 1, {}
        for k, width in enumerate(self.widths):
            drop = self.dropout.inputs if k == 0 else self.dropout.outputs if k == last else self.dropout.between
            if drop:
                found[f"units{k}"] = _mask((batch, width), drop, generator)
            if k and self.dropout.recurrent:
                found[f"weights{k}"] = _mask((4 * width, width), self.dropout.recurrent, generator)
        return found

    def forward(self, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """See `LanguageNetwork.__call__`."""
        outputs = _masked(functional.embedding(symbols, self.embedding), masks, "units0")
        after: list[Tensor] = []
        for k, layer in enumerate(self.layers, start=1):
            enter, recurrent, *biases = layer.parameters()
            weights = [enter, _masked(recurrent, masks, f"weights{k}"), *biases]
            hidden, memory = (tensor.unsqueeze(0) for tensor in carried[2 * k - 2 : 2 * k])
            # What nn.LSTM's own forward calls, with weights that may be masked.
            outputs, hidden, memory = torch.lstm(
                outputs, (hidden, memory), weights, True, 1, 0.0, self.training, False, False
            )
            after += [hidden.squeeze(0), memory.squeeze(0)]
            outputs = _masked(outputs, masks, f"units{k}")
        return functional.linear(outputs, self.embedding, self.bias), tuple(after)


class CharacterTransformer(nn.Module):
    """A decoder of self-attention layers with layer norm first, learned places, and a softmax tied to the embedding.

    As GPT-2 (Radford et al. 2019) has it: weights from N(0, 0.02²), those that lead back into the residual stream
    scaled by 1/√(2·layers), biases 0. Every segment is a context of its own: nothing is carried along.

    Args:
        kinds: of symbols.
        width: of the residual stream; the perceptrons are four times as wide.
        heads: of attention; they divide the width.
        layers: of attention and perceptron.
        context: the longest segment.
    """

    def __init__(self, kinds: int, width: int, heads: int, layers: int, context: int) -> None:
        super().__init__()
        self.kinds, self.context = kinds, context
        self.embedding = nn.Parameter(0.02 * torch.randn(kinds, width))
        self.places = nn.Parameter(0.02 * torch.randn(context, width))
        self.layers = nn.ModuleList(_AttentionLayer(width, heads, 1 / math.sqrt(2 * layers)) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(kinds))

    def carried(self, batch: int, device: torch.device, dtype: torch.dtype) -> Carried:
        """Nothing."""
        return ()

    def masks(self, batch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Nothing is dropped."""
        return {}

    def forward(self, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """See `LanguageNetwork.__call__`."""
        stream = functional.embedding(symbols.T, self.embedding) + self.places[: len(symbols)]
        for layer in self.layers:
            stream = layer(stream)
        return functional.linear(self.norm(stream), self.embedding, self.bias).transpose(0, 1), ()


class _AttentionLayer(nn.Module):
    """Causal self-attention, then a perceptron with GELU, each added to the stream `[batch, time, width]`."""

    def __init__(self, width: int, heads: int, back: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.gather = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        for linear in (self.attend, self.gather, self.widen, self.narrow):
            nn.init.normal_(linear.weight, std=0.02 * (back if linear in (self.gather, self.narrow) else 1.0))
            nn.init.zeros_(linear.bias)

    def forward(self, stream: Tensor) -> Tensor:
        batch, time, width = stream.shape
        parts = self.attend(self.norm1(stream)).view(batch, time, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        # Written out: torch's scaled_dot_product_attention has no rule for vmap on a CPU.
        later = torch.ones(time, time, dtype=torch.bool, device=stream.device).triu(1)
        scores = (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).masked_fill(later, -math.inf)
        mixed = scores.softmax(dim=-1) @ value
        stream = stream + self.gather(mixed.transpose(1, 2).reshape(batch, time, width))
        return stream + self.narrow(functional.gelu(self.widen(self.norm2(stream))))


def _mask(shape: tuple[int, ...], drop: float, generator: torch.Generator) -> Tensor:
    keep = torch.rand(shape, generator=generator, device=generator.device) >= drop
    return keep.float() / (1.0 - drop)


def _masked(values: Tensor, masks: Masks, name: str) -> Tensor:
    return values * masks[name] if name in masks else values
