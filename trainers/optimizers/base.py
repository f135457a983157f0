"""The base class of the optimizers: a torch.optim class that is made from an update rule."""

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from trainers.optimizers.blocks import CHUNK, Block, cut, join_state, split_state, state_layout
from trainers.rules.base import Hyper, Rule
from trainers.rules.ranges import BELOW_ONE, in_range
from trainers.rules.shipped import SHIPPED

RULE_NAMES = {"lr": "alpha", "eps": "epsilon", "weight_decouple": "decouple"}
"""The rules' names of those arguments that are called otherwise in torch."""

FORMER_KEYS = {
    "mean": "exp_avg",
    "squares": "exp_sum_sq",
    "largest": "max_exp_sum_sq",
    "surprise": "exp_sum_var",
    "momentum": "momentum_buffer",
}
"""Keys of saved states that have another name now."""

TORCH_NAMES = {rule: torchs for torchs, rule in RULE_NAMES.items()}


class RuleOptimizer(Optimizer):
    """A torch optimizer that steps each parameter group by an update rule.

    A subclass names a shipped rule in its class statement, and is complete with that:
    `class AdamW(RuleOptimizer, rule="adamw", weight_decay=1e-2)`. Its constructor takes `params`, then `lr` for α,
    `betas` for β1 and β2, `eps` for ε and the rule's other hyperparameters, with the rule's defaults unless the
    statement gives others, and last those of the rule's options that the statement gives.

    A parameter without a gradient is left out of a step, as in torch.optim. `self.state` is filled when the state
    is asked for (`state_dict`, copying, pickling), in torch's layout: per parameter, in its shape.

    Raises:
        ValueError: an argument out of its range (see `check`).
    """

    whole = False
    """Whether a rule must see each tensor uncut, since one element's step depends on the others of its tensor."""

    together = False
    """Whether a rule must see all tensors of a group at once."""

    rule_name: ClassVar[str | None] = None
    """The shipped rule that it steps by."""

    _make: ClassVar[Callable[..., Rule]]
    _options: ClassVar[tuple[str, ...]]
    _signature: ClassVar[inspect.Signature | None] = None
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, rule: str | None = None, **arguments: Any) -> None:
        super().__init_subclass__()
        if rule is not None:
            cls.rule_name = rule
            cls._make = staticmethod(functools.cache(SHIPPED[rule].make))
            cls._options = tuple(name for name in arguments if RULE_NAMES.get(name, name) in SHIPPED[rule].switches)
            cls._signature = _signature(cls._make().hyperparameters, arguments)
            cls.__signature__ = cls._signature
        if "__init__" in vars(cls):
            cls.__signature__ = inspect.Signature([*inspect.signature(cls.__init__).parameters.values()][1:])

    def __init__(self, params: Any, *args: Any, **options: Any) -> None:
        if self._signature is None:
            raise TypeError(
                f"{type(self).__name__} names no rule: class {type(self).__name__}(RuleOptimizer, rule=...)"
            )
        bound = self._signature.bind(params, *args, **options)
        bound.apply_defaults()
        defaults = dict(bound.arguments)
        self._blocks: dict[int, list[Block]] = {}
        self._cut_from: dict[int, Any] = {}  # the parameters of a group's blocks
        super().__init__(defaults.pop("params"), defaults)

    def rule(self, group: dict[str, Any]) -> Rule:
        """The rule of a parameter group, from its options; the same object for the same options."""
        return self._make(**{RULE_NAMES.get(name, name): group[name] for name in self._options})

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        """The rule's hyperparameters, from torch's arguments; weight decay only where there is any."""
        given = {RULE_NAMES.get(name, name): value for name, value in group.items()}
        given |= dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
        names = self.rule(group).hyperparameters
        return {name: float(given[name]) for name in names if name != "weight_decay" or given[name]}

    def check(self, group: dict[str, Any]) -> None:
        """Refuse a parameter group's options where no step could mean anything.

        Raises:
            ValueError: an argument out of its range.
        """
        if len(group.get("betas", (0.0, 0.0))) != 2:
            raise ValueError(f"Invalid betas: {group['betas']} (must be two numbers)")
        for name, value in self.hyperparameters(group).items():
            if not in_range(name, value):
                least = "in [0, 1)" if name in BELOW_ONE else "0 or larger"
                raise ValueError(f"Invalid {TORCH_NAMES.get(name, name)}: {value} (must be a number, {least})")

    def advance(self, blocks: list[Block], group: dict[str, Any], hyper: Hyper) -> None:
        """One step of a group's blocks, all on one device."""
        rule = self.rule(group)
        for block in blocks:
            block.step(rule.in_place or rule.step, hyper)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters.

        Raises:
            ValueError: see `check`.
        """
        super().add_param_group(param_group)
        try:
            self.check(self.param_groups[-1])
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
            parameters = tuple((id(p), p.dtype, p.device, p.is_contiguous()) for p in active)
            if self._cut_from.get(number) != parameters:
                self._publish()
                self._blocks[number] = self._gather(self.rule(group), active)
                self._cut_from[number] = parameters
            for p in active:
                self.state.pop(p, None)  # a state that was asked for is not kept twice
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
        self._blocks, self._cut_from = {}, {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See torch.optim.Optimizer.

        Raises:
            ValueError: a state that lacks what this rule remembers, or groups of other sizes.
        """
        saved = {
            number: {FORMER_KEYS.get(key, key): value for key, value in fields.items()}
            for number, fields in state_dict["state"].items()
        }
        for group in state_dict["param_groups"]:
            expected = state_layout(self.rule({**self.defaults, **group}))
            for number in group["params"]:
                lacking = [name for name in expected if number in saved and name not in saved[number]]
                if lacking:
                    raise ValueError(f"{type(self).__name__} cannot go on from this state: it lacks {lacking}")
        super().load_state_dict({**state_dict, "state": saved})
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for number, p in zip(numbers, params, strict=True):
            if number in saved:  # torch rounds a state to its parameter's type
                self.state[p] = {name: value.to(p.device, copy=True) for name, value in saved[number].items()}

    def _publish(self) -> None:
        """Put every block's state into `self.state`, where torch looks for it."""
        for number, blocks in self._blocks.items():
            self.state.update(split_state(blocks, state_layout(self.rule(self.param_groups[number]))))

    def _gather(self, rule: Rule, params: list[Tensor]) -> list[Block]:
        """Blocks of `params` with what `self.state` has of them; a parameter without a state starts anew."""
        together: dict[Any, list[Tensor]] = defaultdict(list)
        for p in params:
            steps = int(self.state[p]["step"]) if "step" in self.state[p] else bool(self.state[p])
            together[p.device, p.dtype, steps].append(p)
        blocks = []
        for (device, *_), members in together.items():
            limit = CHUNK if device.type == "cpu" and not self.together else None
            for pieces in cut(members, limit, whole=self.whole):
                block = Block(pieces, None)
                block.state = join_state(rule, block, self.state)
                blocks.append(block)
        return blocks


