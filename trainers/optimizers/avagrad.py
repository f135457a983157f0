"""AvaGrad and AvaGradW for any training loop."""

import functools
from typing import Any, NamedTuple

import torch
from torch import Tensor

from trainers.optimizers.base import RuleOptimizer
from trainers.optimizers.blocks import Block, step_all
from trainers.rules.adam import adam_advance, adam_init, average_scales
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.avagrad import avagrad, avagradw, normaliser
from trainers.rules.base import Hyper
from trainers.rules.moments import column, root, root_gain

_avagrad, _avagradw = functools.cache(avagrad), functools.cache(avagradw)


class AvaGrad(RuleOptimizer):
    """AvaGrad (Savarese et al. 2021): the size of its steps does not depend on `eps`, so `lr` is tuned alone.

    Args:
        params: parameters or groups of them. The rates are normalised over all parameters of a group together.
        lr, betas, eps: α, (β1, β2), ε; the defaults are those of the authors' code.
        weight_decay: λ, coupled (an L2 penalty).
        variant: `paper` is Algorithm 1; `authors` their code, with bias corrections, a normaliser one more step old
            and a first step that moves nothing.

    >>> weight = torch.nn.Parameter(torch.tensor([3.0]))
    >>> optimizer = AvaGrad([weight], lr=0.5, betas=(0.0, 0.99))
    >>> (weight**2).sum().backward()
    >>> optimizer.step()
    >>> weight.item()
    0.0
    """

    def __init__(
        self,
        params: Any,
        lr: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 0.1,
        weight_decay: float = 0.0,
        variant: str = "paper",
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "variant": variant}
        super().__init__(params, defaults)

    def rule(self, group: dict[str, Any]) -> AdaptiveRule:
        return _avagrad(variant=group["variant"])

    def advance(self, blocks: list[Block], group: dict[str, Any], hyper: Hyper) -> None:
        rule = self.rule(group)
        if len(blocks) == 1:
            step_all(blocks, rule, hyper)
        elif group["variant"] == "authors":
            # Their normaliser is one step late: each block made a part of the one that the next step uses.
            step_all(blocks, rule, hyper)
            joint = _joined([block.state.normaliser for block in blocks], blocks)
            for block in blocks:
                block.state = block.state._replace(normaliser=joint.to(block.state.normaliser))
        else:
            shift = hyper["epsilon"] / root_gain(hyper["beta2"])
            joint = _joined([_find_roots(block, shift) for block in blocks], blocks)
            step_all(blocks, _rooted(rule.parts.decoupled), {**hyper, "normaliser": joint})


class AvaGradW(AvaGrad):
    """AvaGrad with decoupled weight decay: parameters are multiplied by 1 − lr · weight_decay (see `AvaGrad`)."""

    def rule(self, group: dict[str, Any]) -> AdaptiveRule:
        return _avagradw(variant=group["variant"])


class _RootedState(NamedTuple):
    """Adam's state, and 1/η of the step before but for the factor √(1 − β2), `[1, n]`."""

    step: Tensor
    mean: Tensor
    squares: Tensor
    roots: Tensor


def _find_roots(block: Block, shift: Tensor) -> Tensor:
    """Add roots to a block's state, and return their normaliser `[1, 1]`.

    They are kept for the step, since a square root costs more than the memory that they fill.
    """
    step, mean, squares = block.state
    block.spare = root(squares, column(shift, squares), out=block.spare)
    block.state = _RootedState(step, mean, squares, block.spare)
    smallest, size = normaliser(block.spare)
    return smallest / size


@functools.cache
def _rooted(decoupled: bool) -> AdaptiveRule:
    """Algorithm 1 where roots and normaliser are known: what is left is done for each element by itself."""

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        return average_scales(hyper) | {"scale": 1.0 / (hyper["alpha"] * hyper["normaliser"])}

    def divisors(state: _RootedState, scales: Scales) -> Tensor:
        return state.roots.mul_(scales["scale"])

    parts = Parts(scales=scales, advance=adam_advance, divisors=divisors, decoupled=decoupled, delay=True)
    return adaptive("avagrad", {}, adam_init, parts)


def _joined(normalisers: list[Tensor], blocks: list[Block]) -> Tensor:
    """The normaliser of all blocks together from each one's own, `[1, 1]` float64."""
    each = torch.cat(normalisers).double()
    lengths = torch.tensor([[sum(block.sizes)] for block in blocks], device=each.device)
    least = each.amin(dim=0, keepdim=True)
    return least * (lengths.sum() / ((least / each).square() * lengths).sum()).sqrt()
