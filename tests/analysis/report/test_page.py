"""The report's one file."""

import base64
import builtins
import gzip
import json
import re
from typing import Any

import numpy as np
import pytest

from analysis.report.page import as_json, compressed, page, script_safe
from analysis.report.script import vega_script
from grids.errors import BadInput

pytest.importorskip("vl_convert")


def unpacked(html: str, id: str) -> str:
    found = re.search(rf'id="{id}">([^<]*)</script>', html)
    assert found
    return gzip.decompress(base64.b64decode(found[1])).decode()


def test_holds_what_it_shows_and_the_library_that_draws() -> None:
    content = {
        "title": "a </script><b>&",
        "numbers": [1.5, 2.0, float("nan"), float("inf"), np.float64(0.1), True, None],
    }
    html = page(content)
    held = json.loads(unpacked(html, "data"))
    assert held == {"title": "a </script><b>&", "numbers": [1.5, 2, None, None, 0.1, True, None]}
    assert unpacked(html, "library") == vega_script()
    assert "<title>a &lt;/script&gt;&lt;b&gt;&amp;</title>" in html
    assert page(content) == html


def test_names_no_address_and_allows_no_request() -> None:
    html = page({"title": "t"})
    assert not re.findall(r"(?:src|href)=[\"'](?!#|data:)", html)
    assert "default-src 'none'" in html
    assert not re.search(r"(?:fetch|XMLHttpRequest|import)\s*\(", html)


def test_scripts_end_with_their_own_element_alone() -> None:
    assert script_safe("a </script> b </SCRIPT>") == "a <\\/script> b <\\/SCRIPT>"
    html = page({"title": "t"})
    assert html.count("</script>") == html.count("<script")


def test_numbers_keep_all_their_digits() -> None:
    rng = np.random.default_rng(0)
    numbers = [*rng.normal(size=50).tolist(), 1e300, 5e-324, 0.1 + 0.2, 2.0**60, -7.0]
    assert json.loads(as_json(numbers)) == numbers
    assert gzip.decompress(base64.b64decode(compressed("α")))[:2] == "α".encode()


def test_a_missing_library_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "vl_convert":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    vega_script.cache_clear()
    with pytest.raises(BadInput, match=r"pip install 'tunecost\[report\]'"):
        vega_script()