def _signature(hyperparameters: Mapping[str, float], arguments: Mapping[str, Any]) -> inspect.Signature:
    """A constructor's: `lr`, `betas`, the other hyperparameters, options; `arguments` add, or replace a default."""
    values: dict[str, Any] = {TORCH_NAMES.get(name, name): value for name, value in hyperparameters.items()}
    betas = tuple(values.pop(name) for name in ("beta1", "beta2") if name in values)
    values = {"lr": values["lr"], **({"betas": betas} if betas else {}), **values}
    values = {} if arguments.keys() >= values.keys() else values  # all of them are given, in an order of their own
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = [
        inspect.Parameter(name, kind, default=value, annotation=type(value))
        for name, value in {**values, **arguments}.items()
    ]
    return inspect.Signature([inspect.Parameter("params", kind), *given])


@functools.lru_cache(maxsize=256)
def _columns(values: tuple[tuple[str, float], ...], device: torch.device) -> Hyper:
    """Hyperparameters as `[1, 1]` tensors; cached, since they seldom change and copies to a GPU are slow."""
    columns = {name: torch.full((1, 1), value, dtype=torch.float64, device=device) for name, value in values}
    columns.setdefault("schedule", torch.ones((1, 1), dtype=torch.float64, device=device))
    return columns


def _refuse(name: str, p: Tensor) -> None:
    if p.grad is not None and p.grad.layout != torch.strided:
        raise RuntimeError(f"{name} does not take sparse gradients; use dense ones (an embedding with sparse=False)")
    if torch.is_complex(p):
        raise RuntimeError(f"{name} does not take complex parameters")
