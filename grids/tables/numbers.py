"""Parse numbers as people write them: decimal commas, thousands separators, percent signs, words for missing ones."""

import re
from collections.abc import Iterable

MISSING = frozenset(
    ("", "na", "n/a", "nan", "none", "null", "<na>", "#n/a", "#na", "#div/0!", "#value!", "#num!", "#ref!", "#null!")
)
"""The words for a missing number, in lower case."""

_EXPONENT = r"([eE][+-]?\d+)?"
_DECIMAL_COMMA = re.compile(rf"[+-]?(\d+,\d*|,\d+){_EXPONENT}")
_GROUPED_BY_COMMA = re.compile(rf"[+-]?[1-9]\d{{0,2}}(,\d{{3}})+(\.\d*)?{_EXPONENT}")
_GROUPED_BY_POINT = re.compile(rf"[+-]?[1-9]\d{{0,2}}(\.\d{{3}})+(,\d*)?{_EXPONENT}")
_GROUPED_BY_SPACE = re.compile(rf"[+-]?\d{{1,3}}([ '’\u00a0\u202f]\d{{3}})+([.,]\d*)?{_EXPONENT}")


def missing(text: str) -> bool:
    """Whether a text means that there is no value."""
    return text.lower() in MISSING


def plain(text: str) -> float | None:
    """The number of a text in the notation of programs, infinite ones included; None where it is not one.

    >>> plain("1e-8"), plain("1_000"), plain("0,5")
    (1e-08, None, None)
    """
    if "_" in text or text.lower() in MISSING:  # float() accepts 1_000, which tables do not contain as a number
        return None
    try:
        return float(text.replace("\u2212", "-"))
    except ValueError:
        return None


class Numbers:
    """The notation of one column's numbers, found from all its fields.

    Args:
        texts: the column's distinct fields.
        separator: of the file; in a file of semicolons a comma can only be a decimal comma.
    """

    def __init__(self, texts: Iterable[str], separator: str = "") -> None:
        written = [text for text in texts if not missing(text)]
        self.percent = bool(written) and all(text.endswith("%") for text in written)
        others = [bare for text in written if plain(bare := self._bare(text)) is None]
        points = [bare for text in written if "." in (bare := self._bare(text)) and "," not in bare]
        decimal = [t for t in others if _DECIMAL_COMMA.fullmatch(t) and not _GROUPED_BY_COMMA.fullmatch(t)]
        grouped = [t for t in others if (_GROUPED_BY_COMMA.fullmatch(t) and (t.count(",") > 1 or "." in t))]
        both = [t for t in others if _GROUPED_BY_COMMA.fullmatch(t) and _DECIMAL_COMMA.fullmatch(t)]
        german = any("," in t and _GROUPED_BY_POINT.fullmatch(t) for t in others)
        if separator == ";" or decimal or german:
            self.comma = "decimal"
        elif grouped or (both and (points or separator == ",")):
            self.comma = "thousands"
        else:
            self.comma = "unclear" if both else "none"
        self._points_group = self.comma == "decimal" and bool(decimal or both or german)

    def _bare(self, text: str) -> str:
        bare = text.replace("\u2212", "-")
        return bare[:-1].rstrip() if self.percent else bare

    def read(self, text: str) -> float | None:
        """The number of `text` in this column's notation; None where it is not one."""
        bare = self._bare(text)
        if _GROUPED_BY_POINT.fullmatch(bare) and (self._points_group or bare.count(".") > 1):
            if bare.count(".") == 1 and "," not in bare:
                return None  # 1.234 among decimal commas is ambiguous
            return plain(bare.replace(".", "").replace(",", "."))
        number = plain(bare)
        if number is not None:
            return number
        if _GROUPED_BY_SPACE.fullmatch(bare):
            return plain(re.sub(r"[ '’\u00a0\u202f]", "", bare).replace(",", "."))
        if self.comma == "decimal" and _DECIMAL_COMMA.fullmatch(bare):
            return plain(bare.replace(",", "."))
        if self.comma == "decimal" and bare.count(",") < 2:
            return None
        if self.comma != "unclear" and _GROUPED_BY_COMMA.fullmatch(bare):
            return plain(bare.replace(",", ""))
        return None

    def looks(self, text: str) -> bool:
        """Whether `text` is a number in any notation, so that it must not become a label."""
        ways = (_DECIMAL_COMMA, _GROUPED_BY_COMMA, _GROUPED_BY_POINT, _GROUPED_BY_SPACE)
        bare = text.replace("\u2212", "-").removesuffix("%").rstrip()
        return plain(bare) is not None or any(way.fullmatch(bare) for way in ways)

    def hint(self, text: str) -> str:
        """What a message adds where `text` is not a number in this column's notation."""
        bare = self._bare(text)
        if text.endswith("%"):
            return " (a percent sign, which other fields of the column lack)"
        if _GROUPED_BY_COMMA.fullmatch(bare) or _GROUPED_BY_POINT.fullmatch(bare):
            return " (of thousands or of decimals? write it without thousands separators, decimals with a point)"
        if _DECIMAL_COMMA.fullmatch(bare):
            return " (write decimals with a point)"
        return ""
