"""Checks of what a file's JSON header holds."""

import math
from typing import Any


def is_number(item: Any) -> bool:
    """Whether an item of JSON is a finite number; true and false are none.

    >>> is_number(0.5), is_number(True), is_number("1"), is_number(float("inf"))
    (True, False, False, False)
    """
    return isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item)


def is_targets(item: Any) -> bool:
    """Whether an item of JSON is a list of suboptimalities, of which there may be 1,000.

    >>> is_targets([0.5, 1]), is_targets([]), is_targets([-1]), is_targets([1] * 1001)
    (True, True, False, False)
    """
    return isinstance(item, list) and len(item) <= 1000 and all(is_number(each) and each >= 0 for each in item)
