"""AdaShift: rates from a gradient so old that it is independent of the direction."""

from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.adam import adam_defaults
from trainers.rules.adaptive import AdaptiveRule, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import average_square, column, correction, quotient, shifted_root

WINDOW = 10


class AdaShiftState(NamedTuple):
    """What AdaShift remembers.

    `step` (no dimension): gradients seen. `sizes` `[tensors]`: how many parameters each tensor of the network has.
    `square` `[cells, tensors]`: moving average of the largest squared gradient. The rest, `[cells, n]` each: the last
    ten gradients, oldest first. Ten tensors rather than one: to move the window on then costs nothing.
    """

    step: Tensor
    sizes: Tensor
    square: Tensor
    oldest: Tensor
    second: Tensor
    third: Tensor
    fourth: Tensor
    fifth: Tensor
    sixth: Tensor
    seventh: Tensor
    eighth: Tensor
    ninth: Tensor
    newest: Tensor


def adashift() -> AdaptiveRule:
    """AdaShift (Zhou et al. 2019, algorithm 3) with n = 10 and the spatial function φ = max, their "max-AdaShift".

    m = Σ_{i<n} β1^i·g_{t−i} / Σ_{i<n} β1^i, and for each tensor of the network one v ← β2·v + (1 − β2)·max(g²_{t−n}),
    w ← w − α·m / (√(v/(1 − β2^{t−n})) + ε). The first n steps only fill the window, as in the authors' last code
    (the publication starts with n gradients in hand). Their first code counts g_t twice in m and leaves g_{t−n+1}
    out, and its maximum is of a v that never forgets by averaging (`max_mean`): neither is in the publication, nor
    here. Nor is their special case of a window of 1 where β1 = 0: here v always comes from ten steps ago.
    """

    def init(params: Tensor, sizes: tuple[int, ...]) -> AdaShiftState:
        step = torch.zeros((), dtype=torch.int64, device=params.device)
        lengths = torch.tensor(sizes, dtype=torch.int64, device=params.device)
        window = (torch.zeros_like(params) for _ in range(WINDOW))
        return AdaShiftState(step, lengths, params.new_zeros(len(params), len(sizes)), *window)

    def advance(state: AdaShiftState, grads: Tensor, hyper: Hyper) -> AdaShiftState:
        largest = largest_of_each(state.oldest.abs(), state.sizes)
        square = average_square(state.square, largest, hyper["beta2"])
        return AdaShiftState(state.step + 1, state.sizes, square, *state[4:], grads)

    def direction(state: AdaShiftState, hyper: Hyper) -> tuple[Tensor, Tensor]:
        beta = column(hyper["beta1"], state.newest)
        total = state.oldest.clone()
        for newer in state[4:]:
            total.mul_(beta).add_(newer)
        weights = sum(hyper["beta1"].double() ** age for age in range(WINDOW))
        return total, hyper["alpha"] / weights

    def rates(state: AdaShiftState, hyper: Hyper, factor: Tensor) -> Tensor:
        seen = state.step - WINDOW
        root = correction(hyper["beta2"], seen).rsqrt()
        each = quotient(factor * (seen > 0), shifted_root(state.square, root, hyper["epsilon"]))
        return spread(each, state.sizes, state.newest.shape[1])

    defaults = adam_defaults(epsilon=1e-10)
    summary = "AdaShift (Zhou et al. 2019; window of 10, largest squared gradient of each tensor)"
    return adaptive("adashift", defaults, init, advance, direction, rates, summary=summary)


def largest_of_each(values: Tensor, sizes: Tensor) -> Tensor:
    """The largest of `values` `[cells, n]`, none negative, in each tensor: `[cells, tensors]`."""
    if values.device.type == "cpu":
        return torch.stack([piece.amax(dim=1) for piece in values.split(sizes.tolist(), dim=1)], dim=1)
    # Reading sizes from a GPU would wait for it, and is forbidden in a CUDA graph.
    owner = _owner(sizes, values.shape[1]).expand_as(values)
    return values.new_zeros(len(values), len(sizes)).scatter_reduce_(1, owner, values, "amax")


def spread(each: Tensor, sizes: Tensor, n: int) -> Tensor:
    """`each` `[cells, tensors]` for every parameter of its tensor: `[cells, n]`."""
    if each.device.type == "cpu":
        lengths = sizes.tolist()
        return torch.cat([each[:, i : i + 1].expand(-1, length) for i, length in enumerate(lengths)], dim=1)
    return each.index_select(1, _owner(sizes, n))


def _owner(sizes: Tensor, n: int) -> Tensor:
    numbers = torch.arange(len(sizes), device=sizes.device)
    return torch.repeat_interleave(numbers, sizes, output_size=n)
