"""AvaGrad and AvaGradW for any training loop: their rates are normalised over all blocks of a group together."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from trainers.optimizers.base import RuleOptimizer
from trainers.optimizers.blocks import Block
from trainers.rules.adaptive import AdaptiveRule
from trainers.rules.avagrad import inverse_rates, normaliser, paper_denom
from trainers.rules.base import Hyper
from trainers.rules.moments import column


class AvaGrad(RuleOptimizer, rule="avagrad", variant="paper"):
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

    def advance(self, blocks: list[Block], group: dict[str, Any], hyper: Hyper) -> None:
        """See `RuleOptimizer`: one block's step is the rule's, several share one normaliser."""
        rule = self.rule(group)
        assert isinstance(rule, AdaptiveRule)
        parts, authors = rule.parts, group["variant"] == "authors"
        if len(blocks) > 1 and not authors:
            norms = [
                normaliser(inverse_rates(b.state, parts.prepare(b.state.step, hyper, b.state.exp_avg.dtype)))
                for b in blocks
            ]
            joint = _joint([smallest / size for smallest, size in norms], blocks)
            parts = replace(parts, denom=partial(paper_denom, joint=joint))
        for block in blocks:
            block.step(partial(parts.step, inplace=True), hyper)
        if len(blocks) > 1 and authors:  # its normaliser is in the state, for the next step
            joint = _joint([block.state.normaliser for block in blocks], blocks)
            for block in blocks:
                block.state = block.state._replace(normaliser=column(joint, block.state.normaliser))


class AvaGradW(AvaGrad, rule="avagradw", variant="paper"):
    """AvaGrad with decoupled weight decay: parameters are multiplied by 1 − lr · weight_decay (see `AvaGrad`)."""


def _joint(normalisers: list[Tensor], blocks: list[Block]) -> Tensor:
    """The normaliser of all blocks together from each one's own, `[1, 1]` float64."""
    each = torch.cat(normalisers).double()
    lengths = torch.tensor([[sum(block.sizes)] for block in blocks], device=each.device)
    least = each.amin(dim=0, keepdim=True)
    return least * (lengths.sum() / ((least / each).square() * lengths).sum()).sqrt()
