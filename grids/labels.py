"""What optimizers are called in figures."""

from grids.surface import Provenance

_FIRST_ROUND = {
    "sgd": "SGD",
    "adam": "Adam",
    "amsgrad": "AMSGrad",
    "adamw": "AdamW",
    "radam": "RAdam",
    "adabound": "AdaBound",
    "adashift": "AdaShift",
    "adabelief": "AdaBelief",
    "avagrad": "AvaGrad",
    "avagradw": "AvaGradW",
}
"""Of files written before their header had a label."""


def optimizer_label(provenance: Provenance) -> str:
    """The header's label; without one the optimizer's name, as this program's first surfaces mean it.

    >>> optimizer_label(Provenance("toy", "adam:form=old")), optimizer_label(Provenance("toy", "mine:Fast"))
    ('Adam:form=old', 'mine:Fast')
    """
    name, colon, options = provenance.optimizer.partition(":")
    return provenance.optimizer_label or _FIRST_ROUND.get(name, name) + colon + options
