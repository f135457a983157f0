"""Which values the hyperparameters of the rules here can take, whoever asks: an option or an axis of a space."""

from grids.errors import BadInput

BELOW_ONE = ("beta1", "beta2")
"""Shares of an average; at 1 nothing new would ever enter it."""


def in_range(name: str, value: float) -> bool:
    """Whether a run can mean anything with this value: 0 or more, finite, an average's share below 1.

    >>> in_range("beta2", 0.5), in_range("beta2", 1.0), in_range("alpha", 1.0)
    (True, False, True)
    """
    return 0.0 <= value < (1.0 if name in BELOW_ONE else float("inf"))


def check_range(optimizer: str, name: str, value: float) -> None:
    """Refuse what no run could mean: a negative hyperparameter, or an average's share of 1 or more.

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
