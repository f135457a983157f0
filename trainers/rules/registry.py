"""Update rules by name: those that come with the program, a user's own file, installed entry points."""

import importlib
import inspect
import math
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

from grids.errors import BadInput, unknown
from trainers.rules.adabelief import adabelief
from trainers.rules.adabound import adabound
from trainers.rules.adam import adam, adamw, amsgrad, dynamic_adam
from trainers.rules.adaptive import delayed
from trainers.rules.adashift import adashift
from trainers.rules.avagrad import avagrad, avagradw
from trainers.rules.base import Rule
from trainers.rules.radam import radam
from trainers.rules.ranges import check_range
from trainers.rules.sgd import sgd
from trainers.rules.trial import check_step

ENTRY_POINTS = "tunecost.rules"

Factory = Callable[..., Rule]
"""Makes a rule; its keyword arguments are the rule's options, each with a default of type str or bool."""


def _delayed(factory: Factory) -> Factory:
    def make(*, first: str = "literal", **options: Any) -> Rule:
        return delayed(factory(**options), first)

    own = inspect.signature(make).parameters["first"]
    inner = inspect.signature(factory).parameters.values()
    make.__signature__ = inspect.Signature([own, *inner])  # type: ignore[attr-defined]
    return make


_FACTORIES: dict[str, Factory] = {
    "sgd": sgd,
    "adam": adam,
    "amsgrad": amsgrad,
    "adamw": adamw,
    "radam": radam,
    "adabound": adabound,
    "adashift": adashift,
    "adabelief": adabelief,
    "avagrad": avagrad,
    "avagradw": avagradw,
    "delayed-adam": _delayed(adam),
    "dynamic-adam": dynamic_adam,
}

RULES: dict[str, Rule] = {name: factory() for name, factory in _FACTORIES.items()}
"""Every rule that comes with the program, with its default options. `get_rule` knows more names."""


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
    if isinstance(source, Rule):
        rule, switches = source, {}
    else:
        switches = _switches(source)
        rule = _made(
            name, source, {key: _switch(name, key, options[key], switches) for key in options if key in switches}
        )
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
    return replace(rule, name=text, hyperparameters={**rule.hyperparameters, **fixed})


def ships(text: str) -> bool:
    """Whether the rule that `text` names comes with the program."""
    return _split(text)[0].removeprefix("delayed-") in _FACTORIES


def _split(text: str) -> tuple[str, dict[str, str]]:
    name, found, tail = text.rpartition(":")
    if not found or "=" not in tail:
        return text, {}
    options: dict[str, str] = {}
    for part in tail.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise BadInput(f"optimizer '{text}': '{part}' is not option=value")
        if key in options:
            raise BadInput(f"optimizer '{text}': option '{key}' is given twice")
        options[key] = value
    return name, options


def _source(name: str) -> Rule | Factory:
    if ":" in name:
        return _imported(name)
    if name in _FACTORIES:
        return _FACTORIES[name]
    if name.removeprefix("delayed-") in _FACTORIES:
        return _delayed(_FACTORIES[name.removeprefix("delayed-")])
    plugins = entry_points(group=ENTRY_POINTS)
    if name in plugins.names:
        try:
            return _checked(name, plugins[name].load())
        except (ImportError, AttributeError) as error:
            raise BadInput(f"optimizer '{name}': its entry point cannot be loaded ({error})") from error
    raise unknown("optimizer", name, [*_FACTORIES, *plugins.names])


def _imported(name: str) -> Rule | Factory:
    module_name, _, attribute = name.partition(":")
    # Last on the path, so that a file of the user's never stands in for an installed module.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        # Whatever a user's file raises is theirs to mend.
        raise BadInput(f"optimizer '{name}': module '{module_name}' cannot be imported ({error!r})") from error
    if not hasattr(module, attribute):
        rules = [key for key, value in vars(module).items() if isinstance(value, Rule)]
        raise unknown(f"rule in module {module_name}", attribute, rules)
    return _checked(name, getattr(module, attribute))


def _checked(name: str, found: Any) -> Rule | Factory:
    if isinstance(found, Rule) or (callable(found) and not isinstance(found, type)):
        return found
    raise BadInput(f"optimizer '{name}' is neither a Rule nor a function that returns one")


def _made(name: str, factory: Factory, options: dict[str, Any]) -> Rule:
    try:
        rule = factory(**options)
    except BadInput as error:
        raise BadInput(f"optimizer '{name}': {error}") from error
    except Exception as error:
        raise BadInput(f"optimizer '{name}' cannot be made ({error!r})") from error
    if not isinstance(rule, Rule):
        raise BadInput(f"optimizer '{name}' is neither a Rule nor a function that returns one")
    return rule


def _switches(factory: Factory) -> dict[str, Any]:
    parameters = inspect.signature(factory).parameters.values()
    return {each.name: each.default for each in parameters if isinstance(each.default, str | bool)}


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
