"""Write the report as one HTML page with its data, style, scripts and the charting library.

The page's content security policy forbids all requests, so that it looks the same wherever it is opened.
"""

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from analysis.report.script import vega_script
from grids.json_text import plain

SCRIPTS = (
    "format.js",
    "unpack.js",
    "theme.js",
    "views.js",
    "plane.js",
    "legend.js",
    "heatmap.js",
    "pointing.js",
    "cell.js",
    "walk.js",
    "costs.js",
    "bars.js",
    "curves.js",
    "tables.js",
    "main.js",
)
"""The scripts in `assets`, each after those that it uses."""


def page(content: Mapping[str, Any]) -> str:
    """The HTML of the page that shows `content`; equal content gives an equal page.

    Args:
        content: the report's data, as `tunecost report` collects it: lists, dicts, numbers and texts. A number that is
            not finite is shown as unknown.

    Raises:
        BadInput: the charting library is not installed.
    """
    parts = {
        "title": html.escape(str(content["title"]), quote=False),
        "style": _asset("page.css"),
        "data": compressed(as_json(content)),
        "library": compressed(vega_script()),
        "script": script_safe("\n".join(_asset(name) for name in SCRIPTS)),
    }
    return filled("page.html", parts)


def filled(name: str, parts: Mapping[str, str]) -> str:
    """An HTML file of `assets` with each `<!--{part}-->` replaced by that part."""
    return re.sub(r"<!--\{(\w+)\}-->", lambda place: parts[place[1]], _asset(name))


def as_json(content: Any) -> str:
    """`content` as JSON, with null for numbers that are not finite."""
    return json.dumps(plain(content, whole=True), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def compressed(text: str) -> str:
    """`text` compressed by gzip, in base64; browsers can decode both."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _asset(name: str) -> str:
    return files("analysis.report").joinpath("assets", name).read_text(encoding="utf-8")


def script_safe(text: str) -> str:
    """`text` with every `</script` escaped, which would close the script element that holds it."""
    return re.sub(r"</(?=script)", r"<\\/", text, flags=re.IGNORECASE)
