"""The class that a text names: a user's or a package's, or that of a rule that ships."""

from torch.optim import Optimizer

from grids.errors import BadInput
from trainers import optimizers as ours
from trainers.rules.registry import optimizer_class


def class_of(text: str) -> tuple[str, type[Optimizer], dict[str, str]]:
    """The name without options, the class, and the options as text.

    Raises:
        BadInput: there is no such class, or it is none of torch's kind.
    """
    return optimizer_class(_full_name(text))


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
