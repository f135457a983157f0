"""The writing of numbers with their unit; only this module treats units differently."""

_ATTACHED = ("%",)
"""Units that follow a number without a space."""
_OF_DIFFERENCES = {"%": "percentage points"}
"""The names of differences in units where these have their own."""


def with_unit(number: str, unit: str) -> str:
    """`number`, already formatted, followed by its unit.

    >>> with_unit("0.5", "%"), with_unit("0.5", "nats"), with_unit("0.5", "")
    ('0.5%', '0.5 nats', '0.5')
    """
    return f"{number}{'' if unit in _ATTACHED else ' '}{unit}".rstrip()


def of_difference(unit: str) -> str:
    """The unit of a difference of two values in `unit`.

    >>> of_difference("%"), of_difference("nats")
    ('percentage points', 'nats')
    """
    return _OF_DIFFERENCES.get(unit, unit)


def in_parentheses(unit: str) -> str:
    """The unit as it follows a label, ` (nats)`; empty where there is none."""
    return f" ({unit})" if unit else ""
