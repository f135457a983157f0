"""How large a table may be, judged before it is read."""

from dataclasses import dataclass

from grids.errors import BadInput

LARGEST = 1_000_000_000
"""The memory that reading a table may take, in bytes, unless the user allows more."""


@dataclass(frozen=True)
class Limit:
    """The memory that reading a table may take.

    Args:
        size: in bytes.
    """

    size: int = LARGEST

    def check(self, content: int, overhead: int, what: str) -> None:
        """Judge a table by the bytes of its content and of what holds it.

        Raises:
            BadInput: they are more than the limit.
        """
        needed = 2 * content + overhead
        if needed > self.size:
            raise BadInput(
                f"{what} would take about {needed / 1e6:,.0f} MB of memory, more than the {self.size / 1e6:,.0f} MB "
                f"allowed; --max-bytes {needed} allows it"
            )
