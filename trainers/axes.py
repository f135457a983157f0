"""Fit a space to an optimizer: its axes, and the values that it can take."""

import difflib
import re
from dataclasses import replace

from grids.errors import BadInput
from grids.space import PRESETS, Space, parse_space, preset_for
from trainers.rules.base import Rule
from trainers.rules.ranges import check_range
from trainers.rules.registry import DELAYED, ships


def typed_options(optimizer: str) -> set[str]:
    """Names of the options in an optimizer's text.

    >>> sorted(typed_options("avagrad:variant=authors,beta2=0.99")), typed_options("mine:rule")
    (['beta2', 'variant'], set())
    """
    return set(re.findall(r"[:,]\s*([\w.]+)\s*=", optimizer))


def fit_space(text: str, rule: Rule, optimizer: str) -> Space:
    """The space that `text` names, restricted to what the rule has.

    Of a preset, the axes that the rule has and that its text does not fix are used. Axes that the user gave must all
    be used: one that cannot be is refused, and so is a value that no rule here can take.

    Raises:
        BadInput: an axis given that the rule lacks or its text fixes, or with a value out of range; or none left.
    """
    if text not in PRESETS:
        return checked_space(parse_space(text), rule, optimizer)
    fixed = typed_options(optimizer)
    space = preset_for(text, optimizer.partition(":")[0].removeprefix(DELAYED))
    space = Space(tuple(replace(axis, name=own_name(axis.name, rule)) for axis in space.axes))
    axes = tuple(axis for axis in space.axes if axis.name in rule.hyperparameters and axis.name not in fixed)
    if not axes:
        raise BadInput(f"optimizer '{optimizer}' has no axis of the space '{text}' ({', '.join(space.names)})")
    return _checked_values(Space(axes), rule, optimizer)


def checked_space(space: Space, rule: Rule, optimizer: str) -> Space:
    """A space that a user gave, of which every axis is one of the rule's own and has only values that it can take.

    Raises:
        BadInput: as `fit_space`.
    """
    fixed = typed_options(optimizer)
    for axis in space.axes:
        if axis.name not in rule.hyperparameters:
            has = ", ".join(rule.hyperparameters)
            near = _nearest(axis.name, rule)
            hint = f"; did you mean '{near}'?" if near else ""
            raise BadInput(f"optimizer '{optimizer}' has no hyperparameter '{axis.name}'{hint} (it has: {has})")
        if axis.name in fixed:
            raise BadInput(
                f"'{axis.name}' is fixed in '{optimizer}' and an axis of the space: leave one of the two out"
            )
    return _checked_values(space, rule, optimizer)


def _checked_values(space: Space, rule: Rule, optimizer: str) -> Space:
    for axis in space.axes:
        for value in axis.values:
            if rule.check is not None:
                rule.check(axis.name, value)
            elif ships(optimizer):
                check_range(optimizer, axis.name, value)
    return space


def own_name(name: str, rule: Rule) -> str:
    """The rule's name of a preset's axis: α is its learning rate, ε what a torch.optim class calls eps."""
    if name in rule.hyperparameters:
        return name
    return {"alpha": rule.rate, "epsilon": "eps"}.get(name, name)


def _nearest(name: str, rule: Rule) -> str | None:
    """The hyperparameter that was meant: the same by another name, else the one with the most similar spelling."""
    same = {"lr": rule.rate, "alpha": rule.rate, "epsilon": "eps", "eps": "epsilon"}.get(name)
    alike = difflib.get_close_matches(name, rule.hyperparameters, n=1)
    return same if same in rule.hyperparameters else alike[0] if alike else None
