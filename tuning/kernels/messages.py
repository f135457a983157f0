"""What is said of a searcher in compiled form that cannot be compiled."""

import hashlib
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_TECHNICAL = (
    "Failed in",
    "During:",
    "File ",
    "Overload",
    "There are",
    "- Of which",
    "- Resolution",
    "<source",
    "^",
    "Hint",
)


def not_compiled(error: Exception, functions: Mapping[str, Callable[..., Any]]) -> str:
    """One line that names the function and the reason; all that the compiler says is written to the file it names.

    Args:
        error: what the compiler raised.
        functions: the form's, by name.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    name = next((name for name, function in functions.items() if _is_within(text, function)), "")
    reasons = [line.strip() for line in text.splitlines()]
    reason = next((line for line in reasons if line and not line.startswith(_TECHNICAL)), type(error).__name__)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    file = Path(tempfile.gettempdir()) / f"tunecost-compiler-{digest}.txt"
    file.write_text(text)
    owner = f"its function '{name}'" if name else "it"
    return f"{owner} cannot be compiled: {reason[:160]} (all that the compiler says is in {file})"


def _is_within(text: str, function: Any) -> bool:
    """Whether one of the places that the compiler names lies in a function's source."""
    code = function.source.__code__
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    places = re.findall(r'File "([^"]+)", line (\d+)', text)
    return any(
        Path(file).name == Path(code.co_filename).name and code.co_firstlineno <= int(line) <= last
        for file, line in places
    )
