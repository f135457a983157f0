"""The valid ranges of the shipped rules' hyperparameters, for options and for axes of a space."""

from grids.errors import BadInput

BELOW_ONE = ("beta1", "beta2")
"""Weights of what an average was before; at 1 no gradient would ever enter it."""


def in_range(name: str, value: float) -> bool:
    """Whether a hyperparameter may have this value: 0 or more and finite, β1 and β2 below 1.

    >>> in_range("beta2", 0.5), in_range("beta2", 1.0), in_range("alpha", 1.0)
    (True, False, True)
    """
    return 0.0 <= value < (1.0 if name in BELOW_ONE else float("inf"))


def check_range(optimizer: str, name: str, value: float) -> None:
    """Refuse a value out of range: a negative or infinite hyperparameter, β1 or β2 of 1 or more.

    Raises:
        BadInput: naming optimizer, hyperparameter and value.

    >>> check_range("adam", "alpha", 0.1)
    >>> check_range("adam", "beta2", 1.0)
    Traceback (most recent call last):
        ...
    grids.errors.BadInput: optimizer 'adam': beta2=1 is out of range (0 or more, below 1)
    """
    if not in_range(name, value):
        bounds = "0 or more, below 1" if name in BELOW_ONE else "0 or more"
        raise BadInput(f"optimizer '{optimizer}': {name}={value:g} is out of range ({bounds})")
