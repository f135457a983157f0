"""AvaGrad and AvaGradW for any training loop."""

import functools
from typing import Any, NamedTuple

import torch
from torch import Tensor

from trainers.optimizers.base import RuleOptimizer
from trainers.optimizers.blocks import Block, step_all
from trainers.rules.adam import adam_advance, average_scales, corrected_alpha
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales
from trainers.rules.avagrad import AuthorsState, avagrad, avagradw, normaliser
from trainers.rules.base import Hyper
from trainers.rules.moments import column, root, root_gain

_avagrad, _avagradw = functools.cache(avagrad), functools.cache(avagradw)


class AvaGrad(RuleOptimizer):
    """AvaGrad (Savarese et al. 2021): the size of its steps does not depend on `eps`, so `lr` is tuned alone.

    Args:
        params: parameters or groups of them. The rates are normalised over all parameters of a group on one
            device together.
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
            return
        authors = group["variant"] == "authors"
        gains = {block.seen: root_gain(hyper["beta2"], block.state.step + 1 if authors else None) for block in blocks}
        joint = _joined([_find_roots(block, hyper["epsilon"], gains[block.seen]) for block in blocks], blocks)
        for block in blocks if not authors else ():
            block.state = block.state._replace(normaliser=column(joint, block.state.mean))
        step_all(blocks, _rooted(authors, rule.parts.decoupled), hyper)
        for block in blocks if authors else ():  # Theirs is one step late: this one is for the next.
            step, mean, squares = block.state
            block.state = AuthorsState(step, mean, squares, column(joint, mean))


class AvaGradW(AvaGrad):
    """AvaGrad with decoupled weight decay: parameters are multiplied by 1 − lr · weight_decay (see `AvaGrad`)."""

    def rule(self, group: dict[str, Any]) -> AdaptiveRule:
        return _avagradw(variant=group["variant"])


class _RootedState(NamedTuple):
    """Adam's state, the roots `[1, n]` that its normaliser is made of, and the normaliser `[1, 1]` to step with."""

    step: Tensor
    mean: Tensor
    squares: Tensor
    roots: Tensor
    normaliser: Tensor


def _find_roots(block: Block, epsilon: Tensor, gain: Tensor) -> Tensor:
    """Add roots to a block's state, 1/η = gain · roots, and return the normaliser of η, `[1, 1]`.

    They are kept for the step, since a square root costs more than the memory that they fill.
    """
    step, mean, squares, *late = block.state
    block.spare = root(squares, column(epsilon / gain, squares), out=block.spare)
    smallest, size = normaliser(block.spare)
    own = gain * smallest / size
    block.state = _RootedState(step, mean, squares, block.spare, late[0] if late else own)
    return own


@functools.cache
def _rooted(authors: bool, decoupled: bool) -> Parts:
    """AvaGrad on a `_RootedState`: what is left is done for each element by itself."""

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        if not authors:
            return average_scales(hyper) | {"scale": root_gain(hyper["beta2"]) / hyper["alpha"]}
        # The roots are shifted by the ε of the next step's normaliser, whose bias correction differs.
        gain, following = root_gain(hyper["beta2"], rated), root_gain(hyper["beta2"], seen)
        shift = hyper["epsilon"] / gain - hyper["epsilon"] / following
        return average_scales(hyper) | {"shift": shift, "scale": gain / corrected_alpha(seen, hyper)}

    def divisors(state: _RootedState, scales: Scales) -> Tensor:
        roots = state.roots.add_(scales["shift"]) if authors else state.roots
        return roots.mul_(scales["scale"] / state.normaliser)

    return Parts(
        scales=scales, advance=adam_advance, divisors=divisors, decoupled=decoupled, decay_first=not authors, delay=True
    )


def _joined(normalisers: list[Tensor], blocks: list[Block]) -> Tensor:
    """The normaliser of all blocks together from each one's own, `[1, 1]` float64."""
    each = torch.cat(normalisers).double()
    lengths = torch.tensor([[sum(block.sizes)] for block in blocks], device=each.device)
    least = each.amin(dim=0, keepdim=True)
    return least * (lengths.sum() / ((least / each).square() * lengths).sum()).sqrt()
