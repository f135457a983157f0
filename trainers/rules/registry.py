"""Find update rules by name: those that ship with the program, a user's own module, installed entry points."""

import importlib
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from torch.optim import Optimizer

from grids.by_name import by_name
from grids.errors import BadInput, unknown
from grids.options_text import options_of
from grids.plugins import load_object, reason
from trainers.rules.base import Rule
from trainers.rules.delayed import DELAYED, delayed_factory
from trainers.rules.ranges import check_range
from trainers.rules.shipped import SHIPPED, Shipped
from trainers.rules.trial import check_step

ENTRY_POINTS = "tunecost.rules"


for _module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    importlib.import_module(f"trainers.rules.{_module.name}")


def _in_order() -> Iterator[Shipped]:
    """The paper's ten in its order, then the others by name."""
    return iter(sorted(SHIPPED.values(), key=lambda one: (one.study is None, one.study, one.name)))


RULES: dict[str, Rule] = {one.name: replace(one.make(), label=one.label) for one in _in_order()}
"""Every rule that ships with the program, with its default options. `get_rule` knows more names."""

STUDY: tuple[str, ...] = tuple(one.name for one in _in_order() if one.study is not None)
"""The optimizers that the paper compares, in its order."""


def get_rule(text: str) -> Rule:
    """The rule that `text` names: `NAME`, `NAME:option=value,...`, or a user's own `module:rule` with the same.

    An option is one of the rule's switches (`variant=authors`) or one of its hyperparameters, whose default it
    replaces (`beta2=0.99`). `delayed-NAME` is the transform of section 8 applied to any adaptive rule. A rule with
    options carries the whole text as its name. A module is looked for on the path and then in the current folder;
    what it names is a `Rule`, or a function that returns one. Installed packages add names through entry points of
    the group `tunecost.rules`.

    Raises:
        BadInput: an unknown name or option, a bad value, a module that cannot be imported, a rule that cannot step.

    >>> get_rule("adam").name
    'adam'
    >>> get_rule("avagrad:variant=authors,beta2=0.99").hyperparameters["beta2"]
    0.99
    """
    name, options = _split(text)
    source = _source(name)
    if isinstance(source, type):
        rule: Rule = by_name("trainers.classes.rule:class_rule")(name, source, options)
        return replace(rule, name=text, label=f"{rule.label}{text.removeprefix(name)}")
    if isinstance(source, Rule):
        rule, switches = source, {}
    else:
        switches = source.switches
        rule = _made(source, {key: _switch(name, key, options[key], switches) for key in options if key in switches})
    fixed = {}
    for key, value in options.items():
        if key in switches:
            continue
        if key not in rule.hyperparameters:
            raise unknown(f"option of {name}", key, [*switches, *rule.hyperparameters])
        fixed[key] = _number(name, key, value)
    if not ships(name):
        check_step(name, rule)
    else:
        for key, number in fixed.items():
            check_range(name, key, number)
    if not options:
        return rule
    label = f"{rule.label}{text.removeprefix(name)}" if rule.label else ""
    return replace(rule, name=text, label=label, hyperparameters={**rule.hyperparameters, **fixed})


def optimizer_class(text: str) -> tuple[str, type[Optimizer], dict[str, str]]:
    """The optimizer class that `module:Class:option=value,...` names: the name without options, the class, the options.

    Raises:
        BadInput: no such module or name, or what it names is no class of that kind.
    """
    name, options = _split(text)
    found = _joined(name) if "+" in name else load_object(name, "optimizer", (type,))
    if not (isinstance(found, type) and issubclass(found, Optimizer)):
        raise BadInput(f"optimizer '{name}' is not a torch.optim.Optimizer class")
    return name, found, options


def is_class(text: str) -> bool:
    """Whether `text` names an optimizer class, and no rule.

    Raises:
        BadInput: a module that cannot be imported, or an unknown name.
    """
    return isinstance(_source(_split(text)[0]), type)


def ships(text: str) -> bool:
    """Whether the rule that `text` names comes with the program."""
    return _split(text)[0].removeprefix(DELAYED) in SHIPPED


def names_code(text: str) -> bool:
    """Whether `get_rule` would import a module that does not ship, or an installed package's entry point.

    >>> names_code("adam:beta2=0.99"), names_code("mine:rule"), names_code("imported")
    (False, True, False)
    """
    return not ships(text) and (":" in text or text in entry_points(group=ENTRY_POINTS).names)


def _split(text: str) -> tuple[str, dict[str, str]]:
    name, found, tail = text.rpartition(":")
    if not found or "=" not in tail:
        return text, {}
    return name, options_of(tail, f"optimizer '{text}'")


def _source(name: str) -> Rule | Shipped | type[Optimizer]:
    if "+" in name and ":" in name:
        return _joined(name)
    if ":" in name:
        return _checked(name, load_object(name, "optimizer", (Rule, type)))
    if name in SHIPPED:
        return SHIPPED[name]
    undelayed = SHIPPED.get(name.removeprefix(DELAYED))
    if undelayed is not None:
        return Shipped(name, f"Delayed {undelayed.label}", delayed_factory(undelayed.make))
    plugins = entry_points(group=ENTRY_POINTS)
    if name in plugins.names:
        try:
            return _checked(name, plugins[name].load())
        except (ImportError, AttributeError) as error:
            raise BadInput(f"optimizer '{name}': its entry point cannot be loaded ({error})") from error
    raise unknown("optimizer", name, [*SHIPPED, *plugins.names])


def _joined(name: str) -> type[Optimizer]:
    """Two optimizer classes in one: the first for matrices, the second for the rest."""
    texts = name.split("+")
    classes = [_source(text) for text in texts]
    wrong = [text for text, found in zip(texts, classes, strict=True) if not isinstance(found, type)]
    if len(texts) != 2 or wrong:
        what = f"'{wrong[0]}' is none" if wrong else f"these are {len(texts)}"
        raise BadInput(f"optimizer '{name}': two optimizer classes can be joined by '+', module:Class each; {what}")
    first, rest = (found for found in classes if isinstance(found, type))
    joined: type[Optimizer] = by_name("trainers.classes.parts:join_classes")(name, first, rest)
    return joined


def _checked(name: str, found: Any) -> Rule | Shipped | type[Optimizer]:
    if isinstance(found, Rule) or (isinstance(found, type) and issubclass(found, Optimizer)):
        return found
    if callable(found) and not isinstance(found, type):
        return Shipped(name, "", found)
    raise BadInput(f"optimizer '{name}' is neither a Rule, nor a function that returns one, nor an Optimizer class")


def _made(source: Shipped, options: dict[str, Any]) -> Rule:
    name = source.name
    try:
        rule = source.make(**options)
    except BadInput as error:
        raise BadInput(f"optimizer '{name}': {error}") from error
    except Exception as error:
        raise BadInput(f"optimizer '{name}' cannot be made ({reason(error)})") from error
    if not isinstance(rule, Rule):
        raise BadInput(f"optimizer '{name}' is neither a Rule nor a function that returns one")
    return replace(rule, label=source.label)


def _switch(name: str, key: str, value: str, switches: dict[str, Any]) -> Any:
    if not isinstance(switches[key], bool):
        return value
    if value.lower() not in ("true", "false"):
        raise BadInput(f"optimizer '{name}': {key}={value} is neither true nor false")
    return value.lower() == "true"


def _number(name: str, key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise BadInput(f"optimizer '{name}': {key}={value} is not a number") from None
    if not math.isfinite(number):
        raise BadInput(f"optimizer '{name}': {key}={value} is not a finite number")
    return number
