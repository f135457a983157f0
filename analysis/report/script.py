"""The charting library of the report: Vega, Vega-Lite and Vega-Embed as one script, from `vl-convert-python`."""

from functools import cache

from grids.errors import BadInput


@cache
def vega_script() -> str:
    """The script, about 0.9 MB, which defines `vegaEmbed`; it is bundled without a network.

    Raises:
        BadInput: the package is missing; the message says how to install it.
    """
    try:
        import vl_convert
    except ImportError as error:
        raise BadInput(
            "the report is drawn by a script of vl-convert-python, which is not installed: "
            "pip install 'tunecost[report]', or in a checkout pip install -e '.[report]'"
        ) from error
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
