"""The report: surfaces, searchers' paths, costs and claims on one interactive page that needs no network.

`surfaces` and `costs` turn files into plain lists of numbers and texts, `page` packs them with the script that shows
them into one HTML file. Vega-Lite draws; its script comes from `vl-convert-python`, the extra `report`.
"""
