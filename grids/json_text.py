"""JSON: from files, of which any content may be wrong in any way, with one kind of error; and without NaN."""

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from grids import limits

_FACTOR = 24
"""Bytes of memory for each byte of JSON, at most: an empty list takes three bytes of text."""


def parse(content: bytes | str, finite: bool = True) -> Any:
    """The value that JSON text holds.

    Args:
        content: the text; bytes are UTF-8.
        finite: whether to refuse NaN and infinite numbers, also those that are too large for a float.

    Raises:
        ValueError: not UTF-8, not valid JSON, nested too deeply, a number that is not finite, or a text with half of a
            surrogate pair, which could not be written again.
    """
    strict = {"parse_constant": _refuse, "parse_float": _finite} if finite else {}
    try:
        text = content if isinstance(content, str) else content.decode()
        found = json.loads(text, **strict)  # type: ignore[arg-type]
        if "\\ud" in text or "\\uD" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("a text has half of a surrogate pair") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
    return found


def read(path: str | os.PathLike[str]) -> Any:
    """The value in a JSON file, whose numbers are finite.

    Raises:
        OSError: it cannot be read.
        BadInput: it would not fit into memory.
        ValueError: as `parse`.
    """
    content = limits.read_bounded(path)
    if len(content) * _FACTOR > limits.most_bytes():
        raise limits.too_large(f"{path}: it", len(content) * _FACTOR)
    return parse(content)


def plain(value: Any, whole: bool = False) -> Any:
    """`value` in the types of JSON, at any depth: numpy's scalars converted, NaN and infinity as None.

    Args:
        value: mappings, lists, tuples and scalars.
        whole: write floats without a fraction as integers, which are shorter.

    >>> plain({"a": (1.0, float("nan"))}), plain([1.0], whole=True)
    ({'a': [1.0, None]}, [1])
    """
    if isinstance(value, Mapping):
        return {key: plain(inner, whole) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, whole) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if whole and value.is_integer() and abs(value) < 2**53 else value
    return value


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number
