"""How numbers are worded in their surface's unit; no other module knows one unit from another."""

_ATTACHED = ("%",)
"""Units that follow a number without a space."""
_OF_DIFFERENCES = {"%": "percentage points"}
"""Units in which differences have a name of their own."""


def with_unit(number: str, unit: str) -> str:
    """`number`, as it is written, followed by its unit.

    >>> with_unit("0.5", "%"), with_unit("0.5", "nats"), with_unit("0.5", "")
    ('0.5%', '0.5 nats', '0.5')
    """
    return f"{number}{'' if unit in _ATTACHED else ' '}{unit}".rstrip()


def of_difference(unit: str) -> str:
    """What a difference of two values in `unit` is counted in.

    >>> of_difference("%"), of_difference("nats")
    ('percentage points', 'nats')
    """
    return _OF_DIFFERENCES.get(unit, unit)


def in_parentheses(unit: str) -> str:
    """What follows an axis's label: ` (nats)`; nothing where there is no unit."""
    return f" ({unit})" if unit else ""
