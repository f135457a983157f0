"""Parse numbers as people write them: decimal commas, thousands separators, percent signs, powers, missing ones."""

import re
from collections.abc import Iterable

_WORDS = ("", "na", "n/a", "nan", "none", "null", "<na>", "-", "--", "–", "—", "!")
_SPREADSHEETS = ("#n/a", "#na", "#div/0!", "#value!", "#num!", "#ref!", "#null!")
MISSING = frozenset(_WORDS + _SPREADSHEETS)
"""The words for a missing number, in lower case."""

_EXPONENT = r"([eE][+-]?\d+)?"
_DECIMAL_COMMA = re.compile(rf"[+-]?(\d+,\d*|,\d+){_EXPONENT}")
_GROUPED_BY_COMMA = re.compile(rf"[+-]?[1-9]\d{{0,2}}(,\d{{3}})+(\.\d*)?{_EXPONENT}")
_GROUPED_BY_POINT = re.compile(rf"[+-]?[1-9]\d{{0,2}}(\.\d{{3}})+(,\d*)?{_EXPONENT}")
_GROUPED_BY_SPACE = re.compile(rf"[+-]?\d{{1,3}}([ '’_\u00a0\u202f]\d{{3}})+([.,]\d*)?{_EXPONENT}")
_GROUPED_AS_IN_INDIA = re.compile(rf"[+-]?[1-9]\d?(,\d{{2}})+,\d{{3}}(\.\d*)?{_EXPONENT}")
_DECIMAL = r"(\d+\.?\d*|\.\d+)"
_POWER = re.compile(rf"(?:([+-]?{_DECIMAL}) ?[*x×·] ?)?([+-]?{_DECIMAL}) ?(?:\^|\*\*) ?[({{]?([+-]?{_DECIMAL})[)}}]?")
_FRACTION = re.compile(rf"([+-]?{_DECIMAL}) ?/ ?{_DECIMAL}")
_SUFFIXED = re.compile(rf"([+-]?{_DECIMAL}) ?([kKM])")
_SUPERSCRIPT = re.compile("[⁻⁰¹²³⁴-⁹]+")
_AS_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


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


def formula(text: str) -> float | None:
    """The number of a power, a fraction, or a number with k or M for thousands or millions; None where it is not one.

    >>> [formula(text) for text in ("10^-3", "5*10**-4", "2^-4", "1/64", "64k", "1.5M", "10⁻³", "7B")]
    [0.001, 0.0005, 0.0625, 0.015625, 64000.0, 1500000.0, 0.001, None]
    """
    text = _SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(_AS_DIGITS), text.replace("\u2212", "-"))
    try:
        if power := _POWER.fullmatch(text):
            factor, base, exponent = power[1] or "1", power[3], power[5]
            if float(base) == 10 and "." not in exponent:
                return float(f"{factor}e{exponent}")
            result = float(base) ** float(exponent)
            return None if isinstance(result, complex) else float(factor) * result
        if fraction := _FRACTION.fullmatch(text):
            return float(fraction[1]) / float(fraction[3])
        if suffixed := _SUFFIXED.fullmatch(text):
            return float(f"{suffixed[1]}e{3 if suffixed[3] in 'kK' else 6}")
    except (OverflowError, ZeroDivisionError):
        pass
    return None


def _bare(text: str) -> str:
    return text.replace("\u2212", "-").removesuffix("%").rstrip()


class Numbers:
    """The notation of one column's numbers, found from all its fields.

    Args:
        texts: the column's distinct fields.
        separator: of the file; in a file of semicolons a comma can only be a decimal comma.
        decimal_comma: whether another column of the file has decimal commas (`proves_decimal_comma`).
    """

    def __init__(self, texts: Iterable[str], separator: str = "", decimal_comma: bool = False) -> None:
        written = [text for text in texts if not missing(text) and looks(text)]
        self.percent = bool(written) and all(text.endswith("%") for text in written)
        bares = list(map(_bare, written))
        others = [bare for bare in bares if plain(bare) is None]
        points = [bare for bare in bares if "." in bare and "," not in bare]
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

    def read(self, text: str) -> float | None:
        """The number of `text` in this column's notation; None where it is not one."""
        bare = _bare(text) if self.percent else text.replace("\u2212", "-")
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
        grouped = _GROUPED_BY_COMMA.fullmatch(bare) or _GROUPED_AS_IN_INDIA.fullmatch(bare)
        if grouped and (self.comma not in ("decimal", "unclear") or (self.comma == "decimal" and bare.count(",") > 1)):
            return plain(bare.replace(",", ""))
        return formula(bare)

    def hint(self, text: str) -> str:
        """What a message adds where `text` is not a number in this column's notation."""
        bare = _bare(text) if self.percent else text.replace("\u2212", "-")
        if text.endswith("%"):
            return " (a percent sign, which other fields of the column lack)"
        if _GROUPED_BY_COMMA.fullmatch(bare) or _GROUPED_BY_POINT.fullmatch(bare):
            return " (of thousands or of decimals? write it without thousands separators, decimals with a point)"
        if _DECIMAL_COMMA.fullmatch(bare):
            return " (write decimals with a point)"
        if "±" in text or "+-" in text or "+/-" in text:
            return " (a mean and its spread: put them into two columns)"
        return ""


_WAYS = (_DECIMAL_COMMA, _GROUPED_BY_COMMA, _GROUPED_BY_POINT, _GROUPED_BY_SPACE, _GROUPED_AS_IN_INDIA)


def looks(text: str) -> bool:
    """Whether `text` is a number in any notation, so that it must not become a label.

    >>> looks("1,5"), looks("1_000"), looks("2^-4"), looks("16_32"), looks("adam")
    (True, True, True, False, False)
    """
    bare = _bare(text)
    return plain(bare) is not None or any(way.fullmatch(bare) for way in _WAYS) or formula(bare) is not None


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
        bare = _bare(text)
        decimal = _DECIMAL_COMMA.fullmatch(bare) and not _GROUPED_BY_COMMA.fullmatch(bare)
        sure |= bool(decimal) and (separator == ";" or bare.lstrip("+-").startswith(("0,", ",")))
    return sure
