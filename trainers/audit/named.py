"""The class that a text names: a user's or a package's, or that of a rule that ships."""

from collections.abc import Sequence

from torch.optim import Optimizer

from grids.errors import BadInput
from grids.plugins import load_module
from trainers import optimizers as ours
from trainers.rules.registry import optimizer_class


def class_of(text: str) -> tuple[str, type[Optimizer], dict[str, str]]:
    """The name without options, the class, and the options as text.

    Raises:
        BadInput: there is no such class, or it is none of torch's kind.
    """
    return optimizer_class(_full_name(text))


def expand(texts: Sequence[str]) -> list[str]:
    """Each text once, `module:*` as the optimizer classes of that module, by name.

    Raises:
        BadInput: there is no such module, or it has no such class.
    """
    found: list[str] = []
    for text in texts:
        module, _, name = text.partition(":")
        if name != "*":
            found.append(text)
            continue
        seen: dict[type[Optimizer], str] = {}
        for key, value in sorted(vars(load_module(module, f"optimizers '{text}'")).items()):
            if isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer and key[0] != "_":
                seen.setdefault(value, f"{module}:{key}")
        if not seen:
            raise BadInput(f"optimizers '{text}': the module has no torch.optim.Optimizer class")
        found += seen.values()
    return list(dict.fromkeys(found))


def _full_name(text: str) -> str:
    name, _, options = text.partition(":")
    if ":" in text and "=" not in name and not ("=" in options and ":" not in options):
        return text
    for cls in (getattr(ours, each) for each in ours.__all__):
        if cls.rule_name == name:
            return f"{ours.__name__}:{cls.__name__}{text.removeprefix(name)}"
    raise BadInput(
        f"optimizer '{name}': an audit is of a torch.optim.Optimizer class, module:Class, or of a rule that has one"
    )
