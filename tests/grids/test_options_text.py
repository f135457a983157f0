"""Options as users type them."""

import pytest

from grids.errors import BadInput
from grids.options_text import options_of


def test_options_keep_their_order_and_lose_blanks() -> None:
    assert list(options_of(" b=2 , a = 1=1,, ", "x").items()) == [("b", "2"), ("a", "1=1")]
    assert options_of("", "x") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a", "sgd: options are written name=value, not 'a'"),
        ("a=1,=2", "sgd: options are written name=value, not '=2'"),
        ("a=", "sgd: options are written name=value, not 'a='"),
        ("a=1,b=2,a=3", "sgd: option 'a' is given twice"),
    ],
)
def test_what_is_no_option_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=f"^{told}$"):
        options_of(text, "sgd")
