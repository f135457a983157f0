"""The report: surfaces, searchers' paths, costs and claims on one interactive page that needs no network.

`surfaces` and `costs` convert data to plain lists of numbers and texts, `page` writes them into one HTML file with the
scripts that show them. Vega-Lite, from the package `vl-convert-python` (extra `report`), draws the charts.
"""
