"""The backends of character models: run many cells on one segment of a text, one after another or all at once."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional

from trainers.engine.stack import TensorLayout
from trainers.tasks.language.network import Carried, CharacterLSTM, Masks

BACKENDS = ("each", "fused")
"""One cell after another; all cells at once."""


class Segments(Protocol):
    """A character model run for many cells.

    `together` says how many cells a call should get: None for all of them.
    """

    together: int | None

    def __call__(self, params: Tensor, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """Scores `[cells, time, batch, kinds]`, and what each cell carries on.

        Args:
            params: `[cells, n]`; differentiable.
            symbols: int64 `[time, batch]`, the same for all cells.
            carried: each `[cells, batch, ...]`.
            masks: each `[1, ...]` where the cells share it, else `[cells, ...]`.
        """


def segments(network: nn.Module, device: torch.device, backend: str | None = None) -> Segments:
    """The network for many cells.

    On a CPU one cell after another is the default: torch's LSTM kernel is no slower for one cell than a fused step is
    (`kjv-lstm`, 8 cells, one thread of an AMD EPYC with other work: 8.0 µs a character and cell against 8.5, the
    transformer's 20.9 against 20.8), and a cell then cannot depend on the others. On a GPU all are run at once.

    Raises:
        ValueError: there is no such backend.
    """
    if backend not in (None, *BACKENDS):
        raise ValueError(f"unknown backend '{backend}' (known: {', '.join(BACKENDS)})")
    if (backend or ("fused" if device.type == "cuda" else "each")) == "each":
        return EachCell(network)
    return FusedLSTM(network) if isinstance(network, CharacterLSTM) else VmapSegments(network)


class EachCell:
    """Any network, by one call for each cell: the simple backend."""

    together: int | None = 1

    def __init__(self, network: nn.Module) -> None:
        self.network, self.layout = network, TensorLayout(network)

    def __call__(self, params: Tensor, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """See `Segments`."""
        views = self.layout.views(params)
        found = [
            functional_call(
                self.network,
                {name: view[k] for name, view in views.items()},
                (symbols, tuple(t[k] for t in carried), {name: m[k if len(m) > 1 else 0] for name, m in masks.items()}),
            )
            for k in range(len(params))
        ]
        after = tuple(torch.stack(parts) for parts in zip(*(mine for _, mine in found), strict=True))
        return torch.stack([scores for scores, _ in found]), after


class VmapSegments:
    """Any network that `torch.func.vmap` can map (torch's LSTM is none: pytorch issue 105982)."""

    together: int | None = None

    def __init__(self, network: nn.Module) -> None:
        self.network, self.layout = network, TensorLayout(network)

    def __call__(self, params: Tensor, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """See `Segments`."""

        def one(mine: dict[str, Tensor], state: Carried, dropped: dict[str, Tensor]) -> tuple[Tensor, Carried]:
            found: tuple[Tensor, Carried] = functional_call(self.network, mine, (symbols, state, dropped))
            return found

        apart = {
            name: mask if len(mask) > 1 else mask.expand(len(params), *mask.shape[1:]) for name, mask in masks.items()
        }
        mapped: Callable[..., tuple[Tensor, Carried]] = vmap(one)
        return mapped(self.layout.views(params), carried, apart)


class FusedLSTM:
    """`CharacterLSTM` for all cells at once.

    A layer's products with its inputs are one batched product for all time steps; only those with the hidden state
    are left to the steps, one batched product each. The former are taken apart by `unbind`, whose backward pass writes
    each step's gradient once; that of a slice would fill the whole array at every step.
    """

    together: int | None = None

    def __init__(self, network: CharacterLSTM) -> None:
        self.layout, self.count = TensorLayout(network), len(network.layers)

    def __call__(self, params: Tensor, symbols: Tensor, carried: Carried, masks: Masks) -> tuple[Tensor, Carried]:
        """See `Segments`."""
        tensors = self.layout.views(params)
        embedding = tensors["embedding"]
        outputs = _dropped(embedding[:, symbols], masks, "units0")
        after: list[Tensor] = []
        for k in range(1, self.count + 1):
            mine = {
                name: tensors[f"layers.{k - 1}.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            if f"weights{k}" in masks:
                mine["weight_hh"] = mine["weight_hh"] * masks[f"weights{k}"]
            outputs, hidden, memory = _lstm(outputs, carried[2 * k - 2], carried[2 * k - 1], mine)
            after += [hidden, memory]
            outputs = _dropped(outputs, masks, f"units{k}")
        cells, time, batch, width = outputs.shape
        scores = torch.baddbmm(
            tensors["bias"].unsqueeze(1), outputs.reshape(cells, time * batch, width), embedding.transpose(1, 2)
        )
        return scores.view(cells, time, batch, -1), tuple(after)


def _lstm(inputs: Tensor, hidden: Tensor, memory: Tensor, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """One layer (Hochreiter & Schmidhuber 1997, gates in torch's order): outputs `[cells, time, batch, width]`, and
    the last hidden state and memory, `[cells, batch, width]`; inputs are `[cells, time, batch, features]`."""
    cells, time, batch, features = inputs.shape
    bias = (tensors["bias_ih"] + tensors["bias_hh"]).unsqueeze(1)
    hoisted = torch.baddbmm(
        bias, inputs.reshape(cells, time * batch, features), tensors["weight_ih"].transpose(1, 2)
    ).view(cells, time, batch, -1)
    recurrent = tensors["weight_hh"].transpose(1, 2)
    found = []
    for given in hoisted.unbind(1):
        enter, forget, candidate, leave = torch.baddbmm(given, hidden, recurrent).chunk(4, dim=2)
        memory = forget.sigmoid() * memory + enter.sigmoid() * candidate.tanh()
        hidden = leave.sigmoid() * memory.tanh()
        found.append(hidden)
    return torch.stack(found, dim=1), hidden, memory


def _dropped(values: Tensor, masks: Masks, name: str) -> Tensor:
    """Values `[cells, time, batch, width]` times a mask `[cells or 1, batch, width]`, the same at every time."""
    return values * masks[name].unsqueeze(1) if name in masks else values


def symbol_losses(scores: Tensor, targets: Tensor) -> Tensor:
    """−ln p of every target, `[cells, time · batch]`, from scores `[cells, time, batch, kinds]` and int64 targets
    `[time, batch]`."""
    cells, kinds = len(scores), scores.shape[-1]
    every = targets.reshape(1, -1).expand(cells, -1).reshape(-1)
    return functional.cross_entropy(scores.reshape(-1, kinds), every, reduction="none").view(cells, -1)
