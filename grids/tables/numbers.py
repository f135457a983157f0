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
_GROUPED_BY_SPACE = re.compile(rf"[+-]?\d{{1,3}}([ '’_\u00a0\u202f]\d{{3}})+([.,]\d*)?{_EXPONENT}")
_GROUPED_AS_IN_INDIA = re.compile(rf"[+-]?[1-9]\d?(,\d{{2}})+,\d{{3}}(\.\d*)?{_EXPONENT}")


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
        decimal_comma: whether another column of the file has decimal commas (`proves_decimal_comma`).
    """

    def __init__(self, texts: Iterable[str], separator: str = "", decimal_comma: bool = False) -> None:
        written = [text for text in texts if not missing(text)]
        self.percent = bool(written) and all(text.endswith("%") for text in written)
        others = [bare for text in written if plain(bare := self._bare(text)) is None]
        points = [bare for text in written if "." in (bare := self._bare(text)) and "," not in bare]
        decimal = [t for t in others if _DECIMAL_COMMA.fullmatch(t) and not _GROUPED_BY_COMMA.fullmatch(t)]
        grouped = [t for t in others if (_GROUPED_BY_COMMA.fullmatch(t) and (t.count(",") > 1 or "." in t))]
        grouped += [t for t in others if _GROUPED_AS_IN_INDIA.fullmatch(t)]
        both = [t for t in others if _GROUPED_BY_COMMA.fullmatch(t) and _DECIMAL_COMMA.fullmatch(t)]
        german = any("," in t and _GROUPED_BY_POINT.fullmatch(t) for t in others)
        if separator == ";" or decimal or german or (decimal_comma and not grouped):
            self.comma = "decimal"
        elif grouped or (both and (points or separator == ",")):
            self.comma = "thousands"
        else:
            self.comma = "unclear" if both else "none"
        may_group = decimal_comma and bool(points) and all(_GROUPED_BY_POINT.fullmatch(text) for text in points)
        self._points_group = self.comma == "decimal" and bool(decimal or both or german or may_group)

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
            return plain(re.sub(r"[ '’_\u00a0\u202f]", "", bare).replace(",", "."))
        if self.comma == "decimal" and _DECIMAL_COMMA.fullmatch(bare):
            return plain(bare.replace(",", "."))
        if self.comma == "decimal" and bare.count(",") < 2:
            return None
        if self.comma != "unclear" and (_GROUPED_BY_COMMA.fullmatch(bare) or _GROUPED_AS_IN_INDIA.fullmatch(bare)):
            return plain(bare.replace(",", ""))
        return None

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


_WAYS = (_DECIMAL_COMMA, _GROUPED_BY_COMMA, _GROUPED_BY_POINT, _GROUPED_BY_SPACE, _GROUPED_AS_IN_INDIA)


def looks(text: str) -> bool:
    """Whether `text` is a number in any notation, so that it must not become a label.

    >>> looks("1,5"), looks("1_000"), looks("16_32"), looks("adam")
    (True, True, False, False)
    """
    bare = text.replace("\u2212", "-").removesuffix("%").rstrip()
    return plain(bare) is not None or any(way.fullmatch(bare) for way in _WAYS)


def proves_decimal_comma(texts: Iterable[str], separator: str = "") -> bool:
    """Whether a column is of numbers, and one of them can only be read with a decimal comma, as 0,5.

    In a file of semicolons 12,5 is one too; in one of commas it may be a list in quotes.

    >>> proves_decimal_comma(["0,5", "2"]), proves_decimal_comma(["1,234"]), proves_decimal_comma(["0,5", "x"])
    (True, False, False)
    """
    sure = False
    for text in texts:
        if missing(text):
            continue
        if not looks(text):
            return False
        bare = text.replace("\u2212", "-").removesuffix("%").rstrip()
        decimal = _DECIMAL_COMMA.fullmatch(bare) and not _GROUPED_BY_COMMA.fullmatch(bare)
        sure |= bool(decimal) and (separator == ";" or bare.lstrip("+-").startswith(("0,", ",")))
    return sure
