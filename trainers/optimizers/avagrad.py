"""AvaGrad and AvaGradW for any training loop."""

import functools
from typing import Any

import torch
from torch import Tensor

from trainers.optimizers.base import RuleOptimizer
from trainers.optimizers.blocks import Block, step_all
from trainers.rules.adam import AdamState, adam
from trainers.rules.adaptive import AdaptiveRule, delayed
from trainers.rules.avagrad import AuthorsState, avagrad, avagradw, normaliser
from trainers.rules.base import Hyper, Rule
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

    def rule(self, group: dict[str, Any]) -> Rule:
        return _avagrad(variant=group["variant"])

    def advance(self, blocks: list[Block], group: dict[str, Any], hyper: Hyper) -> None:
        rule = self.rule(group)
        if len(blocks) == 1:
            step_all(blocks, rule, hyper)
            return
        # The normalisation acts like a learning rate (the paper, section 4): once that is known for the whole group,
        # what is left is Delayed Adam, in which every element goes its own way and a row may be cut.
        authors = group["variant"] == "authors"
        if isinstance(rule, AdaptiveRule) and rule.parts.decoupled and group["weight_decay"]:
            decayed = {p: None for block in blocks for p, _, _ in block.pieces if block.seen or not authors}
            if decayed:
                torch._foreach_mul_(list(decayed), 1.0 - float(group["lr"]) * float(group["weight_decay"]))
            hyper = {name: value for name, value in hyper.items() if name != "weight_decay"}
        rate = _normaliser(blocks, hyper, authors)
        if not authors:
            step_all(blocks, _delayed_adam("plain"), {**hyper, "alpha": hyper["alpha"] * rate})
            return
        # The authors' normaliser is one step late: this one is for the next, that of the step before is in the state.
        for block in blocks:
            before = block.state.normaliser
            block.state = AdamState(*block.state[:3])
            step_all([block], _delayed_adam("torch"), {**hyper, "alpha": hyper["alpha"] * before})
            step, mean, squares = block.state
            block.state = AuthorsState(step, mean, squares, rate.to(before))


class AvaGradW(AvaGrad):
    """AvaGrad with decoupled weight decay: parameters are multiplied by 1 − lr · weight_decay (see `AvaGrad`)."""

    def rule(self, group: dict[str, Any]) -> Rule:
        return _avagradw(variant=group["variant"])


@functools.cache
def _delayed_adam(form: str) -> Rule:
    return delayed(adam(form=form))


def _normaliser(blocks: list[Block], hyper: Hyper, authors: bool) -> Tensor:
    """1 / ‖η/√d‖₂ over all blocks, `[1, 1]` float64, of the v that they have (`authors`: with its correction)."""
    gains = {block.seen: root_gain(hyper["beta2"], block.state.step + 1 if authors else None) for block in blocks}
    shifts = {seen: hyper["epsilon"] / gain for seen, gain in gains.items()}
    roots = (root(b.state.squares, column(shifts[b.seen], b.state.squares)) for b in blocks)
    pairs = [normaliser(each, into=each) for each in roots]
    elements = torch.tensor([[b.state.squares.shape[1]] for b in blocks], device=hyper["alpha"].device)
    least = torch.cat([smallest for smallest, _ in pairs]) * torch.cat([gains[b.seen] for b in blocks])
    squares = torch.cat([size for _, size in pairs]).double().square() * elements
    overall = least.amin(dim=0, keepdim=True)
    return overall / ((squares * (overall / least).square()).sum(dim=0, keepdim=True) / elements.sum()).sqrt()
