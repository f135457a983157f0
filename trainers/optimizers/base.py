"""The torch optimizer around an update rule."""

import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from trainers.optimizers.blocks import CHUNK, Block, cut, join_state, layout, split_state, step_all
from trainers.rules.base import Hyper, Rule
from trainers.rules.ranges import in_range

RULES_NAMES = {"lr": "alpha", "eps": "epsilon"}
"""What the rules call those of torch's arguments that have another name there."""


class RuleOptimizer(Optimizer):
    """A torch optimizer that steps each parameter group by an update rule; subclasses name rule and arguments.

    A parameter without a gradient is left out of a step, as in torch.optim. `self.state` is filled when the state
    is asked for (`state_dict`, copying, pickling), in torch's layout: per parameter, in its shape.
    """

    whole = False
    """Whether a rule must see each tensor uncut, since one element's step depends on the others of its tensor."""

    together = False
    """Whether a rule must see all tensors of a group at once."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._blocks: dict[int, list[Block]] = {}
        self._laid: dict[int, Any] = {}  # what a group's blocks were cut from
        super().__init__(params, defaults)

    def rule(self, group: dict[str, Any]) -> Rule:
        """The rule of a parameter group, from its options; the same object for the same options."""
        raise NotImplementedError

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        """The rule's hyperparameters, from torch's arguments; weight decay only where there is any."""
        values = {"alpha": float(group["lr"])}
        if group["weight_decay"]:
            values["weight_decay"] = float(group["weight_decay"])
        if "betas" in group:
            values |= {"beta1": float(group["betas"][0]), "beta2": float(group["betas"][1])}
        if "eps" in group:
            values["epsilon"] = float(group["eps"])
        return values

    def check(self, group: dict[str, Any]) -> None:
        """Refuse a parameter group's options where no step could mean anything.

        Raises:
            ValueError: an argument out of its range.
        """
        for name in ("lr", "eps", "weight_decay", "momentum", "final_lr", "gamma", "power"):
            if name in group and not in_range(RULES_NAMES.get(name, name), float(group[name])):
                raise ValueError(f"Invalid {name}: {group[name]} (must be a number, 0 or larger)")
        betas = group.get("betas", (0.0, 0.0))
        if len(betas) != 2:
            raise ValueError(f"Invalid betas: {betas} (must be two numbers)")
        for index, beta in enumerate(betas):
            if not in_range(f"beta{index + 1}", float(beta)):
                raise ValueError(f"Invalid beta at index {index}: {beta} (must lie in [0, 1))")

    def advance(self, blocks: list[Block], group: dict[str, Any], hyper: Hyper) -> None:
        """One step of a group's blocks, all on one device."""
        step_all(blocks, self.rule(group), hyper)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters.

        Raises:
            ValueError: see `check`.
        """
        super().add_param_group(param_group)
        try:
            self.check(self.param_groups[-1])
            self.rule(self.param_groups[-1])
        except ValueError:
            self.param_groups.pop()
            raise

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; `closure` evaluates the model anew and returns the loss, which is returned.

        Raises:
            RuntimeError: a sparse gradient or a complex parameter.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for number, group in enumerate(self.param_groups):
            active = [p for p in group["params"] if p.grad is not None and p.numel()]
            for p in active:
                _refuse(type(self).__name__, p)
            laid = tuple((id(p), p.dtype, p.device, p.is_contiguous()) for p in active)
            if self._laid.get(number) != laid:
                self._publish()
                self._blocks[number] = self._gather(self.rule(group), active)
                self._laid[number] = laid
            for p in active:
                self.state.pop(p, None)  # What was asked for is not kept twice.
            blocks = self._blocks[number]
            values = tuple(self.hyperparameters(group).items())
            by_device = defaultdict(list)
            for block in blocks:
                by_device[block.pieces[0][0].device].append(block)
            for device, members in by_device.items():
                self.advance(members, group, _columns(values, device))
        return loss

    def state_dict(self) -> dict[str, Any]:
        """See torch.optim.Optimizer."""
        self._publish()
        return super().state_dict()

    def __getstate__(self) -> dict[str, Any]:
        self._publish()
        return super().__getstate__()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._blocks, self._laid = {}, {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See torch.optim.Optimizer.

        Raises:
            ValueError: a state that lacks what this rule remembers, or groups of other sizes.
        """
        saved = state_dict["state"]
        for group in state_dict["param_groups"]:
            expected = layout(self.rule({**self.defaults, **group}))
            for number in group["params"]:
                lacking = [name for name in expected if number in saved and name not in saved[number]]
                if lacking:
                    raise ValueError(f"{type(self).__name__} cannot go on from this state: it lacks {lacking}")
        super().load_state_dict(state_dict)
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for number, p in zip(numbers, params, strict=True):
            if number in saved:  # torch rounds a state to its parameter's type
                self.state[p] = {name: value.to(p.device, copy=True) for name, value in saved[number].items()}

    def _publish(self) -> None:
        """Put every block's state into `self.state`, where torch looks for it."""
        for number, blocks in self._blocks.items():
            self.state.update(split_state(blocks, layout(self.rule(self.param_groups[number]))))

    def _gather(self, rule: Rule, params: list[Tensor]) -> list[Block]:
        """Blocks of `params` with what `self.state` has of them; a parameter without a state starts anew."""
        together: dict[Any, list[Tensor]] = defaultdict(list)
        for p in params:
            seen = int(self.state[p]["step"]) if "step" in self.state[p] else bool(self.state[p])
            together[p.device, p.dtype, seen].append(p)
        blocks = []
        for (device, _, seen), members in together.items():
            limit = CHUNK if device.type == "cpu" and not self.together else None
            for pieces in cut(members, limit, whole=self.whole):
                block = Block(pieces, seen, None)
                block.state = join_state(rule, block, self.state)
                blocks.append(block)
        return blocks


@functools.lru_cache(maxsize=256)
def _columns(values: tuple[tuple[str, float], ...], device: torch.device) -> Hyper:
    """Hyperparameters as `[1, 1]` tensors; kept, since they seldom change and a GPU is slow to be told."""
    columns = {name: torch.full((1, 1), value, dtype=torch.float64, device=device) for name, value in values}
    columns.setdefault("schedule", torch.ones((1, 1), dtype=torch.float64, device=device))
    return columns


def _refuse(name: str, p: Tensor) -> None:
    if p.grad is not None and p.grad.layout != torch.strided:
        raise RuntimeError(f"{name} does not take sparse gradients; use dense ones (an embedding with sparse=False)")
    if torch.is_complex(p):
        raise RuntimeError(f"{name} does not take complex parameters")
